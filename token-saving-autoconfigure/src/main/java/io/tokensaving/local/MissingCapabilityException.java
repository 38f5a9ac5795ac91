package io.tokensaving.local;

import java.util.EnumSet;
import java.util.Set;

import io.tokensaving.tier.TierNeeds;

/**
 * A request needs something that the local model does not have, by what the configuration
 * says of it. Its message has no text of the request.
 */
public final class MissingCapabilityException extends RuntimeException {

	private final Set<TierNeeds.Need> missing;

	MissingCapabilityException(String message, Set<TierNeeds.Need> missing) {
		super(message);
		this.missing = Set.copyOf(missing);
	}

	/**
	 * Return what is missing.
	 * @return one or more needs; empty if the options of the request cannot be translated
	 */
	public Set<TierNeeds.Need> getMissing() {
		return this.missing.isEmpty() ? Set.of() : EnumSet.copyOf(this.missing);
	}

}

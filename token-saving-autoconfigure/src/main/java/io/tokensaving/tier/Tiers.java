package io.tokensaving.tier;

import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

import org.jspecify.annotations.Nullable;

/**
 * The tiers of an application. Immutable.
 */
public final class Tiers {

	/**
	 * No tiers.
	 */
	public static final Tiers NONE = new Tiers(Set.of());

	private final Map<String, Tier> tiers = new LinkedHashMap<>();

	/**
	 * Create the tiers.
	 * @param tiers the tiers, with different names
	 */
	public Tiers(Collection<Tier> tiers) {
		tiers.forEach((tier) -> this.tiers.put(tier.name(), tier));
	}

	/**
	 * Return a tier.
	 * @param name the name
	 * @return the tier, or {@code null} if there is none of that name
	 */
	public @Nullable Tier find(String name) {
		return this.tiers.get(name);
	}

	/**
	 * Return the names of all tiers.
	 * @return the names, in the order of the configuration
	 */
	public Set<String> names() {
		return Collections.unmodifiableSet(this.tiers.keySet());
	}

}

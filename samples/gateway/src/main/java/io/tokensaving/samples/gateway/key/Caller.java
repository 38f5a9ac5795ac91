package io.tokensaving.samples.gateway.key;

import java.util.Set;

import org.jspecify.annotations.Nullable;

/**
 * Who asks: what a key that was accepted says. Immutable.
 *
 * @param keyId the id of the key, which is no secret
 * @param workspace the workspace of everything that the key asks
 * @param defaultPlan the plan of requests that name none, or {@code null} for that of the
 * gateway
 * @param plans the plans that may be named; empty for all
 * @param models the models that may be asked, each a name or a prefix followed by
 * {@code *}; empty for all
 * @param scoped whether answers are shared with no other key
 */
public record Caller(String keyId, String workspace, @Nullable String defaultPlan, Set<String> plans,
		Set<String> models, boolean scoped) {

	/**
	 * Copy the values.
	 */
	public Caller {
		plans = Set.copyOf(plans);
		models = Set.copyOf(models);
	}

}

package io.tokensaving.samples.gateway.key;

import java.util.Set;

import org.jspecify.annotations.Nullable;

/**
 * Who asks: what a key that was accepted says. Immutable.
 *
 * @param keyId the id of the key, which is no secret
 * @param workspace the workspace of everything that the key asks
 * @param defaultPlan the plan of requests that name none, or {@code null} for that of the
 * gateway if the key may use it, otherwise the only one that it may use, otherwise none
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

	/**
	 * Whether the key may use a plan.
	 * @param plan the id of the plan, or {@code none}
	 * @return whether it may
	 */
	public boolean mayUse(String plan) {
		return this.plans.isEmpty() || this.plans.contains(plan);
	}

	/**
	 * Whether the key may ask a model.
	 * @param model the name of the model
	 * @return whether it may
	 */
	public boolean mayAsk(String model) {
		if (this.models.isEmpty() || this.models.contains(model)) {
			return true;
		}
		for (String accepted : this.models) {
			if (accepted.endsWith("*") && model.startsWith(accepted.substring(0, accepted.length() - 1))) {
				return true;
			}
		}
		return false;
	}

	/**
	 * Check that the key may ask a model.
	 * @param model the name of the model
	 * @throws RefusedException if it may not
	 */
	public void checkModel(String model) {
		if (!mayAsk(model)) {
			throw Refusals.modelNotAllowed();
		}
	}

}

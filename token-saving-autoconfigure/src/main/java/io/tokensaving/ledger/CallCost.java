package io.tokensaving.ledger;

import java.util.Map;

import io.tokensaving.provider.TokenUsage;

/**
 * What a call cost, to the pico-dollar. Immutable.
 *
 * @param bought the tokens that were bought
 * @param spentPicoUsd what the provider bills for them; 0 if the model has no price
 * @param savedPicoUsd what each technique saved, before overhead, by its name; techniques
 * that saved nothing are left out
 */
public record CallCost(TokenUsage bought, long spentPicoUsd, Map<String, Long> savedPicoUsd) {

	/**
	 * Nothing was bought and nothing saved.
	 */
	public static final CallCost NONE = new CallCost(TokenUsage.ZERO, 0, Map.of());

	/**
	 * Return what the same request would have cost with no plan.
	 * @return what was spent and what was saved
	 */
	public long counterfactualPicoUsd() {
		long sum = this.spentPicoUsd;
		for (Long saved : this.savedPicoUsd.values()) {
			sum += saved;
		}
		return sum;
	}

}

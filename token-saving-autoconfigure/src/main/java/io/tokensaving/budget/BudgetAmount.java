package io.tokensaving.budget;

/**
 * What a call costs, or may cost. Immutable.
 *
 * @param picoUsd the cost in pico-dollars, 0 or more; 0 for a model without a price
 * @param tokens the input and output tokens, 0 or more
 */
public record BudgetAmount(long picoUsd, long tokens) {

	/**
	 * Nothing.
	 */
	public static final BudgetAmount ZERO = new BudgetAmount(0, 0);

	/**
	 * Bring both numbers into their range.
	 */
	public BudgetAmount {
		picoUsd = Math.max(0, picoUsd);
		tokens = Math.max(0, tokens);
	}

}

package io.tokensaving.budget;

/**
 * What has been taken from a budget in one of its periods. Immutable.
 *
 * @param used what ended calls cost
 * @param reserved what calls in flight may cost
 */
public record BudgetUsage(BudgetAmount used, BudgetAmount reserved) {

	/**
	 * Nothing has been taken.
	 */
	public static final BudgetUsage NONE = new BudgetUsage(BudgetAmount.ZERO, BudgetAmount.ZERO);

}

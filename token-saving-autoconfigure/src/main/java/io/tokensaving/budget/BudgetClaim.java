package io.tokensaving.budget;

/**
 * A budget from which a call takes. Immutable.
 *
 * @param key what has the budget
 * @param plan the id of the plan of the call
 * @param settings how much it is and what it does
 * @param window the period
 */
public record BudgetClaim(BudgetKey key, String plan, BudgetSettings settings, BudgetWindow window) {

	/**
	 * Return the limits.
	 * @return the limits; {@link Long#MAX_VALUE} where there is none
	 */
	public BudgetAmount limit() {
		return this.settings.limit();
	}

	/**
	 * Return the amounts at which there is a warning.
	 * @return the amounts; {@link Long#MAX_VALUE} where there is no limit
	 */
	public BudgetAmount warning() {
		return this.settings.warning();
	}

	/**
	 * Whether a call that does not fit is refused.
	 * @return {@code false} if it is only warned of
	 */
	public boolean refuses() {
		return this.settings.action() == BudgetSettings.Action.REFUSE;
	}

}

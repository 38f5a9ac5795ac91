package io.tokensaving.budget;

/**
 * Whose calls share a budget.
 */
public enum BudgetScope {

	/**
	 * Those of a workspace: each workspace has the whole budget for itself.
	 */
	WORKSPACE,

	/**
	 * Those of a plan in a workspace: each plan has the whole budget for itself.
	 */
	PLAN

}

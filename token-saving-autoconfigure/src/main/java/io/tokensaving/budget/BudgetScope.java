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
	PLAN,

	/**
	 * Those of a feature of the application, in a workspace.
	 */
	FEATURE,

	/**
	 * Those of a tenant, in a workspace. Calls without a tenant have no such budget.
	 */
	TENANT

}

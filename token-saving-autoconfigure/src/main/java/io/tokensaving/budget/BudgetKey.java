package io.tokensaving.budget;

/**
 * Names what has a budget for itself. Immutable.
 *
 * @param budget the name of the budget
 * @param workspace the workspace
 * @param scope whose calls share it
 * @param value the id of the plan, or the name of the feature or tenant, by the scope;
 * empty for that of a workspace
 */
public record BudgetKey(String budget, String workspace, BudgetScope scope, String value) {

}

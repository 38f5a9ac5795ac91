package io.tokensaving.budget;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * A budget of the application.
 */
public class NamedBudgetProperties extends BudgetProperties {

	/**
	 * Whose calls share the budget: those of each 'workspace', 'plan', 'feature' or
	 * 'tenant'.
	 */
	private BudgetScope scope = BudgetScope.WORKSPACE;

	/**
	 * Workspaces, plans, features or tenants, by the scope, that have the budget. Without
	 * it, all have it.
	 */
	private List<String> only = new ArrayList<>();

	public BudgetScope getScope() {
		return this.scope;
	}

	public void setScope(BudgetScope scope) {
		this.scope = scope;
	}

	public List<String> getOnly() {
		return this.only;
	}

	public void setOnly(List<String> only) {
		this.only = only;
	}

	/**
	 * Check the budget.
	 * @param name the name of the budget
	 * @return the budget, or {@code null} if it does not hold
	 * @throws io.tokensaving.plan.InvalidPlanException if the name or a value is not
	 * accepted
	 */
	public @Nullable Budget toBudget(String name) {
		BudgetSettings settings = toSettings();
		return (settings != null) ? new Budget(name, this.scope, new LinkedHashSet<>(this.only), settings) : null;
	}

}

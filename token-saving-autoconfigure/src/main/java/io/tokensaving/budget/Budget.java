package io.tokensaving.budget;

import java.util.Set;
import java.util.regex.Pattern;

import io.tokensaving.plan.InvalidPlanException;

/**
 * A budget of the application. Immutable.
 *
 * @param name the name: 1 to 64 letters, digits, {@code .}, {@code _} or {@code -}, and
 * not {@value #OF_PLAN}
 * @param scope whose calls share it
 * @param only the workspaces, plans, features or tenants that have it, by the scope;
 * empty for all
 * @param settings how much it is and what it does
 */
public record Budget(String name, BudgetScope scope, Set<String> only, BudgetSettings settings) {

	/**
	 * The name of the budget in the settings of a plan.
	 */
	public static final String OF_PLAN = "plan";

	private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]{1,64}");

	/**
	 * Check the name.
	 * @throws InvalidPlanException if the name is not accepted
	 */
	public Budget {
		if (!NAME.matcher(name).matches()) {
			throw new InvalidPlanException("name", name,
					"a name of 1 to 64 letters, digits, '.', '_' or '-', in brackets if it has a dot");
		}
		only = Set.copyOf(only);
	}

	/**
	 * Return the budget in the settings of a plan.
	 * @param settings the settings
	 * @return the budget, which has the name {@value #OF_PLAN}
	 */
	static Budget ofPlan(BudgetSettings settings) {
		return new Budget(OF_PLAN, BudgetScope.PLAN, Set.of(), settings);
	}

	/**
	 * Whether a workspace, plan, feature or tenant has this budget.
	 * @param value its name, by the scope
	 * @return whether it has
	 */
	boolean appliesTo(String value) {
		return this.only.isEmpty() || this.only.contains(value);
	}

}

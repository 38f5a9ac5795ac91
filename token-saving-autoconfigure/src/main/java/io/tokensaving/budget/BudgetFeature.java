package io.tokensaving.budget;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

import io.tokensaving.Component;
import io.tokensaving.Counter;
import io.tokensaving.feature.Feature;
import io.tokensaving.feature.SettingsSection;
import io.tokensaving.plan.Plan;

/**
 * Budgets, as a feature. Thread-safe.
 */
public final class BudgetFeature implements Feature {

	/**
	 * Reserving from budgets, and writing down what calls have cost.
	 */
	public static final Component COMPONENT = Component.of("budget", "Reserving from budgets");

	/**
	 * Calls that were refused, by the name of the budget.
	 */
	static final Counter REFUSALS = Counter.by("budget", "budget_refusals",
			"Requests that were refused because a budget had no room for them");

	/**
	 * Calls of models without a price that a budget in US dollars let through.
	 */
	static final Counter UNPRICED = Counter.of("budget_unpriced",
			"Requests to models without a price, of which a budget counted tokens only", "requests");

	/**
	 * Periods in which a budget reached its warning, by its name.
	 */
	static final Counter WARNINGS = Counter.by("budget", "budget_warnings",
			"Periods in which a budget reached the share at which it warns");

	/**
	 * Periods in which a budget reached its limit, by its name.
	 */
	static final Counter EXHAUSTED = Counter.by("budget", "budget_exhausted",
			"Periods in which a budget reached its limit or had no room for a request");

	private final Budgets budgets;

	private final Function<String, Collection<Plan>> plans;

	/**
	 * Create the feature.
	 * @param budgets the budgets
	 * @param plans returns the plans of a workspace
	 */
	public BudgetFeature(Budgets budgets, Function<String, Collection<Plan>> plans) {
		this.budgets = budgets;
		this.plans = plans;
	}

	@Override
	public String name() {
		return "budget";
	}

	@Override
	public SettingsSection<BudgetProperties> section() {
		return new SettingsSection<>(BudgetSettings.SECTION, BudgetProperties.class, BudgetProperties::toSettings);
	}

	@Override
	public List<Counter> counters() {
		return List.of(REFUSALS, UNPRICED, WARNINGS, EXHAUSTED);
	}

	@Override
	public List<Component> components() {
		return List.of(COMPONENT);
	}

	@Override
	public Map<String, Function<String, Object>> views() {
		return Map.of("budgets", (workspace) -> this.budgets.figures(workspace, this.plans.apply(workspace)));
	}

}

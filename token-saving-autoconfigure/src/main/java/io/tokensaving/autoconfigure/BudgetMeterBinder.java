package io.tokensaving.autoconfigure;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.tokensaving.Component;
import io.tokensaving.budget.BudgetKey;
import io.tokensaving.budget.BudgetLevel;
import io.tokensaving.budget.BudgetScope;
import io.tokensaving.budget.Budgets;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.statistics.PlanStatistics;
import io.tokensaving.statistics.SavingsStatistics;

/**
 * Publishes how full budgets of plans and workspaces are. The meters of the budgets of a
 * plan that is not counted apart any more are removed.
 */
final class BudgetMeterBinder implements MeterBinder {

	/**
	 * The number of budgets that have meters; each is read when meters are.
	 */
	static final int MAX_BUDGETS = 100;

	/**
	 * The plan of a budget that is not that of a plan.
	 */
	static final String NO_PLAN = "*";

	private final Budgets budgets;

	private final SavingsStatistics statistics;

	BudgetMeterBinder(Budgets budgets, SavingsStatistics statistics) {
		this.budgets = budgets;
		this.statistics = statistics;
	}

	@Override
	public void bindTo(MeterRegistry registry) {
		Map<BudgetKey, List<Meter>> meters = new ConcurrentHashMap<>();
		this.statistics.addListener(new SavingsStatistics.Listener() {

			@Override
			public void planRemoved(PlanStatistics plan) {
				remove(plan.key(), meters, registry);
			}

		});
		this.budgets.watch((level) -> {
			try {
				if (meters.size() < MAX_BUDGETS) {
					meters.computeIfAbsent(level.key(), (added) -> bind(level, registry));
				}
			}
			catch (Throwable ex) {
				// On the way of a request, which would lose its budgets
				this.statistics.recordError(Component.METERS, null, ex);
			}
		});
	}

	private void remove(PlanKey plan, Map<BudgetKey, List<Meter>> meters, MeterRegistry registry) {
		this.budgets.forget(plan);
		meters.entrySet().removeIf((entry) -> {
			boolean gone = Budgets.isOf(plan, entry.getKey());
			if (gone) {
				entry.getValue().forEach(registry::remove);
			}
			return gone;
		});
	}

	private static List<Meter> bind(BudgetLevel level, MeterRegistry registry) {
		BudgetKey key = level.key();
		Tags tags = Tags.of("workspace", key.workspace(), "budget", key.budget(), "plan",
				(key.scope() == BudgetScope.PLAN) ? key.value() : NO_PLAN);
		return List.of(
				Gauge.builder("tokensaving.budget.used", level, BudgetLevel::used)
					.description("What ended calls have cost in this period, as a share of the budget")
					.baseUnit("ratio")
					.strongReference(true)
					.tags(tags)
					.register(registry),
				Gauge.builder("tokensaving.budget.reserved", level, BudgetLevel::reserved)
					.description("What calls in flight may cost, as a share of the budget")
					.baseUnit("ratio")
					.strongReference(true)
					.tags(tags)
					.register(registry));
	}

}

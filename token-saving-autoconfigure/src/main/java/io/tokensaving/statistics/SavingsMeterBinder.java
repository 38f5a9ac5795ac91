package io.tokensaving.statistics;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.tokensaving.Component;
import io.tokensaving.Counter;

/**
 * Publishes {@link SavingsStatistics} as meters, which read the same counters as the
 * endpoint and so agree with it. Tags hold workspaces, the ids of plans and fixed names
 * only. The meters of a plan that is not counted apart any more are removed.
 */
public final class SavingsMeterBinder implements MeterBinder {

	private static final String PREFIX = "tokensaving.";

	private final SavingsStatistics statistics;

	/**
	 * Create a binder.
	 * @param statistics the statistics to publish
	 */
	public SavingsMeterBinder(SavingsStatistics statistics) {
		this.statistics = statistics;
	}

	@Override
	public void bindTo(MeterRegistry registry) {
		FunctionCounter.builder(PREFIX + "plans.unknown", this.statistics, SavingsStatistics::unknownPlans)
			.description("Requests that named a plan which is not known")
			.baseUnit("requests")
			.register(registry);
		this.statistics.addListener(new SavingsStatistics.Listener() {

			private final ConcurrentMap<String, Timer> lookups = new ConcurrentHashMap<>();

			private final ConcurrentMap<PlanStatistics, List<Meter>> meters = new ConcurrentHashMap<>();

			@Override
			public void componentAdded(Component component) {
				FunctionCounter
					.builder(PREFIX + "errors", SavingsMeterBinder.this.statistics,
							(statistics) -> statistics.errors(component))
					.description("Failures of token saving itself; the request went on without the component")
					.tag("component", component.value())
					.register(registry);
			}

			@Override
			public void planAdded(PlanStatistics plan) {
				List<Meter> registered = this.meters.computeIfAbsent(plan, (added) -> new ArrayList<>());
				bind(plan, registry, registered);
			}

			@Override
			public void counterAdded(PlanStatistics plan, Counter counter, String label) {
				List<Meter> registered = this.meters.get(plan);
				if (registered != null) {
					bind(plan, new PlanStatistics.SumKey(counter, label), registry, registered);
				}
			}

			@Override
			public void stateAdded(PlanStatistics plan, StateSlot<?, ?> slot) {
				List<Meter> registered = this.meters.get(plan);
				if (registered != null) {
					bind(plan, slot, registry, registered);
				}
			}

			@Override
			public void planRemoved(PlanStatistics plan) {
				List<Meter> registered = this.meters.remove(plan);
				if (registered != null) {
					registered.forEach(registry::remove);
				}
			}

			@Override
			public void lookedUp(String tier, long nanos) {
				this.lookups
					.computeIfAbsent(tier,
							(added) -> Timer.builder(PREFIX + "lookup")
								.description("Time to look up an answer in a cache")
								.tag("tier", added)
								.register(registry))
					.record(nanos, TimeUnit.NANOSECONDS);
			}

		});
	}

	private static void bind(PlanStatistics plan, MeterRegistry registry, List<Meter> registered) {
		plan.sums().forEach((sum) -> bind(plan, sum, registry, registered));
		plan.states().forEach((slot) -> bind(plan, slot, registry, registered));
		registered.add(Gauge
			.builder(PREFIX + "cost.saved", plan, (statistics) -> statistics.snapshot().costSavedUsd().doubleValue())
			.description("Net saving since the application started; models without a price add nothing")
			.baseUnit("usd")
			.tags(tags(plan))
			.register(registry));
		registered.add(Gauge
			.builder(PREFIX + "overhead", plan, (statistics) -> statistics.snapshot().overheadUsd().doubleValue())
			.description("What token saving itself spent since the application started")
			.baseUnit("usd")
			.tags(tags(plan))
			.register(registry));
		registered
			.add(Gauge.builder(PREFIX + "spent", plan, (statistics) -> statistics.snapshot().spentUsd().doubleValue())
				.description("What providers bill since the application started; models without a price add nothing")
				.baseUnit("usd")
				.tags(tags(plan))
				.register(registry));
		registered.add(Gauge
			.builder(PREFIX + "counterfactual", plan,
					(statistics) -> statistics.snapshot().counterfactualUsd().doubleValue())
			.description("What the same requests would have cost with no plan")
			.baseUnit("usd")
			.tags(tags(plan))
			.register(registry));
		registered.add(Gauge
			.builder(PREFIX + "provider.discount", plan,
					(statistics) -> statistics.snapshot().providerDiscountUsd().doubleValue())
			.description("What the provider's prompt cache made cheaper without token saving, not part of the saving")
			.baseUnit("usd")
			.tags(tags(plan))
			.register(registry));
	}

	private static void bind(PlanStatistics plan, PlanStatistics.SumKey sum, MeterRegistry registry,
			List<Meter> registered) {
		Counter counter = sum.counter();
		if (!SavingsCounters.isMetered(counter)) {
			return;
		}
		String dimension = counter.dimension();
		Tags tags = (dimension != null) ? tags(plan).and(dimension, sum.label()) : tags(plan);
		registered.add(FunctionCounter
			.builder(PREFIX + counter.name().replace('_', '.'), plan, (statistics) -> statistics.sum(sum))
			.description(counter.description())
			.baseUnit(counter.unit())
			.tags(tags)
			.register(registry));
	}

	private static <S extends FeatureState<S>> void bind(PlanStatistics plan, StateSlot<S, ?> slot,
			MeterRegistry registry, List<Meter> registered) {
		for (StateSlot.StateMeter<S> meter : slot.meters()) {
			String name = PREFIX + meter.name();
			ToDoubleFunction<PlanStatistics> value = (statistics) -> meter.value()
				.applyAsDouble(statistics.state(slot));
			registered.add(meter.gauge()
					? Gauge.builder(name, plan, value)
						.description(meter.description())
						.tags(tags(plan))
						.register(registry)
					: FunctionCounter.builder(name, plan, value)
						.description(meter.description())
						.tags(tags(plan))
						.register(registry));
		}
	}

	private static Tags tags(PlanStatistics plan) {
		return Tags.of("workspace", plan.key().workspace(), "plan", plan.plan());
	}

}

package io.tokensaving.savings;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeUnit;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.tokensaving.Outcome;
import io.tokensaving.SavingTechnique;

/**
 * Publishes {@link SavingsStatistics} as meters, which read the same counters as the
 * endpoint and so agree with it. Tags hold the ids of plans and fixed names only.
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
		for (Component component : Component.values()) {
			FunctionCounter.builder(PREFIX + "errors", this.statistics, (statistics) -> statistics.errors(component))
				.description("Failures of token saving itself; the request went on without the component")
				.tag("component", component.value())
				.register(registry);
		}
		FunctionCounter.builder(PREFIX + "plans.unknown", this.statistics, SavingsStatistics::unknownPlans)
			.description("Requests that named a plan which is not known")
			.baseUnit("requests")
			.register(registry);
		this.statistics.addListener(new SavingsStatistics.Listener() {

			private final ConcurrentMap<String, Timer> lookups = new ConcurrentHashMap<>();

			@Override
			public void planAdded(PlanStatistics plan) {
				bind(plan, registry);
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

	private static void bind(PlanStatistics plan, MeterRegistry registry) {
		for (Outcome outcome : Outcome.values()) {
			FunctionCounter.builder(PREFIX + "requests", plan, (statistics) -> statistics.requests(outcome))
				.description("Requests by the way they were answered")
				.tag("plan", plan.plan())
				.tag("outcome", outcome.value())
				.register(registry);
		}
		for (SavingTechnique technique : SavingTechnique.values()) {
			FunctionCounter.builder(PREFIX + "tokens.saved", plan, (statistics) -> statistics.tokensSaved(technique))
				.description("Tokens that did not have to be bought, by what saved them")
				.tag("plan", plan.plan())
				.tag("technique", technique.value())
				.register(registry);
		}
		FunctionCounter.builder(PREFIX + "tokens.bought", plan, (statistics) -> statistics.snapshot().tokensBought())
			.description("Input and output tokens that the model was paid for")
			.tag("plan", plan.plan())
			.register(registry);
		FunctionCounter.builder(PREFIX + "over.budget", plan, (statistics) -> statistics.snapshot().overBudget())
			.description("Requests that were sent although they were over the token limit of the plan")
			.baseUnit("requests")
			.tag("plan", plan.plan())
			.register(registry);
		FunctionCounter
			.builder(PREFIX + "compression.timeouts", plan, (statistics) -> statistics.snapshot().compressionTimeouts())
			.description("Requests that were trimmed because ranking their sentences took too long")
			.baseUnit("requests")
			.tag("plan", plan.plan())
			.register(registry);
		FunctionCounter
			.builder(PREFIX + "overhead.tokens", plan, (statistics) -> statistics.snapshot().overheadTokens())
			.description("Tokens that token saving itself spent, such as on embeddings and judges")
			.baseUnit("tokens")
			.tag("plan", plan.plan())
			.register(registry);
		FunctionCounter
			.builder(PREFIX + "semantic.verified", plan,
					(statistics) -> statistics.semanticErrors().snapshot().verified())
			.description("Answers of the semantic cache that were verified")
			.tag("plan", plan.plan())
			.register(registry);
		FunctionCounter
			.builder(PREFIX + "semantic.wrong", plan, (statistics) -> statistics.semanticErrors().snapshot().wrong())
			.description("Verified answers of the semantic cache that were wrong")
			.tag("plan", plan.plan())
			.register(registry);
		Gauge
			.builder(PREFIX + "semantic.error.rate.upper", plan,
					(statistics) -> statistics.semanticErrors().snapshot().upper())
			.description("Upper end of the 95 % interval of the share of wrong answers of the semantic cache")
			.tag("plan", plan.plan())
			.register(registry);
		Gauge
			.builder(PREFIX + "semantic.error.rate.lower", plan,
					(statistics) -> statistics.semanticErrors().snapshot().lower())
			.description("Lower end of the 95 % interval of the share of wrong answers of the semantic cache")
			.tag("plan", plan.plan())
			.register(registry);
		Gauge
			.builder(PREFIX + "semantic.suspended", plan,
					(statistics) -> statistics.semanticErrors().isSuspended() ? 1 : 0)
			.description("Whether the semantic cache has suspended itself")
			.tag("plan", plan.plan())
			.register(registry);
		FunctionCounter.builder(PREFIX + "model.errors", plan, (statistics) -> statistics.snapshot().modelErrors())
			.description("Requests whose model failed")
			.tag("plan", plan.plan())
			.register(registry);
		Gauge.builder(PREFIX + "cost.saved", plan, (statistics) -> statistics.snapshot().costSavedUsd().doubleValue())
			.description("Net saving since the application started; models without a price add nothing")
			.baseUnit("usd")
			.tag("plan", plan.plan())
			.register(registry);
		Gauge.builder(PREFIX + "overhead", plan, (statistics) -> statistics.snapshot().overheadUsd().doubleValue())
			.description("What token saving itself spent since the application started")
			.baseUnit("usd")
			.tag("plan", plan.plan())
			.register(registry);
	}

}

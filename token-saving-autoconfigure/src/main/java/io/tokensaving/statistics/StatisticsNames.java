package io.tokensaving.statistics;

import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;

import io.tokensaving.Component;
import io.tokensaving.Counter;
import io.tokensaving.Outcome;
import io.tokensaving.SavingTechnique;
import org.jspecify.annotations.Nullable;

import org.springframework.util.Assert;

/**
 * The names of what is counted: those that features declared, and those that were counted
 * without. Thread-safe.
 */
final class StatisticsNames {

	/**
	 * Fields of the endpoint that no counter can have.
	 */
	private static final Set<String> RESERVED = Set.of("scope", "date", "total_requests", "cache_hits",
			"cache_hit_rate", "tokens_saved", "tokens_saved_by_technique", "tokens_bought", "cost_saved_usd",
			"overhead_tokens", "overhead_usd", "errors", "model_errors", "unpriced_models", "unknown_plans",
			"errors_by_component", "requests", "cost_saved_pico_usd", "overhead_pico_usd", "provider_discount_usd",
			"provider_discount_pico_usd", "tasks", "tokens", "spent_pico_usd", "counterfactual_pico_usd",
			"saved_pico_usd", "retries", "retry_pico_usd", "model_errors_by_type", "spent_usd", "counterfactual_usd",
			"effective_discount", "call_us", "hit_us", "model_us", "first_token_us", "output_tokens", "task_outcomes",
			"known_tasks_pico_usd", "success_known", "successes", "failures", "cost_per_success_usd",
			"unknown_outcomes");

	private final CopyOnWriteArrayList<Outcome> outcomes = new CopyOnWriteArrayList<>();

	private final CopyOnWriteArrayList<SavingTechnique> techniques = new CopyOnWriteArrayList<>();

	private final CopyOnWriteArrayList<Counter> counters = new CopyOnWriteArrayList<>();

	private final CopyOnWriteArrayList<Component> components = new CopyOnWriteArrayList<>();

	private final CopyOnWriteArrayList<StateSlot<?, ?>> states = new CopyOnWriteArrayList<>();

	/**
	 * Collect names.
	 * @param contributors declare them
	 * @throws IllegalArgumentException if two different things have one name
	 */
	StatisticsNames(Collection<? extends StatisticsContributor> contributors) {
		this.components.addAll(List.of(Component.WORKSPACE, Component.PLAN, Component.LABELS, Component.FINGERPRINT));
		for (StatisticsContributor contributor : contributors) {
			this.outcomes.addAllAbsent(contributor.outcomes());
			this.techniques.addAllAbsent(contributor.techniques());
			this.counters.addAllAbsent(contributor.counters());
			this.components.addAllAbsent(contributor.components());
			this.states.addAllAbsent(contributor.states());
		}
		this.outcomes.addAllAbsent(List.of(Outcome.MISS, Outcome.BYPASS));
		this.components.addAllAbsent(List.of(Component.SAVINGS, Component.METERS, Component.STATISTICS));
		Set<String> fields = new HashSet<>(RESERVED);
		this.outcomes.forEach((outcome) -> checkFree(fields, field(outcome)));
		this.counters.forEach((counter) -> checkFree(fields, counter.name()));
		this.states.forEach((state) -> checkFree(fields, state.name()));
	}

	private static void checkFree(Set<String> fields, String field) {
		Assert.isTrue(fields.add(field), () -> "Two figures of the statistics have the name '%s'".formatted(field));
	}

	/**
	 * Return the field of the endpoint that shows the requests with an outcome.
	 * @param outcome the outcome
	 * @return its plural, such as {@code exact_hits}
	 */
	static String field(Outcome outcome) {
		return outcome.value() + (outcome.value().endsWith("s") ? "es" : "s");
	}

	List<Outcome> outcomes() {
		return this.outcomes;
	}

	List<SavingTechnique> techniques() {
		return this.techniques;
	}

	List<Counter> counters() {
		return this.counters;
	}

	List<Component> components() {
		return this.components;
	}

	List<StateSlot<?, ?>> states() {
		return this.states;
	}

	void learn(Outcome outcome) {
		this.outcomes.addIfAbsent(outcome);
	}

	void learn(SavingTechnique technique) {
		this.techniques.addIfAbsent(technique);
	}

	void learn(Counter counter) {
		if (!RESERVED.contains(counter.name())) {
			this.counters.addIfAbsent(counter);
		}
	}

	void learn(StateSlot<?, ?> state) {
		this.states.addIfAbsent(state);
	}

	/**
	 * Add a component.
	 * @param component the component
	 * @return whether it was not known
	 */
	boolean learn(Component component) {
		return this.components.addIfAbsent(component);
	}

	@Nullable SavingTechnique technique(String value) {
		for (SavingTechnique technique : this.techniques) {
			if (technique.value().equals(value)) {
				return technique;
			}
		}
		return null;
	}

}

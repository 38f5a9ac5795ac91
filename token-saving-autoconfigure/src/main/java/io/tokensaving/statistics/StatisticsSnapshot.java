package io.tokensaving.statistics;

import java.math.BigDecimal;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

import io.tokensaving.Counter;
import io.tokensaving.Outcome;
import io.tokensaving.SavingTechnique;
import io.tokensaving.ledger.PicoUsd;
import org.jspecify.annotations.Nullable;

/**
 * Statistics at one moment. Immutable.
 */
public final class StatisticsSnapshot {

	private final StatisticsCounters sums;

	private final Set<String> suspended;

	private final StatisticsNames names;

	/**
	 * Create a snapshot.
	 * @param sums what was counted
	 * @param suspended the names of the states for which a feature has suspended itself
	 * @param names what is shown even if it is zero
	 */
	StatisticsSnapshot(StatisticsCounters sums, Set<String> suspended, StatisticsNames names) {
		this.sums = sums;
		this.suspended = Set.copyOf(suspended);
		this.names = names;
	}

	/**
	 * Return how many requests there were.
	 * @return the sum over all outcomes
	 */
	public long totalRequests() {
		long total = 0;
		for (Outcome outcome : this.names.outcomes()) {
			total += requests(outcome);
		}
		return total;
	}

	/**
	 * Return the number of requests with an outcome.
	 * @param outcome the outcome
	 * @return the number of requests
	 */
	public long requests(Outcome outcome) {
		return this.sums.value(SavingsCounters.sum(SavingsCounters.REQUESTS, outcome.value()));
	}

	/**
	 * Return the number of requests by the way they were answered.
	 * @return the numbers by the field of the endpoint, such as {@code exact_hits}
	 */
	public Map<String, Long> requestsByOutcome() {
		Map<String, Long> requests = new LinkedHashMap<>();
		this.names.outcomes().forEach((outcome) -> requests.put(StatisticsNames.field(outcome), requests(outcome)));
		return requests;
	}

	/**
	 * Return the requests that were looked up and went to the model.
	 * @return the number of requests
	 */
	public long misses() {
		return requests(Outcome.MISS);
	}

	/**
	 * Return the requests that went to the model without a look-up.
	 * @return the number of requests
	 */
	public long bypasses() {
		return requests(Outcome.BYPASS);
	}

	/**
	 * Return the requests that a cache answered.
	 * @return the number of requests
	 */
	public long cacheHits() {
		long hits = 0;
		for (Outcome outcome : this.names.outcomes()) {
			hits += outcome.isCacheHit() ? requests(outcome) : 0;
		}
		return hits;
	}

	/**
	 * Return the share of looked-up requests that a cache answered.
	 * @return a number from 0 to 1; 0 if nothing was looked up
	 */
	public double cacheHitRate() {
		long lookups = totalRequests() - bypasses();
		return (lookups > 0) ? (double) cacheHits() / lookups : 0;
	}

	/**
	 * Return the tokens that were saved.
	 * @return the sum over all techniques
	 */
	public long tokensSaved() {
		return tokensSavedByTechnique().values().stream().mapToLong(Long::longValue).sum();
	}

	/**
	 * Return the tokens that a technique saved.
	 * @param technique the technique
	 * @return the tokens
	 */
	public long tokensSaved(SavingTechnique technique) {
		return this.sums.value(SavingsCounters.sum(SavingsCounters.TOKENS_SAVED, technique.value()));
	}

	/**
	 * Return the tokens that were saved by what saved them.
	 * @return the tokens by {@link SavingTechnique#value()}
	 */
	public Map<String, Long> tokensSavedByTechnique() {
		Map<String, Long> saved = new TreeMap<>();
		this.names.techniques().forEach((technique) -> saved.put(technique.value(), tokensSaved(technique)));
		return saved;
	}

	/**
	 * Return the tokens that the model was paid for.
	 * @return input and output tokens
	 */
	public long tokensBought() {
		return count(SavingsCounters.TOKENS_BOUGHT);
	}

	/**
	 * Return the net saving.
	 * @return the saving in US dollars, negative if token saving cost more than it saved
	 */
	public BigDecimal costSavedUsd() {
		return PicoUsd.toUsd(count(SavingsCounters.COST_SAVED));
	}

	/**
	 * Return the tokens that token saving itself spent.
	 * @return input and output tokens
	 */
	public long overheadTokens() {
		return count(SavingsCounters.OVERHEAD_TOKENS);
	}

	/**
	 * Return what token saving itself spent.
	 * @return the cost in US dollars
	 */
	public BigDecimal overheadUsd() {
		return PicoUsd.toUsd(count(SavingsCounters.OVERHEAD));
	}

	/**
	 * Return what providers bill, all attempts.
	 * @return the cost in US dollars, without models that have no price
	 */
	public BigDecimal spentUsd() {
		return PicoUsd.toUsd(count(SavingsCounters.SPENT));
	}

	/**
	 * Return what the same requests would have cost with no plan. It is what was spent,
	 * the overhead and the net saving together, but for overhead that no call is charged
	 * with.
	 * @return the cost in US dollars
	 */
	public BigDecimal counterfactualUsd() {
		return PicoUsd.toUsd(count(SavingsCounters.COUNTERFACTUAL));
	}

	/**
	 * Return what was saved by what saved it, before overhead.
	 * @return the amounts in US dollars by {@link SavingTechnique#value()}, without those
	 * that saved nothing
	 */
	public Map<String, BigDecimal> savedUsdByTechnique() {
		Map<String, BigDecimal> saved = new TreeMap<>();
		counts(SavingsCounters.SAVED).forEach((technique, picoUsd) -> saved.put(technique, PicoUsd.toUsd(picoUsd)));
		return saved;
	}

	/**
	 * Return the tokens that the model was paid for by their kind.
	 * @return the tokens: {@code input} and {@code output}, and of these
	 * {@code cache_read}, {@code cache_write_5m}, {@code cache_write_1h} and
	 * {@code thinking}
	 */
	public Map<String, Long> tokensByKind() {
		return counts(SavingsCounters.TOKENS);
	}

	/**
	 * Return the requests whose model failed by the reason.
	 * @return the numbers by {@link ModelFailure#value()}, without those that are zero
	 */
	public Map<String, Long> modelErrorsByType() {
		return counts(SavingsCounters.MODEL_ERRORS_BY_TYPE);
	}

	/**
	 * Return the number of tasks: questions of the application, each with all rounds of
	 * its tool loop and all attempts.
	 * @return the tasks, each counted with its first request
	 */
	public long tasks() {
		return count(SavingsCounters.TASKS);
	}

	/**
	 * Return the later attempts of tasks: requests of a task after its first, other than
	 * those that bring the results of tools.
	 * @return the number of requests
	 */
	public long retries() {
		return count(SavingsCounters.RETRIES);
	}

	/**
	 * Return what providers bill for {@link #retries()}. It is part of what was spent.
	 * @return the cost in US dollars
	 */
	public BigDecimal retryUsd() {
		return PicoUsd.toUsd(count(SavingsCounters.RETRY_SPENT));
	}

	/**
	 * Return the share of the counterfactual that was not paid.
	 * @return 1 - (spent + overhead) / counterfactual, negative if token saving cost more
	 * than it saved, or {@code null} if there is no counterfactual
	 */
	public @Nullable Double effectiveDiscount() {
		long counterfactual = count(SavingsCounters.COUNTERFACTUAL);
		return (counterfactual > 0)
				? 1 - (count(SavingsCounters.SPENT) + count(SavingsCounters.OVERHEAD)) / (double) counterfactual : null;
	}

	/**
	 * Return what a task cost.
	 * @return what was spent and the overhead, in US dollars for each task, or
	 * {@code null} if there was none
	 */
	public @Nullable BigDecimal costPerTaskUsd() {
		long tasks = tasks();
		return (tasks > 0) ? PicoUsd.toUsd((count(SavingsCounters.SPENT) + count(SavingsCounters.OVERHEAD)) / tasks)
				: null;
	}

	/**
	 * Return the tasks that succeeded: those that the application reported, and those
	 * whose answer satisfies the schema that was asked for and was not reported to have
	 * failed.
	 * @return the tasks that are known to have succeeded; of a single day it may be
	 * negative, as a failure counts on the day of its report
	 */
	public long successes() {
		return outcomes(TaskOutcome.SUCCESS) + outcomes(TaskOutcome.VALID) - outcomes(TaskOutcome.VALID_FAILURE);
	}

	/**
	 * Return the tasks that failed as the application reported.
	 * @return the tasks that are known to have failed
	 */
	public long failures() {
		return outcomes(TaskOutcome.FAILURE) + outcomes(TaskOutcome.VALID_FAILURE);
	}

	private long outcomes(TaskOutcome outcome) {
		return this.sums.value(SavingsCounters.sum(SavingsCounters.TASK_OUTCOMES, outcome.value()));
	}

	/**
	 * Return the share of the tasks whose outcome is known.
	 * @return (successes + failures) / tasks, from 0 to 1; 0 if there is no task
	 */
	public double successKnown() {
		long tasks = tasks();
		return (tasks > 0) ? Math.max(0, Math.min(1, (double) (successes() + failures()) / tasks)) : 0;
	}

	/**
	 * Return what was spent on tasks whose outcome is known, and their overhead.
	 * @return the cost in US dollars
	 */
	public BigDecimal knownCostUsd() {
		return PicoUsd.toUsd(count(SavingsCounters.KNOWN_COST));
	}

	/**
	 * Return what a success cost: all that was spent on tasks whose outcome is known, and
	 * their overhead, for each of those that succeeded.
	 * @return the cost in US dollars, or {@code null} if no task is known to have
	 * succeeded
	 */
	public @Nullable BigDecimal costPerSuccessUsd() {
		long successes = successes();
		return (successes > 0) ? PicoUsd.toUsd(count(SavingsCounters.KNOWN_COST) / successes) : null;
	}

	/**
	 * Return the distribution of a measure.
	 * @param measure the measure
	 * @return the distribution, or {@code null} if nothing was measured, as for the
	 * figures of a whole plan
	 */
	public Measure.@Nullable Distribution distribution(Measure measure) {
		return measure.of(this.sums);
	}

	/**
	 * Add other figures, such as those of another model.
	 * @param other the other figures
	 * @return the figures of both together
	 */
	public StatisticsSnapshot plus(StatisticsSnapshot other) {
		Set<String> suspended = new HashSet<>(this.suspended);
		suspended.addAll(other.suspended);
		return new StatisticsSnapshot(this.sums.plus(other.sums), suspended, this.names);
	}

	/**
	 * Add figures up, many at once.
	 * @param parts the figures, at least one
	 * @return the figures of all together
	 */
	public static StatisticsSnapshot sum(List<StatisticsSnapshot> parts) {
		if (parts.size() == 1) {
			return parts.get(0);
		}
		Set<String> suspended = new HashSet<>();
		parts.forEach((part) -> suspended.addAll(part.suspended));
		return new StatisticsSnapshot(StatisticsCounters.sum(parts.stream().map((part) -> part.sums).toList()),
				suspended, parts.get(0).names);
	}

	/**
	 * Return what providers' prompt caches made cheaper without token saving. It is not
	 * part of the net saving.
	 * @return the discount less what writing to the caches cost in addition, in US
	 * dollars
	 */
	public BigDecimal providerDiscountUsd() {
		return PicoUsd.toUsd(count(SavingsCounters.PROVIDER_DISCOUNT));
	}

	/**
	 * Return what was counted by a counter without a dimension.
	 * @param counter the counter
	 * @return the sum
	 */
	public long count(Counter counter) {
		return this.sums.value(counter.name());
	}

	/**
	 * Return what was counted by a counter with a dimension.
	 * @param counter the counter
	 * @return the sums by the value of the dimension, without those that are zero
	 */
	public Map<String, Long> counts(Counter counter) {
		Map<String, Long> counts = new TreeMap<>();
		this.sums.values().forEach((name, value) -> {
			if (name.startsWith(SavingsCounters.prefix(counter))) {
				counts.put(name.substring(SavingsCounters.prefix(counter).length()), value);
			}
		});
		return counts;
	}

	/**
	 * Return what features counted.
	 * @return the counters
	 */
	public List<Counter> counters() {
		return List.copyOf(this.names.counters());
	}

	/**
	 * Return what features keep besides counters.
	 * @return the slots
	 */
	public List<StateSlot<?, ?>> states() {
		return List.copyOf(this.names.states());
	}

	/**
	 * Return the figures of what a feature keeps besides counters.
	 * @param <F> the type of the figures
	 * @param slot the slot of the feature
	 * @return the figures
	 */
	public <F> F figures(StateSlot<?, F> slot) {
		return slot.figures(this.sums, this.suspended.contains(slot.name()));
	}

	/**
	 * Return the failures of token saving itself.
	 * @return the number of failures
	 */
	public long errors() {
		return count(SavingsCounters.ERRORS);
	}

	/**
	 * Return the requests whose model failed.
	 * @return the number of requests
	 */
	public long modelErrors() {
		return count(SavingsCounters.MODEL_ERRORS);
	}

	/**
	 * Return the models that have no price and add nothing to the cost.
	 * @return their names
	 */
	public Set<String> unpricedModels() {
		return new TreeSet<>(this.sums.unpricedModels());
	}

	@Override
	public boolean equals(@Nullable Object other) {
		return this == other || (other instanceof StatisticsSnapshot snapshot && this.sums.equals(snapshot.sums)
				&& this.suspended.equals(snapshot.suspended));
	}

	@Override
	public int hashCode() {
		return this.sums.hashCode();
	}

	@Override
	public String toString() {
		return "StatisticsSnapshot[sums=%s, suspended=%s]".formatted(this.sums, this.suspended);
	}

}

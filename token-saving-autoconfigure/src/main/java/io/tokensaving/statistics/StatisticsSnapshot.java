package io.tokensaving.statistics;

import java.math.BigDecimal;
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

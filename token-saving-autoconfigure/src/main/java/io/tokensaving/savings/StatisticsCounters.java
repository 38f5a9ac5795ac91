package io.tokensaving.savings;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

import io.tokensaving.Outcome;
import io.tokensaving.SavingTechnique;

/**
 * What was counted, as plain counters by name, so that a {@link StatisticsRepository}
 * need not know what they mean. Either sums, or what was added to sums. Immutable.
 *
 * @param values the counters that are not zero, by name; some may be negative, such as
 * the cost saved
 * @param unpricedModels models that have no price
 */
public record StatisticsCounters(Map<String, Long> values, Set<String> unpricedModels) {

	/**
	 * The number of models without a price that are kept.
	 */
	public static final int MAX_UNPRICED_MODELS = 100;

	/**
	 * Nothing was counted.
	 */
	public static final StatisticsCounters EMPTY = new StatisticsCounters(Map.of(), Set.of());

	static final String REQUESTS = "requests.";

	static final String TOKENS_SAVED = "tokens_saved.";

	static final String TOKENS_BOUGHT = "tokens_bought";

	static final String COST_SAVED = "cost_saved_pico_usd";

	static final String OVERHEAD_TOKENS = "overhead_tokens";

	static final String OVERHEAD = "overhead_pico_usd";

	static final String OVER_BUDGET = "over_budget";

	static final String COMPRESSION_TIMEOUTS = "compression_timeouts";

	static final String GUARD_VETOES = "guard_vetoes.";

	static final String VERIFIED = "verified";

	static final String WRONG = "wrong";

	// A cache that resumes counts anew. What it had counted is added here instead of
	// taken from the others, so that no counter of a day falls below zero
	static final String VERIFIED_BEFORE_RESUME = "verified_before_resume";

	static final String WRONG_BEFORE_RESUME = "wrong_before_resume";

	static final String ERRORS = "errors";

	static final String MODEL_ERRORS = "model_errors";

	static final String UNKNOWN_PLANS = "unknown_plans";

	static final String COMPONENT_ERRORS = "errors.";

	/**
	 * Leave out zeros.
	 */
	public StatisticsCounters {
		Map<String, Long> counted = new HashMap<>(values);
		counted.values().removeIf((value) -> value == 0);
		values = Map.copyOf(counted);
		unpricedModels = Set.copyOf(unpricedModels);
	}

	/**
	 * Return a counter.
	 * @param name the name
	 * @return the value, 0 if it was never counted
	 */
	public long value(String name) {
		return this.values.getOrDefault(name, 0L);
	}

	/**
	 * Whether nothing was counted.
	 * @return whether there are neither counters nor models
	 */
	public boolean isEmpty() {
		return this.values.isEmpty() && this.unpricedModels.isEmpty();
	}

	/**
	 * Add counters.
	 * @param other the counters to add
	 * @return the sums, with the models of both up to {@value #MAX_UNPRICED_MODELS}
	 */
	public StatisticsCounters plus(StatisticsCounters other) {
		Map<String, Long> sums = new HashMap<>(this.values);
		other.values.forEach((name, value) -> sums.merge(name, value, Long::sum));
		Set<String> models = new HashSet<>(this.unpricedModels);
		for (String model : other.unpricedModels) {
			if (models.size() < MAX_UNPRICED_MODELS) {
				models.add(model);
			}
		}
		return new StatisticsCounters(sums, models);
	}

	/**
	 * Return what was counted since.
	 * @param before the sums of an earlier moment
	 * @return what has to be added to them to come to these
	 */
	StatisticsCounters since(StatisticsCounters before) {
		Map<String, Long> increments = new HashMap<>(this.values);
		before.values.forEach((name, value) -> increments.merge(name, -value, Long::sum));
		Set<String> models = new HashSet<>(this.unpricedModels);
		models.removeAll(before.unpricedModels);
		return new StatisticsCounters(increments, models);
	}

	/**
	 * Return the figures that the sums since the start come to.
	 * @param suspended whether the semantic cache is suspended
	 * @return the figures
	 */
	StatisticsSnapshot snapshot(boolean suspended) {
		return snapshot(value(VERIFIED) - value(VERIFIED_BEFORE_RESUME), value(WRONG) - value(WRONG_BEFORE_RESUME),
				suspended);
	}

	/**
	 * Return the figures that the sums of a day come to.
	 * @param suspended whether the semantic cache is suspended
	 * @return the figures; those of the verification are not counted anew by a resume
	 */
	StatisticsSnapshot daySnapshot(boolean suspended) {
		return snapshot(value(VERIFIED), value(WRONG), suspended);
	}

	private StatisticsSnapshot snapshot(long verified, long wrong, boolean suspended) {
		long exactHits = requests(Outcome.EXACT_HIT);
		long semanticHits = requests(Outcome.SEMANTIC_HIT);
		long dedupHits = requests(Outcome.DEDUP_HIT);
		long misses = requests(Outcome.MISS);
		long bypasses = requests(Outcome.BYPASS);
		Map<String, Long> tokensSaved = new TreeMap<>();
		for (SavingTechnique technique : SavingTechnique.values()) {
			tokensSaved.put(technique.value(), value(TOKENS_SAVED + technique.value()));
		}
		// A repository that lost what it held may know less than was taken back
		long knownVerified = Math.max(0, verified);
		long knownWrong = Math.min(knownVerified, Math.max(0, wrong));
		return new StatisticsSnapshot(exactHits + semanticHits + dedupHits + misses + bypasses, exactHits, semanticHits,
				dedupHits, misses, bypasses, tokensSaved, value(TOKENS_BOUGHT), PlanStatistics.usd(value(COST_SAVED)),
				value(OVERHEAD_TOKENS), PlanStatistics.usd(value(OVERHEAD)), value(OVER_BUDGET),
				value(COMPRESSION_TIMEOUTS), guardVetoes(),
				ErrorRateMonitor.Verification.of(knownVerified, knownWrong, suspended), value(ERRORS),
				value(MODEL_ERRORS), new TreeSet<>(this.unpricedModels));
	}

	private long requests(Outcome outcome) {
		return value(REQUESTS + outcome.value());
	}

	private Map<String, Long> guardVetoes() {
		Map<String, Long> vetoes = new TreeMap<>();
		this.values.forEach((name, value) -> {
			if (name.startsWith(GUARD_VETOES)) {
				vetoes.put(name.substring(GUARD_VETOES.length()), value);
			}
		});
		return vetoes;
	}

}

package io.tokensaving.savings;

import java.math.BigDecimal;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.LongAdder;

import io.tokensaving.Outcome;
import io.tokensaving.SavingTechnique;
import io.tokensaving.SavingsReport;
import org.jspecify.annotations.Nullable;

/**
 * Counts what a plan saved since the application started. Thread-safe.
 */
public final class PlanStatistics {

	private static final int PICO_DIGITS = 12;

	/**
	 * Stands for a model whose name is not known.
	 */
	static final String UNKNOWN_MODEL = "unknown";

	private final String plan;

	private final Map<Outcome, LongAdder> requests = adders(Outcome.class, Outcome.values());

	private final Map<SavingTechnique, LongAdder> tokensSaved = adders(SavingTechnique.class, SavingTechnique.values());

	private final LongAdder tokensBought = new LongAdder();

	private final LongAdder costSavedPicoUsd = new LongAdder();

	private final LongAdder overheadTokens = new LongAdder();

	private final LongAdder overheadPicoUsd = new LongAdder();

	private final LongAdder overBudget = new LongAdder();

	private final LongAdder compressionTimeouts = new LongAdder();

	private final ConcurrentMap<String, LongAdder> guardVetoes = new ConcurrentHashMap<>();

	private final ErrorRateMonitor semanticErrors = new ErrorRateMonitor();

	private final LongAdder errors = new LongAdder();

	private final LongAdder modelErrors = new LongAdder();

	private final Set<String> unpricedModels = ConcurrentHashMap.newKeySet();

	PlanStatistics(String plan) {
		this.plan = plan;
	}

	private static <E extends Enum<E>> Map<E, LongAdder> adders(Class<E> type, E[] constants) {
		Map<E, LongAdder> adders = new EnumMap<>(type);
		for (E constant : constants) {
			adders.put(constant, new LongAdder());
		}
		return adders;
	}

	/**
	 * Return the plan.
	 * @return the id of the plan
	 */
	public String plan() {
		return this.plan;
	}

	void record(SavingsReport report) {
		adder(this.requests, report.outcome()).increment();
		for (SavingTechnique technique : SavingTechnique.values()) {
			Long saved = report.tokensSavedByTechnique().get(technique.value());
			if (saved != null) {
				adder(this.tokensSaved, technique).add(saved);
			}
		}
		this.tokensBought.add(report.tokensBought());
		this.costSavedPicoUsd.add(pico(report.costSavedUsd()));
		this.overheadTokens.add(report.overheadTokens());
		this.overheadPicoUsd.add(pico(report.overheadUsd()));
		if (report.overBudget()) {
			this.overBudget.increment();
		}
		if (!report.priced()) {
			recordUnpriced((report.model() != null) ? report.model() : UNKNOWN_MODEL);
		}
	}

	void recordUnpriced(String model) {
		if (this.unpricedModels.size() < StatisticsCounters.MAX_UNPRICED_MODELS) {
			this.unpricedModels.add(model);
		}
	}

	/**
	 * Charge what token saving spent in the background against what the plan saved.
	 * @param model the model that was paid, or {@code null} if it is not known
	 * @param usage the tokens
	 * @param prices the prices; a model without one counts tokens and adds no cost
	 */
	public void recordOverhead(@Nullable String model, TokenUsage usage, PriceTable prices) {
		if (usage.total() == 0) {
			return;
		}
		this.overheadTokens.add(usage.total());
		ModelPrice price = prices.find(model);
		if (price == null) {
			recordUnpriced((model != null) ? model : UNKNOWN_MODEL);
			return;
		}
		long picoUsd = price.picoUsd(usage);
		this.overheadPicoUsd.add(picoUsd);
		this.costSavedPicoUsd.add(-picoUsd);
	}

	/**
	 * Count an answer that a guard of the semantic cache held back.
	 * @param guard the name of the guard
	 */
	public void recordGuardVeto(String guard) {
		this.guardVetoes.computeIfAbsent(guard, (added) -> new LongAdder()).increment();
	}

	/**
	 * Return what watches the answers of the semantic cache.
	 * @return the monitor
	 */
	public ErrorRateMonitor semanticErrors() {
		return this.semanticErrors;
	}

	/**
	 * Count a compression that took longer than it may.
	 */
	public void recordCompressionTimeout() {
		this.compressionTimeouts.increment();
	}

	void recordError() {
		this.errors.increment();
	}

	void recordModelError() {
		this.modelErrors.increment();
	}

	/**
	 * Return the number of requests with an outcome.
	 * @param outcome the outcome
	 * @return the number of requests
	 */
	public long requests(Outcome outcome) {
		return adder(this.requests, outcome).sum();
	}

	/**
	 * Return the tokens that a technique saved.
	 * @param technique the technique
	 * @return the tokens
	 */
	public long tokensSaved(SavingTechnique technique) {
		return adder(this.tokensSaved, technique).sum();
	}

	/**
	 * Return all figures. Requests that are counted meanwhile may be in some of them and
	 * not yet in others.
	 * @return the figures
	 */
	public StatisticsSnapshot snapshot() {
		return snapshot(List.of(this));
	}

	static StatisticsSnapshot snapshot(Collection<PlanStatistics> plans) {
		StatisticsCounters sums = plans.stream()
			.map(PlanStatistics::counters)
			.reduce(StatisticsCounters.EMPTY, StatisticsCounters::plus);
		return sums.snapshot(plans.stream().anyMatch((plan) -> plan.semanticErrors.isSuspended()));
	}

	/**
	 * Return what was counted since the application started. Only what is counted
	 * meanwhile is missing, and is there the next time.
	 * @return the sums
	 */
	StatisticsCounters counters() {
		Map<String, Long> values = new HashMap<>();
		this.requests
			.forEach((outcome, count) -> values.put(StatisticsCounters.REQUESTS + outcome.value(), count.sum()));
		this.tokensSaved.forEach(
				(technique, count) -> values.put(StatisticsCounters.TOKENS_SAVED + technique.value(), count.sum()));
		this.guardVetoes.forEach((guard, count) -> values.put(StatisticsCounters.GUARD_VETOES + guard, count.sum()));
		values.put(StatisticsCounters.TOKENS_BOUGHT, this.tokensBought.sum());
		values.put(StatisticsCounters.COST_SAVED, this.costSavedPicoUsd.sum());
		values.put(StatisticsCounters.OVERHEAD_TOKENS, this.overheadTokens.sum());
		values.put(StatisticsCounters.OVERHEAD, this.overheadPicoUsd.sum());
		values.put(StatisticsCounters.OVER_BUDGET, this.overBudget.sum());
		values.put(StatisticsCounters.COMPRESSION_TIMEOUTS, this.compressionTimeouts.sum());
		values.put(StatisticsCounters.ERRORS, this.errors.sum());
		values.put(StatisticsCounters.MODEL_ERRORS, this.modelErrors.sum());
		this.semanticErrors.addTo(values);
		return new StatisticsCounters(values, this.unpricedModels);
	}

	private static <K> LongAdder adder(Map<K, LongAdder> adders, K key) {
		LongAdder adder = adders.get(key);
		if (adder == null) {
			throw new IllegalStateException("No counter for " + key);
		}
		return adder;
	}

	static BigDecimal usd(long picoUsd) {
		return BigDecimal.valueOf(picoUsd, PICO_DIGITS).stripTrailingZeros();
	}

	private static long pico(BigDecimal usd) {
		return usd.movePointRight(PICO_DIGITS).longValueExact();
	}

}

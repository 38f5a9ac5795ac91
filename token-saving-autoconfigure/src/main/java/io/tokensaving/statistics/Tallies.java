package io.tokensaving.statistics;

import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BiConsumer;

import io.tokensaving.Counter;
import io.tokensaving.Outcome;
import io.tokensaving.SavingTechnique;
import io.tokensaving.SavingsReport;
import io.tokensaving.ledger.CallCost;
import io.tokensaving.ledger.ClosedAttempt;
import io.tokensaving.ledger.ClosedLedger;
import io.tokensaving.ledger.PicoUsd;
import io.tokensaving.provider.TokenUsage;

import org.springframework.util.Assert;

/**
 * What was counted of some calls, by counter and value of its dimension. Thread-safe.
 */
final class Tallies {

	private final StatisticsNames names;

	private final Object lock;

	private final Tally.Added added;

	private final ConcurrentMap<Counter, Tally> tallies = new ConcurrentHashMap<>();

	// Each call adds to these, so they are fields and not looked up in the map

	private final Tally requests;

	private final Tally tokensSaved;

	private final LongAdder tokensBought;

	private final LongAdder costSaved;

	private final LongAdder overheadTokens;

	private final LongAdder overhead;

	private final LongAdder providerDiscount;

	private final LongAdder spent;

	private final LongAdder counterfactual;

	private final Tally tokens;

	private final Tally saved;

	private final LongAdder inputTokens;

	private final LongAdder outputTokens;

	/**
	 * Create tallies that are all zero.
	 * @param names the names of what is counted
	 * @param lock is held by whoever adds a value of a dimension
	 * @param added is told of what is counted for the first time, with the lock held
	 */
	Tallies(StatisticsNames names, Object lock, Tally.Added added) {
		this.names = names;
		this.lock = lock;
		this.added = added;
		this.requests = tally(SavingsCounters.REQUESTS);
		this.tokensSaved = tally(SavingsCounters.TOKENS_SAVED);
		this.tokensBought = adder(SavingsCounters.TOKENS_BOUGHT);
		this.costSaved = adder(SavingsCounters.COST_SAVED);
		this.overheadTokens = adder(SavingsCounters.OVERHEAD_TOKENS);
		this.overhead = adder(SavingsCounters.OVERHEAD);
		this.providerDiscount = adder(SavingsCounters.PROVIDER_DISCOUNT);
		this.spent = adder(SavingsCounters.SPENT);
		this.counterfactual = adder(SavingsCounters.COUNTERFACTUAL);
		this.tokens = tally(SavingsCounters.TOKENS);
		this.saved = tally(SavingsCounters.SAVED);
		this.inputTokens = adder(this.tokens, "input");
		this.outputTokens = adder(this.tokens, "output");
	}

	/**
	 * Add all that features have declared, so that it is shown while it is zero.
	 */
	void addDeclared() {
		this.names.outcomes().forEach((outcome) -> adder(this.requests, outcome.value()));
		this.names.techniques().forEach((technique) -> adder(this.tokensSaved, technique.value()));
		adder(SavingsCounters.ERRORS);
		adder(SavingsCounters.MODEL_ERRORS);
		for (Counter counter : this.names.counters()) {
			Tally tally = tally(counter);
			if (counter.dimension() == null) {
				adder(tally, Tally.WHOLE);
			}
		}
	}

	/**
	 * Count a call.
	 * @param report what it saved
	 * @param modelFailed whether its model failed
	 */
	void record(SavingsReport report, boolean modelFailed) {
		if (modelFailed) {
			adder(SavingsCounters.MODEL_ERRORS).increment();
		}
		Outcome outcome = report.outcome();
		LongAdder counted = this.requests.find(outcome.value());
		if (counted == null) {
			this.names.learn(outcome);
			counted = adder(this.requests, outcome.value());
		}
		counted.increment();
		for (Map.Entry<String, Long> saved : report.tokensSavedByTechnique().entrySet()) {
			savedBy(saved.getKey()).add(saved.getValue());
		}
		this.tokensBought.add(report.tokensBought());
		this.costSaved.add(PicoUsd.of(report.costSavedUsd()));
		this.overheadTokens.add(report.overheadTokens());
		this.overhead.add(PicoUsd.of(report.overheadUsd()));
		this.providerDiscount.add(PicoUsd.of(report.providerDiscountUsd()));
	}

	/**
	 * Count a call with what it cost.
	 * @param call what it saved and cost
	 * @param measures what was measured of it
	 */
	void record(ClosedLedger call, CallMeasures measures) {
		ModelFailure failure = measures.failure();
		record(call.answer(), failure != null);
		if (failure != null) {
			adder(tally(SavingsCounters.MODEL_ERRORS_BY_TYPE), failure.value()).increment();
		}
		if (measures.newTask()) {
			adder(SavingsCounters.TASKS).increment();
		}
		CallCost cost = call.cost();
		if (measures.retry()) {
			adder(SavingsCounters.RETRIES).increment();
			adder(SavingsCounters.RETRY_SPENT).add(cost.spentPicoUsd());
		}
		addTokens(cost.bought());
		this.spent.add(cost.spentPicoUsd());
		this.counterfactual.add(cost.counterfactualPicoUsd());
		for (Map.Entry<String, Long> part : cost.savedPicoUsd().entrySet()) {
			adder(this.saved, part.getKey()).add(part.getValue());
		}
	}

	/**
	 * Count an answer that was bought for a call whose caller got another one.
	 * @param attempt the answer
	 */
	void record(ClosedAttempt attempt) {
		savedBy(attempt.technique()).add(-attempt.usage().total());
		this.tokensBought.add(attempt.usage().total());
		addTokens(attempt.usage());
		this.spent.add(attempt.picoUsd());
		this.costSaved.add(-attempt.picoUsd());
		adder(this.saved, attempt.technique()).add(-attempt.picoUsd());
	}

	private void addTokens(TokenUsage bought) {
		this.inputTokens.add(bought.input());
		this.outputTokens.add(bought.output());
		addTokens("cache_read", bought.cacheRead());
		addTokens("cache_write_5m", bought.cacheWrite() - bought.cacheWriteOneHour());
		addTokens("cache_write_1h", bought.cacheWriteOneHour());
		addTokens("thinking", bought.reasoning());
	}

	private void addTokens(String kind, long tokens) {
		if (tokens != 0) {
			adder(this.tokens, kind).add(tokens);
		}
	}

	private LongAdder savedBy(String technique) {
		LongAdder adder = this.tokensSaved.find(technique);
		if (adder == null) {
			this.names.learn(SavingTechnique.of(technique, technique));
			adder = adder(this.tokensSaved, technique);
		}
		return adder;
	}

	/**
	 * Count what token saving itself spent.
	 * @param tokens the tokens
	 * @param picoUsd the cost
	 */
	void recordOverhead(long tokens, long picoUsd) {
		this.overheadTokens.add(tokens);
		if (picoUsd != 0) {
			this.overhead.add(picoUsd);
			this.costSaved.add(-picoUsd);
		}
	}

	/**
	 * Count the outcome of a task.
	 * @param outcome the outcome
	 */
	void recordOutcome(TaskOutcome outcome) {
		adder(tally(SavingsCounters.TASK_OUTCOMES), outcome.value()).increment();
	}

	/**
	 * Count what a task with a known outcome cost.
	 * @param picoUsd the cost
	 */
	void recordKnownCost(long picoUsd) {
		adder(SavingsCounters.KNOWN_COST).add(picoUsd);
	}

	/**
	 * Count one more.
	 * @param counter what is counted, by no dimension
	 */
	void increment(Counter counter) {
		Assert.isTrue(counter.dimension() == null, () -> "'%s' is counted by a dimension".formatted(counter));
		adder(counter).increment();
	}

	/**
	 * Count one more by a dimension.
	 * @param counter what is counted
	 * @param label the value of its dimension
	 */
	void increment(Counter counter, String label) {
		Assert.isTrue(counter.dimension() != null, () -> "'%s' is not counted by a dimension".formatted(counter));
		adder(tally(counter), label).increment();
	}

	/**
	 * Return a sum.
	 * @param counter the counter
	 * @param label the value of its dimension, empty if it has none
	 * @return what was counted
	 */
	long sum(Counter counter, String label) {
		Tally tally = this.tallies.get(counter);
		return (tally != null) ? tally.sum(label) : 0;
	}

	/**
	 * Return what is counted.
	 * @return the counters, with each value of their dimension
	 */
	Collection<PlanStatistics.SumKey> sums() {
		Set<PlanStatistics.SumKey> sums = new HashSet<>();
		this.tallies.values()
			.forEach((tally) -> tally
				.forEach((label, sum) -> sums.add(new PlanStatistics.SumKey(tally.counter(), label))));
		return sums;
	}

	/**
	 * Tell what was counted.
	 * @param sums is given the name and the value of each sum
	 */
	void tellSums(BiConsumer<String, Long> sums) {
		this.tallies.values().forEach((tally) -> tally.tellSums(sums::accept));
	}

	/**
	 * Take what was counted since it was taken last.
	 * @return the sums that are not zero, by name
	 */
	Map<String, Long> take() {
		Map<String, Long> taken = new HashMap<>();
		this.tallies.values().forEach((tally) -> tally.takeSums(taken::put));
		return taken;
	}

	/**
	 * Move what was counted. The caller holds the lock.
	 * @param target what takes it over
	 */
	void moveTo(Tallies target) {
		this.tallies.values().forEach((tally) -> tally.take((label, value) -> {
			Tally other = target.tally(tally.counter());
			target.adder(other, label).add(value);
		}));
	}

	private Tally tally(Counter counter) {
		Tally known = this.tallies.get(counter);
		if (known != null) {
			return known;
		}
		this.names.learn(counter);
		return this.tallies.computeIfAbsent(counter, Tally::new);
	}

	private LongAdder adder(Counter counter) {
		return adder(tally(counter), Tally.WHOLE);
	}

	private LongAdder adder(Tally tally, String label) {
		LongAdder known = tally.find(label);
		if (known != null) {
			return known;
		}
		synchronized (this.lock) {
			return tally.add(label, this.added);
		}
	}

}

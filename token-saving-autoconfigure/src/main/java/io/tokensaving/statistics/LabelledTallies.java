package io.tokensaving.statistics;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicInteger;

import io.tokensaving.ledger.ClosedAttempt;
import io.tokensaving.ledger.ClosedLedger;
import io.tokensaving.ledger.Labels;
import org.jspecify.annotations.Nullable;

/**
 * What was counted of a plan by the labels of its calls, until a repository takes it
 * over. Thread-safe.
 */
final class LabelledTallies {

	private final PlanStatistics plan;

	private final StatisticsNames names;

	private final LabelLimits limits;

	private final ConcurrentMap<Labels, Counted> tallies = new ConcurrentHashMap<>();

	private boolean forgotten;

	/**
	 * Create tallies of nothing.
	 * @param plan the plan whose calls are counted
	 * @param names the names of what is counted
	 * @param left how many sets of labels all plans together can still have
	 */
	LabelledTallies(PlanStatistics plan, StatisticsNames names, AtomicInteger left) {
		this.plan = plan;
		this.names = names;
		this.limits = new LabelLimits(left);
	}

	/**
	 * Count a call.
	 * @param call what it saved
	 * @param measures what was measured of it
	 * @return what counted it, or {@code null} if nothing is counted by labels any more
	 */
	@Nullable Counted record(ClosedLedger call, CallMeasures measures) {
		Labels labels = call.labels();
		Counted known = this.tallies.get(labels);
		if (known == null) {
			known = this.tallies.get(admit(labels));
		}
		if (known != null) {
			known.record(call, measures);
		}
		return known;
	}

	/**
	 * Count an answer that was bought for a call whose caller got another one.
	 * @param attempt the answer
	 */
	void record(ClosedAttempt attempt) {
		Counted known = this.tallies.get(attempt.labels());
		if (known == null) {
			known = this.tallies.get(admit(attempt.labels()));
		}
		if (known != null) {
			known.tallies.record(attempt);
		}
	}

	private synchronized Labels admit(Labels labels) {
		if (this.forgotten) {
			return Labels.NONE;
		}
		Labels admitted = this.limits.admit(labels);
		if (!admitted.isEmpty()) {
			this.tallies.computeIfAbsent(admitted,
					(added) -> new Counted(this.plan, added, new Tallies(this.names, this, (counter, label) -> {
					})));
		}
		return admitted;
	}

	/**
	 * Take what was counted since it was taken last.
	 * @return what was counted, by labels
	 */
	Map<Labels, StatisticsCounters> take() {
		if (this.tallies.isEmpty()) {
			return Map.of();
		}
		Map<Labels, StatisticsCounters> taken = new HashMap<>();
		this.tallies.forEach((labels, counted) -> {
			Map<String, Long> values = counted.take();
			if (!values.isEmpty()) {
				taken.put(labels, new StatisticsCounters(values, Set.of()));
			}
		});
		return taken;
	}

	/**
	 * Count nothing any more, because the plan is not counted apart.
	 * @param target what takes over what the plan counts
	 */
	synchronized void forget(PlanStatistics target) {
		this.forgotten = true;
		this.tallies.values().forEach((counted) -> counted.place().moveTo(target));
		this.tallies.clear();
		this.limits.release();
	}

	/**
	 * What was counted under one set of labels.
	 */
	static final class Counted {

		private static final int NANOS = 1000;

		private final TaskPlace place;

		private final Labels labels;

		private final Tallies tallies;

		private final Buckets calls = new Buckets(Measure.CALL);

		private final Buckets hits = new Buckets(Measure.HIT);

		private final Buckets models = new Buckets(Measure.MODEL);

		private final Buckets firstTokens = new Buckets(Measure.FIRST_TOKEN);

		private final Buckets outputs = new Buckets(Measure.OUTPUT_TOKENS);

		Counted(PlanStatistics plan, Labels labels, Tallies tallies) {
			this.place = new TaskPlace(plan, this);
			this.labels = labels;
			this.tallies = tallies;
		}

		TaskPlace place() {
			return this.place;
		}

		Labels labels() {
			return this.labels;
		}

		void recordOutcome(TaskOutcome outcome) {
			this.tallies.recordOutcome(outcome);
		}

		void recordKnownCost(long picoUsd) {
			this.tallies.recordKnownCost(picoUsd);
		}

		void record(ClosedLedger call, CallMeasures measures) {
			this.tallies.record(call, measures);
			call.counted().forEach(this.tallies::increment);
			record(this.calls, measures.callNanos());
			if (call.report().outcome().isHit()) {
				record(this.hits, measures.callNanos());
			}
			record(this.models, measures.modelNanos());
			record(this.firstTokens, measures.firstTokenNanos());
			if (call.cost().bought().output() > 0) {
				this.outputs.record(call.cost().bought().output());
			}
		}

		private static void record(Buckets buckets, long nanos) {
			if (nanos >= 0) {
				buckets.record(nanos / NANOS);
			}
		}

		Map<String, Long> take() {
			Map<String, Long> taken = this.tallies.take();
			this.calls.take(taken);
			this.hits.take(taken);
			this.models.take(taken);
			this.firstTokens.take(taken);
			this.outputs.take(taken);
			return taken;
		}

	}

}

package io.tokensaving.statistics;

import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

import io.tokensaving.ledger.Labels;
import io.tokensaving.plan.PlanKey;

/**
 * The sums of plans by hour, in memory, with the part of them that has labels. Not
 * thread-safe.
 */
final class HourlySums {

	/**
	 * The number of counters that are kept, of all plans together: those of the latest
	 * hours.
	 */
	static final int MAX_COUNTERS = 500_000;

	private final NavigableMap<Instant, Map<PlanKey, Hour>> hours = new TreeMap<>();

	private final int maxCounters;

	private int counters;

	/**
	 * Create sums of nothing.
	 * @param maxCounters the number of counters that are kept
	 */
	HourlySums(int maxCounters) {
		this.maxCounters = maxCounters;
	}

	/**
	 * Add what was counted in an hour.
	 * @param hour the start of the hour
	 * @param plan the plan and its workspace
	 * @param increments what to add
	 * @param admission returns the labels under which a set of labels is counted
	 */
	void add(Instant hour, PlanKey plan, StatisticsCounters increments, UnaryOperator<Labels> admission) {
		StatisticsCounters kept = increments.hourly();
		if (kept.isEmpty()) {
			return;
		}
		Hour sums = this.hours.computeIfAbsent(hour, (added) -> new HashMap<>())
			.computeIfAbsent(plan, (added) -> new Hour());
		this.counters -= sums.size;
		sums.add(kept, admission);
		this.counters += sums.size;
		while (this.counters > this.maxCounters && this.hours.size() > 1) {
			this.hours.pollFirstEntry().getValue().values().forEach((removed) -> this.counters -= removed.size);
		}
	}

	/**
	 * Remove hours.
	 * @param first the start of the first hour that is kept
	 */
	void removeBefore(Instant first) {
		Map<Instant, Map<PlanKey, Hour>> old = this.hours.headMap(first, false);
		old.values().forEach((plans) -> plans.values().forEach((removed) -> this.counters -= removed.size));
		old.clear();
	}

	/**
	 * Remove a plan.
	 * @param plan the plan and its workspace
	 */
	void remove(PlanKey plan) {
		this.hours.values().removeIf((plans) -> {
			Hour removed = plans.remove(plan);
			this.counters -= (removed != null) ? removed.size : 0;
			return plans.isEmpty();
		});
	}

	/**
	 * Return the sums of a plan.
	 * @param plan the plan and its workspace
	 * @param first the start of the first hour
	 * @return the sums by hour, with their labels
	 */
	NavigableMap<Instant, StatisticsCounters> of(PlanKey plan, Instant first) {
		NavigableMap<Instant, StatisticsCounters> copy = new TreeMap<>();
		this.hours.tailMap(first, true).forEach((hour, plans) -> {
			Hour sums = plans.get(plan);
			if (sums != null) {
				copy.put(hour, sums.whole.withLabelled(sums.labelled));
			}
		});
		return copy;
	}

	private static final class Hour {

		private StatisticsCounters whole = StatisticsCounters.EMPTY;

		private final Map<Labels, StatisticsCounters> labelled = new HashMap<>();

		private int size;

		void add(StatisticsCounters increments, UnaryOperator<Labels> admission) {
			this.size -= this.whole.values().size();
			this.whole = this.whole.plus(increments.withLabelled(Map.of()));
			this.size += this.whole.values().size();
			increments.labelled().forEach((labels, counters) -> {
				Labels admitted = admission.apply(labels);
				if (!admitted.isEmpty()) {
					StatisticsCounters before = this.labelled.getOrDefault(admitted, StatisticsCounters.EMPTY);
					StatisticsCounters after = before.plus(counters);
					this.labelled.put(admitted, after);
					this.size += after.values().size() - before.values().size();
				}
			});
		}

	}

}

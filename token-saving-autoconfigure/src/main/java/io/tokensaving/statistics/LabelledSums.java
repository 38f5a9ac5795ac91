package io.tokensaving.statistics;

import java.time.LocalDate;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;

import io.tokensaving.ledger.Labels;

/**
 * The sums of one plan by labels, in memory: since the start and by day. Not thread-safe.
 */
final class LabelledSums {

	private final LabelLimits limits;

	private final Map<Labels, StatisticsCounters> total = new HashMap<>();

	private final NavigableMap<LocalDate, Map<Labels, StatisticsCounters>> days = new TreeMap<>();

	/**
	 * Create sums of nothing.
	 * @param left how many sets of labels all plans together can still have
	 */
	LabelledSums(AtomicInteger left) {
		this.limits = new LabelLimits(left);
	}

	/**
	 * Add what was counted on a day.
	 * @param day the day
	 * @param increments what to add, by labels
	 */
	void add(LocalDate day, Map<Labels, StatisticsCounters> increments) {
		increments.forEach((labels, counters) -> {
			Labels admitted = admit(labels);
			if (!admitted.isEmpty()) {
				this.total.merge(admitted, counters, StatisticsCounters::plus);
				this.days.computeIfAbsent(day, (added) -> new HashMap<>())
					.merge(admitted, counters, StatisticsCounters::plus);
			}
		});
	}

	/**
	 * Return the labels under which a set of labels is counted.
	 * @param labels the labels
	 * @return these, or others in their place, or none
	 */
	Labels admit(Labels labels) {
		return this.limits.admit(labels);
	}

	/**
	 * Remove days.
	 * @param first the first day that is kept
	 */
	void removeBefore(LocalDate first) {
		this.days.headMap(first, false).clear();
	}

	/**
	 * Remove everything, so that other plans can have as many sets of labels.
	 */
	void release() {
		this.limits.release();
	}

	Map<Labels, StatisticsCounters> total() {
		return Map.copyOf(this.total);
	}

	NavigableMap<LocalDate, Map<Labels, StatisticsCounters>> days(LocalDate first) {
		NavigableMap<LocalDate, Map<Labels, StatisticsCounters>> copy = new TreeMap<>();
		this.days.tailMap(first, true).forEach((day, sums) -> copy.put(day, Map.copyOf(sums)));
		return copy;
	}

	/**
	 * Tell how much is kept.
	 * @param sizes the number of counters of each day, to which those of this plan are
	 * added
	 */
	void addSizes(Map<LocalDate, Integer> sizes) {
		this.days.forEach((day, sums) -> sums.values()
			.forEach((counters) -> sizes.merge(day, counters.values().size(), Integer::sum)));
	}

}

package io.tokensaving.savings;

import java.util.Map;

/**
 * The statistics of all plans at one moment. Immutable.
 *
 * @param plans the figures of each plan that was ever used
 * @param totals the sums over all plans
 * @param unknownPlans requests that named an unknown plan
 * @param errors failures of token saving by component
 */
public record OverallStatistics(Map<String, StatisticsSnapshot> plans, StatisticsSnapshot totals, long unknownPlans,
		Map<Component, Long> errors) {

	/**
	 * Return the figures of a plan.
	 * @param id the id of the plan
	 * @return the figures, all zero if it was never used
	 */
	public StatisticsSnapshot plan(String id) {
		StatisticsSnapshot snapshot = this.plans.get(id);
		return (snapshot != null) ? snapshot : StatisticsCounters.EMPTY.snapshot(false);
	}

}

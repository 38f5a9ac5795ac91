package io.tokensaving.statistics;

import java.util.Map;

import io.tokensaving.Component;
import io.tokensaving.plan.PlanKey;

/**
 * The statistics of all plans at one moment. Immutable.
 *
 * @param plans the figures of each plan that was ever used
 * @param workspaces the sums over the plans of each workspace
 * @param totals the sums over all plans of all workspaces
 * @param neverUsed the figures of a plan that was never used, all zero
 * @param unknownPlans requests that named an unknown plan
 * @param unknownOutcomes reports of tasks that were not known
 * @param errors failures of token saving by component
 */
public record OverallStatistics(Map<PlanKey, StatisticsSnapshot> plans, Map<String, StatisticsSnapshot> workspaces,
		StatisticsSnapshot totals, StatisticsSnapshot neverUsed, long unknownPlans, long unknownOutcomes,
		Map<Component, Long> errors) {

	/**
	 * Return the figures of a plan.
	 * @param key the plan and its workspace
	 * @return the figures, all zero if it was never used
	 */
	public StatisticsSnapshot plan(PlanKey key) {
		return this.plans.getOrDefault(key, this.neverUsed);
	}

}

package io.tokensaving.statistics;

import org.jspecify.annotations.Nullable;

/**
 * Where requests of tasks are counted: a plan, and labels of it if there are any. Tasks
 * keep this instead of the statistics of the plan, which end with the plan. Thread-safe.
 */
final class TaskPlace {

	private volatile PlanStatistics plan;

	private volatile LabelledTallies.@Nullable Counted counted;

	TaskPlace(PlanStatistics plan, LabelledTallies.@Nullable Counted counted) {
		this.plan = plan;
		this.counted = counted;
	}

	/**
	 * Count without labels in another plan from now on.
	 * @param target what takes over what the plan counts
	 */
	void moveTo(PlanStatistics target) {
		this.counted = null;
		this.plan = target;
	}

	void recordOutcome(TaskOutcome outcome) {
		LabelledTallies.Counted labelled = this.counted;
		this.plan.recordOutcome(labelled, outcome);
	}

	void recordKnownCost(long picoUsd) {
		LabelledTallies.Counted labelled = this.counted;
		this.plan.recordKnownCost(labelled, picoUsd);
	}

}

package io.tokensaving.statistics;

import java.time.LocalDate;
import java.util.Map;

import io.tokensaving.plan.PlanKey;

import org.springframework.util.Assert;

/**
 * What an instance of the application counted since its last batch. Immutable.
 *
 * @param instance the instance, unique to its process
 * @param number the number of the batch, 1 or more; those of an instance ascend. A batch
 * whose outcome is not known is sent again with its number
 * @param day the day in UTC to which it belongs
 * @param increments what to add, by plan and workspace; only plans with changes
 */
public record StatisticsBatch(String instance, long number, LocalDate day,
		Map<PlanKey, StatisticsCounters> increments) {

	/**
	 * Check the batch.
	 */
	public StatisticsBatch {
		Assert.hasText(instance, "'instance' must not be empty");
		Assert.isTrue(number >= 1, () -> "'number' must be at least 1, but is " + number);
		increments = Map.copyOf(increments);
	}

}

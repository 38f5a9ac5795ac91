package io.tokensaving.statistics;

import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.Map;

import io.tokensaving.plan.PlanKey;
import org.jspecify.annotations.Nullable;

import org.springframework.util.Assert;

/**
 * What an instance of the application counted since its last batch. Immutable.
 *
 * @param instance the instance, unique to its process
 * @param number the number of the batch, 1 or more; those of an instance ascend. A batch
 * whose outcome is not known is sent again with its number
 * @param day the day in UTC to which it belongs
 * @param hour the start of the hour of that day to which it belongs, or {@code null} if
 * it has waited for so long that only the day is known
 * @param increments what to add, by plan and workspace; only plans with changes
 */
public record StatisticsBatch(String instance, long number, LocalDate day, @Nullable Instant hour,
		Map<PlanKey, StatisticsCounters> increments) {

	/**
	 * Check the batch.
	 */
	public StatisticsBatch {
		Assert.hasText(instance, "'instance' must not be empty");
		Assert.isTrue(number >= 1, () -> "'number' must be at least 1, but is " + number);
		Assert.isTrue(
				hour == null || (hour.equals(hour.truncatedTo(ChronoUnit.HOURS))
						&& LocalDate.ofInstant(hour, ZoneOffset.UTC).equals(day)),
				() -> "'hour' must be the start of an hour of '%s', but is '%s'".formatted(day, hour));
		increments = Map.copyOf(increments);
	}

	/**
	 * Create a batch that belongs to a day only.
	 * @param instance the instance
	 * @param number the number of the batch
	 * @param day the day in UTC
	 * @param increments what to add
	 */
	public StatisticsBatch(String instance, long number, LocalDate day, Map<PlanKey, StatisticsCounters> increments) {
		this(instance, number, day, null, increments);
	}

}

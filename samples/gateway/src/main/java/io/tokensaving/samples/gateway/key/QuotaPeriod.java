package io.tokensaving.samples.gateway.key;

import java.time.DayOfWeek;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.temporal.TemporalAdjusters;

import org.jspecify.annotations.Nullable;

/**
 * After what time a quota is whole again. Periods begin at midnight UTC.
 */
public enum QuotaPeriod {

	/**
	 * Never.
	 */
	NONE,

	/**
	 * Each day.
	 */
	DAY,

	/**
	 * Each Monday.
	 */
	WEEK,

	/**
	 * On the first of each month.
	 */
	MONTH;

	/**
	 * Return the first day of a period.
	 * @param time a time in the period
	 * @return the day, 1970-01-01 for {@link #NONE}
	 */
	LocalDate start(Instant time) {
		LocalDate day = LocalDate.ofInstant(time, ZoneOffset.UTC);
		return switch (this) {
			case NONE -> LocalDate.EPOCH;
			case DAY -> day;
			case WEEK -> day.with(TemporalAdjusters.previousOrSame(DayOfWeek.MONDAY));
			case MONTH -> day.withDayOfMonth(1);
		};
	}

	/**
	 * Return when the quota is whole again.
	 * @param time a time in the period
	 * @return the end of the period, or {@code null} if it has none
	 */
	@Nullable Instant end(Instant time) {
		LocalDate start = start(time);
		LocalDate end = switch (this) {
			case NONE -> null;
			case DAY -> start.plusDays(1);
			case WEEK -> start.plusWeeks(1);
			case MONTH -> start.plusMonths(1);
		};
		return (end != null) ? end.atStartOfDay(ZoneOffset.UTC).toInstant() : null;
	}

}

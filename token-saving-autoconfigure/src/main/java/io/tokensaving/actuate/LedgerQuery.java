package io.tokensaving.actuate;

import io.tokensaving.ledger.Labels;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.statistics.StatisticsRepository;
import org.jspecify.annotations.Nullable;

import org.springframework.util.StringUtils;

/**
 * The filters and the page of a reading of what was spent. Immutable.
 *
 * @param workspace the workspace
 * @param plan the id of the plan, or {@code null} for all
 * @param feature the feature, or {@code null} for all
 * @param model the model, or {@code null} for all
 * @param days the number of days up to the present one, 1 to
 * {@value StatisticsRepository#DAYS}
 * @param hours the number of hours up to the present one, 1 to
 * {@value StatisticsRepository#HOURS}, for what is shown by hour
 * @param page the page, from 0
 * @param size the number of rows of a page, 1 to {@value #MAX_SIZE}
 */
record LedgerQuery(String workspace, @Nullable String plan, @Nullable String feature, @Nullable String model, int days,
		int hours, int page, int size) {

	static final int DEFAULT_DAYS = 7;

	static final int DEFAULT_HOURS = 24;

	static final int DEFAULT_SIZE = 100;

	static final int MAX_SIZE = 1000;

	private static final int HOURS_OF_A_DAY = 24;

	private static final int MAX_PAGE = 1_000_000;

	static LedgerQuery of(String workspace, @Nullable String plan, @Nullable String feature, @Nullable String model,
			@Nullable String days, @Nullable String page, @Nullable String size) {
		return new LedgerQuery(workspace, text(plan), text(feature), text(model),
				number("days", days, 1, StatisticsRepository.DAYS, DEFAULT_DAYS), DEFAULT_HOURS,
				number("page", page, 0, MAX_PAGE, 0), number("size", size, 1, MAX_SIZE, DEFAULT_SIZE));
	}

	/**
	 * Read the hours of a reading by hour.
	 * @param hours their number, or {@code null}
	 * @param days the number of days, each of which stands for 24 hours, or {@code null};
	 * not used if {@code hours} is given
	 * @return the query with these hours
	 */
	LedgerQuery hours(@Nullable String hours, @Nullable String days) {
		int ofDays = HOURS_OF_A_DAY
				* number("days", days, 1, StatisticsRepository.HOURS / HOURS_OF_A_DAY, DEFAULT_HOURS / HOURS_OF_A_DAY);
		return new LedgerQuery(this.workspace, this.plan, this.feature, this.model, this.days,
				number("hours", hours, 1, StatisticsRepository.HOURS, ofDays), this.page, this.size);
	}

	// A blank parameter, such as an empty variable in a script, counts as none
	private static @Nullable String text(@Nullable String value) {
		return StringUtils.hasText(value) ? value : null;
	}

	private static int number(String name, @Nullable String value, int min, int max, int fallback) {
		if (!StringUtils.hasText(value)) {
			return fallback;
		}
		try {
			int number = Integer.parseInt(value);
			if (number >= min && number <= max) {
				return number;
			}
		}
		catch (NumberFormatException ex) {
			// Refused below
		}
		throw new InvalidParameterException(name, value, "a whole number from %d to %d".formatted(min, max));
	}

	boolean isOf(PlanKey key) {
		return key.workspace().equals(this.workspace) && (this.plan == null || this.plan.equals(key.plan()));
	}

	boolean isOf(Labels labels) {
		return (this.feature == null || this.feature.equals(labels.value(Labels.FEATURE)))
				&& (this.model == null || this.model.equals(labels.value(Labels.MODEL)));
	}

	/**
	 * A parameter is not accepted.
	 */
	static final class InvalidParameterException extends RuntimeException {

		private final String name;

		private final String value;

		private final String accepted;

		InvalidParameterException(String name, String value, String accepted) {
			this.name = name;
			this.value = value;
			this.accepted = accepted;
		}

		ErrorDescriptor describe() {
			return ErrorDescriptor.invalid(this.name, this.value, this.accepted);
		}

	}

}

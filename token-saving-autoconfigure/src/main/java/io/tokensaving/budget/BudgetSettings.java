package io.tokensaving.budget;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.Map;
import java.util.TreeMap;

import io.tokensaving.ledger.PicoUsd;
import io.tokensaving.plan.InvalidPlanException;
import io.tokensaving.plan.PlanSettings;
import io.tokensaving.plan.SettingText;
import org.jspecify.annotations.Nullable;

/**
 * How much may be spent in a period, and what happens then. Also the {@code budget}
 * settings of a plan. Immutable.
 *
 * @param per the period
 * @param usd the limit in US dollars, above 0 and at most {@value #MAX_USD}, with at most
 * 6 decimals, or {@code null} for none
 * @param tokens the limit of input and output tokens together, from 1 to
 * {@value #MAX_TOKENS}, or {@code null} for none; one of both limits is required
 * @param warn the share of the limit at which there is a warning, above 0 and at most 1
 * @param action what happens to a call that the budget has no room for
 * @param unknownPrice what happens to a call of a model without a price, if there is a
 * limit in US dollars
 * @param onFailure what happens to calls while the budget cannot be read
 * @param maxOutputTokens the output tokens that are reserved for a request that does not
 * limit them, from 1 to {@value #MAX_OUTPUT_TOKENS}
 * @param zone the time zone in which days and months begin
 */
public record BudgetSettings(Period per, @Nullable BigDecimal usd, @Nullable Long tokens, double warn, Action action,
		UnknownPrice unknownPrice, OnFailure onFailure, int maxOutputTokens, ZoneId zone) implements PlanSettings {

	/**
	 * The name of the section in plans.
	 */
	public static final String SECTION = "budget";

	/**
	 * The largest limit in US dollars.
	 */
	public static final long MAX_USD = 1_000_000;

	/**
	 * The largest limit in tokens.
	 */
	public static final long MAX_TOKENS = 1_000_000_000_000L;

	/**
	 * The largest number of output tokens that can be reserved for a request.
	 */
	public static final int MAX_OUTPUT_TOKENS = 1_000_000;

	// With more digits, a number of JSON would not be read as it was written
	private static final int MAX_DECIMALS = 6;

	/**
	 * Check the settings.
	 * @throws InvalidPlanException if a value is out of its range, or there is no limit
	 */
	public BudgetSettings {
		if (usd == null && tokens == null) {
			throw InvalidPlanException.missing("budget.usd", "a limit in US dollars, or one in tokens in 'tokens'");
		}
		if (usd != null && (usd.signum() <= 0 || usd.compareTo(BigDecimal.valueOf(MAX_USD)) > 0
				|| usd.stripTrailingZeros().scale() > MAX_DECIMALS)) {
			throw new InvalidPlanException("budget.usd", usd,
					"an amount above 0 and of at most %d, with at most %d decimals".formatted(MAX_USD, MAX_DECIMALS));
		}
		if (tokens != null && (tokens < 1 || tokens > MAX_TOKENS)) {
			throw new InvalidPlanException("budget.tokens", tokens, "a whole number from 1 to " + MAX_TOKENS);
		}
		if (!(warn > 0 && warn <= 1)) {
			throw new InvalidPlanException("budget.warn", warn, "a number above 0 and of at most 1");
		}
		if (maxOutputTokens < 1 || maxOutputTokens > MAX_OUTPUT_TOKENS) {
			throw new InvalidPlanException("budget.max-output-tokens", maxOutputTokens,
					"a whole number from 1 to " + MAX_OUTPUT_TOKENS);
		}
		// Without trailing zeros, as equals() tells them apart
		usd = (usd != null) ? PicoUsd.toUsd(PicoUsd.of(usd)) : null;
	}

	/**
	 * Read a time zone.
	 * @param zone the name of the zone
	 * @return the zone
	 * @throws InvalidPlanException if there is none of that name
	 */
	static ZoneId zone(String zone) {
		try {
			return ZoneId.of(zone);
		}
		catch (DateTimeException ex) {
			throw new InvalidPlanException("budget.zone", zone, "a time zone such as 'UTC' or 'Europe/Berlin'");
		}
	}

	@Override
	public String section() {
		return SECTION;
	}

	@Override
	public Map<String, Object> values() {
		Map<String, Object> values = new TreeMap<>();
		values.put("enabled", true);
		values.put("per", SettingText.of(this.per));
		if (this.usd != null) {
			values.put("usd", this.usd);
		}
		if (this.tokens != null) {
			values.put("tokens", this.tokens);
		}
		values.put("warn", this.warn);
		values.put("action", SettingText.of(this.action));
		values.put("unknown-price", SettingText.of(this.unknownPrice));
		values.put("on-failure", SettingText.of(this.onFailure));
		values.put("max-output-tokens", this.maxOutputTokens);
		values.put("zone", this.zone.getId());
		return values;
	}

	/**
	 * Return the limits as amounts.
	 * @return the limits; {@link Long#MAX_VALUE} where there is none
	 */
	BudgetAmount limit() {
		return new BudgetAmount((this.usd != null) ? PicoUsd.of(this.usd) : Long.MAX_VALUE,
				(this.tokens != null) ? this.tokens : Long.MAX_VALUE);
	}

	/**
	 * Return the amounts at which there is a warning.
	 * @return the amounts; {@link Long#MAX_VALUE} where there is no limit
	 */
	BudgetAmount warning() {
		BudgetAmount limit = limit();
		return new BudgetAmount((this.usd != null) ? share(limit.picoUsd()) : Long.MAX_VALUE,
				(this.tokens != null) ? share(limit.tokens()) : Long.MAX_VALUE);
	}

	private long share(long limit) {
		return BigDecimal.valueOf(this.warn)
			.multiply(BigDecimal.valueOf(limit))
			.setScale(0, RoundingMode.CEILING)
			.longValueExact();
	}

	/**
	 * Return the period at a time.
	 * @param now the time
	 * @return the period
	 */
	public BudgetWindow window(Instant now) {
		LocalDate day = LocalDate.ofInstant(now, this.zone);
		LocalDate start = (this.per == Period.MONTH) ? day.withDayOfMonth(1) : day;
		LocalDate end = (this.per == Period.MONTH) ? start.plusMonths(1) : start.plusDays(1);
		return new BudgetWindow(start, end.atStartOfDay(this.zone).toInstant());
	}

	/**
	 * The period after which a budget is whole again.
	 */
	public enum Period {

		/**
		 * A day.
		 */
		DAY,

		/**
		 * A calendar month.
		 */
		MONTH

	}

	/**
	 * What happens to a call that the budget has no room for.
	 */
	public enum Action {

		/**
		 * It goes to the model; the budget only warns.
		 */
		WARN,

		/**
		 * It fails with a {@link TokenBudgetExceededException}.
		 */
		REFUSE

	}

	/**
	 * What happens to a call of a model without a price.
	 */
	public enum UnknownPrice {

		/**
		 * It goes to the model; its tokens are counted, and no dollars.
		 */
		COUNT,

		/**
		 * It fails with a {@link TokenBudgetExceededException}.
		 */
		REFUSE

	}

	/**
	 * What happens to calls while the budget cannot be read.
	 */
	public enum OnFailure {

		/**
		 * They go to the model, and are counted as failures.
		 */
		ALLOW,

		/**
		 * They fail with a {@link TokenBudgetExceededException}.
		 */
		REFUSE

	}

}

package io.tokensaving.batch;

import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;

import io.tokensaving.plan.InvalidPlanException;
import io.tokensaving.plan.PlanSettings;
import io.tokensaving.plan.SettingText;

/**
 * The {@code batch} settings of a plan. Immutable.
 *
 * @param within how long a deferred answer may take if the application does not say, from
 * {@link #MIN_WITHIN} to {@link #MAX_WITHIN}
 * @param tools how later rounds of a tool loop are asked
 * @param flex whether a request that says how long its caller can wait goes to a cheaper
 * service tier
 */
public record BatchSettings(Duration within, Tools tools, boolean flex) implements PlanSettings {

	/**
	 * The name of the section in plans.
	 */
	public static final String SECTION = "batch";

	/**
	 * The shortest time for a deferred answer.
	 */
	public static final Duration MIN_WITHIN = Duration.ofMinutes(1);

	/**
	 * The longest time for a deferred answer.
	 */
	public static final Duration MAX_WITHIN = Duration.ofDays(14);

	/**
	 * What holds where a plan has no such section.
	 */
	static final BatchSettings DEFAULT = new BatchSettings(Duration.ofHours(24), Tools.LIVE, true);

	/**
	 * Check the settings.
	 * @throws InvalidPlanException if a value is out of its range
	 */
	public BatchSettings {
		if (within.compareTo(MIN_WITHIN) < 0 || within.compareTo(MAX_WITHIN) > 0) {
			throw new InvalidPlanException("batch.within", within, "a duration from 1m to 14d");
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
		values.put("within", SettingText.of(this.within));
		values.put("tools", SettingText.of(this.tools));
		values.put("flex", this.flex);
		return values;
	}

	/**
	 * How later rounds of a tool loop are asked.
	 */
	public enum Tools {

		/**
		 * At once, at the usual price.
		 */
		LIVE,

		/**
		 * In a batch of their own.
		 */
		BATCH

	}

}

package io.tokensaving.dedup;

import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;

import io.tokensaving.plan.InvalidPlanException;
import io.tokensaving.plan.PlanSettings;
import io.tokensaving.plan.SettingText;
import org.jspecify.annotations.Nullable;

/**
 * The {@code dedup} settings of a plan. Immutable.
 *
 * @param timeout how long a request waits for the answer of another one before it calls
 * the model itself, above zero and at most a day
 * @param onError what happens to waiting requests if the model fails
 * @param maxTemperature the temperature, 0 or more, above which requests are not shared
 * because they ask for variety, or {@code null} for no limit
 * @param scope whose requests share answers
 */
public record DedupSettings(Duration timeout, OnError onError, @Nullable Double maxTemperature,
		Scope scope) implements PlanSettings {

	/**
	 * The name of the section in plans.
	 */
	public static final String SECTION = "dedup";

	/**
	 * The default of {@link #timeout()}: two minutes.
	 */
	public static final Duration DEFAULT_TIMEOUT = Duration.ofMinutes(2);

	private static final Duration LONGEST_TIMEOUT = Duration.ofDays(1);

	/**
	 * The defaults.
	 */
	public static final DedupSettings DEFAULTS = new DedupSettings(DEFAULT_TIMEOUT, OnError.SHARE, null,
			Scope.INSTANCE);

	/**
	 * Check the settings.
	 * @throws InvalidPlanException if a value is out of its range
	 */
	public DedupSettings {
		if (timeout.isZero() || timeout.isNegative() || timeout.compareTo(LONGEST_TIMEOUT) > 0) {
			throw new InvalidPlanException("dedup.timeout", SettingText.of(timeout),
					"a duration above zero and of at most a day");
		}
		if (maxTemperature != null && !(maxTemperature >= 0 && maxTemperature <= Double.MAX_VALUE)) {
			throw new InvalidPlanException("dedup.max-temperature", maxTemperature, "a number of at least 0");
		}
		// Turns -0.0 into 0.0, as equals() tells them apart
		maxTemperature = (maxTemperature != null) ? (Double) (maxTemperature + 0.0) : null;
	}

	@Override
	public String section() {
		return SECTION;
	}

	@Override
	public Map<String, Object> values() {
		Map<String, Object> values = new TreeMap<>();
		values.put("enabled", true);
		values.put("timeout", SettingText.of(this.timeout));
		values.put("on-error", SettingText.of(this.onError));
		if (this.maxTemperature != null) {
			values.put("max-temperature", this.maxTemperature);
		}
		values.put("scope", SettingText.of(this.scope));
		return values;
	}

	/**
	 * What happens to waiting requests if the model fails.
	 */
	public enum OnError {

		/**
		 * All get the same error.
		 */
		SHARE,

		/**
		 * Each of them calls the model itself.
		 */
		RETRY

	}

	/**
	 * Whose requests share answers.
	 */
	public enum Scope {

		/**
		 * Those of this instance of the application.
		 */
		INSTANCE,

		/**
		 * Those of all instances that share an exact cache.
		 */
		CLUSTER

	}

}

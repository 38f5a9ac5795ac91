package io.tokensaving.plan;

import java.time.Duration;

import org.jspecify.annotations.Nullable;

/**
 * How equal requests that are in flight at the same time share one answer. Immutable.
 *
 * @param timeout how long a request waits for the answer of another one before it calls
 * the model itself, above zero and at most a day
 * @param onError what happens to the requests that wait if the model fails
 * @param maxTemperature the temperature above which requests are not shared, because they
 * ask for variety, or {@code null} for no limit
 * @param scope whose requests share answers
 */
public record DedupSettings(Duration timeout, OnError onError, @Nullable Double maxTemperature, Scope scope) {

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
			throw new InvalidPlanException("dedup.timeout", timeout, "a duration above zero and of at most a day");
		}
		if (maxTemperature != null && !(maxTemperature >= 0)) {
			throw new InvalidPlanException("dedup.max-temperature", maxTemperature, "a number of at least 0");
		}
	}

	/**
	 * What happens to the requests that wait if the model fails.
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

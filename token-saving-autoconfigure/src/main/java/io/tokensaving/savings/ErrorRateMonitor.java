package io.tokensaving.savings;

import java.util.Map;

/**
 * Watches how many of the verified answers of a semantic cache were wrong, and suspends
 * the cache of its plan once they are surely too many. It stays suspended until it is
 * told to resume. Thread-safe.
 * <p>
 * The rate is known to within its Wilson score interval (E. B. Wilson, 1927) at 95 %; too
 * many are surely wrong if the interval lies above the limit.
 */
public final class ErrorRateMonitor {

	/**
	 * Nothing is concluded from fewer verified answers.
	 */
	public static final int MIN_VERIFIED = 10;

	private static final double Z = 1.959964;

	private long verified;

	private long wrong;

	private boolean suspended;

	private long verifiedBeforeResume;

	private long wrongBeforeResume;

	/**
	 * Count a verified answer.
	 * @param right whether the served answer was right
	 * @param maxErrorRate the limit, 0 to 1
	 * @return whether the cache is suspended by this
	 */
	public synchronized boolean record(boolean right, double maxErrorRate) {
		this.verified++;
		if (!right) {
			this.wrong++;
		}
		if (this.suspended || right || this.verified < MIN_VERIFIED || snapshot().lower() <= maxErrorRate) {
			return false;
		}
		this.suspended = true;
		return true;
	}

	/**
	 * Whether the cache is suspended.
	 * @return whether it is
	 */
	public synchronized boolean isSuspended() {
		return this.suspended;
	}

	/**
	 * Let the cache serve again, and start counting anew.
	 * @return whether it was suspended
	 */
	public synchronized boolean resume() {
		boolean resumed = this.suspended;
		this.suspended = false;
		this.verifiedBeforeResume += this.verified;
		this.wrongBeforeResume += this.wrong;
		this.verified = 0;
		this.wrong = 0;
		return resumed;
	}

	/**
	 * Return the figures.
	 * @return the figures since the start, or since the cache resumed
	 */
	public synchronized Verification snapshot() {
		return Verification.of(this.verified, this.wrong, this.suspended);
	}

	/**
	 * Add what was counted since the start to counters, none of which ever falls.
	 * @param counters the counters by name
	 */
	synchronized void addTo(Map<String, Long> counters) {
		counters.put(StatisticsCounters.VERIFIED, this.verified + this.verifiedBeforeResume);
		counters.put(StatisticsCounters.WRONG, this.wrong + this.wrongBeforeResume);
		counters.put(StatisticsCounters.VERIFIED_BEFORE_RESUME, this.verifiedBeforeResume);
		counters.put(StatisticsCounters.WRONG_BEFORE_RESUME, this.wrongBeforeResume);
	}

	/**
	 * How many of the verified answers were wrong. Immutable.
	 *
	 * @param verified the number of verified answers
	 * @param wrong the number of those that were wrong
	 * @param lower the lower end of the interval of the error rate, 0 to 1
	 * @param upper the upper end of the interval of the error rate, 0 to 1
	 * @param suspended whether the cache is suspended
	 */
	public record Verification(long verified, long wrong, double lower, double upper, boolean suspended) {

		/**
		 * Compute the interval.
		 * @param verified the number of verified answers, 0 or more
		 * @param wrong the number of those that were wrong, up to {@code verified}
		 * @param suspended whether the cache is suspended
		 * @return the figures; without any verified answer the interval is 0 to 1
		 */
		public static Verification of(long verified, long wrong, boolean suspended) {
			if (verified == 0) {
				return new Verification(0, 0, 0, 1, suspended);
			}
			double rate = (double) wrong / verified;
			double z2 = Z * Z;
			double denominator = 1 + z2 / verified;
			double centre = (rate + z2 / (2 * verified)) / denominator;
			double margin = Z * Math.sqrt(rate * (1 - rate) / verified + z2 / (4.0 * verified * verified))
					/ denominator;
			return new Verification(verified, wrong, Math.max(0, centre - margin), Math.min(1, centre + margin),
					suspended);
		}

		/**
		 * Return the observed error rate.
		 * @return the share of wrong answers, 0 if none was verified
		 */
		public double errorRate() {
			return (this.verified > 0) ? (double) this.wrong / this.verified : 0;
		}

	}

}

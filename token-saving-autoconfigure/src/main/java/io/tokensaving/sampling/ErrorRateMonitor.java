package io.tokensaving.sampling;

import io.tokensaving.statistics.FeatureState;
import org.jspecify.annotations.Nullable;

/**
 * Watches the error rate of the verified answers of a feature, and suspends the feature
 * for its plan when the rate is certainly too high. The feature stays suspended until it
 * is resumed. Thread-safe.
 * <p>
 * The decision uses sequential tests, which may be checked after every answer: a feature
 * whose error rate is at most the limit is suspended with a probability of at most 5 %,
 * however long it is watched since its start or last resume. The Wilson score interval
 * (E. B. Wilson, 1927) at 95 % is for display only, because it holds for a single look.
 */
public final class ErrorRateMonitor implements FeatureState<ErrorRateMonitor> {

	private static final double Z = 1.959964;

	private long verified;

	private long wrong;

	private boolean suspended;

	private @Nullable ErrorRateAlarm alarm;

	private long verifiedBeforeResume;

	private long wrongBeforeResume;

	private @Nullable ErrorRateMonitor foldedInto;

	/**
	 * Count a verified answer.
	 * @param right whether the served answer was right
	 * @param maxErrorRate the limit, 0 to 1; a change of the limit restarts the tests
	 * @return whether this answer suspends the feature
	 */
	public synchronized boolean record(boolean right, double maxErrorRate) {
		if (this.foldedInto != null) {
			this.foldedInto.absorb(1, right ? 0 : 1, 0, 0);
			return false;
		}
		this.verified++;
		if (!right) {
			this.wrong++;
		}
		ErrorRateAlarm alarm = this.alarm;
		if (alarm == null || alarm.limit() != maxErrorRate) {
			alarm = new ErrorRateAlarm(maxErrorRate);
			this.alarm = alarm;
		}
		if (!alarm.observe(!right) || this.suspended) {
			return false;
		}
		this.suspended = true;
		return true;
	}

	@Override
	public synchronized boolean isSuspended() {
		return this.suspended;
	}

	@Override
	public synchronized boolean resume() {
		boolean resumed = this.suspended;
		this.suspended = false;
		this.verifiedBeforeResume += this.verified;
		this.wrongBeforeResume += this.wrong;
		this.verified = 0;
		this.wrong = 0;
		this.alarm = null;
		return resumed;
	}

	/**
	 * Return the figures.
	 * @return the figures since the start or the last resume
	 */
	public synchronized Verification snapshot() {
		return Verification.of(this.verified, this.wrong, this.suspended);
	}

	@Override
	public synchronized void foldInto(ErrorRateMonitor target) {
		this.foldedInto = target;
		this.suspended = false;
		target.absorb(this.verified, this.wrong, this.verifiedBeforeResume, this.wrongBeforeResume);
		this.verified = 0;
		this.wrong = 0;
		this.verifiedBeforeResume = 0;
		this.wrongBeforeResume = 0;
	}

	private synchronized void absorb(long verified, long wrong, long verifiedBeforeResume, long wrongBeforeResume) {
		this.verified += verified;
		this.wrong += wrong;
		this.verifiedBeforeResume += verifiedBeforeResume;
		this.wrongBeforeResume += wrongBeforeResume;
	}

	/**
	 * Return the counts since the start.
	 * @return sums that never decrease
	 */
	synchronized Sums sums() {
		return new Sums(this.verified + this.verifiedBeforeResume, this.wrong + this.wrongBeforeResume,
				this.verifiedBeforeResume, this.wrongBeforeResume);
	}

	/**
	 * The counts since the start. Resuming starts a new count: the answers before are
	 * added to sums of their own instead of being subtracted, so that no daily sum
	 * becomes negative.
	 *
	 * @param verified the number of verified answers
	 * @param wrong the number of those that were wrong
	 * @param verifiedBeforeResume the number of verified answers before the last resume
	 * @param wrongBeforeResume the number of wrong answers before the last resume
	 */
	record Sums(long verified, long wrong, long verifiedBeforeResume, long wrongBeforeResume) {

	}

	/**
	 * The figures of an error rate. Immutable.
	 *
	 * @param verified the number of verified answers
	 * @param wrong the number of those that were wrong
	 * @param lower the lower end of the interval of the error rate, 0 to 1
	 * @param upper the upper end of the interval of the error rate, 0 to 1
	 * @param suspended whether the feature is suspended
	 */
	public record Verification(long verified, long wrong, double lower, double upper, boolean suspended) {

		/**
		 * Compute the interval.
		 * @param verified the number of verified answers, 0 or more
		 * @param wrong the number of those that were wrong, up to {@code verified}
		 * @param suspended whether the feature is suspended
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

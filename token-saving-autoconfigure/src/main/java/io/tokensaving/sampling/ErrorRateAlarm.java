package io.tokensaving.sampling;

import java.util.Arrays;

/**
 * Detects whether an error rate is above a limit. It may be checked after every
 * observation without an increase in false alarms. Two sequential tests run side by side
 * on the same likelihood ratios, each a mean over rates with 1.5, 2.1, 2.7, 4 and 8 times
 * the odds of the limit:
 * <ul>
 * <li>an e-process (Ramdas, Grünwald, Vovk and Shafer, Game-theoretic statistics and safe
 * anytime-valid inference, Statistical Science 2023) that starts at the first
 * observation. If the rate is at most the limit, the chance that it ever reaches
 * {@value #ALARM} is at most one in twenty (Ville's inequality).
 * <li>a Shiryaev-Roberts e-detector (Shin, Ramdas and Rinaldo, E-detectors, 2023) that
 * finds a rate that rises after a good period, which the first test detects ever more
 * slowly. It counts only after the rate has been shown to be below the limit; otherwise
 * it would raise a false alarm from time to time at a rate that equals the limit.
 * </ul>
 * Not thread-safe.
 */
final class ErrorRateAlarm {

	private static final double[] HIGHER_ODDS = { 1.5, 2.1, 2.7, 4, 8 };

	private static final double[] LOWER_ODDS = { 0.2, 0.4, 0.6 };

	private static final int ALARM = 20;

	private static final int DRIFT_ALARM = 2000;

	private static final int GOOD = 50;

	private final double limit;

	private final double[] whenWrong = new double[HIGHER_ODDS.length];

	private final double[] whenRight = new double[HIGHER_ODDS.length];

	private final double[] goodWhenWrong = new double[LOWER_ODDS.length];

	private final double[] goodWhenRight = new double[LOWER_ODDS.length];

	private final double[] sinceStart = new double[HIGHER_ODDS.length];

	private final double[] sinceAnyTime = new double[HIGHER_ODDS.length];

	private final double[] sinceWorst = new double[HIGHER_ODDS.length];

	private final double[] goodness = new double[LOWER_ODDS.length];

	private boolean good;

	private double startEvidence = 1;

	private double driftEvidence;

	private double suspicion = 1;

	/**
	 * Create an alarm without observations.
	 * @param limit the rate that is tolerated, 0 to 1: with 0 every error raises the
	 * alarm, with 1 none does
	 */
	ErrorRateAlarm(double limit) {
		this.limit = limit;
		fillRatios(HIGHER_ODDS, this.whenWrong, this.whenRight);
		fillRatios(LOWER_ODDS, this.goodWhenWrong, this.goodWhenRight);
		Arrays.fill(this.sinceStart, 1);
		Arrays.fill(this.goodness, 1);
	}

	// The likelihood ratio of each observation at another rate to that at the limit
	private void fillRatios(double[] odds, double[] wrong, double[] right) {
		for (int i = 0; i < odds.length; i++) {
			double scaled = this.limit * odds[i];
			double rate = scaled / (1 - this.limit + scaled);
			wrong[i] = rate / this.limit;
			right[i] = (1 - rate) / (1 - this.limit);
		}
	}

	/**
	 * Return the rate that is tolerated.
	 * @return the limit
	 */
	double limit() {
		return this.limit;
	}

	/**
	 * Add an observation.
	 * @param wrong whether it was an error
	 * @return whether the alarm is raised, because the rate is above the limit
	 */
	boolean observe(boolean wrong) {
		if (this.limit <= 0 || this.limit >= 1) {
			this.startEvidence = (wrong && this.limit <= 0) ? ALARM : this.startEvidence;
			this.suspicion = this.startEvidence;
			return wrong && this.limit <= 0;
		}
		double[] ratios = wrong ? this.whenWrong : this.whenRight;
		double start = 0;
		double drift = 0;
		double worst = 0;
		for (int i = 0; i < ratios.length; i++) {
			this.sinceStart[i] = bounded(this.sinceStart[i] * ratios[i]);
			this.sinceAnyTime[i] = bounded((this.sinceAnyTime[i] + 1) * ratios[i]);
			this.sinceWorst[i] = bounded(Math.max(1, this.sinceWorst[i]) * ratios[i]);
			start += this.sinceStart[i];
			drift += this.sinceAnyTime[i];
			worst += this.sinceWorst[i];
		}
		observeGoodness(wrong);
		this.startEvidence = start / ratios.length;
		this.suspicion = worst / ratios.length;
		this.driftEvidence = this.good ? drift / ratios.length * ALARM / DRIFT_ALARM : 0;
		return start >= (double) ALARM * ratios.length || (this.good && drift >= (double) DRIFT_ALARM * ratios.length);
	}

	/**
	 * Return how much speaks for a rate above the limit: the e-value of the first test,
	 * or the value of the second one on the same scale if that is higher.
	 * @return the evidence, 0 or more, 1 at first; the alarm is raised from
	 * {@value #ALARM} on
	 */
	double evidence() {
		return Math.max(this.startEvidence, this.driftEvidence);
	}

	/**
	 * Return a reason to look more closely: the e-value since the moment that makes it
	 * largest (E. S. Page's CUSUM, 1954). It rises as soon as errors become more, also
	 * after a good period, but above some value now and then by chance: it must raise no
	 * alarm.
	 * @return the suspicion, 0 or more, 1 at first
	 */
	double suspicion() {
		return this.suspicion;
	}

	/**
	 * Whether the second test, which finds a rate that rises after a good period, has
	 * more evidence than the first.
	 * @return whether it has
	 */
	boolean isDrift() {
		return this.driftEvidence > this.startEvidence;
	}

	private void observeGoodness(boolean wrong) {
		if (this.good) {
			return;
		}
		double[] ratios = wrong ? this.goodWhenWrong : this.goodWhenRight;
		double sum = 0;
		for (int i = 0; i < ratios.length; i++) {
			this.goodness[i] = bounded(this.goodness[i] * ratios[i]);
			sum += this.goodness[i];
		}
		this.good = sum >= (double) GOOD * ratios.length;
	}

	private static double bounded(double value) {
		return Math.min(value, Double.MAX_VALUE / 1e10);
	}

}

package io.tokensaving.route.learning;

import java.util.Arrays;

/**
 * Tests, after every observation, on which side of a limit the mean of net losses is, by
 * bets against the opposite (I. Waudby-Smith and A. Ramdas, <i>Estimating means of
 * bounded random variables by betting</i>, 2024). Each of several bettors always stakes
 * the same on an observation; the e-value is their mean wealth.
 * <p>
 * A net loss <i>x</i> is from -1, a gain, to 1. A bettor with the stake <i>s</i>
 * multiplies its wealth by 1 + <i>s</i> (<i>limit</i> - <i>x</i>) to show that the mean
 * is below the limit, and by 1 + <i>s</i> (<i>x</i> - <i>limit</i>) to show that it is
 * above. If the mean is on the opposite side, this is 1 or less on average, and it is
 * never negative if <i>s</i> is at most 1 / (1 - <i>limit</i>) for the one, where a loss
 * of 1 is the worst case, and 1 / (1 + <i>limit</i>) for the other, where a gain of 1 is.
 * <p>
 * If the decisions that cause the losses are made before the losses are known, the chance
 * that the e-value ever reaches 20 while the mean is on the opposite side is at most one
 * in twenty (Ville's inequality). The decisions may change on the way: because stakes are
 * constant, the mean is that of the expected net losses of all decisions up to now
 * (inequality of arithmetic and geometric means).
 * <p>
 * Observations that stand for more requests than others have larger stakes. One that
 * stands for more than expected is taken at its weight if it is a set-back, and at the
 * expected one if it is a gain, so that no single one decides. Not thread-safe.
 */
final class BettingTest {

	// Of the largest stake that is allowed. Large ones find rare losses that become
	// frequent, small ones a difference between many losses and many gains
	private static final double[] STAKES_BELOW = { 0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9 };

	private static final double[] STAKES_ABOVE = { 0.1, 0.25, 0.5, 0.75, 0.95 };

	private static final double MAX_WEALTH = 1e300;

	private final double limit;

	private final double sign;

	private final double[] stakes;

	private final double[] wealth;

	private final double[] sinceAnyTime;

	private BettingTest(double limit, double sign, double[] stakes) {
		this.limit = limit;
		this.sign = sign;
		this.stakes = stakes;
		this.wealth = new double[stakes.length];
		this.sinceAnyTime = new double[stakes.length];
		Arrays.fill(this.wealth, 1);
	}

	/**
	 * Create a test that shows that the mean is below a limit.
	 * @param limit the limit, above 0 and below 1
	 * @return the test
	 */
	static BettingTest below(double limit) {
		return new BettingTest(limit, -1, Arrays.stream(STAKES_BELOW).map((share) -> share / (1 - limit)).toArray());
	}

	/**
	 * Create a test that shows that the mean is above a limit.
	 * @param limit the limit, above 0 and below 1
	 * @return the test
	 */
	static BettingTest above(double limit) {
		return new BettingTest(limit, 1, Arrays.stream(STAKES_ABOVE).map((share) -> share / (1 + limit)).toArray());
	}

	/**
	 * Add an observation.
	 * @param loss the net loss, -1 to 1; below zero for a gain
	 * @param weight how many requests it stands for, above zero, as a share of the
	 * largest number that is expected; see {@link WeightScale}
	 */
	void observe(double loss, double weight) {
		double gain = this.sign * (loss - this.limit);
		for (int i = 0; i < this.stakes.length; i++) {
			double factor = 1 + this.stakes[i] * gain * Math.min(1, weight);
			if (weight > 1 && gain < 0) {
				factor = Math.pow(factor, weight);
			}
			this.wealth[i] = Math.min(MAX_WEALTH, this.wealth[i] * factor);
			this.sinceAnyTime[i] = Math.min(MAX_WEALTH, (this.sinceAnyTime[i] + 1) * factor);
		}
	}

	/**
	 * Return the e-value of all observations.
	 * @return the mean wealth, at least 0
	 */
	double value() {
		return mean(this.wealth);
	}

	/**
	 * Return the statistic of an e-detector, which finds a change after a long time on
	 * the other side sooner (J. Shin, A. Ramdas and A. Rinaldo, <i>E-detectors</i>,
	 * 2023).
	 * @return the sum of the e-values of the tests that have begun at each observation
	 */
	double detector() {
		return mean(this.sinceAnyTime);
	}

	private static double mean(double[] values) {
		double sum = 0;
		for (double value : values) {
			sum += value / values.length;
		}
		return sum;
	}

	/**
	 * Return what {@link #restore} needs.
	 * @return a copy
	 */
	double[] state() {
		double[] state = Arrays.copyOf(this.wealth, 2 * this.wealth.length);
		System.arraycopy(this.sinceAnyTime, 0, state, this.wealth.length, this.wealth.length);
		return state;
	}

	/**
	 * Go on from an earlier state.
	 * @param state what {@link #state} has returned
	 * @throws IllegalArgumentException if it is not the state of such a test
	 */
	void restore(double[] state) {
		if (state.length != 2 * this.wealth.length
				|| !Arrays.stream(state).allMatch((value) -> value >= 0 && value <= MAX_WEALTH)) {
			throw new IllegalArgumentException("Not the state of a test");
		}
		System.arraycopy(state, 0, this.wealth, 0, this.wealth.length);
		System.arraycopy(state, this.wealth.length, this.sinceAnyTime, 0, this.wealth.length);
	}

}

package io.tokensaving.route.learning;

import java.util.Arrays;

/**
 * Tests whether scores say anything about labels, by bets that requests with a worse
 * answer have greater scores than those with an answer that is as good, and requests with
 * a better one smaller scores. The score of each one is ranked among those of the
 * requests since the one before, all of which had an answer that is as good. No score is
 * compared twice, so that the ranks are independent: if the labels do not depend on the
 * requests, each rank is as likely as any other, whatever the label is, and the chance
 * that the e-value ever reaches 20 is at most one in twenty (Ville's inequality). Not
 * thread-safe.
 */
final class InformationTest {

	private static final double[] STAKES = { 0.2, 0.4, 0.6, 0.8 };

	private static final int MAX = 200;

	private static final double MAX_WEALTH = 1e300;

	private final double[] wealth = new double[STAKES.length];

	private final double[] scores = new double[MAX];

	private long count;

	InformationTest() {
		Arrays.fill(this.wealth, 1);
	}

	/**
	 * Note that the scores to come are from another function, so that they cannot be
	 * compared with those before.
	 */
	void startOrder() {
		this.count = 0;
	}

	/**
	 * Add an observation.
	 * @param score the score, given before the label was known
	 * @param loss the label, -1 to 1; 0 if neither answer is better
	 */
	void observe(double score, double loss) {
		if (loss == 0) {
			this.scores[(int) (this.count++ % MAX)] = score;
			return;
		}
		int held = (int) Math.min(MAX, this.count);
		if (held == 0) {
			return;
		}
		int below = 0;
		int above = 0;
		for (int i = 0; i < held; i++) {
			below += (this.scores[i] < score) ? 1 : 0;
			above += (this.scores[i] > score) ? 1 : 0;
		}
		double gain = loss * (below - above) / held;
		this.count = 0;
		for (int i = 0; i < STAKES.length; i++) {
			this.wealth[i] = Math.min(MAX_WEALTH, this.wealth[i] * (1 + STAKES[i] * gain));
		}
	}

	/**
	 * Return the e-value of all observations.
	 * @return the mean wealth, at least 0
	 */
	double value() {
		return Arrays.stream(this.wealth).average().orElseThrow();
	}

	/**
	 * Return what {@link #restore} needs.
	 * @return a copy
	 */
	double[] state() {
		return this.wealth.clone();
	}

	/**
	 * Go on from an earlier state.
	 * @param state what {@link #state} has returned
	 * @throws IllegalArgumentException if it is not the state of such a test
	 */
	void restore(double[] state) {
		if (state.length != STAKES.length
				|| !Arrays.stream(state).allMatch((value) -> value >= 0 && value <= MAX_WEALTH)) {
			throw new IllegalArgumentException("Not the state of a test");
		}
		System.arraycopy(state, 0, this.wealth, 0, STAKES.length);
	}

}

package io.tokensaving.sampling;

import org.springframework.util.Assert;

/**
 * Bounds an error rate from above, for the choice among several settings: that of the one
 * which is chosen is below its bound with a probability of 95 %, however it is chosen.
 * <p>
 * The bound is that of W. Hoeffding (Probability inequalities for sums of bounded random
 * variables, 1963): the rate p at which n KL(observed, p) = ln(k / 0.05), where k is the
 * number of settings (Bonferroni). It holds for any number of observations. Verified
 * answers that follow each other often are the same stored answer, so two count as one.
 */
public final class ErrorRateBound {

	private static final double RISK = 0.05;

	private static final double INDEPENDENT = 0.5;

	private static final int HALVINGS = 50;

	private ErrorRateBound() {
	}

	/**
	 * Return the upper end.
	 * @param verified the number of verified answers, 0 or more
	 * @param wrong the number of those that were wrong, up to {@code verified}
	 * @param choices the number of settings to choose from, at least 1
	 * @return the rate, 0 to 1; 1 if none was verified
	 */
	public static double upper(long verified, long wrong, int choices) {
		Assert.isTrue(wrong >= 0 && wrong <= verified, "'wrong' must be from 0 to 'verified'");
		Assert.isTrue(choices >= 1, "'choices' must be at least 1");
		double count = INDEPENDENT * verified;
		double observed = (verified > 0) ? (double) wrong / verified : 0;
		double allowed = Math.log(choices / RISK);
		double low = observed;
		double high = 1;
		for (int i = 0; i < HALVINGS; i++) {
			double rate = (low + high) / 2;
			if (count * divergence(observed, rate) > allowed) {
				high = rate;
			}
			else {
				low = rate;
			}
		}
		return high;
	}

	private static double divergence(double observed, double rate) {
		double wrong = (observed > 0) ? observed * Math.log(observed / rate) : 0;
		double right = (observed < 1) ? (1 - observed) * Math.log((1 - observed) / (1 - rate)) : 0;
		return wrong + right;
	}

}

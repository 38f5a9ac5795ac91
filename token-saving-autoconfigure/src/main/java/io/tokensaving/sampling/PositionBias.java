package io.tokensaving.sampling;

import org.jspecify.annotations.Nullable;

/**
 * What is known of the position bias of a judge from answers that it compared in both
 * orders: how much more often it prefers the answer that it is shown first than the one
 * that it is shown second. Immutable.
 *
 * @param pairs the number of answers that were compared in both orders
 * @param inconsistent the number of those whose verdicts differ
 * @param preferredFirst how often the answer shown first was preferred, of twice the
 * pairs
 * @param preferredSecond how often the answer shown second was preferred, of twice the
 * pairs
 * @param badShownFirst how often the judged answer was bad when shown first
 * @param badShownSecond how often the judged answer was bad when shown second
 */
public record PositionBias(long pairs, long inconsistent, long preferredFirst, long preferredSecond, long badShownFirst,
		long badShownSecond) {

	/**
	 * Nothing is known.
	 */
	public static final PositionBias UNKNOWN = new PositionBias(0, 0, 0, 0, 0, 0);

	private static final double Z = 1.959964;

	/**
	 * Count one answer that was compared in both orders.
	 * @param shownFirst the grade when the judged answer was shown first
	 * @param shownSecond the grade when the judged answer was shown second
	 * @return the count
	 */
	public static PositionBias of(GradedJudge.Grade shownFirst, GradedJudge.Grade shownSecond) {
		boolean betterFirst = shownFirst == GradedJudge.Grade.BETTER;
		boolean betterSecond = shownSecond == GradedJudge.Grade.BETTER;
		return new PositionBias(1, (consistent(shownFirst, shownSecond) != null) ? 0 : 1,
				count(betterFirst) + count(shownSecond.isBad()), count(shownFirst.isBad()) + count(betterSecond),
				count(shownFirst.isBad()), count(shownSecond.isBad()));
	}

	private static long count(boolean condition) {
		return condition ? 1 : 0;
	}

	/**
	 * Return the grade of an answer that was compared in both orders.
	 * @param shownFirst the grade when it was shown first
	 * @param shownSecond the grade when it was shown second
	 * @return the grade if both agree, the milder one if both are bad, otherwise
	 * {@link GradedJudge.Grade#SAME}
	 */
	public static GradedJudge.Grade agreed(GradedJudge.Grade shownFirst, GradedJudge.Grade shownSecond) {
		GradedJudge.Grade grade = consistent(shownFirst, shownSecond);
		return (grade != null) ? grade : GradedJudge.Grade.SAME;
	}

	private static GradedJudge.@Nullable Grade consistent(GradedJudge.Grade first, GradedJudge.Grade second) {
		if (first == second) {
			return first;
		}
		return (first.isBad() && second.isBad()) ? GradedJudge.Grade.WORSE : null;
	}

	/**
	 * Add other counts.
	 * @param other the other counts
	 * @return the sums
	 */
	public PositionBias plus(PositionBias other) {
		return new PositionBias(this.pairs + other.pairs, this.inconsistent + other.inconsistent,
				this.preferredFirst + other.preferredFirst, this.preferredSecond + other.preferredSecond,
				this.badShownFirst + other.badShownFirst, this.badShownSecond + other.badShownSecond);
	}

	/**
	 * Return the bias: in what share of the comparisons the judge prefers the answer
	 * shown first whatever it says. Each answer is shown at both places equally often, so
	 * what answers are worth cancels out in the difference.
	 * @return the bias, -1 to 1; below zero if the answer shown second is preferred, 0 if
	 * nothing is known
	 */
	public double bias() {
		return (this.pairs > 0) ? (this.preferredFirst - this.preferredSecond) / (2.0 * this.pairs) : 0;
	}

	/**
	 * Return how far the bias may be from the truth.
	 * @return half the width of the interval at 95 % (normal approximation; both verdicts
	 * of a pair count as one), 1 if nothing is known
	 */
	public double margin() {
		if (this.pairs == 0) {
			return 1;
		}
		double named = (this.preferredFirst + this.preferredSecond) / (2.0 * this.pairs);
		// One more of each kind, as no variance is seen in a few pairs
		double variance = Math.max(named - bias() * bias(), 1.0 / this.pairs);
		return Math.min(1, Z * Math.sqrt(variance / this.pairs));
	}

	/**
	 * Return the share of bad answers without the bias. A judge that prefers the answer
	 * shown first in a share b of comparisons, whatever the answers say, finds an answer
	 * that is shown first bad 1 - b times as often as it is. So the share of bad answers
	 * at the place that the judge prefers is divided by 1 - |b|. Verdicts of which only
	 * consistent ones count would be too mild: of bad answers they lose the share b.
	 * @return the share, 0 to 1; 0 if nothing is known
	 */
	public double badRate() {
		double bias = bias();
		long bad = (bias >= 0) ? this.badShownFirst : this.badShownSecond;
		double left = (1 - Math.abs(bias)) * this.pairs;
		return (left > 0) ? Math.min(1, bad / left) : 0;
	}

}

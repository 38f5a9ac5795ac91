package io.tokensaving.sampling;

import io.tokensaving.sampling.ErrorRateMonitor.Verification;

import org.springframework.util.Assert;

/**
 * How answers were judged, as sums that can be added. Immutable.
 *
 * @param better the number of answers that were better than the reference
 * @param same the number of answers that were as good
 * @param worse the number of answers that were worse
 * @param unusable the number of answers that were of no use
 * @param weight the number of decisions that the judged answers stand for, in
 * thousandths: the sum of 1000 divided by the probability with which each was judged
 * @param badWeight the part of {@code weight} of the worse and unusable answers
 * @param squaredWeight the sum of the squares of the weights in whole decisions, in
 * thousandths
 */
public record QualityCounts(long better, long same, long worse, long unusable, long weight, long badWeight,
		long squaredWeight) {

	/**
	 * Nothing was judged.
	 */
	public static final QualityCounts NONE = new QualityCounts(0, 0, 0, 0, 0, 0, 0);

	private static final double UNIT = 1000;

	private static final double LEAST_PROPENSITY = 1e-4;

	private static final double Z = 1.959964;

	/**
	 * Count one answer.
	 * @param grade how it was judged
	 * @param propensity the probability with which it was judged, above 0 and at most 1
	 * @return the count
	 */
	public static QualityCounts of(GradedJudge.Grade grade, double propensity) {
		Assert.isTrue(propensity > 0 && propensity <= 1,
				() -> "'propensity' must be above 0 and at most 1, but is " + propensity);
		// Bounded, so that no sum overflows
		double weight = 1 / Math.max(LEAST_PROPENSITY, propensity);
		long unit = Math.round(UNIT * weight);
		return new QualityCounts(count(grade, GradedJudge.Grade.BETTER), count(grade, GradedJudge.Grade.SAME),
				count(grade, GradedJudge.Grade.WORSE), count(grade, GradedJudge.Grade.UNUSABLE), unit,
				grade.isBad() ? unit : 0, Math.round(UNIT * weight * weight));
	}

	private static long count(GradedJudge.Grade grade, GradedJudge.Grade counted) {
		return (grade == counted) ? 1 : 0;
	}

	/**
	 * Add other counts.
	 * @param other the other counts
	 * @return the sums
	 */
	public QualityCounts plus(QualityCounts other) {
		return new QualityCounts(this.better + other.better, this.same + other.same, this.worse + other.worse,
				this.unusable + other.unusable, this.weight + other.weight, this.badWeight + other.badWeight,
				this.squaredWeight + other.squaredWeight);
	}

	/**
	 * Return the number of judged answers.
	 * @return the number
	 */
	public long judged() {
		return this.better + this.same + this.worse + this.unusable;
	}

	/**
	 * Return the number of answers that were worse or of no use.
	 * @return the number
	 */
	public long bad() {
		return this.worse + this.unusable;
	}

	/**
	 * Return the share of bad answers among the judged ones, and its interval by Wilson,
	 * for display only, because it holds for a single look.
	 * @return the figures
	 */
	public Verification observed() {
		return Verification.of(judged(), bad(), false);
	}

	/**
	 * Return the share of bad answers among all decisions: each judged answer counts for
	 * as many as it stands for (J. Hájek, 1971: a ratio of two estimates by inverse
	 * propensity, so that it is right also if judgements were lost).
	 * @return the share, 0 to 1; 0 if nothing was judged
	 */
	public double estimate() {
		return (this.weight > 0) ? (double) this.badWeight / this.weight : 0;
	}

	/**
	 * Return how many answers judged at one rate tell as much as these (L. Kish, 1965).
	 * @return the number, at most that of the judged answers
	 */
	public double effective() {
		if (this.squaredWeight <= 0) {
			return 0;
		}
		double weights = this.weight / UNIT;
		return Math.min(judged(), weights * weights / (this.squaredWeight / UNIT));
	}

	/**
	 * Return the lower end of the interval of {@link #estimate()} at 95 %.
	 * @return the lower end by Wilson with the {@linkplain #effective() effective} number
	 * of answers, 0 if nothing was judged
	 */
	public double estimateLower() {
		return (effective() > 0) ? Math.max(0, centre() - margin()) : 0;
	}

	/**
	 * Return the upper end of the interval of {@link #estimate()} at 95 %.
	 * @return the upper end by Wilson with the {@linkplain #effective() effective} number
	 * of answers, 1 if nothing was judged
	 */
	public double estimateUpper() {
		return (effective() > 0) ? Math.min(1, centre() + margin()) : 1;
	}

	private double centre() {
		double count = effective();
		return (estimate() + Z * Z / (2 * count)) / (1 + Z * Z / count);
	}

	private double margin() {
		double count = effective();
		double rate = estimate();
		return Z * Math.sqrt(rate * (1 - rate) / count + Z * Z / (4 * count * count)) / (1 + Z * Z / count);
	}

}

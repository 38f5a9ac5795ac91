package io.tokensaving.cache.semantic;

import java.util.ArrayList;
import java.util.List;

import io.tokensaving.feature.ReviewPoint;

/**
 * Estimates from judged pairs how many of all served answers are right, by threshold.
 * <p>
 * Each hundredth of the similarity is a stratum, of which about as many pairs are judged
 * however much of the traffic it is. So a verdict counts for as many served answers as it
 * stands for (W. G. Cochran, Sampling Techniques, 3rd edition, 1977, section 5.3): with
 * W<sub>h</sub> the share of stratum h in what was served, and p<sub>h</sub> the share of
 * right ones among its n<sub>h</sub> verdicts, the precision is the sum of W<sub>h</sub>
 * p<sub>h</sub>. The interval is that of E. B. Wilson (1927) at 95 %, with the number of
 * verdicts of a plain sample that would tell as much, 1 / sum (W<sub>h</sub><sup>2</sup>
 * / n<sub>h</sub>) (L. Kish, Survey Sampling, 1965). What was served in strata that
 * nobody judged may be all wrong or all right, and widens the interval by its share; the
 * precision is that of the others. The interval is for a single look.
 */
final class ReviewCurve {

	private static final double Z = 1.959964;

	private ReviewCurve() {
	}

	/**
	 * Return the estimates.
	 * @param served the number of served answers by {@link SimilarityStep}
	 * @param same the number of those that were judged the same
	 * @param different the number of those that were judged different
	 * @return a point for each step from the lowest that was served, in ascending order;
	 * empty if nothing was served
	 */
	static List<ReviewPoint> of(long[] served, long[] same, long[] different) {
		List<ReviewPoint> points = new ArrayList<>();
		long all = 0;
		for (long count : served) {
			all += count;
		}
		long left = all;
		for (int step = 0; step <= SimilarityStep.HIGHEST && all > 0; step++) {
			if (left < all || served[step] > 0) {
				points.add(point(step, served, same, different, (double) left / all));
			}
			left -= served[step];
		}
		return List.copyOf(points);
	}

	private static ReviewPoint point(int lowest, long[] served, long[] same, long[] different, double kept) {
		double threshold = SimilarityStep.threshold(lowest);
		long right = 0;
		long wrong = 0;
		double all = 0;
		double judged = 0;
		double weighted = 0;
		double variance = 0;
		for (int step = lowest; step <= SimilarityStep.HIGHEST; step++) {
			double weight = served[step];
			long verdicts = same[step] + different[step];
			all += weight;
			right += same[step];
			wrong += different[step];
			if (verdicts > 0) {
				judged += weight;
				weighted += weight * same[step] / verdicts;
				variance += weight * weight / verdicts;
			}
		}
		if (judged == 0) {
			return new ReviewPoint(threshold, right, wrong, null, null, null, kept);
		}
		double precision = Math.min(1, weighted / judged);
		double count = judged * judged / variance;
		double covered = judged / all;
		double denominator = 1 + Z * Z / count;
		double centre = (precision + Z * Z / (2 * count)) / denominator;
		double margin = Z * Math.sqrt(precision * (1 - precision) / count + Z * Z / (4 * count * count)) / denominator;
		double lower = Math.max(0, centre - margin) * covered;
		double upper = Math.min(1, Math.min(1, centre + margin) * covered + (1 - covered));
		return new ReviewPoint(threshold, right, wrong, precision, lower, upper, kept);
	}

}

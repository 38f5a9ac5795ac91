package io.tokensaving.route.learning;

import java.util.Comparator;
import java.util.stream.IntStream;

import org.springframework.util.Assert;

/**
 * The score up to which requests are sent to the cheaper model. Immutable.
 * <p>
 * It is the largest one up to which the upper bound of the net loss of all requests is
 * within the limit at every smaller one too. Thresholds are tried from the safest on, and
 * none after the first that fails, so that the choice among them does not weaken the
 * bound, although a net loss may fall with the threshold (fixed-sequence testing: A. N.
 * Angelopoulos et al., <i>Learn then Test</i>, 2021).
 * <p>
 * The bound solves (<i>mean</i> - <i>m</i>)² = <i>margin</i>² (<i>m</i> + 2 <i>g</i> -
 * <i>m</i>²) / <i>n</i> for <i>m</i>, with the effective number of observations <i>n</i>
 * and the mean gain <i>g</i>: no variance of numbers from -1 to 1 is larger than their
 * mean absolute value, <i>m</i> + 2 <i>g</i>, less <i>m</i>². Without gains it is the
 * Wilson score bound (E. B. Wilson, 1927).
 * <p>
 * Internal: not part of the API, may change at any time.
 *
 * @param value the largest score that is sent to the cheaper model; negative infinity if
 * none is
 * @param share the share of the observations at or below it, 0 to 1
 * @param loss the mean net loss of all observations, to which those above the threshold
 * add nothing
 */
public record RoutingThreshold(double value, double share, double loss) {

	/**
	 * Sends nothing to the cheaper model.
	 */
	public static final RoutingThreshold NONE = new RoutingThreshold(Double.NEGATIVE_INFINITY, 0, 0);

	/**
	 * Choose the threshold.
	 * @param scores the scores of observations that were not used to compute them; the
	 * harder the greater
	 * @param losses what is lost on each observation if the cheaper model answers, -1 to
	 * 1; below zero for a gain
	 * @param weights how many requests each observation stands for, above zero
	 * @param limit the largest mean net loss of all requests
	 * @param margin how many standard errors the loss must stay below the limit, at least
	 * 0; 1.645 for 95 % confidence
	 * @return the threshold
	 * @throws IllegalArgumentException if the lengths differ
	 */
	public static RoutingThreshold choose(double[] scores, double[] losses, double[] weights, double limit,
			double margin) {
		int count = scores.length;
		Assert.isTrue(count == losses.length && count == weights.length,
				"'scores', 'losses' and 'weights' must have the same length");
		double total = 0;
		double squares = 0;
		for (double weight : weights) {
			total += weight;
			squares += weight * weight;
		}
		double effective = (squares > 0) ? total * total / squares : 0;
		int[] order = IntStream.range(0, count)
			.boxed()
			.sorted(Comparator.comparingDouble((index) -> scores[index]))
			.mapToInt(Integer::intValue)
			.toArray();
		RoutingThreshold chosen = NONE;
		double sent = 0;
		double lost = 0;
		double gained = 0;
		for (int i = 0; i < count; i++) {
			int index = order[i];
			sent += weights[index];
			lost += weights[index] * losses[index];
			gained += weights[index] * Math.max(0, -losses[index]);
			boolean last = i == count - 1;
			// Equal scores are not told apart
			if (last || scores[order[i + 1]] > scores[index]) {
				if (upper(lost / total, gained / total, effective, margin) > limit) {
					break;
				}
				double value = last ? scores[index] : (scores[index] + scores[order[i + 1]]) / 2;
				chosen = new RoutingThreshold(value, sent / total, lost / total);
			}
		}
		return chosen;
	}

	private static double upper(double loss, double gain, double count, double margin) {
		if (margin <= 0) {
			return loss;
		}
		double part = margin * margin / count;
		double spread = part * loss * (1 - loss) + part * part / 4 + 2 * part * gain * (1 + part);
		return (loss + part / 2 + Math.sqrt(spread)) / (1 + part);
	}

	/**
	 * Whether a request is sent to the cheaper model.
	 * @param score the score of the request
	 * @return whether it is at most the threshold
	 */
	public boolean accepts(double score) {
		return score <= this.value;
	}

}

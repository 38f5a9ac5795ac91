package io.tokensaving.route.learning;

import java.util.Comparator;
import java.util.stream.IntStream;

import org.springframework.util.Assert;

/**
 * The score up to which requests are sent to the cheaper model. Immutable.
 * <p>
 * It is the largest one for which the upper bound of the loss of all requests is within
 * the limit. The bound is the Wilson score bound (E. B. Wilson, 1927) for the effective
 * number of observations. The loss grows with the threshold, so that the choice among
 * thresholds does not weaken the bound (S. Bates et al., <i>Distribution-Free,
 * Risk-Controlling Prediction Sets</i>, 2021).
 * <p>
 * Internal: not part of the API, may change at any time.
 *
 * @param value the largest score that is sent to the cheaper model; negative infinity if
 * none is
 * @param share the share of the observations at or below it, 0 to 1
 * @param loss the mean loss of all observations, to which those above the threshold add
 * nothing
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
	 * @param losses what is lost on each observation if the cheaper model answers, 0 to
	 * 1; negative ones (gains) are accepted if the margin is 0
	 * @param weights how many requests each observation stands for, above zero
	 * @param limit the largest mean loss of all requests
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
		for (int i = 0; i < count; i++) {
			int index = order[i];
			sent += weights[index];
			lost += weights[index] * losses[index];
			boolean last = i == count - 1;
			// Equal scores are not told apart
			if ((last || scores[order[i + 1]] > scores[index]) && upper(lost / total, effective, margin) <= limit) {
				double value = last ? scores[index] : (scores[index] + scores[order[i + 1]]) / 2;
				chosen = new RoutingThreshold(value, sent / total, lost / total);
			}
		}
		return chosen;
	}

	private static double upper(double loss, double count, double margin) {
		if (margin <= 0) {
			return loss;
		}
		double square = margin * margin;
		double spread = loss * (1 - loss) / count + square / (4 * count * count);
		return (loss + square / (2 * count) + margin * Math.sqrt(spread)) / (1 + square / count);
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

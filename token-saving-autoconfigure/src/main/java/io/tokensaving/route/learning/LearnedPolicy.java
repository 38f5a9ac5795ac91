package io.tokensaving.route.learning;

import org.jspecify.annotations.Nullable;

/**
 * Which requests a cheaper tier answers. Immutable.
 * <p>
 * Internal: not part of the API, may change at any time.
 *
 * @param head computes the score of a request; {@code null} before the first fit
 * @param threshold the score up to which the cheaper tier answers
 * @param layout identifies what the features are
 * @param features how many there are
 * @param limit the net loss that it was made for
 * @param acts whether it has been shown to keep to the limit, so that it may be followed
 */
public record LearnedPolicy(@Nullable RidgeHead head, RoutingThreshold threshold, float layout, int features,
		double limit, boolean acts) {

	static LearnedPolicy none(double limit) {
		return new LearnedPolicy(null, RoutingThreshold.NONE, 0, 0, limit, false);
	}

	/**
	 * Return the score of a request.
	 * @param features its features, of which the first one identifies what they are
	 * @return the estimated net loss if the cheaper tier answers: the chance that its
	 * answer is worse less the chance that it is better, not limited to -1 and 1; NaN if
	 * it cannot be estimated
	 */
	public double score(float[] features) {
		return (this.head != null && features.length == this.features && features[0] == this.layout)
				? this.head.predict(features) : Double.NaN;
	}

	/**
	 * Whether the cheaper tier would answer a request.
	 * @param score the score of the request
	 * @return whether it would; {@code false} for NaN
	 */
	public boolean accepts(double score) {
		return this.threshold.accepts(score);
	}

	LearnedPolicy withActs(boolean acts) {
		return new LearnedPolicy(this.head, this.threshold, this.layout, this.features, this.limit, acts);
	}

}

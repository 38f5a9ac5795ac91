package io.tokensaving.route;

import org.jspecify.annotations.Nullable;

/**
 * What a classifier has chosen. Immutable; the features must not be changed.
 *
 * @param tier one of the tiers of the request
 * @param reason why, in snake case; of few different values
 * @param score how hard the request seems, from 0 (the cheapest tier is enough) to 1, or
 * {@link Double#NaN} if the classifier does not measure it
 * @param features what the classifier has read from the request, so that it can learn
 * from a label that comes later; {@code null} if it does not learn
 */
public record RouteChoice(String tier, String reason, double score, float @Nullable [] features) {

	/**
	 * Choose without a score.
	 * @param tier one of the tiers of the request
	 * @param reason why, in snake case
	 * @return the choice
	 */
	public static RouteChoice of(String tier, String reason) {
		return new RouteChoice(tier, reason, Double.NaN, null);
	}

}

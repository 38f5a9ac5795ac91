package io.tokensaving.route;

import java.util.List;

import io.tokensaving.tier.Tier;
import org.jspecify.annotations.Nullable;

/**
 * Which tier is to answer a request. Immutable.
 *
 * @param tier the tier
 * @param reason why, in snake case; of few different values
 * @param score how hard the request seems, 0 to 1, or {@link Double#NaN}
 * @param features what the classifier can learn from, or {@code null}
 * @param candidates the tiers that can serve the request, from the cheapest to the
 * dearest
 */
record Decision(Tier tier, String reason, double score, float @Nullable [] features, List<Tier> candidates) {

	/**
	 * Return the tier after one.
	 * @param tier the tier
	 * @return the next dearer candidate, or {@code null} if there is none
	 */
	@Nullable Tier dearerThan(Tier tier) {
		int position = this.candidates.indexOf(tier);
		return (position >= 0 && position + 1 < this.candidates.size()) ? this.candidates.get(position + 1) : null;
	}

}

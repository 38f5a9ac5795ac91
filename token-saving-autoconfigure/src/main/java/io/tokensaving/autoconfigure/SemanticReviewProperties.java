package io.tokensaving.autoconfigure;

import io.tokensaving.cache.semantic.SemanticReviews;

import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * Which pairs of questions the semantic cache keeps for people to judge.
 */
@ConfigurationProperties(prefix = TokenSavingProperties.PREFIX + ".semantic-review", ignoreUnknownFields = false)
public class SemanticReviewProperties {

	/**
	 * Whether the semantic cache keeps pairs of questions with the answers that it served
	 * or held back, for people to judge. Texts of requests and answers are then kept in
	 * memory, and whoever may see the list can read them.
	 */
	private boolean enabled;

	/**
	 * Number of pairs of a plan, 1 to 10,000. Of each text 2,000 characters are kept; all
	 * plans together take up to 64 MB.
	 */
	private int maxPairs = 200;

	public boolean isEnabled() {
		return this.enabled;
	}

	public void setEnabled(boolean enabled) {
		this.enabled = enabled;
	}

	public int getMaxPairs() {
		return this.maxPairs;
	}

	public void setMaxPairs(int maxPairs) {
		this.maxPairs = maxPairs;
	}

	int checkedMaxPairs() {
		if (this.maxPairs < 1 || this.maxPairs > SemanticReviews.MAX_PAIRS) {
			throw ConfigurationErrors.invalid("semantic-review.max-pairs", this.maxPairs, "a number from 1 to 10000");
		}
		return this.maxPairs;
	}

}

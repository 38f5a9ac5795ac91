package io.tokensaving.provider;

import org.springframework.util.Assert;

/**
 * Other prices of the same model: for another tier, for long requests, or both.
 * Immutable.
 *
 * @param tier the tier
 * @param above the number of input tokens, those of the prompt cache included, above
 * which a request has these prices for all of its tokens, 0 or more
 * @param price the prices
 */
public record PriceVariant(ServiceTier tier, long above, TokenPrice price) {

	/**
	 * Check the number.
	 * @throws IllegalArgumentException if it is negative, or nothing sets the prices
	 * apart from the usual ones
	 */
	public PriceVariant {
		Assert.isTrue(above >= 0, () -> "'above' must not be negative: " + above);
		Assert.isTrue(above > 0 || tier != ServiceTier.STANDARD, "'above' must be more than 0 for the standard tier");
	}

}

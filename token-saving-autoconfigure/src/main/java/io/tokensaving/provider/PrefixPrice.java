package io.tokensaving.provider;

import java.math.BigDecimal;

import org.jspecify.annotations.Nullable;

import org.springframework.util.Assert;

/**
 * What a provider charges for the beginning of a prompt, as a multiple of its price of
 * input. Immutable.
 *
 * @param read for what its prompt cache knows, 0 or more
 * @param write for what it does not know yet, 0 or more
 */
public record PrefixPrice(double read, double write) {

	/**
	 * Of a model whose price is not known: that of most models with a prompt cache.
	 */
	public static final PrefixPrice USUAL = new PrefixPrice(0.1, 1);

	/**
	 * Check the multiples.
	 * @throws IllegalArgumentException if one is negative or no number
	 */
	public PrefixPrice {
		Assert.isTrue(read >= 0 && write >= 0, () -> "'read' and 'write' must not be negative: " + read + ", " + write);
	}

	/**
	 * Return the multiples of a model.
	 * @param price the prices of the model, or {@code null} if they are not known
	 * @return the multiples
	 */
	public static PrefixPrice of(@Nullable ModelPrice price) {
		if (price == null || price.input().signum() == 0) {
			return USUAL;
		}
		BigDecimal input = price.input();
		return new PrefixPrice(share(price.cacheRead(), input), share(price.cacheWrite(), input));
	}

	private static double share(@Nullable BigDecimal price, BigDecimal input) {
		return (price != null) ? price.doubleValue() / input.doubleValue() : 1;
	}

	/**
	 * Return what it costs in addition to send what the prompt cache knows no longer.
	 * @return the multiple, 0 or more
	 */
	public double lost() {
		return Math.max(0, this.write - this.read);
	}

}

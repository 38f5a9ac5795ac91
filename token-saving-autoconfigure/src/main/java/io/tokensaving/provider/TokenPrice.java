package io.tokensaving.provider;

import java.math.BigDecimal;
import java.math.RoundingMode;

import org.jspecify.annotations.Nullable;

import org.springframework.util.Assert;

/**
 * The prices of the kinds of tokens, in US dollars per million tokens. Immutable.
 *
 * @param input the price of input tokens, 0 or more
 * @param output the price of output tokens, 0 or more
 * @param cacheRead the price of input tokens read from the provider's prompt cache, or
 * {@code null} for the price of input tokens
 * @param cacheWrite the price of input tokens written to the provider's prompt cache, or
 * {@code null} for the price of input tokens
 * @param cacheWriteOneHour the price of input tokens written to the provider's prompt
 * cache to be kept for an hour, or {@code null} for the price of those that are kept for
 * the usual time
 * @param reasoning the price of output tokens that the model thought with, or
 * {@code null} for the price of output tokens
 */
public record TokenPrice(BigDecimal input, BigDecimal output, @Nullable BigDecimal cacheRead,
		@Nullable BigDecimal cacheWrite, @Nullable BigDecimal cacheWriteOneHour, @Nullable BigDecimal reasoning) {

	/**
	 * Check the prices.
	 * @throws IllegalArgumentException if a price is negative
	 */
	public TokenPrice {
		check("input", input);
		check("output", output);
		check("cacheRead", cacheRead);
		check("cacheWrite", cacheWrite);
		check("cacheWriteOneHour", cacheWriteOneHour);
		check("reasoning", reasoning);
	}

	/**
	 * Create a price without kinds that few providers price apart.
	 * @param input the price of input tokens
	 * @param output the price of output tokens
	 * @param cacheRead the price of input tokens read from the prompt cache, or
	 * {@code null} for the price of input tokens
	 * @param cacheWrite the price of input tokens written to the prompt cache, or
	 * {@code null} for the price of input tokens
	 */
	public TokenPrice(BigDecimal input, BigDecimal output, @Nullable BigDecimal cacheRead,
			@Nullable BigDecimal cacheWrite) {
		this(input, output, cacheRead, cacheWrite, null, null);
	}

	private static void check(String name, @Nullable BigDecimal price) {
		Assert.isTrue(price == null || price.signum() >= 0, () -> "'" + name + "' must not be negative: " + price);
	}

	/**
	 * Return what tokens cost.
	 * @param usage the tokens
	 * @return the cost in pico-dollars; the price of a single token is rounded to them
	 */
	long picoUsd(TokenUsage usage) {
		long plain = usage.input() - usage.cacheRead() - usage.cacheWrite();
		long picoUsd = plain * pico(this.input) + (usage.output() - usage.reasoning()) * pico(this.output);
		if (usage.cacheRead() != 0) {
			picoUsd += usage.cacheRead() * pico(this.cacheRead, this.input);
		}
		if (usage.cacheWrite() != 0) {
			BigDecimal usual = (this.cacheWrite != null) ? this.cacheWrite : this.input;
			picoUsd += (usage.cacheWrite() - usage.cacheWriteOneHour()) * pico(usual)
					+ usage.cacheWriteOneHour() * pico(this.cacheWriteOneHour, usual);
		}
		if (usage.reasoning() != 0) {
			picoUsd += usage.reasoning() * pico(this.reasoning, this.output);
		}
		return picoUsd;
	}

	private static long pico(@Nullable BigDecimal price, BigDecimal otherwise) {
		return pico((price != null) ? price : otherwise);
	}

	private static long pico(BigDecimal usdPerMillion) {
		return usdPerMillion.movePointRight(6).setScale(0, RoundingMode.HALF_UP).longValueExact();
	}

}

package io.tokensaving.savings;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Locale;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

import org.springframework.util.Assert;

/**
 * What a model costs, in US dollars per million tokens. Immutable.
 *
 * @param model the name of the model, which also stands for its dated versions
 * ({@code gpt-4o} for {@code gpt-4o-2024-08-06}), or a prefix that ends in {@code *}
 * @param input the price of input tokens, 0 or more
 * @param output the price of output tokens, 0 or more
 * @param cacheRead the price of input tokens read from the provider's prompt cache, or
 * {@code null} for the price of input tokens
 * @param cacheWrite the price of input tokens written to the provider's prompt cache, or
 * {@code null} for the price of input tokens
 */
public record ModelPrice(String model, BigDecimal input, BigDecimal output, @Nullable BigDecimal cacheRead,
		@Nullable BigDecimal cacheWrite) {

	private static final Pattern VERSION = Pattern.compile("(-latest|[-@]\\d{4}-?\\d{2}-?\\d{2})?(-v\\d+(:\\d+)?)?");

	/**
	 * Check the price.
	 * @throws IllegalArgumentException if the name is empty or a price is negative
	 */
	public ModelPrice {
		Assert.hasText(model, "'model' must not be empty");
		Assert.isTrue(!model.equals("*"), "'model' must not be '*'");
		checkPrice("input", input);
		checkPrice("output", output);
		checkPrice("cacheRead", cacheRead);
		checkPrice("cacheWrite", cacheWrite);
	}

	private static void checkPrice(String name, @Nullable BigDecimal price) {
		Assert.isTrue(price == null || price.signum() >= 0, () -> "'" + name + "' must not be negative: " + price);
	}

	/**
	 * Whether this is the price of a model.
	 * @param name the name of the model
	 * @return {@code true} if the name is the model, a dated version of it or starts with
	 * the prefix
	 */
	public boolean matches(String name) {
		String lowerCase = name.toLowerCase(Locale.ROOT);
		String own = this.model.toLowerCase(Locale.ROOT);
		if (own.endsWith("*")) {
			return lowerCase.startsWith(own.substring(0, own.length() - 1));
		}
		return lowerCase.startsWith(own) && VERSION.matcher(lowerCase.substring(own.length())).matches();
	}

	/**
	 * Return what a call costs.
	 * @param usage the tokens of the call
	 * @return the cost in millionths of a millionth of a US dollar
	 */
	long picoUsd(TokenUsage usage) {
		long plain = usage.input() - usage.cacheRead() - usage.cacheWrite();
		return plain * pico(this.input) + usage.cacheRead() * pico(this.cacheRead, this.input)
				+ usage.cacheWrite() * pico(this.cacheWrite, this.input) + usage.output() * pico(this.output);
	}

	/**
	 * Return what input tokens that were not sent would have cost. Where the call they
	 * belong to was served from the provider's prompt cache, they would have been too.
	 * @param tokens the tokens that were not sent
	 * @param usage the tokens of the call
	 * @return the cost in millionths of a millionth of a US dollar
	 */
	long picoUsdOfUnsent(long tokens, TokenUsage usage) {
		return tokens * ((usage.cacheRead() > 0) ? pico(this.cacheRead, this.input) : pico(this.input));
	}

	private static long pico(@Nullable BigDecimal price, BigDecimal otherwise) {
		return pico((price != null) ? price : otherwise);
	}

	private static long pico(BigDecimal usdPerMillion) {
		return usdPerMillion.movePointRight(6).setScale(0, RoundingMode.HALF_UP).longValueExact();
	}

}

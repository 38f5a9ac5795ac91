package io.tokensaving.provider;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Locale;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

import org.springframework.util.Assert;

/**
 * The price of a model, in US dollars per million tokens. Immutable.
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

	/**
	 * Stands for a model whose name is not known.
	 */
	public static final String UNKNOWN = "unknown";

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

	static ModelPrice of(String model, String input, String output, String cacheRead, @Nullable String cacheWrite) {
		return new ModelPrice(model, new BigDecimal(input), new BigDecimal(output), new BigDecimal(cacheRead),
				(cacheWrite != null) ? new BigDecimal(cacheWrite) : null);
	}

	/**
	 * Return the price under another name.
	 * @param name the other name
	 * @param factor the factor of the price under that name
	 * @return the price
	 */
	ModelPrice times(String name, BigDecimal factor) {
		return new ModelPrice(name, this.input.multiply(factor), this.output.multiply(factor),
				(this.cacheRead != null) ? this.cacheRead.multiply(factor) : null,
				(this.cacheWrite != null) ? this.cacheWrite.multiply(factor) : null);
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
		String priced = this.model.toLowerCase(Locale.ROOT);
		if (priced.endsWith("*")) {
			return lowerCase.startsWith(priced.substring(0, priced.length() - 1));
		}
		return isVersion(priced, lowerCase);
	}

	/**
	 * Whether a name means a model or a dated version of it.
	 * @param model the name of the model, in any case
	 * @param name the other name
	 * @return whether the name means that model
	 */
	public static boolean isVersion(String model, String name) {
		return name.regionMatches(true, 0, model, 0, model.length())
				&& VERSION.matcher(name.substring(model.length()).toLowerCase(Locale.ROOT)).matches();
	}

	/**
	 * Return what a call costs.
	 * @param usage the tokens of the call
	 * @return the cost in millionths of a millionth of a US dollar
	 */
	public long picoUsd(TokenUsage usage) {
		long plain = usage.input() - usage.cacheRead() - usage.cacheWrite();
		return plain * pico(this.input) + usage.cacheRead() * pico(this.cacheRead, this.input)
				+ usage.cacheWrite() * pico(this.cacheWrite, this.input) + usage.output() * pico(this.output);
	}

	/**
	 * Return what input tokens that were not sent would have cost. If the call read from
	 * the provider's prompt cache, they are priced as read from it.
	 * @param tokens the tokens that were not sent
	 * @param usage the tokens of the call
	 * @return the cost in millionths of a millionth of a US dollar
	 */
	public long picoUsdOfUnsent(long tokens, TokenUsage usage) {
		return tokens * ((usage.cacheRead() > 0) ? pico(this.cacheRead, this.input) : pico(this.input));
	}

	private static long pico(@Nullable BigDecimal price, BigDecimal otherwise) {
		return pico((price != null) ? price : otherwise);
	}

	private static long pico(BigDecimal usdPerMillion) {
		return usdPerMillion.movePointRight(6).setScale(0, RoundingMode.HALF_UP).longValueExact();
	}

}

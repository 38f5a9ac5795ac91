package io.tokensaving.provider;

import java.math.BigDecimal;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

import org.springframework.util.Assert;

/**
 * The prices of a model. Immutable.
 *
 * @param model the name of the model, which also stands for its dated versions
 * ({@code gpt-4o} for {@code gpt-4o-2024-08-06}), or a prefix that ends in {@code *}
 * @param price the prices of a request in the standard tier
 * @param variants the prices of other tiers and of long requests; a request in a tier
 * that has none has those of the standard tier
 */
public record ModelPrice(String model, TokenPrice price, List<PriceVariant> variants) {

	/**
	 * Stands for a model whose name is not known.
	 */
	public static final String UNKNOWN = "unknown";

	private static final Pattern VERSION = Pattern.compile("(-latest|[-@]\\d{4}-?\\d{2}-?\\d{2})?(-v\\d+(:\\d+)?)?");

	/**
	 * Check the price.
	 * @throws IllegalArgumentException if the name is empty
	 */
	public ModelPrice {
		Assert.hasText(model, "'model' must not be empty");
		Assert.isTrue(!model.equals("*"), "'model' must not be '*'");
		variants = List.copyOf(variants);
	}

	/**
	 * Create a price that is the same for all requests, in US dollars per million tokens.
	 * @param model the name of the model, which also stands for its dated versions, or a
	 * prefix that ends in {@code *}
	 * @param input the price of input tokens, 0 or more
	 * @param output the price of output tokens, 0 or more
	 * @param cacheRead the price of input tokens read from the provider's prompt cache,
	 * or {@code null} for the price of input tokens
	 * @param cacheWrite the price of input tokens written to the provider's prompt cache,
	 * or {@code null} for the price of input tokens
	 * @throws IllegalArgumentException if the name is empty or a price is negative
	 */
	public ModelPrice(String model, BigDecimal input, BigDecimal output, @Nullable BigDecimal cacheRead,
			@Nullable BigDecimal cacheWrite) {
		this(model, new TokenPrice(input, output, cacheRead, cacheWrite), List.of());
	}

	/**
	 * Return the price of input tokens.
	 * @return the price in US dollars per million tokens, for a short request in the
	 * standard tier
	 */
	public BigDecimal input() {
		return this.price.input();
	}

	/**
	 * Return the price of output tokens.
	 * @return the price in US dollars per million tokens, for a short request in the
	 * standard tier
	 */
	public BigDecimal output() {
		return this.price.output();
	}

	/**
	 * Return the price of input tokens read from the provider's prompt cache.
	 * @return the price in US dollars per million tokens, for a short request in the
	 * standard tier, or {@code null} for that of input tokens
	 */
	public @Nullable BigDecimal cacheRead() {
		return this.price.cacheRead();
	}

	/**
	 * Return the price of input tokens written to the provider's prompt cache.
	 * @return the price in US dollars per million tokens, for a short request in the
	 * standard tier, or {@code null} for that of input tokens
	 */
	public @Nullable BigDecimal cacheWrite() {
		return this.price.cacheWrite();
	}

	/**
	 * Return the prices of a request.
	 * @param tier its tier
	 * @param input its input tokens, those of the prompt cache included
	 * @return the prices
	 */
	public TokenPrice price(ServiceTier tier, long input) {
		if (this.variants.isEmpty()) {
			return this.price;
		}
		PriceVariant found = variant(tier, input);
		if (found == null && tier != ServiceTier.STANDARD) {
			found = variant(ServiceTier.STANDARD, input);
		}
		return (found != null) ? found.price() : this.price;
	}

	private @Nullable PriceVariant variant(ServiceTier tier, long input) {
		PriceVariant found = null;
		for (PriceVariant variant : this.variants) {
			boolean applies = variant.tier() == tier && (variant.above() == 0 || input > variant.above());
			if (applies && (found == null || found.above() <= variant.above())) {
				found = variant;
			}
		}
		return found;
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
		return price(usage.tier(), usage.input()).picoUsd(usage);
	}

	/**
	 * Return what input tokens that were not sent would have cost in addition. If the
	 * call read from the provider's prompt cache, they are priced as read from it.
	 * @param tokens the tokens that were not sent
	 * @param usage the tokens of the call
	 * @return the cost in millionths of a millionth of a US dollar
	 */
	public long picoUsdOfUnsent(long tokens, TokenUsage usage) {
		return picoUsd(usage.withUnsent(tokens)) - picoUsd(usage);
	}

	/**
	 * Return what the provider's prompt cache made cheaper: reads less what writing to it
	 * cost in addition.
	 * @param usage the tokens of the call
	 * @return the difference in millionths of a millionth of a US dollar, negative if the
	 * cache cost more than it saved
	 */
	public long picoUsdOfCache(TokenUsage usage) {
		TokenUsage uncached = usage.uncached();
		return (uncached != usage) ? picoUsd(uncached) - picoUsd(usage) : 0;
	}

}

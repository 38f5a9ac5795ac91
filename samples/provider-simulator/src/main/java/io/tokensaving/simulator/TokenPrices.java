package io.tokensaving.simulator;

import java.math.BigDecimal;
import java.util.EnumMap;
import java.util.Map;

import org.jspecify.annotations.Nullable;

/**
 * Prices of a model, each kind of token at its own.
 *
 * @param perMillion USD for a million tokens of a kind; {@link TokenKind#INPUT} and
 * {@link TokenKind#OUTPUT} must be there
 * @param storageHour USD for keeping a million tokens for an hour, or null
 */
public record TokenPrices(Map<TokenKind, BigDecimal> perMillion, @Nullable BigDecimal storageHour) {

	public TokenPrices {
		perMillion = Map.copyOf(perMillion);
		if (!perMillion.containsKey(TokenKind.INPUT) || !perMillion.containsKey(TokenKind.OUTPUT)) {
			throw new IllegalArgumentException("Prices of input and output are missing");
		}
	}

	/**
	 * Prices with no cache and no thinking.
	 * @param input USD for a million tokens
	 * @param output USD for a million tokens
	 * @return the prices
	 */
	public static TokenPrices of(String input, String output) {
		return new TokenPrices(Map.of(TokenKind.INPUT, new BigDecimal(input), TokenKind.OUTPUT, new BigDecimal(output)),
				null);
	}

	/**
	 * These prices with another one.
	 * @param kind the kind of tokens
	 * @param usd USD for a million
	 * @return new prices
	 */
	public TokenPrices with(TokenKind kind, String usd) {
		Map<TokenKind, BigDecimal> prices = new EnumMap<>(this.perMillion);
		prices.put(kind, new BigDecimal(usd));
		return new TokenPrices(prices, this.storageHour);
	}

	/**
	 * The price of a kind. Thinking without a price of its own costs what output does.
	 * @param kind the kind of tokens
	 * @return USD for a million tokens
	 * @throws IllegalStateException if the provider has no such kind
	 */
	public BigDecimal of(TokenKind kind) {
		BigDecimal price = this.perMillion.get(kind);
		if (price == null && kind == TokenKind.THINKING) {
			price = this.perMillion.get(TokenKind.OUTPUT);
		}
		if (price == null) {
			throw new IllegalStateException("No price of " + kind);
		}
		return price;
	}

}

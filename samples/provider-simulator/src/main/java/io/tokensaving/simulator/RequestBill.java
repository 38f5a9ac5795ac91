package io.tokensaving.simulator;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * What a provider bills for one request, in exact decimals.
 *
 * @param lines one for each kind of which there are tokens
 * @param withoutCachingUsd what the same tokens would have cost with no prompt cache at
 * all: all input at its plain price
 */
public record RequestBill(List<Line> lines, BigDecimal withoutCachingUsd) {

	/** What a request costs that no model has worked on. */
	public static final RequestBill NOTHING = new RequestBill(List.of(), BigDecimal.ZERO);

	public RequestBill {
		lines = List.copyOf(lines);
	}

	/**
	 * Bills a request.
	 * @param model the model that has answered
	 * @param input what the cache did with the input
	 * @param outputTokens the answer, without thinking
	 * @param thinkingTokens the thinking
	 * @param serviceTier {@code service_tier} of the request, or null
	 * @return the bill
	 */
	public static RequestBill of(SimulatedModel model, CacheTokens input, int outputTokens, int thinkingTokens,
			@Nullable String serviceTier) {
		BigDecimal tier = (serviceTier != null) ? model.serviceTiers().getOrDefault(serviceTier, BigDecimal.ONE)
				: BigDecimal.ONE;
		return of(model, input, outputTokens, thinkingTokens, tier);
	}

	/**
	 * Bills a line of a batch.
	 * @param model the model that has answered
	 * @param input what the cache did with the input
	 * @param outputTokens the answer, without thinking
	 * @param thinkingTokens the thinking
	 * @return the bill
	 */
	public static RequestBill ofBatch(SimulatedModel model, CacheTokens input, int outputTokens, int thinkingTokens) {
		BigDecimal batch = model.batch();
		return of(model, input, outputTokens, thinkingTokens, (batch != null) ? batch : BigDecimal.ONE);
	}

	private static RequestBill of(SimulatedModel model, CacheTokens input, int outputTokens, int thinkingTokens,
			BigDecimal factor) {
		TokenPrices prices = model.pricesFor(input.total());
		ToPrice tier = (kind) -> prices.of(kind)
			.multiply(model.neverReduced().contains(kind) ? factor.max(BigDecimal.ONE) : factor);
		List<Line> lines = new ArrayList<>();
		add(lines, TokenKind.INPUT, input.uncached(), tier);
		add(lines, TokenKind.CACHE_READ, input.read(), tier);
		add(lines, TokenKind.CACHE_WRITE_5M, input.written5m(), tier);
		add(lines, TokenKind.CACHE_WRITE_1H, input.written1h(), tier);
		add(lines, TokenKind.CACHE_WRITE_30M, input.written30m(), tier);
		add(lines, TokenKind.OUTPUT, outputTokens, tier);
		add(lines, TokenKind.THINKING, thinkingTokens, tier);
		BigDecimal plain = usd(input.total(), tier.of(TokenKind.INPUT));
		for (Line line : lines) {
			if (line.kind() == TokenKind.OUTPUT || line.kind() == TokenKind.THINKING) {
				plain = plain.add(line.usd());
			}
		}
		return new RequestBill(lines, plain);
	}

	private static void add(List<Line> lines, TokenKind kind, int tokens, ToPrice prices) {
		if (tokens > 0) {
			BigDecimal price = prices.of(kind);
			BigDecimal plain = (kind == TokenKind.OUTPUT || kind == TokenKind.THINKING) ? price
					: prices.of(TokenKind.INPUT);
			lines.add(new Line(kind, tokens, price, usd(tokens, price), usd(tokens, price.subtract(plain))));
		}
	}

	private static BigDecimal usd(int tokens, BigDecimal perMillion) {
		return perMillion.multiply(BigDecimal.valueOf(tokens)).movePointLeft(6);
	}

	/**
	 * All lines together.
	 * @return USD
	 */
	public BigDecimal usd() {
		return this.lines.stream().map(Line::usd).reduce(BigDecimal.ZERO, BigDecimal::add);
	}

	/**
	 * The tokens of a kind.
	 * @param kind the kind
	 * @return tokens
	 */
	public int tokens(TokenKind kind) {
		return this.lines.stream().filter((line) -> line.kind() == kind).mapToInt(Line::tokens).sum();
	}

	private interface ToPrice {

		BigDecimal of(TokenKind kind);

	}

	/**
	 * One line of a bill.
	 *
	 * @param kind the kind of tokens
	 * @param tokens how many, more than 0
	 * @param usdPerMillion the price
	 * @param usd what they cost
	 * @param abovePlainUsd what they cost more than plain input or output: positive is
	 * the premium of a write, negative the discount of a read
	 */
	public record Line(TokenKind kind, int tokens, BigDecimal usdPerMillion, BigDecimal usd, BigDecimal abovePlainUsd) {

	}

}

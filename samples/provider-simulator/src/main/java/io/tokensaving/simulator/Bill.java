package io.tokensaving.simulator;

import java.math.BigDecimal;
import java.util.Collection;
import java.util.EnumMap;
import java.util.Map;

/**
 * What a provider bills for several requests, in exact decimals.
 *
 * @param requests those that were billed
 * @param tokens by kind
 * @param usdByKind what they cost by kind
 * @param storageUsd what was kept by name cost (Gemini)
 * @param premiumUsd what writes to caches cost above plain input, at least 0
 * @param discountUsd what reads from caches cost below plain input, at least 0
 * @param withoutCachingUsd what the same tokens would have cost with no prompt cache
 */
public record Bill(int requests, Map<TokenKind, Long> tokens, Map<TokenKind, BigDecimal> usdByKind,
		BigDecimal storageUsd, BigDecimal premiumUsd, BigDecimal discountUsd, BigDecimal withoutCachingUsd) {

	public Bill {
		tokens = Map.copyOf(tokens);
		usdByKind = Map.copyOf(usdByKind);
	}

	/**
	 * Adds bills up.
	 * @param bills of requests
	 * @param storageUsd what was kept by name cost
	 * @return the sum
	 */
	public static Bill of(Collection<RequestBill> bills, BigDecimal storageUsd) {
		Sum sum = new Sum();
		bills.forEach(sum::add);
		return sum.bill(storageUsd);
	}

	/**
	 * All together.
	 * @return USD
	 */
	public BigDecimal usd() {
		return this.usdByKind.values().stream().reduce(this.storageUsd, BigDecimal::add);
	}

	/**
	 * The tokens of a kind.
	 * @param kind the kind
	 * @return tokens
	 */
	public long tokens(TokenKind kind) {
		return this.tokens.getOrDefault(kind, 0L);
	}

	/**
	 * The share of the input that was read from a cache.
	 * @return read / (read + written + uncached), 0 to 1; 0 if there was no input
	 */
	public double hitRate() {
		long read = tokens(TokenKind.CACHE_READ);
		long input = read + tokens(TokenKind.INPUT) + tokens(TokenKind.CACHE_WRITE_5M)
				+ tokens(TokenKind.CACHE_WRITE_1H) + tokens(TokenKind.CACHE_WRITE_30M);
		return (input > 0) ? (double) read / input : 0;
	}

	/** Adds up as requests come; not safe for use by several threads. */
	static final class Sum {

		private int requests;

		private final Map<TokenKind, Long> tokens = new EnumMap<>(TokenKind.class);

		private final Map<TokenKind, BigDecimal> usd = new EnumMap<>(TokenKind.class);

		private BigDecimal premium = BigDecimal.ZERO;

		private BigDecimal discount = BigDecimal.ZERO;

		private BigDecimal withoutCaching = BigDecimal.ZERO;

		void add(RequestBill bill) {
			this.requests++;
			for (RequestBill.Line line : bill.lines()) {
				this.tokens.merge(line.kind(), (long) line.tokens(), Long::sum);
				this.usd.merge(line.kind(), line.usd(), BigDecimal::add);
				if (line.abovePlainUsd().signum() > 0) {
					this.premium = this.premium.add(line.abovePlainUsd());
				}
				else {
					this.discount = this.discount.subtract(line.abovePlainUsd());
				}
			}
			this.withoutCaching = this.withoutCaching.add(bill.withoutCachingUsd());
		}

		void add(Sum other) {
			this.requests += other.requests;
			other.tokens.forEach((kind, count) -> this.tokens.merge(kind, count, Long::sum));
			other.usd.forEach((kind, sum) -> this.usd.merge(kind, sum, BigDecimal::add));
			this.premium = this.premium.add(other.premium);
			this.discount = this.discount.add(other.discount);
			this.withoutCaching = this.withoutCaching.add(other.withoutCaching);
		}

		Bill bill(BigDecimal storageUsd) {
			return new Bill(this.requests, this.tokens, this.usd, storageUsd, this.premium, this.discount,
					this.withoutCaching);
		}

	}

}

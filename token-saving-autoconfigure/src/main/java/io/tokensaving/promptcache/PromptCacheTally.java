package io.tokensaving.promptcache;

import java.math.BigDecimal;

import io.tokensaving.statistics.SummedState;

/**
 * What the provider's prompt cache did with the input of a plan, as the provider reported
 * it. Thread-safe.
 */
final class PromptCacheTally extends SummedState<PromptCacheTally> {

	void add(Sum sum, long value) {
		if (value > 0) {
			add(sum.key(), value);
		}
	}

	long value(Sum sum) {
		return value(sum.key());
	}

	/**
	 * What is added up.
	 */
	enum Sum {

		READ_TOKENS("prompt_cache_read_tokens"),

		WRITTEN_TOKENS("prompt_cache_written_tokens"),

		UNCACHED_TOKENS("prompt_cache_uncached_tokens"),

		/** What our marks cost above the price of input, in pico-dollars. */
		WRITE_PREMIUM("prompt_cache_write_premium_pico_usd"),

		/** What was read without a mark of ours, in pico-dollars. */
		PROVIDER_DISCOUNT("prompt_cache_provider_discount_pico_usd");

		private final String key;

		Sum(String key) {
			this.key = key;
		}

		String key() {
			return this.key;
		}

	}

	/**
	 * The figures of one plan or several.
	 *
	 * @param read tokens read from the cache
	 * @param written tokens written to it
	 * @param uncached tokens of input that were neither
	 * @param writePremium what marks of ours cost above the price of input, in US dollars
	 * @param providerDiscount what the provider granted without a mark of ours, in US
	 * dollars
	 */
	record Figures(long read, long written, long uncached, BigDecimal writePremium, BigDecimal providerDiscount) {

		double hitRate() {
			long all = this.read + this.written + this.uncached;
			return (all > 0) ? (double) this.read / all : 0;
		}

	}

}

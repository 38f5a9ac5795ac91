package io.tokensaving.structured;

import java.math.BigDecimal;
import java.util.Locale;

import io.tokensaving.provider.TokenUsage;
import io.tokensaving.statistics.SummedState;

/**
 * What was answered to requests for structured output of a plan, and what it cost.
 * Thread-safe.
 */
final class StructuredTally extends SummedState<StructuredTally> {

	void addAnswer(Group group, boolean valid, TokenUsage usage, long picoUsd) {
		add(group.key("answers"), 1);
		add(group.key("malformed"), valid ? 0 : 1);
		add(group.key("tokens"), usage.total());
		add(group.key("pico_usd"), picoUsd);
	}

	void addRepaired() {
		add(Sum.REPAIRED.key(), 1);
	}

	void addRetry(TokenUsage usage, long picoUsd) {
		add(Sum.RETRIES.key(), 1);
		add(Sum.RETRY_TOKENS.key(), usage.total());
		add(Sum.RETRY_PICO_USD.key(), picoUsd);
	}

	void addAvoided() {
		add(Sum.AVOIDED.key(), 1);
	}

	long sum(String key) {
		return value(key);
	}

	/**
	 * How the model was told the format.
	 */
	enum Group {

		/** The provider was asked to enforce it. */
		NATIVE,

		/** In words. */
		PROMPT,

		/** In words, to measure the difference. */
		HOLDOUT;

		private final String prefix = "structured_" + name().toLowerCase(Locale.ROOT) + "_";

		String key(String name) {
			return this.prefix + name;
		}

	}

	/**
	 * What else is added up.
	 */
	enum Sum {

		REPAIRED("structured_repaired"),

		RETRIES("structured_retried"),

		RETRY_TOKENS("structured_retry_tokens"),

		RETRY_PICO_USD("structured_retry_pico_usd"),

		AVOIDED("structured_avoided_retries");

		private final String key;

		Sum(String key) {
			this.key = key;
		}

		String key() {
			return this.key;
		}

	}

	/**
	 * The figures of answers whose model was told the format in one way.
	 *
	 * @param answers the answers that were bought
	 * @param malformed those that were not valid before repair
	 * @param tokens their tokens
	 * @param usd what they cost in US dollars
	 */
	record GroupFigures(long answers, long malformed, long tokens, BigDecimal usd) {

		double malformedRate() {
			return (this.answers > 0) ? (double) this.malformed / this.answers : 0;
		}

	}

	/**
	 * The figures of one plan or several.
	 *
	 * @param nativeSchema the answers whose provider was asked to enforce the schema
	 * @param prompt those whose model was told it in words
	 * @param holdout those that were told it in words to measure the difference
	 * @param repaired answers that were repaired
	 * @param avoided retries that validation did not have to make
	 * @param savedTokens their tokens
	 * @param savedUsd what they would have cost in US dollars
	 * @param retries attempts that were bought because the one before was not valid
	 * @param retryTokens their tokens
	 * @param retryUsd what they cost in US dollars
	 */
	record Figures(GroupFigures nativeSchema, GroupFigures prompt, GroupFigures holdout, long repaired, long avoided,
			long savedTokens, BigDecimal savedUsd, long retries, long retryTokens, BigDecimal retryUsd) {

	}

}

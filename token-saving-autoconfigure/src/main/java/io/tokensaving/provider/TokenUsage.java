package io.tokensaving.provider;

import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.metadata.Usage;

/**
 * The tokens of one call, counted the same way for every provider. Immutable.
 *
 * @param input all input tokens, including those read from or written to the provider's
 * prompt cache
 * @param output the output tokens
 * @param cacheRead the input tokens that were read from the provider's prompt cache
 * @param cacheWrite the input tokens that were written to the provider's prompt cache
 * @param estimated whether the tokens were estimated because the provider reported none
 */
public record TokenUsage(long input, long output, long cacheRead, long cacheWrite, boolean estimated) {

	/**
	 * No tokens.
	 */
	public static final TokenUsage ZERO = new TokenUsage(0, 0, 0, 0, false);

	/**
	 * Read a usage.
	 * @param usage the usage of a response
	 * @param cacheApart whether its input tokens exclude those of the provider's prompt
	 * cache
	 * @return the tokens, all zero if nothing was reported
	 */
	public static TokenUsage of(Usage usage, boolean cacheApart) {
		long input = orZero(usage.getPromptTokens());
		long cacheRead = orZero(usage.getCacheReadInputTokens());
		long cacheWrite = orZero(usage.getCacheWriteInputTokens());
		// If the cached tokens exceed the input tokens, they cannot be included in them
		if (cacheApart || cacheRead + cacheWrite > input) {
			input += cacheRead + cacheWrite;
		}
		return new TokenUsage(input, orZero(usage.getCompletionTokens()), cacheRead, cacheWrite, false);
	}

	private static long orZero(@Nullable Number number) {
		return (number != null) ? Math.max(0, number.longValue()) : 0;
	}

	/**
	 * Return the same tokens without a prompt cache.
	 * @return the usage, whose input tokens were neither read from a cache nor written to
	 * one
	 */
	public TokenUsage uncached() {
		return (this.cacheRead != 0 || this.cacheWrite != 0)
				? new TokenUsage(this.input, this.output, 0, 0, this.estimated) : this;
	}

	/**
	 * Return all tokens.
	 * @return input and output tokens
	 */
	public long total() {
		return this.input + this.output;
	}

}

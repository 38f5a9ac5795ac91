package io.tokensaving.savings;

import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.metadata.Usage;

/**
 * The tokens of one call, counted the same way for every provider. Immutable.
 *
 * @param input all input tokens, with those read from or written to the provider's prompt
 * cache
 * @param output the output tokens
 * @param cacheRead the input tokens that were read from the provider's prompt cache
 * @param cacheWrite the input tokens that were written to the provider's prompt cache
 * @param estimated whether the tokens were counted here because the provider reported
 * none
 */
public record TokenUsage(long input, long output, long cacheRead, long cacheWrite, boolean estimated) {

	/**
	 * No tokens.
	 */
	public static final TokenUsage ZERO = new TokenUsage(0, 0, 0, 0, false);

	/**
	 * Read what a provider reported. Anthropic and Amazon Bedrock report input tokens
	 * without those of their prompt cache, all others with them.
	 * @param usage the usage of a response
	 * @return the usage, or {@code null} if nothing was reported
	 */
	public static @Nullable TokenUsage of(@Nullable Usage usage) {
		if (usage == null) {
			return null;
		}
		long input = orZero(usage.getPromptTokens());
		long output = orZero(usage.getCompletionTokens());
		if (input == 0 && output == 0) {
			return null;
		}
		long cacheRead = orZero(usage.getCacheReadInputTokens());
		long cacheWrite = orZero(usage.getCacheWriteInputTokens());
		if (reportsCacheApart(usage) || cacheRead + cacheWrite > input) {
			input += cacheRead + cacheWrite;
		}
		return new TokenUsage(input, output, cacheRead, cacheWrite, false);
	}

	private static boolean reportsCacheApart(Usage usage) {
		Object nativeUsage = usage.getNativeUsage();
		if (nativeUsage == null) {
			return false;
		}
		String name = nativeUsage.getClass().getName();
		return name.startsWith("com.anthropic.") || name.startsWith("software.amazon.");
	}

	private static long orZero(@Nullable Number number) {
		return (number != null) ? Math.max(0, number.longValue()) : 0;
	}

	/**
	 * Return all tokens.
	 * @return input and output tokens
	 */
	public long total() {
		return this.input + this.output;
	}

}

package io.tokensaving.provider;

import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.metadata.Usage;
import org.springframework.util.Assert;

/**
 * The tokens of one call, counted the same way for every provider. Immutable.
 *
 * @param input all input tokens, including those read from or written to the provider's
 * prompt cache
 * @param output the output tokens, including those the model thought with
 * @param cacheRead the input tokens that were read from the provider's prompt cache
 * @param cacheWrite the input tokens that were written to the provider's prompt cache
 * @param cacheWriteOneHour those of the written tokens that are kept for an hour instead
 * of the usual time
 * @param reasoning those of the output tokens the model thought with, as far as that is
 * reported
 * @param tier how fast the call was processed
 * @param estimated whether the tokens were estimated because the provider reported none
 */
public record TokenUsage(long input, long output, long cacheRead, long cacheWrite, long cacheWriteOneHour,
		long reasoning, ServiceTier tier, boolean estimated) {

	/**
	 * No tokens.
	 */
	public static final TokenUsage ZERO = new TokenUsage(0, 0, 0, 0, false);

	/**
	 * Check the parts.
	 * @throws IllegalArgumentException if a part is negative or larger than the whole
	 */
	public TokenUsage {
		Assert.isTrue(cacheWriteOneHour >= 0 && cacheWriteOneHour <= Math.max(0, cacheWrite),
				() -> "'cacheWriteOneHour' must be a part of 'cacheWrite'");
		Assert.isTrue(reasoning >= 0 && reasoning <= Math.max(0, output),
				() -> "'reasoning' must be a part of 'output'");
	}

	/**
	 * Create a usage of standard processing without tokens that are priced apart.
	 * @param input all input tokens, including those read from or written to the
	 * provider's prompt cache
	 * @param output the output tokens
	 * @param cacheRead the input tokens that were read from the provider's prompt cache
	 * @param cacheWrite the input tokens that were written to the provider's prompt cache
	 * @param estimated whether the tokens were estimated
	 */
	public TokenUsage(long input, long output, long cacheRead, long cacheWrite, boolean estimated) {
		this(input, output, cacheRead, cacheWrite, 0, 0, ServiceTier.STANDARD, estimated);
	}

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
	 * Return all tokens.
	 * @return input and output tokens
	 */
	public long total() {
		return this.input + this.output;
	}

	/**
	 * Say how many of the written tokens are kept for an hour.
	 * @param tokens the tokens; no more than were written count
	 * @return the usage
	 */
	public TokenUsage withWritesOfOneHour(long tokens) {
		long part = Math.max(0, Math.min(tokens, this.cacheWrite));
		return (part != this.cacheWriteOneHour) ? new TokenUsage(this.input, this.output, this.cacheRead,
				this.cacheWrite, part, this.reasoning, this.tier, this.estimated) : this;
	}

	/**
	 * Say how many of the output tokens the model thought with.
	 * @param tokens the tokens; no more than the output count
	 * @return the usage
	 */
	public TokenUsage withReasoning(long tokens) {
		long part = Math.max(0, Math.min(tokens, this.output));
		return (part != this.reasoning) ? new TokenUsage(this.input, this.output, this.cacheRead, this.cacheWrite,
				this.cacheWriteOneHour, part, this.tier, this.estimated) : this;
	}

	/**
	 * Say how fast the call was processed.
	 * @param tier the tier
	 * @return the usage
	 */
	public TokenUsage at(ServiceTier tier) {
		return (tier != this.tier) ? new TokenUsage(this.input, this.output, this.cacheRead, this.cacheWrite,
				this.cacheWriteOneHour, this.reasoning, tier, this.estimated) : this;
	}

	/**
	 * Return the same tokens without a prompt cache.
	 * @return the usage, whose input tokens were neither read from a cache nor written to
	 * one
	 */
	public TokenUsage uncached() {
		return (this.cacheRead != 0 || this.cacheWrite != 0)
				? new TokenUsage(this.input, this.output, 0, 0, 0, this.reasoning, this.tier, this.estimated) : this;
	}

	/**
	 * Add input tokens that were not sent. If the call read from the provider's prompt
	 * cache, they would have been read from it too.
	 * @param tokens the tokens
	 * @return the usage
	 */
	TokenUsage withUnsent(long tokens) {
		return new TokenUsage(this.input + tokens, this.output,
				(this.cacheRead > 0) ? this.cacheRead + tokens : this.cacheRead, this.cacheWrite,
				this.cacheWriteOneHour, this.reasoning, this.tier, this.estimated);
	}

}

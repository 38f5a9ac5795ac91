package io.tokensaving.simulator;

/** What a provider bills apart. */
public enum TokenKind {

	/** Input that was neither read from a cache nor written to one. */
	INPUT,

	/** Input that was read from a prompt cache. */
	CACHE_READ,

	/** Input that was written to a prompt cache for five minutes (Anthropic). */
	CACHE_WRITE_5M,

	/** Input that was written to a prompt cache for an hour (Anthropic). */
	CACHE_WRITE_1H,

	/** Input that was written to a prompt cache for half an hour (OpenAI, GPT-5.6 on). */
	CACHE_WRITE_30M,

	/** The answer, without the thinking. */
	OUTPUT,

	/** Thinking, which every provider bills as output. */
	THINKING

}

package io.tokensaving.simulator;

/** What is not the same everywhere where a provider's format is spoken. */
public enum WireOption {

	/**
	 * Anthropic: {@code message_delta} tells output tokens only, as some proxies do. By
	 * default it repeats what {@code message_start} has told.
	 */
	ANTHROPIC_DELTA_OUTPUT_ONLY,

	/**
	 * DeepSeek: the usage has {@code prompt_cache_hit_tokens} but no
	 * {@code prompt_tokens_details}, as it is reported of DeepSeek's own service.
	 */
	DEEPSEEK_NO_DETAILS,

	/** Fields that are not known are ignored by all providers. */
	LENIENT

}

package io.tokensaving.provider;

import java.util.List;
import java.util.Set;

import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.metadata.Usage;

/**
 * DeepSeek.
 */
final class DeepSeekDialect implements ProviderDialect {

	/**
	 * The field with the input tokens that were read from DeepSeek's prompt cache.
	 */
	static final String CACHE_HIT_TOKENS = "prompt_cache_hit_tokens";

	@Override
	public String name() {
		return "deepseek";
	}

	@Override
	public Set<String> classes() {
		return Set.of("org.springframework.ai.deepseek.");
	}

	@Override
	public List<String> candidateNumbers() {
		return List.of("index");
	}

	@Override
	public Set<String> completeReasons() {
		return Set.of("stop", "tool_calls");
	}

	@Override
	public TokenUsage usage(Usage usage) {
		TokenUsage reported = TokenUsage.of(usage, false);
		// Spring AI parses the field but does not copy it into its usage
		long read = NativeUsage.number(usage.getNativeUsage(), "promptTokensDetails", "cachedTokens");
		return (reported.cacheRead() > 0 || read == 0) ? reported : new TokenUsage(Math.max(reported.input(), read),
				reported.output(), read, reported.cacheWrite(), false);
	}

	@Override
	public List<Object> reasoning(AssistantMessage message) {
		return NativeUsage.contents(message, "getReasoningContent");
	}

	@Override
	public Set<String> models() {
		return Set.of("deepseek-");
	}

	// With its name in front, the table lists models of DeepSeek under names that other
	// gateways use at other prices, and open models under names that others serve
	@Override
	public @Nullable PriceListing listing(String provider, String name) {
		return (provider.equals("deepseek") && name.indexOf('/') >= 0) ? PriceListing.UNUSED : null;
	}

}

package io.tokensaving.samples.gateway.wire.cache;

import java.util.Set;

/**
 * Knows which providers take marks inside a document.
 */
final class PromptCacheMarks {

	private static final Set<String> PROVIDERS = Set.of("openrouter", "anthropic", "litellm");

	private PromptCacheMarks() {
	}

	static boolean takes(String provider) {
		return PROVIDERS.contains(provider);
	}

}

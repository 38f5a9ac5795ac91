package io.tokensaving.autoconfigure;

/**
 * Matches if instances share in Redis what they learn about prompt caches.
 */
final class OnRedisPromptCacheCondition extends OnRedisRepositoryCondition {

	OnRedisPromptCacheCondition() {
		super("prompt-cache-repository");
	}

}

package io.tokensaving.autoconfigure;

import io.tokensaving.cache.semantic.redis.RedisSearchMissingException;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/**
 * Reports that a Redis server has no search module, and what to do about it.
 */
final class RedisSearchMissingFailureAnalyzer extends AbstractFailureAnalyzer<RedisSearchMissingException> {

	@Override
	protected FailureAnalysis analyze(Throwable rootFailure, RedisSearchMissingException cause) {
		return new FailureAnalysis("A plan has the cache backend 'redis_semantic', but: " + cause.getMessage() + ".",
				"Use Redis 8 or Redis Stack, or load the search module into the server. Or choose another semantic "
						+ "backend: 'in_memory_semantic' needs no server.",
				cause);
	}

}

package io.tokensaving.cache.exact;

import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

import io.tokensaving.cache.CacheKey;
import io.tokensaving.cache.CachedResponse;
import org.jspecify.annotations.Nullable;

/**
 * A store that can look for an answer without a thread that waits. Thread-safe.
 */
public interface AsyncExactCacheStore extends ExactCacheStore {

	/**
	 * Start to find an answer. Does not block.
	 * @param key the key
	 * @return the answer in its stored form; the supplier reads it, or returns
	 * {@code null} if there is none, on the thread that wants it and not on the one that
	 * received it
	 */
	CompletionStage<Supplier<@Nullable CachedResponse>> findAsync(CacheKey key);

}

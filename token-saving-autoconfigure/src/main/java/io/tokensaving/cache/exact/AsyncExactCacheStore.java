package io.tokensaving.cache.exact;

import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

import io.tokensaving.cache.CacheKey;
import io.tokensaving.cache.CachedResponse;
import io.tokensaving.cache.ReadLimit;
import org.jspecify.annotations.Nullable;

/**
 * A store with asynchronous look-ups, which need no waiting thread. Implementations must
 * be thread-safe.
 */
public interface AsyncExactCacheStore extends ExactCacheStore {

	/**
	 * Start to look for an answer. Does not block.
	 * @param key the key
	 * @param limit the memory and time that reading the answer may take; the store must
	 * not receive more of a larger answer
	 * @return a stage that completes with a supplier, which decodes the received bytes on
	 * the thread of the caller, not on that of the client, and returns {@code null} if
	 * there is no answer. The supplier cannot be interrupted, so it must not block and
	 * must throw an exception when the limit is exceeded
	 */
	CompletionStage<Supplier<@Nullable CachedResponse>> findAsync(CacheKey key, ReadLimit limit);

}

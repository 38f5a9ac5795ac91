package io.tokensaving.cache.exact;

import java.time.Duration;
import java.util.Set;

import io.tokensaving.cache.CacheKey;
import io.tokensaving.cache.CacheStore;
import io.tokensaving.cache.CachedResponse;
import org.jspecify.annotations.Nullable;

/**
 * Keeps answers by the fingerprint of their request. An application's own store is a bean
 * of this type; plans select it by its {@linkplain #backend() backend}. Thread-safe.
 * <p>
 * A store may fail or hang in any way: the request then goes to the model.
 */
public interface ExactCacheStore extends CacheStore {

	/**
	 * Return the name by which plans select this store, such as {@code in_memory}.
	 * @return the name in snake case
	 */
	@Override
	String backend();

	/**
	 * Find an answer.
	 * @param key the key
	 * @return the answer, or {@code null} if there is none or its time is over
	 */
	@Nullable CachedResponse find(CacheKey key);

	/**
	 * Store an answer, in place of an earlier one.
	 * @param key the key
	 * @param response the answer
	 * @param ttl how long it may be served, above zero
	 * @param tags labels by which the answer can be evicted
	 */
	void store(CacheKey key, CachedResponse response, Duration ttl, Set<String> tags);

	/**
	 * Whether {@link #find} and {@link #store} may wait for something outside this
	 * process. If so, they are called with a deadline, and a stream calls them on a
	 * thread that may block.
	 * @return {@code true} unless everything is answered from memory
	 */
	default boolean isBlocking() {
		return true;
	}

	/**
	 * Whether other instances of the application find what this one stores.
	 * @return {@code true} unless answers stay in this process
	 */
	default boolean isShared() {
		return isBlocking();
	}

}

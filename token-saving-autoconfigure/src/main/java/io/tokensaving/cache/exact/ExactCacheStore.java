package io.tokensaving.cache.exact;

import java.time.Duration;

import io.tokensaving.cache.CacheStoreStatus;
import io.tokensaving.cache.CachedResponse;
import org.jspecify.annotations.Nullable;

/**
 * Keeps answers by the fingerprint of their request. An application's own store is a bean
 * of this type; plans select it by its {@linkplain #backend() backend}. Thread-safe.
 * <p>
 * A store may fail in any way: the request then goes to the model.
 */
public interface ExactCacheStore {

	/**
	 * Return the name by which plans select this store, such as {@code in_memory}.
	 * @return the name in snake case
	 */
	String backend();

	/**
	 * Find an answer.
	 * @param key the key, made of hexadecimal digits
	 * @return the answer, or {@code null} if there is none or its time is over
	 */
	@Nullable CachedResponse find(String key);

	/**
	 * Store an answer, in place of an earlier one.
	 * @param key the key, made of hexadecimal digits
	 * @param response the answer
	 * @param ttl how long it may be served, above zero
	 */
	void store(String key, CachedResponse response, Duration ttl);

	/**
	 * Whether {@link #find} and {@link #store} may wait for something outside this
	 * process. If so, a stream calls them on a thread that may block.
	 * @return {@code true} unless everything is answered from memory
	 */
	default boolean isBlocking() {
		return true;
	}

	/**
	 * Return the state of the store.
	 * @return the state
	 */
	CacheStoreStatus status();

}

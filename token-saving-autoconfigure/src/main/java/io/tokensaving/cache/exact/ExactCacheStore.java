package io.tokensaving.cache.exact;

import java.time.Duration;
import java.util.Set;

import io.tokensaving.cache.CacheKey;
import io.tokensaving.cache.CacheStore;
import io.tokensaving.cache.CachedResponse;
import io.tokensaving.cache.ReadLimit;
import org.jspecify.annotations.Nullable;

/**
 * Keeps answers by the fingerprint of their request. An application adds a store as a
 * bean of this type; plans select it by its {@linkplain #backend() backend}.
 * Implementations must be thread-safe.
 * <p>
 * If a store throws anything or takes too long, the request goes to the model.
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
	 * @return the answer, or {@code null} if there is none or it has expired
	 */
	@Nullable CachedResponse find(CacheKey key);

	/**
	 * Find an answer within the memory and time that the plan allows. A store outside
	 * this process should override this method, so that it neither reads nor decodes
	 * larger entries, which others may have written. The default ignores the limit.
	 * @param key the key
	 * @param limit the memory and time that reading the answer may take
	 * @return the answer, or {@code null} if there is none or it has expired
	 */
	default @Nullable CachedResponse find(CacheKey key, ReadLimit limit) {
		return find(key);
	}

	/**
	 * Store an answer, replacing an earlier one.
	 * @param key the key
	 * @param response the answer
	 * @param ttl how long it may be served, above zero
	 * @param tags labels by which the answer can be evicted
	 */
	void store(CacheKey key, CachedResponse response, Duration ttl, Set<String> tags);

	/**
	 * Add tags to an answer, because it is about to be served to a request with these
	 * tags. In a shared store the answer may be one that another instance is about to
	 * store. Implementing this is optional: without it such a request goes to the model.
	 * @param key the key
	 * @param ttl the longest time that the answer may be served, above zero
	 * @param tags labels by which the answer can be evicted too
	 * @return whether from now on an eviction by these tags finds the answer
	 */
	default boolean addTags(CacheKey key, Duration ttl, Set<String> tags) {
		return false;
	}

	/**
	 * Whether {@link #find} and {@link #store} may block. If so, look-ups run on threads
	 * of their own with a deadline, and writes in the background.
	 * @return {@code false} if the store keeps its answers in the memory of this process
	 */
	default boolean isBlocking() {
		return true;
	}

	/**
	 * Whether other instances of the application find the answers that this instance
	 * stores. By default, blocking stores are shared.
	 * @return {@code false} if the answers stay in this process
	 */
	default boolean isShared() {
		return isBlocking();
	}

}

package io.tokensaving.cache;

import java.util.Collection;

/**
 * Evicts answers from all caches of an application. Thread-safe; may wait for stores
 * outside this process.
 */
@FunctionalInterface
public interface CacheEvictor {

	/**
	 * Remove answers from all stores. Answers that are stored meanwhile may stay, such as
	 * those to requests that are under way. What has failed can be tried again.
	 * @param eviction says which
	 * @return the number of answers that were removed; one that is in several stores
	 * counts in each of them
	 * @throws IllegalStateException if a store has failed; its message names the backend.
	 * The other stores were asked all the same
	 */
	long evict(CacheEviction eviction);

	/**
	 * Create an evictor.
	 * @param stores the stores, in the order in which they are asked
	 * @return the evictor
	 */
	static CacheEvictor of(Collection<? extends CacheStore> stores) {
		return new StoreEvictor(stores);
	}

}

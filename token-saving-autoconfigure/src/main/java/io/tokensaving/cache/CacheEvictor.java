package io.tokensaving.cache;

import java.util.Collection;
import java.util.function.BiPredicate;

/**
 * Evicts answers from all caches of an application. Thread-safe; may wait for stores
 * outside this process.
 */
@FunctionalInterface
public interface CacheEvictor {

	/**
	 * Remove answers from all stores. Answers to requests that come meanwhile may stay,
	 * and so may those to requests that are under way in other instances of the
	 * application. What has failed can be tried again.
	 * @param eviction says which
	 * @return the number of answers that were removed; one that is in several stores
	 * counts in each of them
	 * @throws IllegalStateException if a store has failed, and its message names the
	 * backend, or if answers of before are still being stored after five seconds. All
	 * other stores were asked all the same
	 */
	long evict(CacheEviction eviction);

	/**
	 * Create an evictor.
	 * @param stores the stores, in the order in which they are asked
	 * @param writers what writes to the stores, such as the advisors of the caches
	 * @param required whether it matters that a store has failed; if not, it is only
	 * logged
	 * @return the evictor
	 */
	static CacheEvictor of(Collection<? extends CacheStore> stores, Collection<? extends CacheWriter> writers,
			BiPredicate<CacheStore, CacheEviction> required) {
		return new StoreEvictor(stores, writers, required);
	}

}

package io.tokensaving.cache;

import io.tokensaving.feature.Eviction;

/**
 * A store of answers: the operations that the stores of all caches share. Implementations
 * must be thread-safe.
 */
public interface CacheStore {

	/**
	 * Return the name by which plans select this store.
	 * @return the name in snake case
	 */
	String backend();

	/**
	 * Remove answers. Answers that are stored during the eviction may stay. May throw a
	 * {@link RuntimeException} if the store cannot be reached.
	 * @param eviction selects the answers
	 * @return the number of removed answers
	 */
	long evict(Eviction eviction);

	/**
	 * Return the state of the store.
	 * @return the state, {@link CacheStoreStatus#UNAVAILABLE} if the store cannot be
	 * reached
	 */
	CacheStoreStatus status();

}

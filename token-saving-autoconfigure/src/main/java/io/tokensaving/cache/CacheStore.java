package io.tokensaving.cache;

/**
 * What the stores of all caches have in common. Thread-safe.
 */
public interface CacheStore {

	/**
	 * Return the name by which plans select this store.
	 * @return the name in snake case
	 */
	String backend();

	/**
	 * Remove answers. Answers that are stored meanwhile may stay.
	 * @param eviction says which
	 * @return the number of answers that were removed
	 */
	long evict(CacheEviction eviction);

	/**
	 * Return the state of the store.
	 * @return the state
	 */
	CacheStoreStatus status();

}

package io.tokensaving.cache;

import io.tokensaving.feature.EntryCounts;
import io.tokensaving.feature.Eviction;
import org.jspecify.annotations.Nullable;

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
	 * Count answers. Called while somebody looks at the endpoint, so a store outside this
	 * process looks at a limited number of answers. May throw a {@link RuntimeException}
	 * if the store cannot be reached. The default cannot count.
	 * @param selection selects the answers, as an eviction would
	 * @return the counts, or {@code null} if the store cannot count
	 */
	default @Nullable EntryCounts count(Eviction selection) {
		return null;
	}

	/**
	 * Return the state of the store.
	 * @return the state, {@link CacheStoreStatus#UNAVAILABLE} if the store cannot be
	 * reached
	 */
	CacheStoreStatus status();

}

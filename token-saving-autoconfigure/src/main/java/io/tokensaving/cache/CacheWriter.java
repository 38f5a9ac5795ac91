package io.tokensaving.cache;

import io.tokensaving.feature.Eviction;

/**
 * Stores the answers of requests that may have started long before. Implementations must
 * be thread-safe.
 */
public interface CacheWriter {

	/**
	 * Begin an eviction; called before the stores evict. From now on the writer does not
	 * store an answer that the eviction selects if its request started before this call.
	 * Waits up to five seconds for writes in progress.
	 * @param eviction selects the answers
	 * @return whether all writes in progress have ended; if not, their answers may stay
	 * in the stores
	 */
	boolean beginEviction(Eviction eviction);

}

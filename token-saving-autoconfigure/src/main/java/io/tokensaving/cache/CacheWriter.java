package io.tokensaving.cache;

/**
 * Stores answers when they have come, which may be long after they were asked for.
 * Thread-safe.
 */
public interface CacheWriter {

	/**
	 * Begin an eviction, before the stores are asked to evict: answers that it means are
	 * not stored any more if they were asked for before. Waits up to five seconds for the
	 * writes that have begun already.
	 * @param eviction says what is evicted
	 * @return whether all of them have ended; if not, what they write may stay
	 */
	boolean beginEviction(CacheEviction eviction);

}

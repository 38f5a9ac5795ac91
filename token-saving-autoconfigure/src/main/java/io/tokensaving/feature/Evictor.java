package io.tokensaving.feature;

/**
 * Removes stored answers from all places where the features of an application keep them.
 * Implementations must be thread-safe.
 */
@FunctionalInterface
public interface Evictor {

	/**
	 * Remove answers from all places, waiting for those outside this process. Answers to
	 * requests that arrive during the eviction may stay, and so may answers to requests
	 * in flight in other instances of the application. A failed eviction can be repeated.
	 * @param eviction selects the answers
	 * @return the number of removed answers; an answer in several places counts once for
	 * each
	 * @throws IllegalStateException if a place fails, in which case the message names it,
	 * or if writes that began before the eviction have not ended after five seconds. The
	 * eviction is tried in all other places even then
	 */
	long evict(Eviction eviction);

}

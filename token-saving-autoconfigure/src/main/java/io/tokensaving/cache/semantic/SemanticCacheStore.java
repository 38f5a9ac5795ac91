package io.tokensaving.cache.semantic;

import java.time.Duration;
import java.util.List;

import io.tokensaving.cache.CacheStore;

/**
 * Keeps answers by the embedding of their question, and finds the answers to similar
 * questions. An application adds a store as a bean of this type; plans select it by its
 * {@linkplain #backend() backend}. Implementations must be thread-safe.
 * <p>
 * Questions of different partitions are never compared. All vectors of a partition have
 * the same number of dimensions. If a store throws anything or takes too long, the
 * request goes to the model.
 */
public interface SemanticCacheStore extends CacheStore {

	/**
	 * Return the name by which plans select this store, such as
	 * {@code in_memory_semantic}.
	 * @return the name in snake case
	 */
	@Override
	String backend();

	/**
	 * Find answers that have not expired.
	 * @param partition the partition to search
	 * @param vector the embedding of the question, of length 1; must not be modified
	 * @param limit the largest number of answers to return, at least 1
	 * @param threshold the lowest cosine similarity, -1 to 1
	 * @return the answers, most similar first; an approximate index may miss some
	 */
	List<SemanticMatch> search(String partition, float[] vector, int limit, double threshold);

	/**
	 * Find answers that have not expired, within the memory and time that the plan
	 * allows. A store outside this process should override this method, so that it
	 * neither reads nor decodes larger entries, which others may have written. The
	 * default ignores the limits.
	 * @param query the query
	 * @return the answers, as in {@link #search(String, float[], int, double)}
	 */
	default List<SemanticMatch> search(SemanticQuery query) {
		return search(query.partition(), query.vector(), query.limit(), query.threshold());
	}

	/**
	 * Store an answer, replacing an earlier one to the same question in the same
	 * partition.
	 * @param entry the question and its answer
	 * @param ttl how long it may be served, above zero
	 */
	void store(SemanticCacheEntry entry, Duration ttl);

	/**
	 * Whether {@link #search} and {@link #store} may block. If so, searches run on
	 * threads of their own with a deadline, and writes in the background.
	 * @return {@code false} if the store keeps its answers in the memory of this process
	 */
	default boolean isBlocking() {
		return true;
	}

}

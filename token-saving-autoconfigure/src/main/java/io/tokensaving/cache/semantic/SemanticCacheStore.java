package io.tokensaving.cache.semantic;

import java.time.Duration;
import java.util.List;

import io.tokensaving.cache.CacheStore;

/**
 * Keeps answers by the embedding of their question and finds those of similar questions.
 * An application's own store is a bean of this type; plans select it by its
 * {@linkplain #backend() backend}. Thread-safe.
 * <p>
 * Questions of different partitions are never compared. All vectors of a partition have
 * the same number of dimensions. A store may fail in any way: the request then goes to
 * the model.
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
	 * Find answers whose time is not over.
	 * @param partition the partition to look in
	 * @param vector the embedding of the question, of length 1; not to be changed
	 * @param limit the number of answers to return at most, at least 1
	 * @param threshold the lowest cosine similarity, -1 to 1
	 * @return the answers, most similar first; may have fewer than there are, as an
	 * approximate index may miss some
	 */
	List<SemanticMatch> search(String partition, float[] vector, int limit, double threshold);

	/**
	 * Store an answer, in place of an earlier one to the same question of the same
	 * partition.
	 * @param entry the question and its answer
	 * @param ttl how long it may be served, above zero
	 */
	void store(SemanticCacheEntry entry, Duration ttl);

	/**
	 * Whether {@link #search} and {@link #store} may wait for something outside this
	 * process.
	 * @return {@code true} unless everything is answered from memory
	 */
	default boolean isBlocking() {
		return true;
	}

}

package io.tokensaving.cache.semantic;

import io.github.jbellis.jvector.vector.types.VectorFloat;
import io.tokensaving.cache.CachedResponse;
import io.tokensaving.cache.EntryLabels;
import org.jspecify.annotations.Nullable;

/**
 * An entry of the in-memory store, and where its vector is. The mutable fields belong to
 * the {@link VectorPartition}.
 */
final class VectorItem {

	/**
	 * What an item takes up beside its texts and its vector: objects, cache node, edges
	 * of the graph.
	 */
	private static final int OVERHEAD_BYTES = 700;

	final Key key;

	final CachedResponse response;

	final EntryLabels labels;

	final long ttlNanos;

	final long expiresAtNanos;

	final int bytes;

	/**
	 * Place in the scanned part, or -1 if it is not there.
	 */
	int slot = -1;

	/**
	 * Number in the graph, or -1 if it is not there.
	 */
	int node = -1;

	boolean removed;

	/**
	 * The vector of an item that is in the graph, or about to be.
	 */
	volatile @Nullable VectorFloat<?> vector;

	VectorItem(SemanticCacheEntry entry, long ttlNanos, long nowNanos) {
		this.key = new Key(entry.partition(), entry.question());
		this.response = entry.response();
		this.labels = entry.labels();
		this.ttlNanos = ttlNanos;
		this.expiresAtNanos = nowNanos + ttlNanos;
		long size = OVERHEAD_BYTES + entry.response().sizeInBytes() + 2L * entry.question().length()
				+ (long) Float.BYTES * entry.vector().length;
		this.bytes = (int) Math.min(Integer.MAX_VALUE, size);
	}

	boolean isExpired(long nowNanos) {
		return nowNanos - this.expiresAtNanos >= 0;
	}

	/**
	 * What identifies an entry.
	 *
	 * @param partition the partition
	 * @param question the text of the question
	 */
	record Key(String partition, String question) {

	}

}

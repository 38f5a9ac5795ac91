package io.tokensaving.cache.semantic;

import io.tokensaving.cache.CachedResponse;
import io.tokensaving.cache.EntryLabels;

/**
 * An entry of the in-memory store, and the position of its vector. The mutable fields are
 * guarded by the lock of its {@link VectorPartition}.
 */
final class VectorItem {

	/**
	 * The approximate size in memory of an item without its texts and its vector:
	 * objects, cache node and edges of the graph.
	 */
	private static final int OVERHEAD_BYTES = 700;

	final Key key;

	final CachedResponse response;

	final EntryLabels labels;

	final long ttlNanos;

	final long expiresAtNanos;

	final int bytes;

	/**
	 * The position in the {@link VectorScan}, or -1 if it is not there.
	 */
	int slot = -1;

	/**
	 * The number of the node in the {@link VectorGraph}, or -1 if it is not there.
	 */
	int node = -1;

	boolean removed;

	VectorItem(SemanticCacheEntry entry, long ttlNanos, long nowNanos) {
		this.key = new Key(entry.partition(), entry.question());
		this.response = entry.response();
		this.labels = entry.labels();
		this.ttlNanos = ttlNanos;
		this.expiresAtNanos = nowNanos + ttlNanos;
		long size = OVERHEAD_BYTES + entry.response().sizeInBytes() + 2L * entry.question().length()
				+ (long) Float.BYTES * entry.vector().length + entry.labels().sizeInBytes();
		this.bytes = (int) Math.min(Integer.MAX_VALUE, size);
	}

	boolean isExpired(long nowNanos) {
		return nowNanos - this.expiresAtNanos >= 0;
	}

	/**
	 * The key of an entry.
	 *
	 * @param partition the partition
	 * @param question the text of the question
	 */
	record Key(String partition, String question) {

	}

}

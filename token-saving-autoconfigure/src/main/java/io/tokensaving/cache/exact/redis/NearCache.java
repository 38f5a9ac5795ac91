package io.tokensaving.cache.exact.redis;

import java.time.Duration;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import io.tokensaving.backend.HeapSize;
import io.tokensaving.cache.CacheKey;
import io.tokensaving.cache.CachedResponse;
import org.jspecify.annotations.Nullable;

/**
 * Caches recently used answers in the memory of this process. An answer that was read
 * from Redis before an eviction of this process is not cached after it. Thread-safe;
 * look-ups never wait.
 */
final class NearCache {

	private static final int KEY_BYTES = 250;

	private final Cache<CacheKey, Entry> entries;

	private final Duration maxTtl;

	// Answers are added under the read lock. An eviction increases the counter under the
	// write lock, so afterwards it finds every answer that was added with the old count
	private final ReadWriteLock lock = new ReentrantReadWriteLock();

	private volatile long evictions;

	/**
	 * Create a cache.
	 * @param maxBytes the maximum size of the entries in bytes
	 * @param maxTtl how long an answer stays in this cache at most
	 */
	NearCache(long maxBytes, Duration maxTtl) {
		this.maxTtl = maxTtl;
		this.entries = Caffeine.newBuilder()
			.maximumWeight(maxBytes)
			.weigher((CacheKey key, Entry entry) -> entry.bytes())
			.expireAfter(Expiry.writing((CacheKey key, Entry entry) -> entry.ttl()))
			.build();
	}

	/**
	 * Return the number of evictions so far, to be read before Redis is asked.
	 * @return the number
	 */
	long evictions() {
		return this.evictions;
	}

	@Nullable CachedResponse find(CacheKey key) {
		Entry entry = this.entries.getIfPresent(key);
		return (entry != null) ? entry.response() : null;
	}

	/**
	 * Cache an answer that was read from Redis, unless there is another one or something
	 * was evicted meanwhile.
	 * @param key the key
	 * @param response the answer
	 * @param ttlMillis how long it may be served
	 * @param evictions the number of evictions before the answer was read
	 */
	void keepRead(CacheKey key, CachedResponse response, long ttlMillis, long evictions) {
		if (ttlMillis > 0) {
			Entry entry = entry(key, response, ttlMillis);
			unlessEvicted(evictions, () -> this.entries.asMap().putIfAbsent(key, entry));
		}
	}

	/**
	 * Cache an answer that was written to Redis, in place of an earlier one.
	 * @param key the key
	 * @param response the answer
	 * @param ttlMillis how long it may be served
	 * @param evictions the number of evictions before the answer was written
	 */
	void keepWritten(CacheKey key, CachedResponse response, long ttlMillis, long evictions) {
		Entry entry = entry(key, response, ttlMillis);
		if (!unlessEvicted(evictions, () -> this.entries.put(key, entry))) {
			// The earlier answer must not be served any more in this case either
			this.entries.invalidate(key);
		}
	}

	private boolean unlessEvicted(long since, Runnable put) {
		this.lock.readLock().lock();
		try {
			if (since != this.evictions) {
				return false;
			}
			put.run();
			return true;
		}
		finally {
			this.lock.readLock().unlock();
		}
	}

	private Entry entry(CacheKey key, CachedResponse response, long ttlMillis) {
		int bytes = HeapSize
			.weight(KEY_BYTES + response.sizeInBytes() + ((key.scope() != null) ? HeapSize.of(key.scope()) : 0));
		return new Entry(response, Duration.ofMillis(Math.min(ttlMillis, this.maxTtl.toMillis())), bytes);
	}

	/**
	 * Remove the answers of a workspace. All of them, because answers read from Redis
	 * have no tags.
	 * @param workspace the workspace
	 */
	void evict(String workspace) {
		this.lock.writeLock().lock();
		try {
			this.evictions = this.evictions + 1;
		}
		finally {
			this.lock.writeLock().unlock();
		}
		this.entries.asMap().keySet().removeIf((key) -> key.workspace().equals(workspace));
	}

	private record Entry(CachedResponse response, Duration ttl, int bytes) {

	}

}

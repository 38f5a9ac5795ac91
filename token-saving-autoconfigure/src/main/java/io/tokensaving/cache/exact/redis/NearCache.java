package io.tokensaving.cache.exact.redis;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import io.tokensaving.cache.CacheKey;
import io.tokensaving.cache.CachedResponse;
import org.jspecify.annotations.Nullable;

/**
 * Keeps what was asked for last in the memory of this process. What was read from Redis
 * before an eviction of this process does not get in after it. Thread-safe.
 */
final class NearCache {

	private static final int KEY_BYTES = 250;

	private final Cache<CacheKey, Entry> entries;

	private final Duration maxTtl;

	private final AtomicLong evictions = new AtomicLong();

	/**
	 * Create a cache.
	 * @param maxBytes the bytes that the entries may take up
	 * @param maxTtl how long an answer stays at most
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
	 * Return the number of evictions so far, to be remembered before Redis is asked.
	 * @return the number
	 */
	long evictions() {
		return this.evictions.get();
	}

	@Nullable CachedResponse find(CacheKey key) {
		Entry entry = this.entries.getIfPresent(key);
		return (entry != null) ? entry.response() : null;
	}

	/**
	 * Keep an answer that was read, unless there is another one or something was evicted
	 * meanwhile.
	 * @param key the key
	 * @param response the answer
	 * @param ttlMillis how long it may be served
	 * @param evictions the number of evictions before it was read
	 */
	void keepRead(CacheKey key, CachedResponse response, long ttlMillis, long evictions) {
		if (ttlMillis > 0 && evictions == this.evictions.get()) {
			Entry entry = entry(response, ttlMillis);
			if (this.entries.asMap().putIfAbsent(key, entry) == null) {
				removeIfEvicted(key, entry, evictions);
			}
		}
	}

	/**
	 * Keep an answer that was written, in place of an earlier one.
	 * @param key the key
	 * @param response the answer
	 * @param ttlMillis how long it may be served
	 * @param evictions the number of evictions before it was written
	 */
	void keepWritten(CacheKey key, CachedResponse response, long ttlMillis, long evictions) {
		Entry entry = entry(response, ttlMillis);
		this.entries.put(key, entry);
		removeIfEvicted(key, entry, evictions);
	}

	private Entry entry(CachedResponse response, long ttlMillis) {
		int bytes = (int) Math.min(Integer.MAX_VALUE, response.sizeInBytes() + KEY_BYTES);
		return new Entry(response, Duration.ofMillis(Math.min(ttlMillis, this.maxTtl.toMillis())), bytes);
	}

	private void removeIfEvicted(CacheKey key, Entry entry, long evictions) {
		if (evictions != this.evictions.get()) {
			this.entries.asMap().remove(key, entry);
		}
	}

	/**
	 * Forget the answers of a workspace. What was read from Redis has lost its tags.
	 * @param workspace the workspace
	 */
	void evict(String workspace) {
		this.evictions.incrementAndGet();
		this.entries.asMap().keySet().removeIf((key) -> key.workspace().equals(workspace));
	}

	private record Entry(CachedResponse response, Duration ttl, int bytes) {

	}

}

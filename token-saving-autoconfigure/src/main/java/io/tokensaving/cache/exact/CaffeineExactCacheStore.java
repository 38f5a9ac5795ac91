package io.tokensaving.cache.exact;

import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import com.github.benmanes.caffeine.cache.Ticker;
import io.tokensaving.cache.CacheEviction;
import io.tokensaving.cache.CacheKey;
import io.tokensaving.cache.CacheStoreStatus;
import io.tokensaving.cache.CachedResponse;
import org.jspecify.annotations.Nullable;

import org.springframework.util.Assert;

/**
 * Keeps answers in the memory of this process, up to a number of bytes. Once they are
 * reached, Caffeine's W-TinyLFU policy keeps what is asked for most. Thread-safe.
 */
public final class CaffeineExactCacheStore implements ExactCacheStore {

	/**
	 * The name of this store in plans.
	 */
	public static final String BACKEND = "in_memory";

	/**
	 * The default limit: 64 MiB.
	 */
	public static final long DEFAULT_MAX_BYTES = 64L * 1024 * 1024;

	private static final int KEY_BYTES = 250;

	private final Cache<String, Entry> entries;

	private final long maxBytes;

	/**
	 * Create a store with the default limit.
	 */
	public CaffeineExactCacheStore() {
		this(DEFAULT_MAX_BYTES);
	}

	/**
	 * Create a store.
	 * @param maxBytes the bytes that the entries may take up, at least 1
	 */
	public CaffeineExactCacheStore(long maxBytes) {
		this(maxBytes, Ticker.systemTicker(), ForkJoinPool.commonPool());
	}

	/**
	 * Create a store with a clock of its own.
	 * @param maxBytes the bytes that the entries may take up, at least 1
	 * @param ticker the clock by which entries expire
	 * @param executor runs the upkeep of the cache
	 */
	CaffeineExactCacheStore(long maxBytes, Ticker ticker, Executor executor) {
		Assert.isTrue(maxBytes >= 1, () -> "'maxBytes' must be at least 1, but is " + maxBytes);
		this.maxBytes = maxBytes;
		this.entries = Caffeine.newBuilder()
			.maximumWeight(maxBytes)
			.weigher((String key, Entry entry) -> entry.bytes())
			.expireAfter(Expiry.writing((String key, Entry entry) -> entry.ttl()))
			.ticker(ticker)
			.executor(executor)
			.recordStats()
			.build();
	}

	@Override
	public String backend() {
		return BACKEND;
	}

	@Override
	public @Nullable CachedResponse find(CacheKey key) {
		Entry entry = this.entries.getIfPresent(key.fingerprint());
		return (entry != null) ? entry.response() : null;
	}

	@Override
	public void store(CacheKey key, CachedResponse response, Duration ttl, Set<String> tags) {
		int bytes = (int) Math.min(Integer.MAX_VALUE, response.sizeInBytes() + KEY_BYTES);
		this.entries.put(key.fingerprint(), new Entry(key, response, ttl, tags, bytes));
	}

	@Override
	public long evict(CacheEviction eviction) {
		long evicted = 0;
		for (Map.Entry<String, Entry> entry : this.entries.asMap().entrySet()) {
			if (eviction.matches(entry.getValue().key(), entry.getValue().tags())
					&& this.entries.asMap().remove(entry.getKey(), entry.getValue())) {
				evicted++;
			}
		}
		return evicted;
	}

	@Override
	public boolean isBlocking() {
		return false;
	}

	@Override
	public CacheStoreStatus status() {
		long bytes = this.entries.policy().eviction().map((eviction) -> eviction.weightedSize().orElse(0)).orElse(0L);
		return new CacheStoreStatus(true, this.entries.estimatedSize(), bytes, this.maxBytes,
				this.entries.stats().evictionCount());
	}

	private record Entry(CacheKey key, CachedResponse response, Duration ttl, Set<String> tags, int bytes) {

	}

}

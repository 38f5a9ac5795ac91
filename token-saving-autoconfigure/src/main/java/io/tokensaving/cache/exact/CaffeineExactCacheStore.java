package io.tokensaving.cache.exact;

import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import com.github.benmanes.caffeine.cache.Ticker;
import io.tokensaving.backend.HeapSize;
import io.tokensaving.cache.CacheKey;
import io.tokensaving.cache.CacheStoreStatus;
import io.tokensaving.cache.CachedResponse;
import io.tokensaving.cache.EntryCounting;
import io.tokensaving.cache.EntryLabels;
import io.tokensaving.feature.EntryCounts;
import io.tokensaving.feature.Eviction;
import org.jspecify.annotations.Nullable;

import org.springframework.util.Assert;

/**
 * Keeps answers in the memory of this process, up to a number of bytes. When that is
 * reached, Caffeine's W-TinyLFU policy keeps the answers that are used most. Thread-safe.
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
	 * @param maxBytes the largest total size of the entries in bytes, at least 1
	 */
	public CaffeineExactCacheStore(long maxBytes) {
		this(maxBytes, Ticker.systemTicker(), ForkJoinPool.commonPool());
	}

	/**
	 * Create a store with a clock of its own.
	 * @param maxBytes the largest total size of the entries in bytes, at least 1
	 * @param ticker the clock by which entries expire
	 * @param executor runs the maintenance of the cache
	 */
	CaffeineExactCacheStore(long maxBytes, Ticker ticker, Executor executor) {
		Assert.isTrue(maxBytes >= 1, () -> "'maxBytes' must be at least 1, but is " + maxBytes);
		this.maxBytes = maxBytes;
		this.entries = Caffeine.newBuilder()
			.maximumWeight(maxBytes)
			.weigher((String key, Entry entry) -> entry.bytes())
			.expireAfter(new EntryExpiry())
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
		this.entries.put(key.fingerprint(), Entry.of(key, response, ttl, tags, false));
	}

	@Override
	public boolean addTags(CacheKey key, Duration ttl, Set<String> tags) {
		this.entries.asMap().computeIfPresent(key.fingerprint(), (fingerprint, entry) -> entry.with(tags));
		return true;
	}

	@Override
	public long evict(Eviction eviction) {
		long evicted = 0;
		for (Map.Entry<String, Entry> entry : this.entries.asMap().entrySet()) {
			evicted += evict(eviction, entry.getKey(), entry.getValue()) ? 1 : 0;
		}
		return evicted;
	}

	private boolean evict(Eviction eviction, String fingerprint, Entry found) {
		Entry entry = found;
		while (entry != null && entry.key().matches(eviction, entry.tags())) {
			if (this.entries.asMap().remove(fingerprint, entry)) {
				return true;
			}
			// The entry was replaced meanwhile, perhaps by one with more tags
			entry = this.entries.getIfPresent(fingerprint);
		}
		return false;
	}

	@Override
	public EntryCounts count(Eviction selection) {
		EntryCounting counting = new EntryCounting();
		for (Entry entry : this.entries.asMap().values()) {
			if (entry.key().matches(selection, entry.tags())) {
				counting.add(entry.key().plan(), entry.key().scope(), entry.tags());
			}
		}
		return counting.all();
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

	/**
	 * An answer. Adding tags makes a copy, because they count towards the weight of the
	 * entry.
	 *
	 * @param tagged whether the entry is the copy of another, whose time to live it
	 * continues
	 */
	private record Entry(CacheKey key, CachedResponse response, Duration ttl, Set<String> tags, int bytes,
			boolean tagged) {

		static Entry of(CacheKey key, CachedResponse response, Duration ttl, Set<String> tags, boolean tagged) {
			int bytes = HeapSize.weight(KEY_BYTES + response.sizeInBytes() + EntryLabels.sizeInBytes(tags)
					+ ((key.scope() != null) ? HeapSize.of(key.scope()) : 0));
			return new Entry(key, response, ttl, tags, bytes, tagged);
		}

		Entry with(Set<String> more) {
			Set<String> all = new HashSet<>(this.tags);
			all.addAll(more);
			return of(this.key, this.response, this.ttl, all, true);
		}

	}

	/**
	 * Lets an answer expire after its time to live. Adding tags does not restart it.
	 */
	private static final class EntryExpiry implements Expiry<String, Entry> {

		@Override
		public long expireAfterCreate(String key, Entry entry, long now) {
			return TimeUnit.NANOSECONDS.convert(entry.ttl());
		}

		@Override
		public long expireAfterUpdate(String key, Entry entry, long now, long current) {
			return entry.tagged() ? current : expireAfterCreate(key, entry, now);
		}

		@Override
		public long expireAfterRead(String key, Entry entry, long now, long current) {
			return current;
		}

	}

}

package io.tokensaving.cache.exact;

import java.time.Duration;
import java.util.Set;

import io.tokensaving.cache.CacheKey;
import io.tokensaving.cache.CacheStoreStatus;
import io.tokensaving.cache.CachedResponse;
import io.tokensaving.feature.Eviction;
import org.jspecify.annotations.Nullable;

/**
 * Memory, of which a test can change something.
 */
public class TestExactStore implements ExactCacheStore {

	private final CaffeineExactCacheStore entries = new CaffeineExactCacheStore();

	private final String backend;

	private final boolean blocking;

	/**
	 * Create a store in place of the one in memory.
	 */
	public TestExactStore() {
		this(CaffeineExactCacheStore.BACKEND, false);
	}

	public TestExactStore(String backend, boolean blocking) {
		this.backend = backend;
		this.blocking = blocking;
	}

	@Override
	public String backend() {
		return this.backend;
	}

	@Override
	public boolean isBlocking() {
		return this.blocking;
	}

	@Override
	public @Nullable CachedResponse find(CacheKey key) {
		return this.entries.find(key);
	}

	@Override
	public void store(CacheKey key, CachedResponse response, Duration ttl, Set<String> tags) {
		this.entries.store(key, response, ttl, tags);
	}

	@Override
	public boolean addTags(CacheKey key, Duration ttl, Set<String> tags) {
		return this.entries.addTags(key, ttl, tags);
	}

	@Override
	public long evict(Eviction eviction) {
		return this.entries.evict(eviction);
	}

	@Override
	public CacheStoreStatus status() {
		return this.entries.status();
	}

}

package io.tokensaving.dedup;

import java.time.Duration;
import java.util.Set;

import io.tokensaving.cache.CacheEviction;
import io.tokensaving.cache.CacheKey;
import io.tokensaving.cache.CacheStoreStatus;
import io.tokensaving.cache.CachedResponse;
import io.tokensaving.cache.exact.CaffeineExactCacheStore;
import io.tokensaving.cache.exact.ExactCacheStore;
import org.jspecify.annotations.Nullable;

/**
 * Memory, of which a test can change something.
 */
class InMemoryTestStore implements ExactCacheStore {

	private final CaffeineExactCacheStore entries = new CaffeineExactCacheStore();

	@Override
	public String backend() {
		return this.entries.backend();
	}

	@Override
	public boolean isBlocking() {
		return this.entries.isBlocking();
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
	public long evict(CacheEviction eviction) {
		return this.entries.evict(eviction);
	}

	@Override
	public CacheStoreStatus status() {
		return this.entries.status();
	}

}

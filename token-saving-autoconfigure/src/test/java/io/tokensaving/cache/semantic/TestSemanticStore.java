package io.tokensaving.cache.semantic;

import java.time.Duration;
import java.util.List;

import io.tokensaving.cache.CacheStoreStatus;
import io.tokensaving.feature.Eviction;

/**
 * Another store, of which a test can change something.
 */
public class TestSemanticStore implements SemanticCacheStore {

	private final SemanticCacheStore store;

	private final String backend;

	private final boolean blocking;

	/**
	 * Create a store in place of another one.
	 * @param store the other one
	 */
	public TestSemanticStore(SemanticCacheStore store) {
		this(store, store.backend(), store.isBlocking());
	}

	/**
	 * Create an empty store.
	 * @param backend its name
	 * @param blocking whether it is taken for one outside this process
	 */
	public TestSemanticStore(String backend, boolean blocking) {
		this(new InMemorySemanticCacheStore(), backend, blocking);
	}

	private TestSemanticStore(SemanticCacheStore store, String backend, boolean blocking) {
		this.store = store;
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
	public List<SemanticMatch> search(String partition, float[] vector, int limit, double threshold) {
		return this.store.search(partition, vector, limit, threshold);
	}

	@Override
	public void store(SemanticCacheEntry entry, Duration ttl) {
		this.store.store(entry, ttl);
	}

	@Override
	public long evict(Eviction eviction) {
		return this.store.evict(eviction);
	}

	@Override
	public CacheStoreStatus status() {
		return this.store.status();
	}

}

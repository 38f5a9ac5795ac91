package io.tokensaving.cache;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * Evicts answers from one store after the other. Thread-safe.
 */
final class StoreEvictor implements CacheEvictor {

	private final List<CacheStore> stores;

	StoreEvictor(Collection<? extends CacheStore> stores) {
		this.stores = List.copyOf(stores);
	}

	@Override
	public long evict(CacheEviction eviction) {
		long evicted = 0;
		List<String> failed = new ArrayList<>();
		List<RuntimeException> failures = new ArrayList<>();
		for (CacheStore store : this.stores) {
			try {
				evicted += store.evict(eviction);
			}
			catch (RuntimeException ex) {
				failed.add(store.backend());
				failures.add(ex);
			}
		}
		if (!failures.isEmpty()) {
			IllegalStateException failure = new IllegalStateException(
					"Nothing or not all could be evicted from '%s'; the other caches have evicted %d answers"
						.formatted(String.join("' and '", failed), evicted),
					failures.get(0));
			failures.subList(1, failures.size()).forEach(failure::addSuppressed);
			throw failure;
		}
		return evicted;
	}

}

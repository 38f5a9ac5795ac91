package io.tokensaving.cache;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.BiPredicate;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * Evicts answers from one store after the other. Thread-safe.
 */
final class StoreEvictor implements CacheEvictor {

	private static final Log logger = LogFactory.getLog(StoreEvictor.class);

	private final List<CacheStore> stores;

	private final List<CacheWriter> writers;

	private final BiPredicate<CacheStore, CacheEviction> required;

	StoreEvictor(Collection<? extends CacheStore> stores, Collection<? extends CacheWriter> writers,
			BiPredicate<CacheStore, CacheEviction> required) {
		this.stores = List.copyOf(stores);
		this.writers = List.copyOf(writers);
		this.required = required;
	}

	@Override
	public long evict(CacheEviction eviction) {
		long evicted = 0;
		List<String> failed = new ArrayList<>();
		List<RuntimeException> failures = new ArrayList<>();
		boolean writing = false;
		for (CacheWriter writer : this.writers) {
			writing |= !writer.beginEviction(eviction);
		}
		for (CacheStore store : this.stores) {
			try {
				evicted += store.evict(eviction);
			}
			catch (RuntimeException ex) {
				if (this.required.test(store, eviction)) {
					failed.add(store.backend());
					failures.add(ex);
				}
				else {
					logger.debug("Nothing could be evicted from '%s', which is not used".formatted(store.backend()),
							ex);
				}
			}
		}
		if (writing) {
			failures.add(new IllegalStateException("Some answers of before are still being stored, and may stay; "
					+ "the caches have evicted %d answers".formatted(evicted)));
		}
		if (!failures.isEmpty()) {
			throw failure(failed, failures, evicted);
		}
		return evicted;
	}

	private static RuntimeException failure(List<String> failed, List<RuntimeException> failures, long evicted) {
		RuntimeException first = failures.get(0);
		RuntimeException failure = failed.isEmpty() ? first
				: new IllegalStateException(
						"Nothing or not all could be evicted from '%s'; the other caches have evicted %d answers"
							.formatted(String.join("' and '", failed), evicted),
						first);
		failures.subList(1, failures.size()).forEach(failure::addSuppressed);
		return failure;
	}

}

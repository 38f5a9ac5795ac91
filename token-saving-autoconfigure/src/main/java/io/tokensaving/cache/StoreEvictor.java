package io.tokensaving.cache;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.BiPredicate;

import io.tokensaving.feature.Eviction;
import io.tokensaving.feature.Evictor;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * Evicts answers from the stores of all caches, one after the other. Thread-safe.
 */
public final class StoreEvictor implements Evictor {

	private static final Log logger = LogFactory.getLog(StoreEvictor.class);

	private final List<CacheStore> stores;

	private final List<CacheWriter> writers;

	private final BiPredicate<CacheStore, Eviction> required;

	/**
	 * Create an evictor.
	 * @param stores the stores, in the order of eviction: a store whose answers are
	 * copied to another one comes before it
	 * @param writers the writers of the stores, such as the cache advisors
	 * @param required whether the failure of a store fails the eviction; otherwise it is
	 * only logged
	 */
	public StoreEvictor(Collection<? extends CacheStore> stores, Collection<? extends CacheWriter> writers,
			BiPredicate<CacheStore, Eviction> required) {
		this.stores = List.copyOf(stores);
		this.writers = List.copyOf(writers);
		this.required = required;
	}

	@Override
	public long evict(Eviction eviction) {
		long evicted = 0;
		List<String> failed = new ArrayList<>();
		List<RuntimeException> failures = new ArrayList<>();
		boolean writesInProgress = false;
		for (CacheStore store : this.stores) {
			// Begins again for each store, because a request may copy an answer from a
			// store that is not evicted yet to the next one. It waits for writes in
			// progress until that has timed out once
			writesInProgress = writesInProgress || beginEviction(eviction);
			try {
				evicted += store.evict(eviction);
			}
			catch (RuntimeException ex) {
				if (this.required.test(store, eviction)) {
					failed.add(store.backend());
					failures.add(ex);
				}
				else {
					logger.debug("Cannot evict from '%s', which no plan uses".formatted(store.backend()), ex);
				}
			}
		}
		if (writesInProgress) {
			failures
				.add(new IllegalStateException("Some answers to earlier requests are still being stored, and may stay; "
						+ "the caches have evicted %d answers".formatted(evicted)));
		}
		if (!failures.isEmpty()) {
			throw failure(failed, failures, evicted);
		}
		return evicted;
	}

	private boolean beginEviction(Eviction eviction) {
		boolean writesInProgress = false;
		for (CacheWriter writer : this.writers) {
			writesInProgress |= !writer.beginEviction(eviction);
		}
		return writesInProgress;
	}

	private static RuntimeException failure(List<String> failed, List<RuntimeException> failures, long evicted) {
		RuntimeException first = failures.get(0);
		RuntimeException failure = failed.isEmpty() ? first
				: new IllegalStateException(
						"Cannot evict all answers from '%s'; the other caches have evicted %d answers"
							.formatted(String.join("' and '", failed), evicted),
						first);
		failures.subList(1, failures.size()).forEach(failure::addSuppressed);
		return failure;
	}

}

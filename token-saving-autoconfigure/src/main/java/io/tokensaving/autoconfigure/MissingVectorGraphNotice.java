package io.tokensaving.autoconfigure;

import io.tokensaving.cache.semantic.InMemorySemanticCacheStore;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

import org.springframework.beans.factory.SmartInitializingSingleton;

/**
 * Logs at startup that a plan caches in {@value InMemorySemanticCacheStore#BACKEND} but
 * the artifact that makes searching large partitions fast is missing. Only a hint,
 * because everything works without it.
 */
final class MissingVectorGraphNotice implements SmartInitializingSingleton {

	private static final Log logger = LogFactory.getLog(MissingVectorGraphNotice.class);

	private final long maxEntries;

	/**
	 * Create the notice.
	 * @param maxEntries the number of entries that the cache may hold
	 */
	MissingVectorGraphNotice(long maxEntries) {
		this.maxEntries = maxEntries;
	}

	@Override
	public void afterSingletonsInstantiated() {
		if (this.maxEntries > InMemorySemanticCacheStore.MAX_SCANNED_SILENTLY) {
			logger
				.info(("'token-saving.plans.*.cache.backend' is '%s', and '%s' is not on the class path: every question "
						+ "is compared with all entries of its partition, which takes about a millisecond for %d of them. "
						+ "Add it if a partition may become larger, as 'token-saving.in-memory-semantic.max-entries' is %d.")
					.formatted(InMemorySemanticCacheStore.BACKEND, InMemorySemanticCacheStore.GRAPH_ARTIFACT,
							InMemorySemanticCacheStore.MAX_SCANNED_SILENTLY, this.maxEntries));
		}
	}

}

package io.tokensaving.autoconfigure;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.BiPredicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.tokensaving.cache.CacheFeature;
import io.tokensaving.cache.CacheSettings;
import io.tokensaving.cache.CacheStore;
import io.tokensaving.cache.StoreEntryCounter;
import io.tokensaving.cache.StoreEvictor;
import io.tokensaving.cache.exact.CaffeineExactCacheStore;
import io.tokensaving.cache.exact.ExactCacheAdvisor;
import io.tokensaving.cache.exact.ExactCacheStore;
import io.tokensaving.cache.semantic.SemanticCacheAdvisor;
import io.tokensaving.cache.semantic.SemanticCacheStore;
import io.tokensaving.cache.semantic.SemanticReviews;
import io.tokensaving.dedup.DedupAdvisor;
import io.tokensaving.feature.EntryCounter;
import io.tokensaving.feature.Eviction;
import io.tokensaving.feature.Evictor;
import io.tokensaving.plan.PlanRepository;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * Configuration that both caches share.
 */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(StoredAnswersProperties.class)
class CacheConfiguration {

	private static final String SEMANTIC_SUFFIX = "_semantic";

	private static final String REDIS = "redis";

	private static final Map<String, String> BACKEND_REQUIREMENTS = Map.of(REDIS,
			"'redis' needs 'org.springframework.boot:spring-boot-starter-data-redis', and a single or primary "
					+ "RedisConnectionFactory bean",
			"redis_semantic",
			"'redis_semantic' needs 'com.redis.om:redis-om-spring' and "
					+ "'org.springframework.boot:spring-boot-starter-data-redis'",
			"qdrant_semantic", "'qdrant_semantic' needs 'io.qdrant:client'", "vector_store",
			"'vector_store' needs 'org.springframework.ai:spring-ai-vector-store' and a VectorStore bean");

	@Bean
	CacheFeature tokenSavingCacheFeature(ObjectProvider<ExactCacheStore> stores,
			ObjectProvider<SemanticCacheStore> semanticStores) {
		return new CacheFeature(() -> Stream.<CacheStore>concat(stores.stream(), semanticStores.stream())
			.map(CacheStore::backend)
			.toList(), BACKEND_REQUIREMENTS);
	}

	/**
	 * Find the exact store that answers repeated requests of each semantic store.
	 * @param stores the exact stores
	 * @param semanticStores the semantic stores
	 * @return the backends of exact stores by the backends of semantic stores
	 */
	static Map<String, String> exactBackends(List<ExactCacheStore> stores, List<SemanticCacheStore> semanticStores) {
		Set<String> backends = stores.stream().map(ExactCacheStore::backend).collect(Collectors.toSet());
		Map<String, String> exactBackends = new HashMap<>();
		for (SemanticCacheStore store : semanticStores) {
			String exact = exactBackend(store, backends);
			if (backends.contains(exact)) {
				exactBackends.put(store.backend(), exact);
			}
		}
		return exactBackends;
	}

	// Repeated requests of a plan that caches in X_semantic are answered by the exact
	// cache X if there is one, otherwise by Redis if instances share answers
	private static String exactBackend(SemanticCacheStore store, Set<String> backends) {
		String backend = store.backend();
		String prefix = backend.endsWith(SEMANTIC_SUFFIX)
				? backend.substring(0, backend.length() - SEMANTIC_SUFFIX.length()) : backend;
		if (backends.contains(prefix)) {
			return prefix;
		}
		return (store.isBlocking() && backends.contains(REDIS)) ? REDIS : CaffeineExactCacheStore.BACKEND;
	}

	@Bean
	@ConditionalOnMissingBean
	Evictor tokenSavingEvictor(ObjectProvider<ExactCacheStore> stores,
			ObjectProvider<SemanticCacheStore> semanticStores, ExactCacheAdvisor exactCacheAdvisor,
			SemanticCacheAdvisor semanticCacheAdvisor, DedupAdvisor dedupAdvisor, PlanRepository plans,
			ObjectProvider<SemanticReviews> reviews) {
		List<ExactCacheStore> exact = stores.orderedStream().toList();
		List<SemanticCacheStore> semantic = semanticStores.orderedStream().toList();
		Map<String, String> exactBackends = exactBackends(exact, semantic);
		// Answers are also evicted from a store that no plan uses, because a deleted plan
		// may have used it; but that store may be unavailable
		BiPredicate<CacheStore, Eviction> required = (store, eviction) -> plans.findAll(eviction.workspace())
			.stream()
			.map((plan) -> plan.settings(CacheSettings.class))
			.filter(Objects::nonNull)
			.map(CacheSettings::backend)
			.anyMatch(
					(backend) -> backend.equals(store.backend()) || store.backend().equals(exactBackends.get(backend)));
		Evictor stored = new StoreEvictor(Stream.<CacheStore>concat(semantic.stream(), exact.stream()).toList(),
				List.of(exactCacheAdvisor, semanticCacheAdvisor), required);
		return (eviction) -> {
			try {
				return stored.evict(eviction);
			}
			finally {
				dedupAdvisor.forget();
				// Once more, for what was looked up before its store had evicted it
				reviews.ifUnique((kept) -> kept.evict(eviction));
			}
		};
	}

	@Bean
	@ConditionalOnMissingBean
	EntryCounter tokenSavingEntryCounter(ObjectProvider<ExactCacheStore> stores,
			ObjectProvider<SemanticCacheStore> semanticStores) {
		return new StoreEntryCounter(
				Stream.<CacheStore>concat(stores.orderedStream(), semanticStores.orderedStream()).toList());
	}

	@Bean
	WriteBehindLifecycle tokenSavingWriteBehindLifecycle(ExactCacheAdvisor exactCacheAdvisor,
			SemanticCacheAdvisor semanticCacheAdvisor) {
		return new WriteBehindLifecycle(exactCacheAdvisor, semanticCacheAdvisor);
	}

}

package io.tokensaving.autoconfigure;

import java.util.List;

import io.tokensaving.backend.CircuitBreakers;
import io.tokensaving.cache.exact.CaffeineExactCacheStore;
import io.tokensaving.cache.exact.ExactCacheAdvisor;
import io.tokensaving.cache.exact.ExactCacheFeature;
import io.tokensaving.cache.exact.ExactCacheStore;
import io.tokensaving.cache.semantic.SemanticCacheStore;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.statistics.SavingsStatistics;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * Configuration of the exact cache, with the in-memory store.
 */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(InMemoryCacheProperties.class)
class ExactCacheConfiguration {

	@Bean
	ExactCacheFeature tokenSavingExactCacheFeature() {
		return new ExactCacheFeature();
	}

	@Bean
	@ConditionalOnMissingBean
	CaffeineExactCacheStore tokenSavingInMemoryStore(InMemoryCacheProperties properties) {
		return new CaffeineExactCacheStore(properties.checkedMaxBytes());
	}

	@Bean
	@ConditionalOnMissingBean
	ExactCacheAdvisor tokenSavingExactCacheAdvisor(AdvisorOrderProperties order, StoredAnswersProperties storedAnswers,
			ObjectProvider<ExactCacheStore> stores, ObjectProvider<SemanticCacheStore> semanticStores,
			TokenCounter tokenCounter, PriceTable prices, SavingsStatistics statistics, CircuitBreakers breakers) {
		storedAnswers.check();
		List<ExactCacheStore> exactStores = stores.orderedStream().toList();
		ExactCacheAdvisor.Builder builder = ExactCacheAdvisor.builder(exactStores)
			.tokenCounter(tokenCounter)
			.prices(prices)
			.statistics(statistics)
			.circuitBreakers(breakers)
			.order(order.checked().getExactCache());
		CacheConfiguration.exactBackends(exactStores, semanticStores.orderedStream().toList())
			.forEach(builder::exactBackend);
		return builder.build();
	}

}

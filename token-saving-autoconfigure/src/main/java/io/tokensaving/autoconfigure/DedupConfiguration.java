package io.tokensaving.autoconfigure;

import io.tokensaving.backend.CircuitBreakers;
import io.tokensaving.cache.CacheSettings;
import io.tokensaving.cache.exact.ExactCacheAdvisor;
import io.tokensaving.dedup.ClusterLeases;
import io.tokensaving.dedup.DedupAdvisor;
import io.tokensaving.dedup.DedupFeature;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.statistics.SavingsStatistics;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.thread.Threading;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;
import org.springframework.core.task.VirtualThreadTaskExecutor;

/**
 * Configuration of deduplication: equal requests in flight share an answer.
 */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(InFlightProperties.class)
class DedupConfiguration {

	private static final String REDIS = "redis";

	@Bean
	DedupFeature tokenSavingDedupFeature(ObjectProvider<ClusterLeases> leases,
			ObjectProvider<ExactCacheAdvisor> exactCacheAdvisor) {
		return new DedupFeature((plan) -> {
			CacheSettings cache = plan.settings(CacheSettings.class);
			return cache != null && leases.getIfUnique() != null
					&& exactCacheAdvisor.getObject().isShared(cache.backend());
		});
	}

	@Bean
	@ConditionalOnMissingBean
	DedupAdvisor tokenSavingDedupAdvisor(InFlightProperties inFlight, AdvisorOrderProperties order,
			ObjectProvider<ClusterLeases> leases, TokenCounter tokenCounter, PriceTable prices,
			SavingsStatistics statistics, CircuitBreakers breakers, Environment environment) {
		DedupAdvisor.Builder builder = DedupAdvisor.builder()
			.tokenCounter(tokenCounter)
			.prices(prices)
			.statistics(statistics)
			.maxInFlight(inFlight.checkedMaxInFlight())
			.order(order.checked().getDedup());
		leases.ifUnique((unique) -> builder.clusterLeases(unique, REDIS, breakers));
		if (Threading.VIRTUAL.isActive(environment)) {
			builder.executor(new VirtualThreadTaskExecutor("token-saving-dedup-"));
		}
		return builder.build();
	}

}

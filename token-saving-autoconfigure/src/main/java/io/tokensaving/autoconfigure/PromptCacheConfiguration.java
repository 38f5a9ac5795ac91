package io.tokensaving.autoconfigure;

import java.util.ArrayList;
import java.util.List;

import io.tokensaving.ledger.PriceTable;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.promptcache.CachePlanner;
import io.tokensaving.promptcache.CacheRulesTable;
import io.tokensaving.promptcache.PrefixExchange;
import io.tokensaving.promptcache.PromptCacheAdvisor;
import io.tokensaving.promptcache.PromptCacheFeature;
import io.tokensaving.promptcache.PromptCacheInjector;
import io.tokensaving.promptcache.injector.BuiltInInjectors;
import io.tokensaving.statistics.SavingsStatistics;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.io.ResourceLoader;

/**
 * Configuration of the use of the providers' prompt caches.
 */
@Configuration(proxyBeanMethods = false)
class PromptCacheConfiguration {

	@Bean
	PromptCacheFeature tokenSavingPromptCacheFeature(ObjectProvider<CachePlanner> planner) {
		return new PromptCacheFeature(() -> planner.getObject().listen());
	}

	@Bean
	@ConditionalOnMissingBean
	CacheRulesTable tokenSavingCacheRulesTable() {
		return CacheRulesTable.builtIn();
	}

	@Bean
	@ConditionalOnMissingBean
	CachePlanner tokenSavingCachePlanner(TokenSavingProperties properties, ObjectProvider<PrefixExchange> exchanges,
			SavingsStatistics statistics) {
		PrefixExchange exchange = exchanges.getIfAvailable();
		if (exchange == null && properties.getPromptCacheRepository() == RepositoryType.REDIS) {
			throw ConfigurationErrors.noRedis("prompt-cache-repository");
		}
		return new CachePlanner(exchange,
				(failure) -> statistics.recordError(PromptCacheFeature.COMPONENT, null, failure));
	}

	@Bean
	@ConditionalOnMissingBean
	PromptCacheAdvisor tokenSavingPromptCacheAdvisor(ObjectProvider<PromptCacheInjector> injectors,
			CachePlanner planner, CacheRulesTable rules, AdvisorOrderProperties order, TokenCounter tokenCounter,
			PriceTable prices, SavingsStatistics statistics, ResourceLoader resources, PromptCacheFeature feature) {
		List<PromptCacheInjector> all = new ArrayList<>(injectors.orderedStream().toList());
		all.addAll(BuiltInInjectors.present(resources.getClassLoader()));
		return PromptCacheAdvisor.builder()
			.feature(feature)
			.injectors(all)
			.planner(planner)
			.rules(rules)
			.tokenCounter(tokenCounter)
			.prices(prices)
			.statistics(statistics)
			.order(order.checked().getPromptCache())
			.build();
	}

}

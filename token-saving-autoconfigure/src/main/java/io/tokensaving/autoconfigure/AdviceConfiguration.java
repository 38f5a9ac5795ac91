package io.tokensaving.autoconfigure;

import com.github.benmanes.caffeine.cache.Ticker;
import io.tokensaving.advice.AdviceCollector;
import io.tokensaving.advice.AdviceWatch;
import io.tokensaving.feature.Features;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.plan.PlanRepository;
import io.tokensaving.statistics.SavingsStatistics;
import io.tokensaving.statistics.StatisticsAggregator;

import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * Configuration of what is advised for plans.
 */
@Configuration(proxyBeanMethods = false)
class AdviceConfiguration {

	@Bean
	@ConditionalOnMissingBean
	AdviceCollector tokenSavingAdviceCollector(PlanRepository plans, Features features, SavingsStatistics statistics,
			StatisticsAggregator aggregator, PriceTable prices) {
		return new AdviceCollector(plans, features, statistics, aggregator, prices, Ticker.systemTicker());
	}

	@Bean
	@ConditionalOnMissingBean
	@ConditionalOnProperty(name = TokenSavingProperties.PREFIX + ".advice.enabled", matchIfMissing = true)
	AdviceWatch tokenSavingAdviceWatch(AdviceProperties properties, AdviceCollector collector,
			SavingsStatistics statistics) {
		return new AdviceWatch(collector, statistics, properties.checkedInterval(), Ticker.systemTicker());
	}

}

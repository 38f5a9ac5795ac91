package io.tokensaving.autoconfigure;

import io.tokensaving.feature.Features;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.plan.PlanRepository;
import io.tokensaving.shadow.ShadowAdvisor;
import io.tokensaving.shadow.ShadowFeature;
import io.tokensaving.statistics.SavingsStatistics;
import io.tokensaving.statistics.StatisticsAggregator;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * Configuration of plans that only observe.
 */
@Configuration(proxyBeanMethods = false)
class ShadowConfiguration {

	@Bean
	ShadowFeature tokenSavingShadowFeature(ObjectProvider<StatisticsAggregator> aggregator,
			ObjectProvider<PlanRepository> plans, ObjectProvider<Features> features) {
		return new ShadowFeature(aggregator::getObject, plans::getObject, features::getObject);
	}

	@Bean
	@ConditionalOnMissingBean
	ShadowAdvisor tokenSavingShadowAdvisor(AdvisorOrderProperties order, SavingsStatistics statistics,
			PriceTable prices, TokenCounter tokenCounter) {
		return new ShadowAdvisor(statistics, prices, tokenCounter, order.checked().getShadow());
	}

}

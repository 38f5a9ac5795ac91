package io.tokensaving.autoconfigure;

import io.tokensaving.ledger.PriceTable;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.provider.Dialects;
import io.tokensaving.statistics.SavingsStatistics;
import io.tokensaving.statistics.StatisticsAggregator;
import io.tokensaving.structured.StructuredAdvisor;
import io.tokensaving.structured.StructuredFeature;
import io.tokensaving.tier.Tiers;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * Configuration of structured output.
 */
@Configuration(proxyBeanMethods = false)
class StructuredConfiguration {

	@Bean
	StructuredFeature tokenSavingStructuredFeature(ObjectProvider<Tiers> tiers,
			ObjectProvider<StatisticsAggregator> aggregator) {
		return new StructuredFeature(tiers::getObject, aggregator::getObject);
	}

	@Bean
	@ConditionalOnMissingBean
	StructuredAdvisor tokenSavingStructuredAdvisor(SavingsStatistics statistics, TokenCounter tokenCounter,
			PriceTable prices, Dialects dialects, ObjectProvider<Tiers> tiers) {
		return StructuredAdvisor.builder()
			.statistics(statistics)
			.tokenCounter(tokenCounter)
			.prices(prices)
			.dialects(dialects)
			.tiers(tiers::getObject)
			.build();
	}

}

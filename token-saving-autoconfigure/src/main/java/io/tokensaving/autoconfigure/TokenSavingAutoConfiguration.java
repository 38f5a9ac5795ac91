package io.tokensaving.autoconfigure;

import java.util.List;

import io.tokensaving.TokenSavingAdvisors;
import io.tokensaving.cache.exact.CaffeineExactCacheStore;
import io.tokensaving.cache.exact.ExactCacheAdvisor;
import io.tokensaving.cache.exact.ExactCacheStore;
import io.tokensaving.compression.CompressionAdvisor;
import io.tokensaving.compression.CompressionEngine;
import io.tokensaving.plan.InMemoryPlanRepository;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanRepository;
import io.tokensaving.plan.WorkspaceResolver;
import io.tokensaving.savings.PlanAdvisor;
import io.tokensaving.savings.PriceTable;
import io.tokensaving.savings.SavingsStatistics;
import io.tokensaving.savings.TokenCounter;
import io.tokensaving.savings.UnknownPlanPolicy;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.ChatClientBuilderCustomizer;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;

/**
 * Auto-configuration for token saving: plans, advisors, and the customizer that adds them
 * to every auto-configured {@link ChatClient.Builder}.
 */
@AutoConfiguration(beforeName = "org.springframework.ai.model.chat.client.autoconfigure.ChatClientAutoConfiguration")
@ConditionalOnClass(ChatClient.class)
@ConditionalOnProperty(prefix = TokenSavingProperties.PREFIX, name = "enabled", havingValue = "true",
		matchIfMissing = true)
@EnableConfigurationProperties(TokenSavingProperties.class)
public final class TokenSavingAutoConfiguration {

	private static final Log logger = LogFactory.getLog(TokenSavingAutoConfiguration.class);

	@Bean
	@ConditionalOnMissingBean
	SavingsStatistics tokenSavingStatistics() {
		return new SavingsStatistics();
	}

	@Bean
	@ConditionalOnMissingBean
	TokenCounter tokenSavingTokenCounter(TokenSavingProperties properties) {
		return new TokenCounter(new ConfigurationReader(properties).otherModelsFactor());
	}

	@Bean
	@ConditionalOnMissingBean
	PriceTable tokenSavingPriceTable(TokenSavingProperties properties) {
		return new PriceTable(new ConfigurationReader(properties).prices());
	}

	@Bean
	@ConditionalOnMissingBean
	WorkspaceResolver tokenSavingWorkspaceResolver(TokenSavingProperties properties) {
		String workspace = new ConfigurationReader(properties).workspace();
		return (request) -> workspace;
	}

	@Bean
	@ConditionalOnMissingBean
	CaffeineExactCacheStore tokenSavingInMemoryStore(TokenSavingProperties properties) {
		return new CaffeineExactCacheStore(new ConfigurationReader(properties).inMemoryMaxBytes());
	}

	@Bean
	@ConditionalOnMissingBean
	CompressionAdvisor tokenSavingCompressionAdvisor(TokenSavingProperties properties, ListableBeanFactory beanFactory,
			TokenCounter tokenCounter, SavingsStatistics statistics) {
		return CompressionAdvisor.builder()
			.engines(beanFactory.getBeansOfType(CompressionEngine.class))
			.tokenCounter(tokenCounter)
			.statistics(statistics)
			.order(new ConfigurationReader(properties).advisorOrder().getCompression())
			.build();
	}

	@Bean
	@ConditionalOnMissingBean
	ExactCacheAdvisor tokenSavingExactCacheAdvisor(TokenSavingProperties properties,
			ObjectProvider<ExactCacheStore> stores, TokenCounter tokenCounter, SavingsStatistics statistics) {
		return ExactCacheAdvisor.builder(stores.orderedStream().toList())
			.tokenCounter(tokenCounter)
			.statistics(statistics)
			.order(new ConfigurationReader(properties).advisorOrder().getExactCache())
			.build();
	}

	@Bean
	@ConditionalOnMissingBean
	PlanRepository tokenSavingPlanRepository(TokenSavingProperties properties, CompressionAdvisor compressionAdvisor,
			ObjectProvider<ExactCacheStore> stores, SavingsStatistics statistics) {
		List<Plan> plans = new ConfigurationReader(properties).plans(compressionAdvisor.engineNames(),
				stores.stream().map(ExactCacheStore::backend).toList());
		plans.forEach((plan) -> statistics.plan(plan.id()));
		if (plans.stream().anyMatch(TokenSavingAutoConfiguration::ranks)) {
			compressionAdvisor.load();
		}
		return new InMemoryPlanRepository(plans);
	}

	private static boolean ranks(Plan plan) {
		return plan.compression() != null && !plan.compression().engine().equals(CompressionAdvisor.TRIM);
	}

	@Bean
	@ConditionalOnMissingBean
	PlanAdvisor tokenSavingPlanAdvisor(TokenSavingProperties properties, PlanRepository plans,
			WorkspaceResolver workspaceResolver, SavingsStatistics statistics, PriceTable prices,
			TokenCounter tokenCounter) {
		return PlanAdvisor.builder(plans)
			.defaultPlan(properties.getDefaultPlan())
			.unknownPlanPolicy(properties.getUnknownPlan())
			.workspaceResolver(workspaceResolver)
			.statistics(statistics)
			.prices(prices)
			.tokenCounter(tokenCounter)
			.order(new ConfigurationReader(properties).advisorOrder().getPlan())
			.build();
	}

	@Bean
	@ConditionalOnMissingBean
	TokenSavingAdvisors tokenSavingAdvisors(PlanAdvisor planAdvisor, CompressionAdvisor compressionAdvisor,
			ExactCacheAdvisor exactCacheAdvisor) {
		return new TokenSavingAdvisors(List.of(planAdvisor, compressionAdvisor, exactCacheAdvisor));
	}

	@Bean
	@ConditionalOnMissingBean(name = "tokenSavingChatClientBuilderCustomizer")
	ChatClientBuilderCustomizer tokenSavingChatClientBuilderCustomizer(TokenSavingProperties properties,
			TokenSavingAdvisors advisors, PlanRepository plans, TokenCounter tokenCounter) {
		boolean neverNeeded = plans instanceof InMemoryPlanRepository
				&& plans.findAll(properties.getWorkspace()).isEmpty()
				&& properties.getUnknownPlan() == UnknownPlanPolicy.WARN;
		if (neverNeeded) {
			logger.info("No plans under 'token-saving.plans': chat clients are left as they are");
			return (builder) -> {
			};
		}
		tokenCounter.load();
		return (builder) -> builder.defaultAdvisors(advisors);
	}

}

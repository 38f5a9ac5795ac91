package io.tokensaving.autoconfigure;

import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;

import com.github.benmanes.caffeine.cache.Ticker;
import io.micrometer.context.ContextRegistry;
import io.tokensaving.Component;
import io.tokensaving.ForeignText;
import io.tokensaving.TaskOutcomes;
import io.tokensaving.TokenSavingAdvisor;
import io.tokensaving.TokenSavingAdvisors;
import io.tokensaving.backend.CircuitBreakers;
import io.tokensaving.feature.Features;
import io.tokensaving.ledger.PriceListRefresh;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.local.LocalModels;
import io.tokensaving.local.LocalWorkspaces;
import io.tokensaving.plan.PlanRepository;
import io.tokensaving.plan.TenantResolver;
import io.tokensaving.plan.WorkspaceResolver;
import io.tokensaving.provider.Dialects;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.provider.ProviderDialect;
import io.tokensaving.request.FeatureAnnotations;
import io.tokensaving.request.FeatureScope;
import io.tokensaving.request.ModelCallAdvisor;
import io.tokensaving.request.PlanAdvisor;
import io.tokensaving.request.TaskAdvisor;
import io.tokensaving.statistics.DescribedException;
import io.tokensaving.statistics.InMemoryStatisticsRepository;
import io.tokensaving.statistics.SavingsStatistics;
import io.tokensaving.statistics.StatisticsAggregator;
import io.tokensaving.statistics.StatisticsContributor;
import io.tokensaving.statistics.StatisticsRepository;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.ChatClientBuilderCustomizer;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.ConfigurationPropertiesBindHandlerAdvisor;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Import;
import org.springframework.core.env.Environment;

/**
 * Auto-configuration for token saving: what the features share, and the customizer that
 * adds the advisors to every auto-configured {@link ChatClient.Builder}. Each feature has
 * a configuration class of its own.
 */
@AutoConfiguration(beforeName = "org.springframework.ai.model.chat.client.autoconfigure.ChatClientAutoConfiguration")
@ConditionalOnClass(ChatClient.class)
@Conditional(OnTokenSavingCondition.class)
@EnableConfigurationProperties({ TokenSavingProperties.class, AdvisorOrderProperties.class, StatisticsProperties.class,
		TokenCountProperties.class, PriceTableProperties.class, AdviceProperties.class, DashboardProperties.class,
		LocalProperties.class, BatchingProperties.class })
@Import({ PlanConfiguration.class, ShadowConfiguration.class, CompressionConfiguration.class, CacheConfiguration.class,
		ExactCacheConfiguration.class, DedupConfiguration.class, SemanticCacheConfiguration.class,
		BudgetConfiguration.class, RouteConfiguration.class, RouteLogConfiguration.class,
		PromptCacheConfiguration.class, StructuredConfiguration.class, BatchConfiguration.class,
		AdviceConfiguration.class, TierConfiguration.class, LocalConfiguration.class })
public final class TokenSavingAutoConfiguration {

	private static final int MAX_MESSAGE = 300;

	private static final Duration LONGEST_LISTENER = Duration.ofSeconds(10);

	@Bean
	@ConditionalOnMissingBean
	SavingsStatistics tokenSavingStatistics(ObjectProvider<StatisticsContributor> contributors) {
		return new SavingsStatistics(Ticker.systemTicker(), contributors.orderedStream().toList());
	}

	@Bean
	ApplicationEvents tokenSavingApplicationEvents(ApplicationContext context, SavingsStatistics statistics) {
		return new ApplicationEvents(context, new EventListeners(context), statistics, LONGEST_LISTENER);
	}

	@Bean
	static ConfigurationPropertiesBindHandlerAdvisor tokenSavingNumberSettings() {
		return NumberSettings.advisor();
	}

	@Bean
	InProcessEmbeddingModel tokenSavingInProcessEmbeddingModel() {
		return new InProcessEmbeddingModel();
	}

	@Bean
	@ConditionalOnMissingBean
	CircuitBreakers tokenSavingCircuitBreakers() {
		return new CircuitBreakers();
	}

	@Bean
	@ConditionalOnMissingBean
	StatisticsRepository tokenSavingStatisticsRepository(StatisticsProperties properties) {
		properties.checkInMemory();
		return new InMemoryStatisticsRepository(Clock.systemUTC());
	}

	@Bean
	@ConditionalOnMissingBean
	StatisticsAggregator tokenSavingStatisticsAggregator(StatisticsProperties properties, SavingsStatistics statistics,
			StatisticsRepository repository, ObjectProvider<PlanRepository> plans) {
		StatisticsAggregator aggregator = new StatisticsAggregator(statistics, repository, Clock.systemUTC(),
				properties.checkedFlushInterval());
		Path spoolDirectory = properties.checkedSpoolDirectory();
		if (spoolDirectory != null) {
			aggregator.setSpoolDirectory(spoolDirectory);
		}
		aggregator.setKnown((plan) -> plans.getObject().exists(plan.workspace(), plan.plan()));
		return aggregator;
	}

	@Bean
	@ConditionalOnMissingBean
	Dialects tokenSavingDialects(ObjectProvider<ProviderDialect> dialects) {
		return new Dialects(dialects.orderedStream().toList());
	}

	@Bean
	@ConditionalOnMissingBean
	TokenCounter tokenSavingTokenCounter(TokenCountProperties properties, Dialects dialects) {
		return new TokenCounter(properties.checkedOtherModelsFactor(), dialects);
	}

	@Bean
	@ConditionalOnMissingBean
	PriceTable tokenSavingPriceTable(TokenSavingProperties properties, Dialects dialects,
			ObjectProvider<LocalModels> local) {
		PriceTable real = new PriceTable(properties.checkedPrices(), dialects);
		List<ModelPrice> prices = LocalConfiguration.prices(local);
		return prices.isEmpty() ? real : new PriceTable(prices, real);
	}

	@Bean
	@ConditionalOnProperty(TokenSavingProperties.PREFIX + ".price-table.location")
	PriceListRefresh tokenSavingPriceListRefresh(PriceTableProperties properties, PriceTable prices, Dialects dialects,
			SavingsStatistics statistics) {
		return new PriceListRefresh(prices, dialects, properties.checkedLocation(), properties.checkedRefreshInterval(),
				(ex) -> statistics.recordError(Component.PRICES, null,
						new DescribedException(ForeignText.printable(ex.getMessage(), MAX_MESSAGE), ex)));
	}

	@Bean
	@ConditionalOnMissingBean
	WorkspaceResolver tokenSavingWorkspaceResolver(TokenSavingProperties properties) {
		String workspace = properties.checkedWorkspace();
		return (request) -> workspace;
	}

	@Bean
	@ConditionalOnMissingBean
	PlanAdvisor tokenSavingPlanAdvisor(TokenSavingProperties properties, AdvisorOrderProperties order,
			PlanRepository plans, WorkspaceResolver workspaceResolver, SavingsStatistics statistics, PriceTable prices,
			TokenCounter tokenCounter, Dialects dialects, ObjectProvider<TenantResolver> tenantResolver,
			Features features, ObjectProvider<LocalModels> localModels) {
		LocalModels local = localModels.getIfAvailable();
		return PlanAdvisor.builder(plans)
			.defaultPlan(properties.getDefaultPlan())
			.unknownPlanPolicy(properties.getUnknownPlan())
			.workspaceResolver((local != null) ? LocalWorkspaces.wrap(workspaceResolver) : workspaceResolver)
			.local((local != null) ? local.digest() : null)
			.tenantResolver(tenantResolver.getIfUnique())
			.answerInputs(features::answerInputs)
			.statistics(statistics)
			.prices(prices)
			.dialects(dialects)
			.tokenCounter(tokenCounter)
			.order(order.checked().getPlan())
			.build();
	}

	@Bean
	@ConditionalOnMissingBean
	TaskOutcomes tokenSavingTaskOutcomes(SavingsStatistics statistics) {
		return statistics.tasks();
	}

	@Bean
	@ConditionalOnMissingBean
	TaskAdvisor tokenSavingTaskAdvisor() {
		return new TaskAdvisor();
	}

	@Bean
	@ConditionalOnMissingBean
	ModelCallAdvisor tokenSavingModelCallAdvisor() {
		return new ModelCallAdvisor();
	}

	@Bean
	@ConditionalOnMissingBean
	@ConditionalOnProperty(TokenSavingProperties.PREFIX + ".feature-annotations")
	static FeatureAnnotations tokenSavingFeatureAnnotations(Environment environment) {
		ContextRegistry.getInstance().registerThreadLocalAccessor(FeatureScope.accessor());
		return new FeatureAnnotations(environment.getProperty("spring.aop.proxy-target-class", Boolean.class, true));
	}

	@Bean
	@ConditionalOnMissingBean
	TokenSavingAdvisors tokenSavingAdvisors(ObjectProvider<TokenSavingAdvisor> advisors) {
		// All advisors, whatever is configured, because a plan may be created at any time
		return new TokenSavingAdvisors(advisors.orderedStream().toList());
	}

	@Bean
	@ConditionalOnMissingBean(name = "tokenSavingChatClientBuilderCustomizer")
	ChatClientBuilderCustomizer tokenSavingChatClientBuilderCustomizer(TokenSavingProperties properties,
			TokenSavingAdvisors advisors, PlanRepository plans, TokenCounter tokenCounter, PriceTable prices) {
		if (!plans.findAll(properties.getWorkspace()).isEmpty()) {
			tokenCounter.load();
			prices.load();
		}
		return (builder) -> builder.defaultAdvisors(advisors);
	}

}

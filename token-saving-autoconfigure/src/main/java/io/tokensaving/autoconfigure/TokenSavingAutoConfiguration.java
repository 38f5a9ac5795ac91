package io.tokensaving.autoconfigure;

import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.BiPredicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.tokensaving.TokenSavingAdvisors;
import io.tokensaving.backend.CircuitBreakers;
import io.tokensaving.cache.CacheEviction;
import io.tokensaving.cache.CacheEvictor;
import io.tokensaving.cache.CacheStore;
import io.tokensaving.cache.exact.CaffeineExactCacheStore;
import io.tokensaving.cache.exact.ExactCacheAdvisor;
import io.tokensaving.cache.exact.ExactCacheStore;
import io.tokensaving.cache.semantic.AnswerJudge;
import io.tokensaving.cache.semantic.InMemorySemanticCacheStore;
import io.tokensaving.cache.semantic.SemanticCacheAdvisor;
import io.tokensaving.cache.semantic.SemanticCacheStore;
import io.tokensaving.cache.semantic.guard.EnglishGuards;
import io.tokensaving.cache.semantic.guard.SemanticGuard;
import io.tokensaving.compression.CompressionAdvisor;
import io.tokensaving.compression.CompressionEngine;
import io.tokensaving.dedup.ClusterLeases;
import io.tokensaving.dedup.DedupAdvisor;
import io.tokensaving.plan.CacheSettings;
import io.tokensaving.plan.InMemoryPlanRepository;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanReader;
import io.tokensaving.plan.PlanRepository;
import io.tokensaving.plan.PlanSource;
import io.tokensaving.plan.WorkspaceResolver;
import io.tokensaving.savings.InMemoryStatisticsRepository;
import io.tokensaving.savings.PlanAdvisor;
import io.tokensaving.savings.PriceTable;
import io.tokensaving.savings.SavingsStatistics;
import io.tokensaving.savings.StatisticsAggregator;
import io.tokensaving.savings.StatisticsRepository;
import io.tokensaving.savings.TokenCounter;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.ChatClientBuilderCustomizer;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.thread.Threading;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Lazy;
import org.springframework.core.env.Environment;
import org.springframework.core.task.VirtualThreadTaskExecutor;

/**
 * Auto-configuration for token saving: plans, advisors, and the customizer that adds them
 * to every auto-configured {@link ChatClient.Builder}.
 */
@AutoConfiguration(beforeName = "org.springframework.ai.model.chat.client.autoconfigure.ChatClientAutoConfiguration")
@ConditionalOnClass(ChatClient.class)
@Conditional(OnTokenSavingCondition.class)
@EnableConfigurationProperties(TokenSavingProperties.class)
public final class TokenSavingAutoConfiguration {

	private static final String SEMANTIC_SUFFIX = "_semantic";

	private static final String REDIS = "redis";

	@Bean
	@ConditionalOnMissingBean
	SavingsStatistics tokenSavingStatistics() {
		return new SavingsStatistics();
	}

	@Bean
	@ConditionalOnMissingBean
	CircuitBreakers tokenSavingCircuitBreakers() {
		return new CircuitBreakers();
	}

	@Bean
	@ConditionalOnMissingBean
	StatisticsRepository tokenSavingStatisticsRepository(TokenSavingProperties properties) {
		new ConfigurationReader(properties).checkInMemoryStatistics();
		return new InMemoryStatisticsRepository(Clock.systemUTC());
	}

	@Bean
	@ConditionalOnMissingBean
	StatisticsAggregator tokenSavingStatisticsAggregator(TokenSavingProperties properties, SavingsStatistics statistics,
			StatisticsRepository repository) {
		return new StatisticsAggregator(statistics, repository, Clock.systemUTC(),
				new ConfigurationReader(properties).statisticsFlushInterval());
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
			ObjectProvider<ExactCacheStore> stores, ObjectProvider<SemanticCacheStore> semanticStores,
			TokenCounter tokenCounter, SavingsStatistics statistics, CircuitBreakers breakers) {
		ConfigurationReader reader = new ConfigurationReader(properties);
		reader.checkStoredAnswers();
		List<ExactCacheStore> exactStores = stores.orderedStream().toList();
		ExactCacheAdvisor.Builder builder = ExactCacheAdvisor.builder(exactStores)
			.tokenCounter(tokenCounter)
			.statistics(statistics)
			.circuitBreakers(breakers)
			.order(reader.advisorOrder().getExactCache());
		exactBackends(exactStores, semanticStores.orderedStream().toList()).forEach(builder::exactBackend);
		return builder.build();
	}

	// By the backends of semantic stores
	private static Map<String, String> exactBackends(List<ExactCacheStore> stores,
			List<SemanticCacheStore> semanticStores) {
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

	// Repeated requests of X_semantic are answered by X if there is such a store, else by
	// Redis if instances share answers at all
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
	DedupAdvisor tokenSavingDedupAdvisor(TokenSavingProperties properties, ObjectProvider<ClusterLeases> leases,
			TokenCounter tokenCounter, SavingsStatistics statistics, CircuitBreakers breakers,
			Environment environment) {
		ConfigurationReader reader = new ConfigurationReader(properties);
		DedupAdvisor.Builder builder = DedupAdvisor.builder()
			.tokenCounter(tokenCounter)
			.statistics(statistics)
			.maxInFlight(reader.maxInFlight())
			.order(reader.advisorOrder().getDedup());
		leases.ifUnique((unique) -> builder.clusterLeases(unique, REDIS, breakers));
		if (Threading.VIRTUAL.isActive(environment)) {
			builder.executor(new VirtualThreadTaskExecutor("token-saving-dedup-"));
		}
		return builder.build();
	}

	@Bean
	@ConditionalOnMissingBean
	InMemorySemanticCacheStore tokenSavingInMemorySemanticStore(TokenSavingProperties properties) {
		ConfigurationReader reader = new ConfigurationReader(properties);
		return new InMemorySemanticCacheStore(reader.inMemorySemanticMaxEntries(), reader.inMemorySemanticMaxBytes());
	}

	@Bean
	@ConditionalOnMissingBean
	SemanticCacheAdvisor tokenSavingSemanticCacheAdvisor(TokenSavingProperties properties,
			ListableBeanFactory beanFactory, ObjectProvider<SemanticCacheStore> stores,
			ObjectProvider<SemanticGuard> guards, ObjectProvider<ChatModel> chatModel, TokenCounter tokenCounter,
			PriceTable prices, SavingsStatistics statistics, CircuitBreakers breakers) {
		List<SemanticGuard> chain = new ArrayList<>(EnglishGuards.all());
		guards.orderedStream().forEach(chain::add);
		Map<String, AnswerJudge> judges = new HashMap<>(beanFactory.getBeansOfType(AnswerJudge.class));
		judges.putIfAbsent(DeferredChatModelJudge.NAME, new DeferredChatModelJudge(chatModel));
		return SemanticCacheAdvisor
			.builder(new DeferredEmbeddingModel(beanFactory, properties.getEmbeddingModel()),
					stores.orderedStream().toList())
			.guards(chain)
			.judges(judges)
			.circuitBreakers(breakers)
			.tokenCounter(tokenCounter)
			.prices(prices)
			.statistics(statistics)
			.order(new ConfigurationReader(properties).advisorOrder().getSemanticCache())
			.build();
	}

	@Bean
	@ConditionalOnMissingBean
	CacheEvictor tokenSavingCacheEvictor(ObjectProvider<ExactCacheStore> stores,
			ObjectProvider<SemanticCacheStore> semanticStores, ExactCacheAdvisor exactCacheAdvisor,
			SemanticCacheAdvisor semanticCacheAdvisor, DedupAdvisor dedupAdvisor, PlanRepository plans) {
		List<ExactCacheStore> exact = stores.orderedStream().toList();
		List<SemanticCacheStore> semantic = semanticStores.orderedStream().toList();
		Map<String, String> exactBackends = exactBackends(exact, semantic);
		// A store that no plan uses is asked too, as one of a plan that was deleted may
		// have used it, but it may be away
		BiPredicate<CacheStore, CacheEviction> required = (store, eviction) -> plans.findAll(eviction.workspace())
			.stream()
			.map(Plan::cache)
			.filter(Objects::nonNull)
			.map(CacheSettings::backend)
			.anyMatch(
					(backend) -> backend.equals(store.backend()) || store.backend().equals(exactBackends.get(backend)));
		CacheEvictor stored = CacheEvictor.of(Stream.<CacheStore>concat(semantic.stream(), exact.stream()).toList(),
				List.of(exactCacheAdvisor, semanticCacheAdvisor), required);
		return (eviction) -> {
			try {
				return stored.evict(eviction);
			}
			finally {
				dedupAdvisor.forget();
			}
		};
	}

	@Bean
	@Lazy
	PlanChecks tokenSavingPlanChecks(CompressionAdvisor compressionAdvisor, SemanticCacheAdvisor semanticCacheAdvisor,
			TokenCounter tokenCounter, ListableBeanFactory beanFactory) {
		return new PlanChecks(compressionAdvisor, semanticCacheAdvisor, tokenCounter, beanFactory);
	}

	@Bean
	@Lazy
	ConfiguredPlans tokenSavingConfiguredPlans(TokenSavingProperties properties, PlanChecks checks,
			SavingsStatistics statistics) {
		List<Plan> plans = checks.read(properties, PlanSource.CONFIGURATION);
		plans.forEach((plan) -> statistics.plan(plan.id()));
		checks.load(plans);
		return new ConfiguredPlans(plans);
	}

	@Bean
	@Lazy
	@ConditionalOnMissingBean
	PlanReader tokenSavingPlanReader(PlanChecks checks) {
		return new BindingPlanReader(checks::readStored, checks::loadStored);
	}

	@Bean
	@ConditionalOnMissingBean
	PlanRepository tokenSavingPlanRepository(TokenSavingProperties properties, ConfiguredPlans configured,
			PlanReader reader) {
		if (properties.getPlanRepository() == TokenSavingProperties.PlanRepositoryType.REDIS) {
			throw new InvalidConfigurationPropertyValueException(TokenSavingProperties.PREFIX + ".plan-repository",
					"redis",
					"There is no single or primary RedisConnectionFactory bean to keep plans with. Add "
							+ "'spring-boot-starter-data-redis' and set 'spring.data.redis.host', or mark one of "
							+ "several connection factories as @Primary. Accepted without one is 'auto' or "
							+ "'in_memory'.");
		}
		return new InMemoryPlanRepository(configured.plans(), reader);
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
	WriteBehindLifecycle tokenSavingWriteBehindLifecycle(ExactCacheAdvisor exactCacheAdvisor,
			SemanticCacheAdvisor semanticCacheAdvisor) {
		return new WriteBehindLifecycle(exactCacheAdvisor, semanticCacheAdvisor);
	}

	@Bean
	@ConditionalOnMissingBean
	TokenSavingAdvisors tokenSavingAdvisors(PlanAdvisor planAdvisor, CompressionAdvisor compressionAdvisor,
			ExactCacheAdvisor exactCacheAdvisor, DedupAdvisor dedupAdvisor, SemanticCacheAdvisor semanticCacheAdvisor) {
		// All of them, whatever is configured: a plan may be created at any time
		return new TokenSavingAdvisors(
				List.of(planAdvisor, compressionAdvisor, exactCacheAdvisor, dedupAdvisor, semanticCacheAdvisor));
	}

	@Bean
	@ConditionalOnMissingBean(name = "tokenSavingChatClientBuilderCustomizer")
	ChatClientBuilderCustomizer tokenSavingChatClientBuilderCustomizer(TokenSavingProperties properties,
			TokenSavingAdvisors advisors, PlanRepository plans, TokenCounter tokenCounter) {
		if (!plans.findAll(properties.getWorkspace()).isEmpty()) {
			tokenCounter.load();
		}
		return (builder) -> builder.defaultAdvisors(advisors);
	}

}

package io.tokensaving.autoconfigure;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;

import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TokenSaving;
import io.tokensaving.TokenSavingAdvisors;
import io.tokensaving.cache.CacheKey;
import io.tokensaving.cache.CacheSettings;
import io.tokensaving.cache.CacheStoreStatus;
import io.tokensaving.cache.CachedResponse;
import io.tokensaving.cache.exact.CaffeineExactCacheStore;
import io.tokensaving.cache.exact.ExactCacheAdvisor;
import io.tokensaving.cache.exact.ExactCacheFeature;
import io.tokensaving.cache.exact.ExactCacheStore;
import io.tokensaving.compression.CompressionAdvisor;
import io.tokensaving.compression.CompressionEngine;
import io.tokensaving.compression.CompressionSettings;
import io.tokensaving.dedup.DedupSettings;
import io.tokensaving.feature.Eviction;
import io.tokensaving.feature.Evictor;
import io.tokensaving.feature.Features;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.plan.InMemoryPlanRepository;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanRepository;
import io.tokensaving.plan.PlanSource;
import io.tokensaving.plan.WorkspaceResolver;
import io.tokensaving.provider.Dialects;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.provider.ProviderDialect;
import io.tokensaving.request.FeatureAnnotations;
import io.tokensaving.request.PlanAdvisor;
import io.tokensaving.statistics.SavingsMeterBinder;
import io.tokensaving.statistics.SavingsStatistics;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.advisor.SimpleLoggerAdvisor;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.model.chat.client.autoconfigure.ChatClientAutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link TokenSavingAutoConfiguration}.
 */
class TokenSavingAutoConfigurationTests {

	private final ApplicationContextRunner contextRunner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(TokenSavingAutoConfiguration.class,
				TokenSavingMetricsAutoConfiguration.class, ChatClientAutoConfiguration.class))
		.withBean(ChatModel.class, ScriptedChatModel::echoing);

	private final ApplicationContextRunner withPlan = this.contextRunner.withPropertyValues(
			"token-saving.default-plan=support-bot", "token-saving.plans.support-bot.cache.backend=in_memory");

	@Test
	void annotationsNameFeaturesOnlyIfThePropertySaysSo() {
		this.contextRunner.run((context) -> assertThat(context).doesNotHaveBean(FeatureAnnotations.class));
		this.contextRunner.withPropertyValues("token-saving.feature-annotations=false")
			.run((context) -> assertThat(context).doesNotHaveBean(FeatureAnnotations.class));
		this.contextRunner.withPropertyValues("token-saving.feature-annotations=true")
			.run((context) -> assertThat(context).hasSingleBean(FeatureAnnotations.class));
	}

	@Test
	void behavesAsWithoutStarterWhenNoPlanIsConfigured() {
		this.contextRunner.run((context) -> {
			ScriptedChatModel model = (ScriptedChatModel) context.getBean(ChatModel.class);
			ChatClient client = context.getBean(ChatClient.Builder.class).build();
			assertThat(client.prompt("one").call().chatClientResponse().context()).isEmpty();
			client.prompt("one").call().content();
			assertThat(model.calls()).isEqualTo(2);
		});
	}

	@Test
	void savesWithFourLinesOfConfiguration() {
		this.withPlan.run((context) -> {
			ScriptedChatModel model = (ScriptedChatModel) context.getBean(ChatModel.class);
			ChatClient client = context.getBean(ChatClient.Builder.class).build();
			client.prompt("one").call().content();
			client.prompt("one").call().content();
			assertThat(model.calls()).isEqualTo(1);
			assertThat(context.getBean(SavingsStatistics.class).totals().requests(ExactCacheFeature.HIT)).isEqualTo(1);
		});
	}

	@Test
	void givesHandmadeClientsTheSameChainInOneLine() {
		this.withPlan.run((context) -> {
			ScriptedChatModel other = ScriptedChatModel.echoing();
			ChatClient client = ChatClient.builder(other)
				.defaultAdvisors(context.getBean(TokenSavingAdvisors.class))
				.build();
			client.prompt("one").call().content();
			client.prompt("one").call().content();
			assertThat(other.calls()).isEqualTo(1);
		});
	}

	@Test
	void isOffWhenDisabled() {
		this.withPlan.withPropertyValues("token-saving.enabled=false")
			.run((context) -> assertThat(context).hasNotFailed()
				.doesNotHaveBean(PlanAdvisor.class)
				.doesNotHaveBean(SavingsStatistics.class)
				.doesNotHaveBean(SavingsMeterBinder.class));
	}

	@ParameterizedTest
	@CsvSource({ "true,1", "on,1", "yes,1", "1,1", "TRUE,1", "false,0", "off,0", "no,0", "0,0" })
	void isOnOrOffByWhateverSpringBootTakesForABoolean(String enabled, int beans) {
		this.withPlan.withPropertyValues("token-saving.enabled=" + enabled)
			.run((context) -> assertThat(context.getBeansOfType(PlanAdvisor.class)).hasSize(beans));
	}

	@Test
	void isOffWithoutChatClient() {
		this.withPlan.withClassLoader(new FilteredClassLoader(ChatClient.class))
			.run((context) -> assertThat(context).doesNotHaveBean("tokenSavingPlanRepository"));
	}

	@Test
	void hasNoMetersWithoutMicrometer() {
		this.withPlan.withClassLoader(new FilteredClassLoader("io.micrometer.core"))
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean("savingsMeterBinder"));
		this.withPlan.run((context) -> assertThat(context).hasSingleBean(SavingsMeterBinder.class));
	}

	@Test
	void usersMeterBinderWins() {
		this.withPlan.withBean("own", SavingsMeterBinder.class, () -> new SavingsMeterBinder(new SavingsStatistics()))
			.run((context) -> assertThat(context).hasSingleBean(SavingsMeterBinder.class).hasBean("own"));
	}

	@Test
	void usersBeansWin() {
		Plan plan = Plan.builder("mine").build();
		this.contextRunner.withBean("statistics", SavingsStatistics.class, SavingsStatistics::new)
			.withBean("counter", TokenCounter.class, TokenCounter::new)
			.withBean("prices", PriceTable.class, () -> new PriceTable(List.of()))
			.withBean("workspaces", WorkspaceResolver.class, () -> (request) -> "mine")
			.withBean("store", CaffeineExactCacheStore.class, CaffeineExactCacheStore::new)
			.withBean("plans", PlanRepository.class, () -> new InMemoryPlanRepository(List.of(plan)))
			.withBean("compression", CompressionAdvisor.class, () -> CompressionAdvisor.builder().build())
			.withBean("exact", ExactCacheAdvisor.class,
					() -> ExactCacheAdvisor.builder(new CaffeineExactCacheStore()).build())
			.withBean("plan", PlanAdvisor.class, () -> PlanAdvisor.builder(plan).build())
			.withBean("advisors", TokenSavingAdvisors.class,
					() -> new TokenSavingAdvisors(List.of(new SimpleLoggerAdvisor())))
			.run((context) -> {
				assertThat(context).hasNotFailed();
				for (Map.Entry<String, Class<?>> bean : Map
					.<String, Class<?>>of("statistics", SavingsStatistics.class, "counter", TokenCounter.class,
							"prices", PriceTable.class, "workspaces", WorkspaceResolver.class, "store",
							ExactCacheStore.class, "plans", PlanRepository.class, "compression",
							CompressionAdvisor.class, "exact", ExactCacheAdvisor.class, "plan", PlanAdvisor.class,
							"advisors", TokenSavingAdvisors.class)
					.entrySet()) {
					assertThat(context).hasSingleBean(bean.getValue()).hasBean(bean.getKey());
				}
			});
	}

	@Test
	void usersDialectWins() {
		ModelPrice price = new ModelPrice("own-1", BigDecimal.ONE, BigDecimal.TEN, null, null);
		this.withPlan.withBean(ProviderDialect.class, () -> new ProviderDialect() {
			@Override
			public String name() {
				return "own";
			}

			@Override
			public Set<String> models() {
				return Set.of("own-");
			}

			@Override
			public OptionalDouble tokenFactor() {
				return OptionalDouble.of(7);
			}

			@Override
			public List<ModelPrice> prices() {
				return List.of(price);
			}
		}).run((context) -> {
			assertThat(context.getBean(TokenCounter.class).factor("own-1")).isEqualTo(7);
			assertThat(context.getBean(PriceTable.class).find("own-1")).isSameAs(price);
		});
		this.withPlan.withBean(Dialects.class, () -> new Dialects(List.of()))
			.run((context) -> assertThat(context).hasNotFailed().hasSingleBean(Dialects.class));
	}

	@Test
	void usersEvictorWins() {
		this.contextRunner.run((context) -> assertThat(context).hasSingleBean(Evictor.class));
		this.contextRunner.withBean("own", Evictor.class, () -> (eviction) -> 0)
			.run((context) -> assertThat(context).hasSingleBean(Evictor.class).hasBean("own"));
	}

	@Test
	void selectsEngineByNameOfBean() {
		CompressionEngine engine = (request) -> new double[request.sentences().size()];
		this.contextRunner.withBean("own_engine", CompressionEngine.class, () -> engine)
			.withPropertyValues("token-saving.plans.a.compression.engine=own_engine",
					"token-saving.plans.a.compression.max-input-tokens=100")
			.run((context) -> assertThat(context.getBean(CompressionAdvisor.class).engineNames())
				.containsExactly("lex_rank", "lsa", "own_engine", "summary", "text_rank", "trim"));
	}

	@Test
	void selectsStoreByItsBackend() {
		this.contextRunner.withBean(OwnStore.class, OwnStore::new)
			.withPropertyValues("token-saving.plans.a.cache.backend=own")
			.run((context) -> {
				assertThat(context).hasNotFailed();
				ChatClient client = context.getBean(ChatClient.Builder.class).build();
				client.prompt("one").advisors(TokenSaving.plan("a")).call().content();
				context.getBean(ExactCacheAdvisor.class).close();
				assertThat(context.getBean(OwnStore.class).stored).isEqualTo(1);
			});
	}

	@Test
	void readsAllPropertiesOfPlan() {
		this.contextRunner.withPropertyValues("token-saving.plans.a.compression.engine=trim",
				"token-saving.plans.a.compression.max-input-tokens=4096",
				"token-saving.plans.a.compression.low-mark=0.7",
				"token-saving.plans.a.compression.keep-last-messages=6", "token-saving.plans.a.compression.focus=none",
				"token-saving.plans.a.compression.redundancy-penalty=0.5",
				"token-saving.plans.a.compression.lossless=false", "token-saving.plans.a.compression.tidy=true",
				"token-saving.plans.a.compression.rewrite-timeout=20",
				"token-saving.plans.a.compression.stable-prefix=false", "token-saving.plans.a.compression.language=de",
				"token-saving.plans.a.compression.max-time=80", "token-saving.plans.a.cache.backend=in_memory",
				"token-saving.plans.a.cache.ttl=90", "token-saving.plans.a.cache.similarity-threshold=0.9",
				"token-saving.plans.a.cache.max-entry-size=1KB", "token-saving.plans.a.cache.lookup-timeout=20",
				"token-saving.plans.a.dedup.timeout=5", "token-saving.plans.a.dedup.on-error=retry",
				"token-saving.plans.a.dedup.max-temperature=0.5", "token-saving.plans.a.dedup.scope=instance")
			.run((context) -> assertThat(context.getBean(PlanRepository.class).find("any", "a"))
				.isEqualTo(Plan.builder("a")
					.source(PlanSource.CONFIGURATION)
					.with(new CompressionSettings("trim", 4096, 0.7, 6, CompressionSettings.Focus.NONE, 0.5, false,
							true, CompressionSettings.StablePrefix.FALSE, "de", Duration.ofMillis(80), null,
							Duration.ofSeconds(20)))
					.with(CacheSettings.builder("in_memory")
						.ttl(Duration.ofSeconds(90))
						.similarityThreshold(0.9)
						.maxEntryBytes(1024)
						.lookupTimeout(Duration.ofMillis(20))
						.build())
					.with(new DedupSettings(Duration.ofSeconds(5), DedupSettings.OnError.RETRY, 0.5,
							DedupSettings.Scope.INSTANCE))
					.build()));
	}

	@Test
	void propertyDefaultsAreThoseOfTheSettings() {
		this.contextRunner
			.withPropertyValues("token-saving.plans.a.compression.max-input-tokens=10",
					"token-saving.plans.a.cache.backend=in_memory")
			.run((context) -> {
				Plan plan = context.getBean(PlanRepository.class).find("any", "a");
				assertThat(plan.settings(CompressionSettings.class)).isEqualTo(new CompressionSettings("trim", 10));
				assertThat(plan.settings(CacheSettings.class)).isEqualTo(new CacheSettings("in_memory"));
			});
		AdvisorOrderProperties order = new AdvisorOrderProperties();
		assertThat(order.getPlan()).isEqualTo(PlanAdvisor.builder().build().getOrder());
		assertThat(order.getCompression()).isEqualTo(CompressionAdvisor.builder().build().getOrder());
		assertThat(order.getExactCache())
			.isEqualTo(ExactCacheAdvisor.builder(new CaffeineExactCacheStore()).build().getOrder());
		assertThat(new TokenCountProperties().getOtherModelsFactor())
			.isEqualTo(TokenCounter.DEFAULT_OTHER_MODELS_FACTOR);
		assertThat(new InMemoryCacheProperties().getMaxSize().toBytes())
			.isEqualTo(CaffeineExactCacheStore.DEFAULT_MAX_BYTES);
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|',
			textBlock = """
					plans.a.compression.engine            | trimm     | one of 'lex_rank', 'lsa', 'summary', 'text_rank', 'trim'
					plans.a.compression.keep-last-messages | -1       | a number of messages of at least 0
					plans.a.compression.redundancy-penalty | 1.5      | a number from 0 to 1
					plans.a.compression.language          | xx        | or one of 'ar', 'ca'
					plans.a.compression.max-time          | -1ms      | a duration of at most 3650 days, or 0 for no limit
					plans.a.compression.max-input-tokens  | 0         | a number of tokens of at least 1
					plans.a.compression.max-input-tokens  | -5        | a number of tokens of at least 1
					plans.a.compression.low-mark          | 1.5       | a share above 0 and up to 1
					plans.a.cache.backend                 | memory    | one of 'in_memory'
					plans.a.cache.backend                 | redis     | one of 'in_memory'
					plans.a.cache.ttl                     | 0         | a duration above zero
					plans.a.cache.ttl                     | -1h       | a duration above zero
					plans.a.cache.similarity-threshold    | 1.1       | a number from 0 to 1
					plans.a.cache.similarity-threshold    | -0.1      | a number from 0 to 1
					plans.a.cache.max-entry-size          | 0         | a size of at least one byte
					plans.a.cache.history                 | window:0  | or 'window:N' with N from 1 to 100
					plans.a.cache.history                 | all       | or 'window:N' with N from 1 to 100
					plans.a.cache.max-question-length     | 0         | a number of characters of at least 1
					plans.a.cache.semantic-timeout        | 0         | a duration above zero
					plans.a.cache.guards                  | nunbers   | one of 'answer_form', 'antonyms', 'dates', 'names'
					plans.a.cache.verify-sample-rate      | 1.01      | a number from 0 to 1
					plans.a.cache.max-error-rate          | -1        | a number from 0 to 1
					plans.a.cache.judge                   | lmm       | one of 'embedding'
					default-plan                          | b         | one of 'a'
					workspace                             | ''        | a text that is not blank
					in-memory.max-size                    | 0         | a size of at least one byte
					in-memory-semantic.max-size           | 0         | a size of at least one byte
					in-memory-semantic.max-entries        | 0         | a number of at least 1
					semantic-review.max-pairs             | 0         | a number from 1 to 10000
					semantic-review.max-pairs             | 10001     | a number from 1 to 10000
					token-count.other-models-factor       | 0         | a number above 0 and up to 10
					advisor-order.prompt-cache            | 2147483647| a number below 2147483646
					advisor-order.budget                  | 2147483647| a number below 'token-saving.advisor-order.prompt-cache'
					advisor-order.semantic-cache          | 2147483647| a number below 'token-saving.advisor-order.budget'
					budgets.b.usd                         | 0         | an amount above 0 and of at most 1000000
					budgets.b.usd                         | 1e-7      | with at most 6 decimals
					budgets.b.tokens                      | 0         | a whole number from 1 to 1000000000000
					plans.a.budget.usd                    | 1000001   | an amount above 0 and of at most 1000000
					advisor-order.dedup                   | 2147483640| a number below 'token-saving.advisor-order.semantic-cache'
					advisor-order.exact-cache             | 2147483630| a number below 'token-saving.advisor-order.dedup'
					advisor-order.compression             | 2147483646| a number below 'token-saving.advisor-order.exact-cache'
					advisor-order.shadow                  | 2147483646| a number below 'token-saving.advisor-order.compression'
					advisor-order.plan                    | 2147483640| a number below 'token-saving.advisor-order.shadow'
					advisor-order.plan                    | -2147483348| a number above -2147483348
					prices[0].input                       | -1        | from 0 to 1000000
					prices[0].output                      | 1000000.1 | from 0 to 1000000
					prices[0].cache-read                  | 1e30      | from 0 to 1000000
					""")
	void failsReadablyOnBadValue(String property, String value, String accepted) {
		this.contextRunner
			.withPropertyValues("token-saving.plans.a.compression.max-input-tokens=100",
					"token-saving.plans.a.cache.backend=in_memory", "token-saving.prices[0].model=m",
					"token-saving.prices[0].input=1", "token-saving.prices[0].output=1",
					"token-saving." + property + "=" + value)
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.isInstanceOfSatisfying(InvalidConfigurationPropertyValueException.class, (ex) -> {
					assertThat(ex.getName()).isEqualTo("token-saving." + property);
					assertThat(ex.getReason()).contains(accepted);
				}));
	}

	@Test
	void anIdeIsToldTheSectionsOfPlansThatThereAre() {
		this.contextRunner.run((context) -> {
			Map<String, Class<?>> sections = new TreeMap<>();
			context.getBean(Features.class).sections().forEach((name, section) -> sections.put(name, section.type()));
			Map<String, Class<?>> told = new TreeMap<>();
			KnownProperties.of(PlanProperties.class).forEach((name, type) -> told.put(name, type.toClass()));
			// The settings that are of no feature
			sections.put("based-on", String.class);
			sections.put("allow-override", boolean.class);
			assertThat(told).isEqualTo(sections).containsKeys("cache", "mode");
		});
	}

	@Test
	void failsOnUnknownProperty() {
		this.withPlan.withPropertyValues("token-saving.plans.support-bot.compresion.engine=trim")
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.hasMessageContaining("token-saving.plans.support-bot.compresion.engine"));
	}

	@Test
	void failsOnCompressionWithoutLimit() {
		this.contextRunner.withPropertyValues("token-saving.plans.a.compression.engine=trim")
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.hasMessageContaining("token-saving.plans.a.compression.max-input-tokens"));
	}

	static class OwnStore implements ExactCacheStore {

		private volatile int stored;

		@Override
		public String backend() {
			return "own";
		}

		@Override
		public CachedResponse find(CacheKey key) {
			return null;
		}

		@Override
		public void store(CacheKey key, CachedResponse response, Duration ttl, Set<String> tags) {
			this.stored++;
		}

		@Override
		public long evict(Eviction eviction) {
			return 0;
		}

		@Override
		public CacheStoreStatus status() {
			return new CacheStoreStatus(true, null, null, null, null);
		}

	}

}

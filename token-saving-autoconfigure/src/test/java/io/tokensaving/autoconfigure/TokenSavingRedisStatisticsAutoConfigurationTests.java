package io.tokensaving.autoconfigure;

import java.time.Clock;
import java.time.Duration;
import java.util.Set;

import io.tokensaving.RedisTestServer;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TokenSaving;
import io.tokensaving.cache.CacheKey;
import io.tokensaving.cache.CacheStoreStatus;
import io.tokensaving.cache.CachedResponse;
import io.tokensaving.cache.exact.ExactCacheFeature;
import io.tokensaving.cache.exact.ExactCacheStore;
import io.tokensaving.feature.Eviction;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.statistics.InMemoryStatisticsRepository;
import io.tokensaving.statistics.StatisticsAggregator;
import io.tokensaving.statistics.StatisticsRepository;
import io.tokensaving.statistics.StatisticsScope;
import io.tokensaving.statistics.StatisticsSnapshot;
import io.tokensaving.statistics.redis.RedisStatisticsRepository;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.model.chat.client.autoconfigure.ChatClientAutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.jedis.JedisConnectionFactory;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link TokenSavingRedisStatisticsAutoConfiguration}.
 */
class TokenSavingRedisStatisticsAutoConfigurationTests {

	private final ApplicationContextRunner withoutRedis = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(TokenSavingRedisStatisticsAutoConfiguration.class,
				TokenSavingAutoConfiguration.class, ChatClientAutoConfiguration.class))
		.withBean(ChatModel.class, ScriptedChatModel::echoing);

	private final ApplicationContextRunner withRedis = this.withoutRedis
		.withConfiguration(AutoConfigurations.of(DataRedisAutoConfiguration.class))
		.withPropertyValues("spring.data.redis.port=1");

	@Test
	void keepsStatisticsInMemoryByDefault() {
		this.withRedis.withPropertyValues("token-saving.plans.a.cache.backend=in_memory")
			.run((context) -> assertThat(context).hasSingleBean(StatisticsAggregator.class)
				.getBean(StatisticsRepository.class)
				.isInstanceOf(InMemoryStatisticsRepository.class));
	}

	@ParameterizedTest
	@ValueSource(strings = { "redis", "redis_semantic" })
	void keepsThemInRedisIfAPlanCachesThere(String backend) {
		// The plan itself is not read: the store need not be there
		new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(DataRedisAutoConfiguration.class,
					TokenSavingRedisStatisticsAutoConfiguration.class))
			.withPropertyValues("spring.data.redis.port=1", "token-saving.plans.a.cache.backend=" + backend)
			.run((context) -> assertThat(context).hasSingleBean(RedisStatisticsRepository.class));
	}

	@ParameterizedTest
	@CsvSource({ "redis, tokenSavingRedisStatisticsRepository", "REDIS, tokenSavingRedisStatisticsRepository",
			"in_memory, tokenSavingStatisticsRepository", "in-memory, tokenSavingStatisticsRepository",
			"auto, tokenSavingRedisStatisticsRepository" })
	void propertyDecides(String repository, String bean) {
		this.withRedis.withBean("store", OwnRedisStore.class, OwnRedisStore::new)
			.withPropertyValues("token-saving.plans.a.cache.backend=redis",
					"token-saving.statistics.repository=" + repository)
			.run((context) -> assertThat(context).hasNotFailed()
				.hasSingleBean(StatisticsRepository.class)
				.hasBean(bean));
	}

	@Test
	void redisNeedsNoPlan() {
		this.withRedis.withPropertyValues("token-saving.statistics.repository=redis")
			.run((context) -> assertThat(context).hasSingleBean(RedisStatisticsRepository.class));
	}

	@Test
	void autoFallsBackToMemoryWithoutAConnection() {
		ApplicationContextRunner runner = this.withoutRedis.withBean("store", OwnRedisStore.class, OwnRedisStore::new)
			.withPropertyValues("token-saving.plans.a.cache.backend=redis");
		runner.run((context) -> assertThat(context).hasSingleBean(InMemoryStatisticsRepository.class));
		runner.withClassLoader(new FilteredClassLoader("org.springframework.data.redis"))
			.run((context) -> assertThat(context).hasSingleBean(InMemoryStatisticsRepository.class));
	}

	@Test
	void redisWithoutAConnectionStopsTheApplication() {
		ApplicationContextRunner runner = this.withoutRedis
			.withPropertyValues("token-saving.statistics.repository=redis");
		assertFails(runner);
		assertFails(runner.withClassLoader(new FilteredClassLoader("org.springframework.data.redis")));
		assertFails(runner.withBean("one", RedisConnectionFactory.class, JedisConnectionFactory::new)
			.withBean("two", RedisConnectionFactory.class, JedisConnectionFactory::new));
	}

	private static void assertFails(ApplicationContextRunner runner) {
		runner.run((context) -> assertThat(context).getFailure()
			.rootCause()
			.isInstanceOfSatisfying(InvalidConfigurationPropertyValueException.class, (ex) -> {
				assertThat(ex.getName()).isEqualTo("token-saving.statistics.repository");
				assertThat(ex.getValue()).isEqualTo("redis");
				assertThat(ex.getReason()).contains("RedisConnectionFactory bean")
					.contains("spring-boot-starter-data-redis")
					.contains("'auto' or 'in_memory'");
			}));
	}

	@ParameterizedTest
	@CsvSource({ "repository, mongo, token-saving.statistics.repository", "flush-interval, 99ms, from 100ms to 1m",
			"flush-interval, 61s, from 100ms to 1m", "flush-interval, -1s, from 100ms to 1m" })
	void refusesBadValues(String property, String value, String message) {
		this.withRedis.withPropertyValues("token-saving.statistics." + property + "=" + value)
			.run((context) -> assertThat(context).getFailure()
				.satisfies((failure) -> assertThat(failure).hasStackTraceContaining(message)
					.hasStackTraceContaining("token-saving.statistics." + property)));
	}

	@Test
	void defaultsAreThoseOfTheLibrary() {
		assertThat(new StatisticsProperties().getFlushInterval())
			.isEqualTo(StatisticsAggregator.DEFAULT_FLUSH_INTERVAL);
	}

	@Test
	void usersBeansWin() {
		StatisticsRepository repository = new InMemoryStatisticsRepository(Clock.systemUTC());
		this.withRedis.withBean("own", StatisticsRepository.class, () -> repository)
			.withPropertyValues("token-saving.statistics.repository=redis")
			.run((context) -> assertThat(context).hasSingleBean(StatisticsRepository.class).hasBean("own"));
	}

	@Test
	void isOffWhenDisabled() {
		this.withRedis.withPropertyValues("token-saving.enabled=false", "token-saving.statistics.repository=redis")
			.run((context) -> assertThat(context).doesNotHaveBean(StatisticsRepository.class)
				.doesNotHaveBean(StatisticsAggregator.class));
	}

	@ParameterizedTest
	@ValueSource(strings = { "lettuce", "jedis" })
	void restartOfTheApplicationLosesNothing(String client) {
		try (RedisTestServer server = RedisTestServer.start()) {
			ApplicationContextRunner runner = this.withRedis.withPropertyValues(
					"spring.data.redis.port=" + server.port(), "spring.data.redis.client-type=" + client,
					"token-saving.workspace=shop", "token-saving.statistics.repository=redis",
					// Only the end of the application is left to add what was counted
					"token-saving.statistics.flush-interval=1m", "token-saving.plans.bot.cache.backend=in_memory");
			for (int start = 1; start <= 3; start++) {
				runner.run((context) -> {
					assertThat(context).getBean(RedisConnectionFactory.class)
						.isInstanceOf(
								client.equals("jedis") ? JedisConnectionFactory.class : LettuceConnectionFactory.class);
					assertThat(context.getBean(StatisticsAggregator.class).isRunning()).isTrue();
					ChatClient chatClient = context.getBean(ChatClient.Builder.class).build();
					for (int i = 0; i < 3; i++) {
						chatClient.prompt("one").advisors(TokenSaving.plan("bot")).call().content();
					}
				});
			}
			runner.run((context) -> {
				StatisticsAggregator aggregator = context.getBean(StatisticsAggregator.class);
				assertThat(aggregator.plan(new PlanKey("shop", "bot")).scope()).isEqualTo(StatisticsScope.SHARED);
				StatisticsSnapshot sums = aggregator.plan(new PlanKey("shop", "bot")).figures();
				assertThat(sums.misses()).isEqualTo(3);
				assertThat(sums.requests(ExactCacheFeature.HIT)).isEqualTo(6);
				assertThat(sums.tokensBought()).isEqualTo(360);
				assertThat(aggregator.all().figures().totals()).isEqualTo(sums);
			});
		}
	}

	static class OwnRedisStore implements ExactCacheStore {

		@Override
		public String backend() {
			return "redis";
		}

		@Override
		public CachedResponse find(CacheKey key) {
			return null;
		}

		@Override
		public void store(CacheKey key, CachedResponse response, Duration ttl, Set<String> tags) {
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

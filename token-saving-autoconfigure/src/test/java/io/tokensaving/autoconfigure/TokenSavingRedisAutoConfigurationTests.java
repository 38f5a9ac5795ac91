package io.tokensaving.autoconfigure;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicReference;

import io.tokensaving.Eventually;
import io.tokensaving.RedisTestServer;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.SilentServer;
import io.tokensaving.actuate.TokenSavingHealthIndicator;
import io.tokensaving.backend.CircuitBreakers;
import io.tokensaving.cache.exact.ExactCacheAdvisor;
import io.tokensaving.cache.exact.ExactCacheStore;
import io.tokensaving.cache.exact.redis.RedisExactCacheStore;
import io.tokensaving.dedup.ClusterLeases;
import io.tokensaving.dedup.DedupAdvisor;
import io.tokensaving.dedup.DedupSettings;
import io.tokensaving.dedup.redis.RedisClusterLeases;
import io.tokensaving.feature.Eviction;
import io.tokensaving.feature.Evictor;
import io.tokensaving.plan.PlanRepository;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.model.chat.client.autoconfigure.ChatClientAutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.health.autoconfigure.registry.HealthContributorRegistryAutoConfiguration;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.Status;
import org.springframework.boot.health.registry.HealthContributorRegistry;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link TokenSavingRedisAutoConfiguration} and
 * {@link TokenSavingHealthAutoConfiguration}.
 */
@Timeout(120)
class TokenSavingRedisAutoConfigurationTests {

	private static RedisTestServer server;

	private final ApplicationContextRunner withoutRedis = new ApplicationContextRunner()
		.withConfiguration(
				AutoConfigurations.of(TokenSavingAutoConfiguration.class, TokenSavingRedisAutoConfiguration.class,
						TokenSavingHealthAutoConfiguration.class, ChatClientAutoConfiguration.class))
		.withBean(ChatModel.class, ScriptedChatModel::echoing);

	private final ApplicationContextRunner contextRunner = this.withoutRedis
		.withConfiguration(AutoConfigurations.of(DataRedisAutoConfiguration.class))
		.withPropertyValues("spring.data.redis.host=" + server.host(), "spring.data.redis.port=" + server.port());

	@BeforeAll
	static void startServer() {
		server = RedisTestServer.start();
	}

	@AfterAll
	static void stopServer() {
		server.close();
	}

	@Test
	void storesAreThereOnceThereIsAConnectionFactory() {
		this.contextRunner.run((context) -> assertThat(context).hasSingleBean(RedisExactCacheStore.class)
			.hasSingleBean(RedisClusterLeases.class));
		this.withoutRedis.run((context) -> assertThat(context).hasNotFailed()
			.doesNotHaveBean(RedisExactCacheStore.class)
			.doesNotHaveBean(ClusterLeases.class));
		this.contextRunner.withClassLoader(new FilteredClassLoader("org.springframework.data.redis", "io.lettuce"))
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean("tokenSavingRedisExactCacheStore"));
		this.contextRunner.withPropertyValues("token-saving.enabled=false")
			.run((context) -> assertThat(context).doesNotHaveBean(RedisExactCacheStore.class));
	}

	@Test
	void servesFromRedis() {
		this.contextRunner
			.withPropertyValues("token-saving.default-plan=a", "token-saving.plans.a.cache.backend=redis",
					"token-saving.plans.a.cache.lookup-timeout=2s", "token-saving.plans.a.dedup.scope=cluster")
			.run((context) -> {
				assertThat(context).hasNotFailed();
				ChatClient client = context.getBean(ChatClient.Builder.class).build();
				String first = client.prompt("one").call().content();
				context.getBean(ExactCacheAdvisor.class).close();
				assertThat(client.prompt("one").call().content()).isEqualTo(first);
				assertThat(context.getBean(ScriptedChatModel.class).calls()).isEqualTo(1);
				assertThat(context.getBean(PlanRepository.class)
					.find("default", "a")
					.settings(DedupSettings.class)
					.scope()).isEqualTo(DedupSettings.Scope.CLUSTER);
				assertThat(context.getBean(DedupAdvisor.class).inFlight()).isZero();
			});
	}

	@Test
	void doesNotServeWhatWasAskedForBeforeAnEviction() {
		this.contextRunner
			.withPropertyValues("token-saving.default-plan=a", "token-saving.workspace=evicting",
					"token-saving.plans.a.cache.backend=redis", "token-saving.plans.a.cache.lookup-timeout=2s")
			.run((context) -> {
				ChatClient client = context.getBean(ChatClient.Builder.class).build();
				Evictor evictor = context.getBean(Evictor.class);
				for (int i = 0; i < 100; i++) {
					String question = "question " + i;
					String first = client.prompt(question).call().content();
					evictor.evict(Eviction.ofWorkspace("evicting"));
					context.getBean(ExactCacheAdvisor.class).drain();
					assertThat(client.prompt(question).call().content()).isNotEqualTo(first);
				}
			});
	}

	@ParameterizedTest
	@CsvSource({ "in_memory,false", "redis,true" })
	void evictionFailsWithoutRedisOnlyIfAPlanUsesIt(String backend, boolean fails) {
		this.contextRunner
			.withPropertyValues("spring.data.redis.port=" + RedisTestServer.freePort(),
					"token-saving.plan-repository=in_memory", "token-saving.statistics.repository=in_memory",
					"token-saving.default-plan=a", "token-saving.plans.a.cache.backend=" + backend)
			.run((context) -> {
				Evictor evictor = context.getBean(Evictor.class);
				context.getBean(ChatClient.Builder.class).build().prompt("one").call().content();
				if (fails) {
					assertThatIllegalStateException().isThrownBy(() -> evictor.evict(Eviction.ofWorkspace("default")))
						.withMessageContaining("'redis'");
				}
				else {
					assertThat(evictor.evict(Eviction.ofWorkspace("default"))).isOne();
				}
			});
	}

	@Test
	void losesNoAnswerWhenTheApplicationStops() {
		int requests = 300;
		this.contextRunner
			.withPropertyValues("token-saving.default-plan=a", "token-saving.workspace=stopping",
					"token-saving.plans.a.cache.backend=redis", "token-saving.plans.a.cache.lookup-timeout=2s")
			.run((context) -> {
				ChatClient client = context.getBean(ChatClient.Builder.class).build();
				for (int i = 0; i < requests; i++) {
					client.prompt("question " + i).call().content();
				}
			});
		LettuceConnectionFactory factory = new LettuceConnectionFactory(server.host(), server.port());
		factory.afterPropertiesSet();
		factory.start();
		assertThat(factory.getConnection().keyCommands().keys("tokensaving:stopping:exact:*".getBytes()))
			.hasSize(requests);
		factory.destroy();
	}

	// The default timeout of Lettuce is a minute
	@ParameterizedTest
	@ValueSource(strings = { "token-saving.plan-repository=redis, token-saving.statistics.repository=redis",
			"token-saving.plans.a.cache.backend=redis, token-saving.plans.a.dedup.scope=cluster",
			"token-saving.plans.a.cache.backend=redis, token-saving.plans.a.dedup.scope=cluster, "
					+ "spring.data.redis.timeout=500ms, spring.data.redis.connect-timeout=500ms" })
	void stopsInTimeIfRedisAcceptsConnectionsAndDoesNotAnswer(String properties) {
		AtomicReference<Instant> closing = new AtomicReference<>();
		try (SilentServer silent = new SilentServer()) {
			this.contextRunner
				.withConfiguration(AutoConfigurations.of(TokenSavingRedisPlansAutoConfiguration.class,
						TokenSavingRedisStatisticsAutoConfiguration.class))
				.withPropertyValues(properties.split(", "))
				.withPropertyValues("token-saving.default-plan=a", "token-saving.plans.a.dedup.timeout=10s",
						"spring.data.redis.host=" + silent.host(), "spring.data.redis.port=" + silent.port())
				.run((context) -> {
					assertThat(context).hasNotFailed();
					ChatClient client = context.getBean(ChatClient.Builder.class).build();
					for (int i = 0; i < 5; i++) {
						client.prompt("question " + i).call().content();
					}
					assertThatException()
						.isThrownBy(() -> context.getBean(RedisClusterLeases.class).claim("fingerprint"));
					Eventually.await("it connects", () -> silent.connections() > 0);
					closing.set(Instant.now());
				});
			assertThat(Duration.between(closing.get(), Instant.now())).isLessThan(Duration.ofSeconds(30));
		}
	}

	@Test
	void staysOutOfTheWayOfSeveralConnectionFactories() {
		this.contextRunner
			.withBean("one", RedisConnectionFactory.class,
					() -> new LettuceConnectionFactory(server.host(), server.port()))
			.withBean("two", RedisConnectionFactory.class,
					() -> new LettuceConnectionFactory(server.host(), server.port()))
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean(RedisExactCacheStore.class));
	}

	@Test
	void takesTheApplicationsOwnStore() {
		RedisExactCacheStore own = RedisExactCacheStore
			.builder(new LettuceConnectionFactory(server.host(), server.port()))
			.build();
		this.contextRunner.withBean("own", RedisExactCacheStore.class, () -> own)
			.run((context) -> assertThat(context.getBeansOfType(ExactCacheStore.class)).containsKey("own")
				.doesNotContainKey("tokenSavingRedisExactCacheStore"));
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', value = {
			"token-saving.cache.encryption-key=not base64!      | token-saving.cache.encryption-key   | no Base64",
			"token-saving.cache.encryption-key=c2hvcnQ=         | token-saving.cache.encryption-key   | 5 bytes",
			"token-saving.cache.near-cache.max-size=-1KB        | token-saving.cache.near-cache       | 0 (no near cache)",
			"token-saving.cache.near-cache.ttl=0                | token-saving.cache.near-cache.ttl   | above zero",
			"token-saving.cache.compression-threshold=-1B       | token-saving.cache.compression      | from 0",
			"token-saving.dedup.max-in-flight=0                 | token-saving.dedup.max-in-flight    | at least 1",
			"token-saving.plans.a.dedup.timeout=0               | token-saving.plans.a.dedup.timeout  | above zero",
			"token-saving.plans.a.dedup.max-temperature=-1      | dedup.max-temperature               | at least 0",
			"token-saving.plans.a.dedup.scope=cluster           | token-saving.plans.a.dedup.scope    | 'redis'",
			"token-saving.plans.a.cache.lookup-timeout=0        | plans.a.cache.lookup-timeout        | above zero" })
	void failsReadably(String property, String name, String accepted) {
		this.contextRunner.withPropertyValues(property).run((context) -> {
			assertThat(context).hasFailed();
			assertThat(context.getStartupFailure()).rootCause().hasMessageContaining(name).satisfies((ex) -> {
				String text = ex + String.valueOf(ex.getMessage());
				assertThat(text + reason(ex)).contains(accepted.strip());
				assertThat(text).doesNotContain("c2hvcnQ").doesNotContain("not base64");
			});
		});
	}

	private static String reason(Throwable ex) {
		return (ex instanceof InvalidConfigurationPropertyValueException invalid)
				? invalid.getValue() + " " + invalid.getReason() : "";
	}

	@Test
	void clusterScopeWithoutASharedCacheFailsAtStartup() {
		this.contextRunner
			.withPropertyValues("token-saving.plans.a.cache.backend=in_memory",
					"token-saving.plans.a.dedup.scope=cluster")
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.hasMessageContaining("token-saving.plans.a.dedup.scope"));
	}

	@Test
	void backendRedisWithoutRedisSaysWhatIsMissing() {
		this.withoutRedis.withPropertyValues("token-saving.plans.a.cache.backend=redis").run((context) -> {
			assertThat(context).hasFailed();
			assertThat(reason(rootCause(context.getStartupFailure()))).contains("spring-boot-starter-data-redis");
		});
	}

	@ParameterizedTest
	@CsvSource({ "redis_semantic,com.redis.om,com.redis.om:redis-om-spring",
			"qdrant_semantic,io.qdrant,io.qdrant:client" })
	void backendWithoutItsLibrarySaysWhatIsMissing(String backend, String left, String remedy) {
		this.contextRunner.withClassLoader(new FilteredClassLoader(left))
			.withConfiguration(AutoConfigurations.of(TokenSavingRedisSemanticCacheAutoConfiguration.class,
					TokenSavingQdrantSemanticCacheAutoConfiguration.class))
			.withPropertyValues("token-saving.plans.a.cache.backend=" + backend)
			.run((context) -> {
				assertThat(context).hasFailed();
				assertThat(reason(rootCause(context.getStartupFailure())))
					.contains("'" + backend + "' needs '" + remedy + "'")
					.doesNotContain("RedisConnectionFactory");
			});
	}

	private static Throwable rootCause(Throwable ex) {
		return (ex.getCause() != null) ? rootCause(ex.getCause()) : ex;
	}

	@Test
	void healthTellsOfBackendsThatAreLeftAloneAndStaysUp() {
		this.withoutRedis.run((context) -> {
			TokenSavingHealthIndicator indicator = context.getBean(TokenSavingHealthIndicator.class);
			CircuitBreakers breakers = context.getBean(CircuitBreakers.class);
			breakers.of("redis");
			Health health = indicator.health();
			assertThat(health.getStatus()).isEqualTo(Status.UP);
			assertThat(health.getDetails()).containsEntry("condition", "OK");
			breakers.of("redis").transitionToOpenState();
			health = indicator.health();
			assertThat(health.getStatus()).isEqualTo(Status.UP);
			assertThat(health.getDetails()).containsEntry("condition", "DEGRADED");
			assertThat(health.getDetails().get("circuit_breakers")).hasToString("{redis=open}");
		});
		this.withoutRedis.withConfiguration(AutoConfigurations.of(HealthContributorRegistryAutoConfiguration.class))
			.run((context) -> assertThat(context.getBean(HealthContributorRegistry.class).getContributor("tokensaving"))
				.isInstanceOf(TokenSavingHealthIndicator.class));
		this.withoutRedis.withPropertyValues("management.health.tokensaving.enabled=false")
			.run((context) -> assertThat(context).doesNotHaveBean(TokenSavingHealthIndicator.class));
	}

}

package io.tokensaving.autoconfigure;

import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

import io.tokensaving.Eventually;
import io.tokensaving.RedisTestServer;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.cache.exact.ExactCacheStore;
import io.tokensaving.cache.semantic.WordsEmbeddingModel;
import io.tokensaving.compression.CompressionEngine;
import io.tokensaving.plan.InMemoryPlanRepository;
import io.tokensaving.plan.MutablePlanRepository;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanRepository;
import io.tokensaving.plan.redis.RedisPlanRepository;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.embedding.EmbeddingModel;
import org.springframework.ai.model.chat.client.autoconfigure.ChatClientAutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link TokenSavingRedisPlansAutoConfiguration}.
 */
@ExtendWith(OutputCaptureExtension.class)
class TokenSavingRedisPlansAutoConfigurationTests {

	private static RedisTestServer server;

	private final ApplicationContextRunner contextRunner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(TokenSavingAutoConfiguration.class,
				TokenSavingRedisPlansAutoConfiguration.class, ChatClientAutoConfiguration.class))
		.withBean(ChatModel.class, ScriptedChatModel::echoing);

	private final ApplicationContextRunner withRedis = this.contextRunner
		.withConfiguration(AutoConfigurations.of(DataRedisAutoConfiguration.class))
		.withPropertyValues("spring.data.redis.host=" + server.host(), "spring.data.redis.port=" + server.port());

	private final ApplicationContextRunner withRedisPlan = this.withRedis
		.withBean(ExactCacheStore.class, () -> new TokenSavingAutoConfigurationTests.OwnStore() {
			@Override
			public String backend() {
				return "redis";
			}
		})
		.withPropertyValues("token-saving.plans.a.cache.backend=redis");

	@BeforeAll
	static void start() {
		server = RedisTestServer.start();
	}

	@AfterAll
	static void stop() {
		server.close();
	}

	@Test
	void plansAreInMemoryIfNoPlanCachesInRedis() {
		this.withRedis.withPropertyValues("token-saving.plans.a.cache.backend=in_memory")
			.run((context) -> assertThat(context).hasSingleBean(PlanRepository.class)
				.hasSingleBean(InMemoryPlanRepository.class));
	}

	@Test
	void plansAreInRedisIfAPlanCachesThere() {
		this.withRedisPlan.run((context) -> {
			assertThat(context).hasSingleBean(PlanRepository.class);
			assertThat(context.getBean(RedisPlanRepository.class).isRunning()).isTrue();
			assertThat(context.getBean(PlanRepository.class).find("any", "a")).isNotNull();
		});
	}

	@Test
	void plansAreInMemoryIfThePropertySaysSo() {
		this.withRedisPlan.withPropertyValues("token-saving.plan-repository=in_memory")
			.run((context) -> assertThat(context).hasSingleBean(InMemoryPlanRepository.class)
				.doesNotHaveBean(RedisPlanRepository.class));
	}

	@Test
	void plansAreInRedisIfThePropertySaysSo() {
		this.withRedis.withPropertyValues("token-saving.plan-repository=redis")
			.run((context) -> assertThat(context).hasSingleBean(RedisPlanRepository.class)
				.doesNotHaveBean(InMemoryPlanRepository.class));
	}

	@Test
	void plansAreInMemoryIfAutoFindsNoConnectionFactory() {
		this.contextRunner.withBean(ExactCacheStore.class, () -> new TokenSavingAutoConfigurationTests.OwnStore() {
			@Override
			public String backend() {
				return "redis";
			}
		})
			.withPropertyValues("token-saving.plans.a.cache.backend=redis")
			.run((context) -> assertThat(context).hasSingleBean(InMemoryPlanRepository.class));
	}

	@Test
	void redisWithoutAConnectionFactoryFailsWithTheFix() {
		ApplicationContextRunner redis = this.contextRunner.withPropertyValues("token-saving.plan-repository=redis");
		for (ApplicationContextRunner runner : List.of(redis,
				redis.withClassLoader(new FilteredClassLoader("org.springframework.data.redis")),
				redis.withBean("one", RedisConnectionFactory.class, LettuceConnectionFactory::new)
					.withBean("two", RedisConnectionFactory.class, LettuceConnectionFactory::new))) {
			runner.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.isInstanceOfSatisfying(InvalidConfigurationPropertyValueException.class, (ex) -> {
					assertThat(ex.getName()).isEqualTo("token-saving.plan-repository");
					assertThat(ex.getReason()).contains("RedisConnectionFactory")
						.contains("spring-boot-starter-data-redis")
						.contains("in_memory");
				}));
		}
	}

	@Test
	void failsOnAnUnknownRepository() {
		this.withRedis.withPropertyValues("token-saving.plan-repository=disk")
			.run((context) -> assertThat(context).getFailure().rootCause().hasMessageContaining("RepositoryType.disk"));
	}

	@Test
	void usersRepositoryWins() {
		this.withRedisPlan.withBean("own", PlanRepository.class, () -> new InMemoryPlanRepository(List.of()))
			.run((context) -> assertThat(context).hasSingleBean(PlanRepository.class).hasBean("own"));
	}

	@Test
	void isOffWhenDisabled() {
		this.withRedisPlan.withPropertyValues("token-saving.enabled=false")
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean(PlanRepository.class));
	}

	@Test
	void applicationsShareTheirPlans() {
		ApplicationContextRunner redis = this.withRedis.withPropertyValues("token-saving.plan-repository=redis");
		redis.run((one) -> redis.withPropertyValues("spring.data.redis.client-type=jedis").run((two) -> {
			MutablePlanRepository plans = one.getBean(MutablePlanRepository.class);
			plans.create("w", "faq", Map.of("cache", Map.of("ttl", 60, "guards", List.of())));
			Eventually.await(() -> two.getBean(PlanRepository.class).find("w", "faq") != null);
			assertThat(two.getBean(PlanRepository.class).find("w", "faq")).isEqualTo(plans.find("w", "faq"));
			// An application that starts later has them at once
			redis.run((three) -> assertThat(three.getBean(PlanRepository.class).find("w", "faq")).isNotNull());
		}));
	}

	@Test
	void plansOfAnotherApplicationCostNothing(CapturedOutput output) {
		ApplicationContextRunner redis = this.withRedis.withPropertyValues("token-saving.plan-repository=redis");
		AtomicInteger embeddingModels = new AtomicInteger();
		redis.withPropertyValues("token-saving.workspace=theirs")
			.withBean("zip", CompressionEngine.class, () -> (request) -> {
				throw new UnsupportedOperationException();
			})
			.withBean(EmbeddingModel.class, WordsEmbeddingModel::new)
			.run((theirs) -> {
				MutablePlanRepository plans = theirs.getBean(MutablePlanRepository.class);
				plans.create("theirs", "semantic", Map.of("cache.backend", "in_memory_semantic"));
				plans.create("theirs", "engine",
						Map.of("compression.engine", "zip", "compression.max-input-tokens", 9));
				redis.withPropertyValues("token-saving.workspace=ours").withBean(EmbeddingModel.class, () -> {
					embeddingModels.incrementAndGet();
					return new WordsEmbeddingModel();
				}, (definition) -> definition.setLazyInit(true)).run((ours) -> {
					assertThat(ours.getBean(PlanRepository.class).findAll("ours")).isEmpty();
					assertThat(embeddingModels).hasValue(0);
					assertThat(output).doesNotContain("are left out");
					// A resolver that names their workspace finds what can be used here
					assertThat(ours.getBean(PlanRepository.class).findAll("theirs")).extracting(Plan::id)
						.containsExactly("semantic");
					Eventually.await(() -> embeddingModels.get() == 1);
				});
			});
	}

	@Test
	void startsWithoutRedis() {
		this.contextRunner.withConfiguration(AutoConfigurations.of(DataRedisAutoConfiguration.class))
			.withPropertyValues("spring.data.redis.port=" + RedisTestServer.freePort(),
					"token-saving.plan-repository=redis", "token-saving.plans.a.cache.backend=in_memory")
			.run((context) -> {
				assertThat(context).hasNotFailed();
				assertThat(context.getBean(PlanRepository.class).find("w", "a")).isNotNull();
			});
	}

}

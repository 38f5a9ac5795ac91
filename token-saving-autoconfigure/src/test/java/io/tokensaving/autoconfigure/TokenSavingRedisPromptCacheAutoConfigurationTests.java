package io.tokensaving.autoconfigure;

import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

import io.tokensaving.Eventually;
import io.tokensaving.RedisTestServer;
import io.tokensaving.promptcache.CacheDecision;
import io.tokensaving.promptcache.CachePlanner;
import io.tokensaving.promptcache.CacheRules;
import io.tokensaving.promptcache.CacheScope;
import io.tokensaving.promptcache.CacheTtl;
import io.tokensaving.promptcache.CacheUsage;
import io.tokensaving.promptcache.PrefixBoundary;
import io.tokensaving.promptcache.PrefixExchange;
import io.tokensaving.promptcache.Segment;
import io.tokensaving.promptcache.redis.RedisPrefixExchange;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link TokenSavingRedisPromptCacheAutoConfiguration} on a real Redis server.
 */
class TokenSavingRedisPromptCacheAutoConfigurationTests {

	private static RedisTestServer server;

	private final ApplicationContextRunner withoutRedis = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(TokenSavingRedisPromptCacheAutoConfiguration.class,
				TokenSavingRedisAutoConfiguration.class, TokenSavingAutoConfiguration.class))
		.withPropertyValues("token-saving.plans.a.prompt-cache.enabled=true");

	private final ApplicationContextRunner withRedis = this.withoutRedis
		.withConfiguration(AutoConfigurations.of(DataRedisAutoConfiguration.class))
		.withPropertyValues("spring.data.redis.host=" + server.host(), "spring.data.redis.port=" + server.port());

	@BeforeAll
	static void start() {
		server = RedisTestServer.start();
	}

	@AfterAll
	static void stop() {
		server.close();
	}

	@Test
	void eachInstanceLearnsAloneIfNoPlanCachesInRedis() {
		this.withRedis.run((context) -> assertThat(context).hasSingleBean(CachePlanner.class)
			.doesNotHaveBean(PrefixExchange.class));
	}

	@Test
	void instancesShareIfAPlanCachesInRedis() {
		this.withRedis.withPropertyValues("token-saving.plans.a.cache.backend=redis").run((context) -> {
			assertThat(context).hasSingleBean(PrefixExchange.class);
			assertThat(context.getBean(RedisPrefixExchange.class).isRunning()).isTrue();
		});
	}

	@Test
	void thePropertyDecides() {
		this.withRedis
			.withPropertyValues("token-saving.plans.a.cache.backend=redis",
					"token-saving.prompt-cache-repository=in_memory")
			.run((context) -> assertThat(context).doesNotHaveBean(PrefixExchange.class));
		this.withRedis.withPropertyValues("token-saving.prompt-cache-repository=redis")
			.run((context) -> assertThat(context).hasSingleBean(RedisPrefixExchange.class));
	}

	@Test
	void redisWithoutAConnectionFactoryFailsWithTheFix() {
		this.withoutRedis.withPropertyValues("token-saving.prompt-cache-repository=redis")
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.isInstanceOfSatisfying(InvalidConfigurationPropertyValueException.class, (ex) -> {
					assertThat(ex.getName()).isEqualTo("token-saving.prompt-cache-repository");
					assertThat(ex.getReason()).contains("RedisConnectionFactory")
						.contains("spring-boot-starter-data-redis")
						.contains("in_memory");
				}));
	}

	@Test
	void thePlannerTellsOtherInstancesWhatItSent() {
		ApplicationContextRunner redis = this.withRedis
			.withPropertyValues("token-saving.prompt-cache-repository=redis");
		redis.withBean(CachePlanner.class, CachePlanner::new).run((other) -> {
			Heard heard = new Heard();
			other.getBean(PrefixExchange.class).listen(heard);
			redis.run((one) -> {
				CacheRules rules = new CacheRules(1024, 0.1, List.of(new CacheTtl(Duration.ofMinutes(5), 1.25)), 4, 20,
						EnumSet.allOf(Segment.class), CacheRules.TtlSharing.FRONT,
						CacheRules.MarkLayout.MESSAGES_WITH_TOOLS, false);
				CachePlanner planner = one.getBean(CachePlanner.class);
				CacheDecision decision = planner.plan(new CacheScope("default", "", "a-model"), rules,
						List.of(new PrefixBoundary(Segment.TAIL, 1, 1, 3000)), Instant.now());
				planner.observed(decision, new CacheUsage(3000L, 0L, 3000L, Instant.now()));
				Eventually.await("the other has heard of it", () -> !heard.messages.isEmpty());
				assertThat(heard.failures).isEmpty();
			});
		});
	}

	/**
	 * What an instance hears.
	 */
	private static final class Heard implements PrefixExchange.Listener {

		private final List<byte[]> messages = new CopyOnWriteArrayList<>();

		private final List<Throwable> failures = new CopyOnWriteArrayList<>();

		@Override
		public void received(byte[] message, Instant now) {
			this.messages.add(message);
		}

		@Override
		public void failed(Throwable failure) {
			this.failures.add(failure);
		}

	}

}

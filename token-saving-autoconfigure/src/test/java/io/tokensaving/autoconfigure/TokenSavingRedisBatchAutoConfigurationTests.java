package io.tokensaving.autoconfigure;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;

import io.tokensaving.RedisTestServer;
import io.tokensaving.batch.BatchQueue;
import io.tokensaving.batch.BatchStore;
import io.tokensaving.batch.BatchTarget;
import io.tokensaving.batch.TokenSavingBatch;
import io.tokensaving.batch.redis.RedisBatchStore;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.mockito.Mockito;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.data.redis.connection.RedisConnectionFactory;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link TokenSavingRedisBatchAutoConfiguration} on a real Redis server.
 */
@Timeout(120)
class TokenSavingRedisBatchAutoConfigurationTests {

	private static final String STORE = "token-saving.batch.store=redis";

	private static final String ENABLED = "token-saving.batch.enabled=true";

	private static RedisTestServer server;

	private final ApplicationContextRunner withoutRedis = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(TokenSavingRedisBatchAutoConfiguration.class,
				TokenSavingRedisAutoConfiguration.class, TokenSavingAutoConfiguration.class));

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
	void instancesOfAWorkspaceShareWhatIsQueued() {
		BatchTarget target = new BatchTarget("p", "http://p", "a", "/chat", "m", Map.of());
		Instant deadline = Clock.systemUTC().instant().plus(Duration.ofDays(1));
		String key = "a".repeat(64);
		this.withRedis.withPropertyValues(ENABLED, STORE, "token-saving.workspace=shop").run((context) -> {
			assertThat(context).hasNotFailed()
				.hasSingleBean(TokenSavingBatch.class)
				.getBean(BatchStore.class)
				.isInstanceOf(RedisBatchStore.class);
			context.getBean(BatchQueue.class).add(key, "w", "p", target, new byte[] { 1 }, deadline);
		});
		this.withRedis.withPropertyValues(ENABLED, STORE, "token-saving.workspace=shop")
			.run((context) -> assertThat(context.getBean(BatchStore.class).bodies(List.of(key))).hasSize(1));
		this.withRedis.withPropertyValues(ENABLED, STORE, "token-saving.workspace=other")
			.run((context) -> assertThat(context.getBean(BatchStore.class).counts()).isEmpty());
	}

	@Test
	void anApplicationStartsWhileRedisIsAway() {
		this.withRedis
			.withPropertyValues(ENABLED, STORE, "spring.data.redis.port=" + RedisTestServer.freePort(),
					"spring.data.redis.connect-timeout=1s")
			.run((context) -> assertThat(context).hasNotFailed().hasSingleBean(TokenSavingBatch.class));
	}

	@Test
	void isOffUnlessItIsAskedFor() {
		this.withRedis.withPropertyValues(STORE)
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean(BatchStore.class));
	}

	@Test
	void aStoreOfTheApplicationWins() {
		BatchStore own = Mockito.mock(BatchStore.class);
		this.withRedis.withPropertyValues(ENABLED, STORE)
			.withBean("own", BatchStore.class, () -> own)
			.run((context) -> assertThat(context).hasNotFailed().getBean(BatchStore.class).isSameAs(own));
	}

	@Test
	void withoutAConnectionFactoryTheStartFailsAndNamesTheProperty() {
		this.withoutRedis.withPropertyValues(ENABLED, STORE)
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.hasMessageContaining("token-saving.batch.store")
				.hasMessageContaining("redis"));
		this.withoutRedis.withPropertyValues(ENABLED, STORE)
			.withClassLoader(new FilteredClassLoader(RedisConnectionFactory.class))
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.hasMessageContaining("token-saving.batch.store"));
	}

}

package io.tokensaving.backend.redis;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

import io.tokensaving.Eventually;
import io.tokensaving.RedisTestServer;
import io.tokensaving.SilentServer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import org.springframework.context.support.GenericApplicationContext;
import org.springframework.data.redis.RedisConnectionFailureException;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.jedis.JedisConnectionFactory;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link RedisConnector}.
 */
@Timeout(60)
class RedisConnectorTests {

	private final List<LettuceConnectionFactory> factories = new ArrayList<>();

	private final ExecutorService callers = Executors.newCachedThreadPool();

	@AfterEach
	void close() {
		this.callers.shutdownNow();
		this.factories.forEach(LettuceConnectionFactory::destroy);
	}

	// The default timeout of the client is a minute, which is that of this test too
	@Test
	void whoAsksAServerThatHangsDoesNotQueueAndNeitherDoesTheShutdown() throws Exception {
		try (SilentServer server = new SilentServer()) {
			LettuceConnectionFactory factory = factory(server.host(), server.port());
			RedisConnector connector = new RedisConnector(factory);
			List<Future<RedisConnection>> asked = new ArrayList<>();
			for (int i = 0; i < 20; i++) {
				asked.add(this.callers.submit(() -> connector.connectionFactory().getConnection()));
			}
			for (Future<RedisConnection> connection : asked) {
				assertThat(connection).failsWithin(Duration.ofSeconds(20))
					.withThrowableThat()
					.withCauseInstanceOf(RedisConnectionFailureException.class);
			}
			assertNotConnected(connector);
			assertThat(server.connections()).isEqualTo(1);
			connector.stop();
			factory.destroy();
			assertNotConnected(connector);
			assertThat(server.connections()).isEqualTo(1);
		}
	}

	@Test
	void stoppingEndsTheWaitForAConnection() throws Exception {
		try (SilentServer server = new SilentServer()) {
			LettuceConnectionFactory factory = factory(server.host(), server.port());
			RedisConnector connector = new RedisConnector(factory);
			Future<RedisConnection> asked = this.callers.submit(() -> connector.connectionFactory().getConnection());
			Eventually.await(() -> server.connections() > 0);
			connector.stop();
			assertThat(connector.isRunning()).isFalse();
			assertThat(asked).failsWithin(Duration.ofSeconds(20))
				.withThrowableThat()
				.withCauseInstanceOf(RedisConnectionFailureException.class);
		}
	}

	@Test
	void failsWhileTheConnectionIsAwayAndWorksOnceItIsBack() {
		try (RedisTestServer server = RedisTestServer.start()) {
			RedisConnector connector = new RedisConnector(factory(server.host(), server.port()));
			assertThat(ping(connector)).isEqualTo("PONG");
			server.kill();
			awaitFailure(connector);
			assertNotConnected(connector);
			server.restart();
			awaitPong(connector);
		}
	}

	@Test
	void connectsAgainWhenItIsStartedAgainOrTheFactoryHasBeenReset() {
		try (RedisTestServer server = RedisTestServer.start()) {
			LettuceConnectionFactory factory = factory(server.host(), server.port());
			RedisConnector connector = new RedisConnector(factory);
			connector.stop();
			assertNotConnected(connector);
			connector.start();
			assertThat(ping(connector)).isEqualTo("PONG");
			factory.resetConnection();
			awaitPong(connector);
			assertThat(connector.connected()).isSameAs(factory);
		}
	}

	@Test
	void theFirstUseAfterARestartOfTheFactoryConnects() {
		try (RedisTestServer server = RedisTestServer.start()) {
			LettuceConnectionFactory factory = factory(server.host(), server.port());
			RedisConnector connector = new RedisConnector(factory);
			assertThat(ping(connector)).isEqualTo("PONG");
			connector.stop();
			factory.stop();
			factory.start();
			connector.start();
			assertThat(ping(connector)).isEqualTo("PONG");
		}
	}

	// Nothing is stopped that has not been started; the client's timeout is a minute
	@Test
	void anApplicationThatFailsToStartDoesNotWaitForTheAttempt() throws Exception {
		try (SilentServer server = new SilentServer();
				GenericApplicationContext context = new GenericApplicationContext()) {
			context.registerBean("factory", LettuceConnectionFactory.class,
					() -> new LettuceConnectionFactory(server.host(), server.port()));
			context.registerBean("connector", RedisConnector.class,
					() -> new RedisConnector(context.getBean(LettuceConnectionFactory.class)));
			context.registerBean("failing", Object.class, () -> {
				RedisConnectionFactory factory = context.getBean(RedisConnector.class).connectionFactory();
				this.callers.execute(factory::getConnection);
				Eventually.await(() -> server.connections() > 0);
				throw new IllegalStateException("wrong configuration");
			});
			Future<?> started = this.callers.submit(context::refresh);
			assertThat(started).failsWithin(Duration.ofSeconds(20))
				.withThrowableThat()
				.havingRootCause()
				.withMessage("wrong configuration");
		}
	}

	@Test
	void leavesFactoriesAloneThatShareNoConnection() {
		JedisConnectionFactory jedis = new JedisConnectionFactory();
		assertThat(new RedisConnector(jedis).connectionFactory()).isSameAs(jedis);
		assertThat(new RedisConnector(jedis).connected()).isSameAs(jedis);
		assertThat(new RedisConnector(jedis).isLettuce()).isFalse();
		LettuceConnectionFactory lettuce = new LettuceConnectionFactory();
		lettuce.setShareNativeConnection(false);
		assertThat(new RedisConnector(lettuce).connectionFactory()).isSameAs(lettuce);
		assertThat(new RedisConnector(lettuce).isLettuce()).isTrue();
	}

	private LettuceConnectionFactory factory(String host, int port) {
		LettuceConnectionFactory factory = new LettuceConnectionFactory(host, port);
		factory.afterPropertiesSet();
		factory.start();
		this.factories.add(factory);
		return factory;
	}

	private static void assertNotConnected(RedisConnector connector) {
		RedisConnectionFactory factory = connector.connectionFactory();
		assertThatExceptionOfType(RedisConnectionFailureException.class).isThrownBy(factory::getConnection)
			.withMessageContaining("Redis is not connected");
	}

	private static String ping(RedisConnector connector) {
		try (RedisConnection connection = connector.connectionFactory().getConnection()) {
			return connection.ping();
		}
	}

	private static void awaitFailure(RedisConnector connector) {
		Eventually.await(() -> {
			try {
				connector.connectionFactory().getConnection().close();
				return false;
			}
			catch (RedisConnectionFailureException ex) {
				return true;
			}
		});
	}

	private static void awaitPong(RedisConnector connector) {
		Eventually.await(() -> {
			try {
				return ping(connector).equals("PONG");
			}
			catch (RuntimeException ex) {
				return false;
			}
		});
	}

}

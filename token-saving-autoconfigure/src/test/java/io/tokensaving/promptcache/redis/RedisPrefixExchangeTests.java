package io.tokensaving.promptcache.redis;

import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.Delay;
import io.tokensaving.Eventually;
import io.tokensaving.RedisTestServer;
import io.tokensaving.backend.redis.RedisConnector;
import io.tokensaving.promptcache.PrefixExchange;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.RedisStandaloneConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceClientConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.data.redis.connection.stream.ByteRecord;
import org.springframework.data.redis.connection.stream.StreamRecords;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link RedisPrefixExchange} on a real Redis server.
 */
@Timeout(120)
class RedisPrefixExchangeTests {

	private static final byte[] KEY = bytes("tokensaving:{default}:prompt-cache");

	private static RedisTestServer server;

	private static LettuceConnectionFactory connections;

	private final List<RedisPrefixExchange> opened = new ArrayList<>();

	@BeforeAll
	static void startServer() {
		server = RedisTestServer.start();
		connections = new LettuceConnectionFactory(server.host(), server.port());
		connections.afterPropertiesSet();
		connections.start();
	}

	@AfterAll
	static void stopServer() {
		connections.destroy();
		server.close();
	}

	@BeforeEach
	void empty() {
		redis((connection) -> connection.serverCommands().flushAll());
	}

	@AfterEach
	void closeAll() {
		this.opened.forEach(RedisPrefixExchange::stop);
		this.opened.forEach(RedisPrefixExchange::close);
	}

	private static void redis(Consumer<RedisConnection> commands) {
		try (RedisConnection connection = connections.getConnection()) {
			commands.accept(connection);
		}
	}

	private static byte[] bytes(String text) {
		return text.getBytes(StandardCharsets.UTF_8);
	}

	private RedisPrefixExchange exchange(LettuceConnectionFactory factory, String workspace, Heard heard) {
		RedisPrefixExchange exchange = new RedisPrefixExchange(new RedisConnector(factory), workspace,
				Clock.systemUTC(), Duration.ofMillis(10));
		exchange.listen(heard);
		exchange.start();
		this.opened.add(exchange);
		return exchange;
	}

	@Test
	void allOthersOfTheWorkspaceAreTold() {
		List<Heard> heard = List.of(new Heard(), new Heard(), new Heard());
		Heard others = new Heard();
		RedisPrefixExchange one = exchange(connections, "default", heard.get(0));
		exchange(connections, "default", heard.get(1));
		exchange(connections, "default", heard.get(2));
		RedisPrefixExchange foreign = exchange(connections, "others", others);
		for (int message = 0; message < 1500; message++) {
			one.send(bytes("m" + message));
		}
		foreign.send(bytes("foreign"));
		for (Heard each : heard.subList(1, 3)) {
			Eventually.await("all have arrived", () -> each.messages.size() == 1500);
			assertThat(each.messages).first().isEqualTo("m0");
			assertThat(each.messages).last().isEqualTo("m1499");
		}
		assertThat(heard.get(0).messages).isEmpty();
		assertThat(others.messages).isEmpty();
		assertThat(heard).allSatisfy((each) -> assertThat(each.failures).isEmpty());
	}

	@Test
	void whoComesLaterIsToldWhatWasSentBefore() {
		RedisPrefixExchange one = exchange(connections, "default", new Heard());
		for (int message = 0; message < 1200; message++) {
			one.send(bytes("m" + message));
		}
		one.stop();
		Heard later = new Heard();
		exchange(connections, "default", later);
		Eventually.await("all have arrived", () -> later.messages.size() == 1200);
		redis((connection) -> assertThat(connection.keyCommands().pTtl(KEY)).isBetween(1L,
				Duration.ofMinutes(PrefixExchange.KEPT_MINUTES).toMillis()));
	}

	@Test
	void whoWasStoppedAndStartedAsksRedisNoOftenerThanBefore() throws Exception {
		AtomicInteger asked = new AtomicInteger();
		RedisConnectionFactory counting = (RedisConnectionFactory) Proxy.newProxyInstance(getClass().getClassLoader(),
				new Class<?>[] { RedisConnectionFactory.class }, (proxy, method, arguments) -> {
					asked.incrementAndGet();
					return connections.getConnection();
				});
		RedisPrefixExchange exchange = new RedisPrefixExchange(new RedisConnector(counting), "default",
				Clock.systemUTC(), Duration.ofMillis(500));
		this.opened.add(exchange);
		exchange.listen(new Heard());
		exchange.start();
		for (int round = 0; round < 10; round++) {
			exchange.stop();
			exchange.start();
		}
		Eventually.await("all have begun", () -> asked.get() >= 20);
		int before = asked.get();
		long start = System.nanoTime();
		Eventually.await("it was asked again", () -> asked.get() >= before + 3);
		assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofMillis(900));
	}

	@Test
	void whatMeansHarmIsLeftInRedis() {
		Heard heard = new Heard();
		exchange(connections, "default", heard);
		redis((connection) -> {
			connection.streamCommands().xAdd(entry("message", "x".repeat(2_000_000)));
			connection.streamCommands().xAdd(entry("other", "x"));
			connection.streamCommands().xAdd(entry("message", "right"));
		});
		Eventually.await("the right one has arrived", () -> heard.messages.contains("right"));
		assertThat(heard.messages).containsExactly("right");
		assertThat(heard.failures).isEmpty();
	}

	private static ByteRecord entry(String name, String value) {
		return StreamRecords.rawBytes(Map.of(bytes(name), bytes(value))).withStreamKey(KEY);
	}

	@Test
	void aKeyOfAnotherTypeIsReportedAndGoneAround() {
		redis((connection) -> connection.stringCommands().set(KEY, bytes("no stream")));
		Heard heard = new Heard();
		RedisPrefixExchange one = exchange(connections, "default", new Heard());
		exchange(connections, "default", heard);
		one.send(bytes("kept"));
		Eventually.await("it is reported", () -> !heard.failures.isEmpty());
		redis((connection) -> connection.keyCommands().del(KEY));
		Eventually.await("it has arrived", () -> heard.messages.contains("kept"));
	}

	@Test
	void whileRedisIsAwayNobodyWaitsAndAsMuchAsIsBoundedIsKept() {
		RedisTestServer other = RedisTestServer.start();
		ClientResources resources = ClientResources.builder()
			.reconnectDelay(Delay.constant(Duration.ofMillis(50)))
			.build();
		LettuceConnectionFactory factory = new LettuceConnectionFactory(
				new RedisStandaloneConfiguration(other.host(), other.port()),
				LettuceClientConfiguration.builder()
					.clientResources(resources)
					.commandTimeout(Duration.ofSeconds(2))
					.build());
		factory.afterPropertiesSet();
		factory.start();
		try {
			Heard heard = new Heard();
			RedisPrefixExchange one = exchange(factory, "default", new Heard());
			exchange(factory, "default", heard);
			one.send(bytes("before"));
			Eventually.await("it has arrived", () -> heard.messages.contains("before"));
			other.close();
			Eventually.await("it is reported", () -> !heard.failures.isEmpty());
			for (int message = 0; message < 3 * RedisPrefixExchange.MAX_UNSENT; message++) {
				one.send(bytes("m" + message));
			}
			RedisTestServer back = RedisTestServer.startAt(other.port());
			try {
				Eventually.await("what was kept has arrived",
						() -> heard.messages.size() >= RedisPrefixExchange.MAX_UNSENT);
				assertThat(heard.messages).hasSizeLessThan(2 * RedisPrefixExchange.MAX_UNSENT);
			}
			finally {
				closeAll();
				back.close();
			}
		}
		finally {
			factory.destroy();
			resources.shutdown();
		}
	}

	/**
	 * What an instance hears.
	 */
	private static final class Heard implements PrefixExchange.Listener {

		private final List<String> messages = new CopyOnWriteArrayList<>();

		private final List<Throwable> failures = new CopyOnWriteArrayList<>();

		@Override
		public void received(byte[] message, Instant now) {
			this.messages.add(new String(message, StandardCharsets.UTF_8));
		}

		@Override
		public void failed(Throwable failure) {
			this.failures.add(failure);
		}

	}

}

package io.tokensaving.route.redis;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import java.util.stream.IntStream;

import com.github.benmanes.caffeine.cache.Ticker;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.Delay;
import io.tokensaving.Eventually;
import io.tokensaving.RedisTestServer;
import io.tokensaving.backend.CircuitBreakers;
import io.tokensaving.backend.redis.RedisConnector;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.route.log.RouteDecision;
import io.tokensaving.route.log.RouteDecisions;
import io.tokensaving.route.log.RouteLine;
import io.tokensaving.route.log.RouteLog;
import io.tokensaving.route.log.RouteVerdict;
import io.tokensaving.statistics.DescribedException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import org.springframework.data.domain.Range;
import org.springframework.data.redis.RedisSystemException;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisStandaloneConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceClientConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.data.redis.connection.stream.ByteRecord;
import org.springframework.data.redis.connection.stream.RecordId;
import org.springframework.data.redis.connection.stream.StreamRecords;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link RedisRouteSink} on a real Redis server.
 */
@Timeout(120)
class RedisRouteSinkTests {

	private static final PlanKey PLAN = new PlanKey("default", "a");

	private static final byte[] KEY = bytes("tokensaving:{default}:routing:a");

	private static RedisTestServer server;

	private static LettuceConnectionFactory connections;

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
		redis((connection) -> {
			connection.serverCommands().flushAll();
			return true;
		});
	}

	private static byte[] bytes(String text) {
		return text.getBytes(StandardCharsets.UTF_8);
	}

	private static <T> T redis(Function<RedisConnection, T> commands) {
		try (RedisConnection connection = connections.getConnection()) {
			return commands.apply(connection);
		}
	}

	private static RedisRouteSink sink(LettuceConnectionFactory factory, long maxLength) {
		return new RedisRouteSink(new RedisConnector(factory), new CircuitBreakers().of(RedisRouteSink.NAME),
				Ticker.systemTicker(), maxLength, Duration.ofDays(7));
	}

	private static List<RouteLine> lines(PlanKey plan, int count) {
		return IntStream.range(0, count).mapToObj((i) -> new RouteLine(plan, "{\"n\":%d}".formatted(i))).toList();
	}

	private static List<String> records(byte[] key) {
		List<ByteRecord> records = redis((connection) -> connection.streamCommands().xRange(key, Range.unbounded()));
		return records.stream()
			.map((entry) -> new String(entry.getValue().values().iterator().next(), StandardCharsets.UTF_8))
			.toList();
	}

	@Test
	void eachPlanHasAStreamThatExpires() {
		PlanKey odd = new PlanKey("tenant {1}", "my plan:x");
		List<RouteLine> lines = new ArrayList<>(lines(PLAN, 3));
		lines.addAll(lines(odd, 1));
		sink(connections, 1000).write(lines);
		assertThat(records(KEY)).containsExactly("{\"n\":0}", "{\"n\":1}", "{\"n\":2}");
		assertThat(RedisRouteSink.key(odd)).matches("tokensaving:\\{~[0-9a-f]{32}}:routing:~[0-9a-f]{32}");
		assertThat(records(bytes(RedisRouteSink.key(odd)))).hasSize(1);
		Long left = redis((connection) -> connection.keyCommands().pTtl(KEY));
		assertThat(left).isBetween(Duration.ofDays(7).minusMinutes(5).toMillis(), Duration.ofDays(7).toMillis());
	}

	@Test
	void aStreamKeepsAboutAsManyAsItMay() {
		RedisRouteSink sink = sink(connections, 500);
		for (int i = 0; i < 20; i++) {
			sink.write(lines(PLAN, 100));
		}
		Long length = redis((connection) -> connection.streamCommands().xLen(KEY));
		assertThat(length).isBetween(500L, 700L);
	}

	@Test
	void whatIsOlderThanTheRetentionIsDeleted() {
		long now = redis((connection) -> connection.serverCommands().time());
		long week = Duration.ofDays(7).toMillis();
		for (long age : List.of(week + 60_000, week + 1000, week - 600_000, 0L)) {
			redis((connection) -> connection.streamCommands()
				.xAdd(StreamRecords.rawBytes(Map.of(bytes("record"), bytes("age " + age)))
					.withStreamKey(KEY)
					.withId(RecordId.of(now - age, 0))));
		}
		sink(connections, 1000).write(lines(PLAN, 1));
		assertThat(records(KEY)).containsExactly("age " + (week - 600_000), "age 0", "{\"n\":0}");
	}

	@Test
	void ifOnePlanFailsTheOthersAreNotWrittenAgain() {
		PlanKey broken = new PlanKey("default", "b");
		byte[] brokenKey = bytes(RedisRouteSink.key(broken));
		redis((connection) -> connection.stringCommands().set(brokenKey, bytes("no stream")));
		List<RouteLine> lines = new ArrayList<>(lines(PLAN, 2));
		lines.addAll(lines(broken, 2));
		RedisRouteSink sink = sink(connections, 1000);
		for (int i = 0; i < 3; i++) {
			assertThatExceptionOfType(RedisSystemException.class).isThrownBy(() -> sink.write(lines));
		}
		redis((connection) -> connection.keyCommands().del(brokenKey));
		sink.write(lines);
		sink.write(lines(PLAN, 1));
		assertThat(records(KEY)).hasSize(3);
		assertThat(records(brokenKey)).hasSize(2);
	}

	@Test
	void theBreakerOpensAndKeepsCallsAway() {
		redis((connection) -> connection.stringCommands().set(KEY, bytes("no stream")));
		CircuitBreaker breaker = new CircuitBreakers().of(RedisRouteSink.NAME);
		RedisRouteSink sink = new RedisRouteSink(new RedisConnector(connections), breaker, Ticker.systemTicker(), 1000,
				Duration.ofDays(7));
		for (int i = 0; i < 10; i++) {
			assertThatExceptionOfType(RedisSystemException.class).isThrownBy(() -> sink.write(lines(PLAN, 1)));
		}
		assertThat(breaker.getState()).isEqualTo(CircuitBreaker.State.OPEN);
		assertThatExceptionOfType(DescribedException.class).isThrownBy(() -> sink.write(lines(PLAN, 1)))
			.withMessageContaining("breaker");
	}

	@Test
	void whileRedisIsAwayNobodyWaitsAndNothingIsLostWithinTheBounds() {
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
		List<Throwable> failures = new CopyOnWriteArrayList<>();
		try (RouteLog log = RouteLog.builder().sinks(List.of(sink(factory, 10_000))).onFailure(failures::add).build()) {
			log.add(RouteDecisions.decision(log.newId(), PLAN));
			Eventually.await("it is written", () -> log.describe().toString().contains("written=1"));
			other.close();
			List<UUID> ids = new ArrayList<>();
			long start = System.nanoTime();
			for (int i = 0; i < 500; i++) {
				RouteDecision decision = RouteDecisions.decision(log.newId(), PLAN);
				log.add(decision);
				log.verdict(decision.id(), RouteVerdict.WORSE);
				ids.add(decision.id());
			}
			assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(2));
			Eventually.await("it is told", () -> !failures.isEmpty());
			RedisTestServer back = RedisTestServer.startAt(other.port());
			try {
				Eventually.await("all are written", () -> log.describe().toString().contains("written=1001"));
				assertThat(failures.toString()).doesNotContain(ids.get(0).toString());
			}
			finally {
				back.close();
			}
		}
		finally {
			factory.destroy();
			resources.shutdown();
		}
	}

}

package io.tokensaving.route;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.IntStream;

import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.Delay;
import io.tokensaving.Eventually;
import io.tokensaving.RedisTestServer;
import io.tokensaving.SilentServer;
import io.tokensaving.backend.redis.RedisConnector;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.route.redis.RedisRouteStateStore;
import io.tokensaving.route.state.RouteStateStore;
import io.tokensaving.sampling.GradedJudge;
import io.tokensaving.sampling.QualityStanding;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisStandaloneConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceClientConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.data.redis.connection.stream.StreamRecords;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link SharedRouting} and {@link RedisRouteStateStore} on a real Redis
 * server.
 */
@Timeout(120)
class SharedRoutingRedisTests {

	private static final PlanKey PLAN = SharedInstance.PLAN;

	private static final RouteSettings SETTINGS = SharedInstance.SETTINGS;

	private static final RouteStateStore.Journal JOURNAL = new RouteStateStore.Journal("labels-a", 1000,
			Duration.ofDays(1));

	private static final RouteStateStore.Group GROUP = new RouteStateStore.Group("quality", Duration.ofDays(2));

	private static final RouteStateStore.Position START = RouteStateStore.Position.START;

	private static RedisTestServer server;

	private static LettuceConnectionFactory connections;

	private final SplittableRandom random = new SplittableRandom(1);

	private final List<SharedInstance> instances = new ArrayList<>();

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

	@AfterEach
	void closeAll() {
		this.instances.forEach(SharedInstance::close);
	}

	private static <T> T redis(Function<RedisConnection, T> commands) {
		try (RedisConnection connection = connections.getConnection()) {
			return commands.apply(connection);
		}
	}

	private static Long timeToLive(byte[] key) {
		return redis((connection) -> connection.keyCommands().pTtl(key));
	}

	private static byte[] bytes(String text) {
		return text.getBytes(StandardCharsets.UTF_8);
	}

	private static RedisRouteStateStore store(LettuceConnectionFactory factory) {
		return new RedisRouteStateStore(new RedisConnector(factory));
	}

	private SharedInstance start(RouteStateStore store) {
		SharedInstance instance = new SharedInstance(store, Map.of(), Duration.ofMillis(5));
		this.instances.add(instance);
		instance.shared().used(PLAN, SETTINGS);
		return instance;
	}

	private static int labels(SharedInstance instance) {
		var figures = instance.classifier().figures(PLAN).get("nano");
		return (figures != null) ? figures.labels() : 0;
	}

	@Test
	void instancesHaveTheSameAndSoHasOneThatComesLater() {
		SharedInstance one = start(store(connections));
		SharedInstance other = start(store(connections));
		for (int i = 1; i <= 700; i++) {
			int given = i;
			assertThat((((i % 2) == 0) ? one : other).shared().learn(one.label(this.random), SETTINGS)).isTrue();
			if (i % 50 == 0) {
				Eventually.await("both have learned", () -> labels(one) == given && labels(other) == given);
			}
		}
		assertThat(one.choose(SharedInstance.EASY)).isEqualTo("nano").isEqualTo(other.choose(SharedInstance.EASY));
		one.judge(GradedJudge.Grade.WORSE);
		Eventually.await("it is evidence there", () -> other.monitors().evidence(SharedInstance.NANO) > 1);
		one.pay(2);
		Eventually.await("it is spent there", () -> other.budget().spentUsd(PLAN).intValue() == 2);
		one.monitors().setStanding(SharedInstance.NANO, QualityStanding.SUSPENDED);
		Eventually.await("it is suspended there", () -> other.monitors().isSuspended());
		SharedInstance later = start(store(connections));
		Eventually.await("it knows all", () -> labels(later) == 700 && later.monitors().isSuspended()
				&& later.budget().spentUsd(PLAN).intValue() == 2 && later.monitors().evidence(SharedInstance.NANO) > 1);
		assertThat(later.choose(SharedInstance.EASY)).isEqualTo("nano");
		later.monitors().resume();
		Eventually.await("all are resumed", () -> !one.monitors().isSuspended() && !other.monitors().isSuspended());
		assertThat(one.errors() + other.errors() + later.errors()).isZero();
		Set<String> kinds = new TreeSet<>();
		redis((connection) -> connection.keyCommands().keys(bytes("*"))).forEach((key) -> {
			String name = new String(key, StandardCharsets.UTF_8);
			kinds.add(name.replaceAll("[0-9a-f]{32}", "<hash>"));
			assertThat(timeToLive(key)).isPositive();
		});
		String prefix = "tokensaving:{%s}:routing-state:%s:".formatted(PLAN.workspace(), PLAN.plan());
		assertThat(kinds).containsExactly(prefix + "judging-" + LocalDate.now(ZoneOffset.UTC), prefix + "labels-<hash>",
				prefix + "learned", prefix + "quality", prefix + "verdicts");
	}

	@Test
	void whatWaitsIsWrittenBeforeConnectionsAreClosed() {
		RedisRouteStateStore store = store(connections);
		SharedInstance one = new SharedInstance(store, Map.of(), Duration.ofHours(1));
		this.instances.add(one);
		one.shared().used(PLAN, SETTINGS);
		one.shared().exchange();
		one.shared().learn(one.label(this.random), SETTINGS);
		store.start();
		store.stop();
		assertThat(store.isRunning()).isFalse();
		SharedInstance other = start(store(connections));
		Eventually.await("it was written", () -> labels(other) == 1);
	}

	@Test
	void aServerThatIsAwayCostsNothingAndGetsEverythingOnceItIsBack() {
		try (RedisTestServer own = RedisTestServer.start()) {
			LettuceConnectionFactory factory = factory(own.host(), own.port(),
					ClientResources.builder().reconnectDelay(Delay.constant(Duration.ofMillis(20))).build());
			try {
				SharedInstance one = start(store(factory));
				one.shared().learn(one.label(this.random), SETTINGS);
				Eventually.await("it is connected", () -> labels(one) == 1);
				own.kill();
				Eventually.await("that is noticed", () -> one.errors() > 0);
				for (int i = 0; i < 20; i++) {
					one.shared().used(PLAN, SETTINGS);
					assertThat(one.shared().learn(one.label(this.random), SETTINGS)).isTrue();
					one.judge(GradedJudge.Grade.SAME);
				}
				one.monitors().setStanding(SharedInstance.NANO, QualityStanding.SUSPENDED);
				own.restart();
				SharedInstance other = start(store(factory));
				Eventually.await("it is there", () -> labels(other) >= 20 && other.monitors().isSuspended());
			}
			finally {
				closeAll();
				factory.destroy();
			}
		}
	}

	@Test
	void aServerThatSaysNothingHoldsUpNobody() throws Exception {
		try (SilentServer silent = new SilentServer()) {
			LettuceConnectionFactory factory = factory(silent.host(), silent.port(), ClientResources.create());
			try {
				SharedInstance one = start(store(factory));
				Eventually.await("it was asked", () -> silent.connections() > 0);
				long before = System.nanoTime();
				for (int i = 0; i < 500; i++) {
					one.shared().used(PLAN, SETTINGS);
					one.shared().learn(one.label(this.random), SETTINGS);
					one.judge(GradedJudge.Grade.SAME);
				}
				// Each of these takes microseconds, and Redis has a second
				assertThat(System.nanoTime() - before).isLessThan(Duration.ofSeconds(20).toNanos());
				Eventually.await("that is counted", () -> one.errors() > 0);
			}
			finally {
				closeAll();
				factory.destroy();
			}
		}
	}

	private static LettuceConnectionFactory factory(String host, int port, ClientResources resources) {
		LettuceConnectionFactory factory = new LettuceConnectionFactory(new RedisStandaloneConfiguration(host, port),
				LettuceClientConfiguration.builder()
					.commandTimeout(Duration.ofSeconds(1))
					.shutdownTimeout(Duration.ZERO)
					.clientResources(resources)
					.build());
		factory.afterPropertiesSet();
		factory.start();
		return factory;
	}

	@Test
	void entriesAreReadInOrderAndPages() {
		RedisRouteStateStore store = store(connections);
		assertThat(store.exchange(PLAN, JOURNAL, List.of(), START)).isEmpty();
		List<byte[]> all = IntStream.range(0, 700).mapToObj((i) -> bytes("e" + i)).toList();
		List<RouteStateStore.Entry> first = store.exchange(PLAN, JOURNAL, all, START);
		assertThat(texts(first)).hasSize(RouteStateStore.PAGE).startsWith("e0", "e1").endsWith("e499");
		List<RouteStateStore.Entry> second = store.exchange(PLAN, JOURNAL, List.of(), first.get(499).position());
		assertThat(texts(second)).hasSize(200).startsWith("e500").endsWith("e699");
		assertThat(store.exchange(PLAN, JOURNAL, List.of(), second.get(199).position())).isEmpty();
		assertThat(texts(store.exchange(PLAN, JOURNAL, List.of(bytes("new")), second.get(199).position())))
			.containsExactly("new");
		List<RouteStateStore.Position> positions = first.stream().map(RouteStateStore.Entry::position).toList();
		assertThat(positions).isSorted().doesNotHaveDuplicates();
		assertThat(store.exchange(new PlanKey(PLAN.workspace(), "other"), JOURNAL, List.of(), START)).isEmpty();
	}

	private static List<String> texts(List<RouteStateStore.Entry> entries) {
		return entries.stream().map((entry) -> new String(entry.content(), StandardCharsets.UTF_8)).toList();
	}

	@Test
	void aLogKeepsAboutAsManyEntriesAsItShould() {
		RedisRouteStateStore store = store(connections);
		for (int i = 0; i < 30; i++) {
			store.exchange(PLAN, JOURNAL, IntStream.range(0, 100).mapToObj((each) -> new byte[100]).toList(), START);
		}
		byte[] key = bytes(RedisRouteStateStore.key(PLAN, "labels-a"));
		Long length = redis((connection) -> connection.streamCommands().xLen(key));
		assertThat(length).isBetween(1000L, 1200L);
		assertThat(timeToLive(key)).isBetween(1L, Duration.ofDays(1).toMillis());
	}

	@Test
	void whatOthersHaveWrittenIsEmptyOrOfNoUse() {
		RedisRouteStateStore store = store(connections);
		byte[] key = bytes(RedisRouteStateStore.key(PLAN, "labels-a"));
		redis((connection) -> {
			connection.streamCommands()
				.xAdd(StreamRecords.rawBytes(Map.of(bytes("a"), bytes("1"), bytes("b"), bytes("2")))
					.withStreamKey(key));
			return connection.streamCommands()
				.xAdd(StreamRecords.rawBytes(Map.of(bytes("e"), new byte[RouteStateStore.MAX_BYTES + 1]))
					.withStreamKey(key));
		});
		assertThat(texts(store.exchange(PLAN, JOURNAL, List.of(bytes("good")), START))).containsExactly("", "", "good");
	}

	@Test
	void valuesAreKeptByName() {
		RedisRouteStateStore store = store(connections);
		assertThat(store.values(PLAN, GROUP)).isEmpty();
		store.put(PLAN, GROUP, Map.of("a", new byte[] { 0, -1 }, "b", bytes("2")));
		store.put(PLAN, GROUP, Map.of("b", bytes("3"), "large", new byte[RouteStateStore.MAX_BYTES]));
		Map<String, byte[]> values = store.values(PLAN, GROUP);
		assertThat(values).containsOnlyKeys("a", "b", "large");
		assertThat(values.get("a")).containsExactly(0, -1);
		assertThat(values.get("b")).isEqualTo(bytes("3"));
		assertThat(values.get("large")).isEmpty();
	}

}

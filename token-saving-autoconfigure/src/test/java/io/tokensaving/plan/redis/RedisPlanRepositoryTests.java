package io.tokensaving.plan.redis;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;

import io.lettuce.core.ClientOptions;
import io.tokensaving.RedisTestServer;
import io.tokensaving.plan.MapPlanReader;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanConflictException;
import io.tokensaving.plan.PlanStoreUnavailableException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.RedisStandaloneConfiguration;
import org.springframework.data.redis.connection.jedis.JedisConnectionFactory;
import org.springframework.data.redis.connection.lettuce.LettuceClientConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.data.redis.core.StringRedisTemplate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link RedisPlanRepository}: what several instances see of each other, and
 * what happens while Redis is away.
 */
@ExtendWith(OutputCaptureExtension.class)
class RedisPlanRepositoryTests {

	private static final Duration TWO_SECONDS = Duration.ofSeconds(2);

	private static final Duration PATIENCE = Duration.ofSeconds(30);

	private static RedisTestServer server;

	private final List<AutoCloseable> closeables = new ArrayList<>();

	private RedisConnectionFactory connectionFactory;

	private StringRedisTemplate redis;

	@BeforeAll
	static void startServer() {
		server = RedisTestServer.start();
	}

	@AfterAll
	static void stopServer() {
		server.close();
	}

	@BeforeEach
	void connect() {
		server.restart();
		this.connectionFactory = lettuce();
		this.redis = new StringRedisTemplate(this.connectionFactory);
	}

	@AfterEach
	void close() throws Exception {
		for (int i = this.closeables.size() - 1; i >= 0; i--) {
			this.closeables.get(i).close();
		}
	}

	private RedisConnectionFactory lettuce() {
		LettuceConnectionFactory factory = new LettuceConnectionFactory(
				new RedisStandaloneConfiguration(server.host(), server.port()),
				LettuceClientConfiguration.builder()
					.commandTimeout(Duration.ofSeconds(2))
					.clientOptions(ClientOptions.create())
					.build());
		factory.afterPropertiesSet();
		factory.start();
		this.closeables.add(factory::destroy);
		return factory;
	}

	private RedisConnectionFactory jedis() {
		JedisConnectionFactory factory = new JedisConnectionFactory(
				new RedisStandaloneConfiguration(server.host(), server.port()));
		factory.afterPropertiesSet();
		factory.start();
		this.closeables.add(factory::destroy);
		return factory;
	}

	private RedisPlanRepository.Builder builder() {
		return RedisPlanRepository.builder(this.connectionFactory, new MapPlanReader())
			.writeTimeout(Duration.ofMillis(1500));
	}

	private RedisPlanRepository start(RedisPlanRepository.Builder builder) {
		RedisPlanRepository repository = builder.build();
		this.closeables.add(repository);
		repository.start();
		return repository;
	}

	private static void await(Duration limit, String what, BooleanSupplier condition) throws InterruptedException {
		long end = System.nanoTime() + limit.toNanos();
		while (!condition.getAsBoolean()) {
			assertThat(System.nanoTime()).as(what).isLessThan(end);
			TimeUnit.MILLISECONDS.sleep(5);
		}
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void instancesSeeEachOthersChangesWithinTwoSeconds(boolean notifications) throws Exception {
		RedisPlanRepository one = start(builder().notifications(notifications).reloadInterval(Duration.ofHours(1)));
		this.connectionFactory = jedis();
		RedisPlanRepository two = start(builder().notifications(notifications).reloadInterval(Duration.ofHours(1)));
		one.create("w", "p", Map.of("cache.backend", "a"));
		await(TWO_SECONDS, "created", () -> two.find("w", "p") != null);
		two.update("w", "p", Map.of("cache.backend", "b"), 1L);
		await(TWO_SECONDS, "updated", () -> one.find("w", "p").cache().backend().equals("b"));
		assertThat(one.findStored("w", "p").version()).isEqualTo(2);
		one.update("w", "p", Map.of("cache.max-entry-size", 9), 2L);
		await(TWO_SECONDS, "updated again", () -> two.findStored("w", "p").version() == 3);
		two.delete("w", "p", 3L);
		await(TWO_SECONDS, "deleted", () -> one.find("w", "p") == null);
	}

	@Test
	void aNotificationIsFasterThanThePoll() throws Exception {
		RedisPlanRepository.Builder rare = builder().pollInterval(Duration.ofHours(1))
			.reloadInterval(Duration.ofHours(1));
		RedisPlanRepository one = start(rare);
		RedisPlanRepository two = start(rare);
		AtomicLong version = new AtomicLong(one.create("w", "p", Map.of()).version());
		// Until the subscription stands
		await(PATIENCE, "notified", () -> {
			version.set(one.update("w", "p", Map.of(), null).version());
			return two.find("w", "p") != null;
		});
		one.delete("w", "p", version.get());
		await(TWO_SECONDS, "deleted", () -> two.find("w", "p") == null);
	}

	@Test
	void aChangeThatNobodyWasToldOfIsSeenByTheFullReload() throws Exception {
		RedisPlanRepository one = start(
				builder().pollInterval(Duration.ofHours(1)).reloadInterval(Duration.ofMillis(50)));
		this.redis.opsForSet().add("tokensaving:workspaces", "w");
		this.redis.opsForHash().put("tokensaving:w:plans", "p", "{\"format\":1,\"version\":4,\"settings\":{}}");
		await(PATIENCE, "reloaded", () -> one.find("w", "p") != null);
		assertThat(one.findStored("w", "p").version()).isEqualTo(4);
	}

	@Test
	void storesUnderDocumentedKeys() {
		start(builder()).create("w", "p", Map.of("cache", Map.of("backend", "a", "max_entry_size", 7)));
		assertThat(this.redis.keys("*")).containsExactlyInAnyOrder("tokensaving:w:plans", "tokensaving:workspaces",
				"tokensaving:plans-revision");
		assertThat(this.redis.opsForHash().get("tokensaving:w:plans", "p")).isEqualTo(
				"{\"format\":1,\"version\":1,\"settings\":{\"cache\":{\"backend\":\"a\",\"max-entry-size\":7}}}");
	}

	@Test
	void changesToAPlanThatIsNotYetSeenAreNotLost() {
		RedisPlanRepository.Builder deaf = builder().notifications(false)
			.pollInterval(Duration.ofHours(1))
			.reloadInterval(Duration.ofHours(1));
		RedisPlanRepository one = start(deaf);
		RedisPlanRepository two = start(deaf);
		one.create("w", "p", Map.of("cache.backend", "b"));
		assertThat(two.find("w", "p")).isNull();
		assertThat(two.update("w", "p", Map.of("cache.max-entry-size", 7), null).settings())
			.isEqualTo(Map.of("cache", Map.of("backend", "b", "max-entry-size", 7L)));
		assertThatExceptionOfType(PlanConflictException.class).isThrownBy(() -> one.update("w", "p", Map.of(), 1L))
			.satisfies((ex) -> assertThat(ex.getCurrentVersion()).isEqualTo(2));
		assertThat(one.update("w", "p", Map.of(), 2L).plan().cache().maxEntryBytes()).isEqualTo(7);
	}

	@Test
	void aPlanThatWasCreatedAnewIsNotTakenForTheOldOne() {
		RedisPlanRepository one = start(builder());
		// The reader is called between reading and writing
		RedisPlanRepository slow = start(RedisPlanRepository.builder(this.connectionFactory, (id, settings) -> {
			if (settings.toString().contains("marker")) {
				if ("a".equals(one.findStored("w", "p").plan().cache().backend())) {
					one.delete("w", "p", null);
					one.create("w", "p", Map.of("cache.backend", "b"));
				}
				return Plan.builder(id).build();
			}
			return new MapPlanReader().read(id, settings);
		}));
		one.create("w", "p", Map.of("cache.backend", "a"));
		assertThat(slow.update("w", "p", Map.of("marker", true), null).settings())
			.isEqualTo(Map.of("cache", Map.of("backend", "b"), "marker", true));
	}

	@Test
	void leavesOutWhatItCannotReadAndWarnsOnce(CapturedOutput output) throws Exception {
		this.redis.opsForSet().add("tokensaving:workspaces", "w");
		Map<String, String> stored = Map.of("good", "{\"format\":1,\"version\":2,\"settings\":{}}", "broken", "{\"for",
				"empty", "", "list", "[]", "newer", "{\"format\":2,\"version\":1,\"settings\":{}}", "unknown-backend",
				"{\"format\":1,\"version\":1,\"settings\":{\"cache\":{\"backend\":\"zzz\"}}}", "unknown-setting",
				"{\"format\":1,\"version\":1,\"settings\":{\"dedup\":{}}}", "bad id\nFAKE LOG LINE",
				"{\"format\":1,\"version\":1,\"settings\":{}}", "no-version", "{\"format\":1,\"settings\":{}}");
		this.redis.opsForHash().putAll("tokensaving:w:plans", stored);
		AtomicLong time = new AtomicLong();
		RedisPlanRepository plans = start(builder().ticker(time::get).pollInterval(Duration.ofMillis(1)));
		assertThat(plans.findAll("w")).extracting(Plan::id).containsExactly("good");
		assertThat(output).contains("'broken' of the workspace 'w' (it is no valid JSON)")
			.contains("'newer' of the workspace 'w' (it has the format '2', known is 1)")
			.contains("'unknown-backend' of the workspace 'w' ('cache.backend' has the value 'zzz'")
			.doesNotContain("\nFAKE");
		// Another problem within the minute waits, the same one is not told again
		this.redis.opsForHash().put("tokensaving:w:plans", "later", "x");
		this.redis.opsForHash().put("tokensaving:w:plans", "more", stored.get("good"));
		this.redis.opsForValue().increment("tokensaving:plans-revision");
		await(PATIENCE, "reloaded", () -> plans.find("w", "more") != null);
		assertThat(output).doesNotContain("'later'");
		time.addAndGet(TimeUnit.MINUTES.toNanos(1));
		this.redis.opsForValue().increment("tokensaving:plans-revision");
		await(PATIENCE, "warned", () -> output.toString().contains("'later'"));
		time.addAndGet(TimeUnit.MINUTES.toNanos(10));
		plans.create("w", "last", Map.of());
		this.redis.opsForHash().put("tokensaving:w:plans", "sentinel", stored.get("good"));
		this.redis.opsForValue().increment("tokensaving:plans-revision");
		await(PATIENCE, "reloaded", () -> plans.find("w", "sentinel") != null);
		assertThat(output.toString().split("cannot read are left out", -1)).hasSize(3);
	}

	@Test
	void whatCannotBeReadCanBeDeletedAndNotChanged() {
		this.redis.opsForHash().put("tokensaving:w:plans", "p", "broken");
		RedisPlanRepository plans = start(builder());
		assertThatExceptionOfType(PlanConflictException.class).isThrownBy(() -> plans.update("w", "p", Map.of(), null))
			.satisfies((ex) -> assertThat(ex.getReason()).isEqualTo(PlanConflictException.Reason.UNREADABLE));
		assertThatExceptionOfType(PlanConflictException.class).isThrownBy(() -> plans.create("w", "p", Map.of()))
			.satisfies((ex) -> assertThat(ex.getReason()).isEqualTo(PlanConflictException.Reason.EXISTS));
		plans.delete("w", "p", null);
		assertThat(plans.create("w", "p", Map.of()).version()).isEqualTo(1);
	}

	@Test
	void withoutRedisTheLastPlansStayAndWritesFailUntilItIsBack(CapturedOutput output) throws Exception {
		Plan fixed = Plan.builder("fixed").build();
		RedisPlanRepository plans = start(builder().plans(List.of(fixed)).pollInterval(Duration.ofMillis(20)));
		plans.create("w", "p", Map.of("cache.backend", "b"));
		server.kill();
		for (Runnable write : List.<Runnable>of(() -> plans.create("w", "q", Map.of()),
				() -> plans.update("w", "p", Map.of(), null), () -> plans.delete("w", "p", null))) {
			long start = System.nanoTime();
			assertThatExceptionOfType(PlanStoreUnavailableException.class).isThrownBy(write::run)
				.withMessageStartingWith("The store of plans ");
			assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
		}
		await(PATIENCE, "warned", () -> output.toString().contains("Stored plans cannot be read from Redis"));
		assertThat(plans.find("w", "p").cache().backend()).isEqualTo("b");
		assertThat(plans.findAll("w")).hasSize(2);
		server.restart();
		// It came back empty, as without persistence
		await(PATIENCE, "up to date", () -> plans.find("w", "p") == null);
		assertThat(plans.findAll("w")).containsExactly(fixed);
		assertThat(plans.create("w", "p", Map.of()).version()).isEqualTo(1);
		assertThat(output.toString().split("cannot be read from Redis", -1)).hasSize(2);
	}

	@Test
	void startsWithoutRedisAndCatchesUp() throws Exception {
		server.kill();
		Plan fixed = Plan.builder("fixed").build();
		long start = System.nanoTime();
		RedisPlanRepository plans = start(builder().plans(List.of(fixed))
			.pollInterval(Duration.ofMillis(20))
			.reloadInterval(Duration.ofMillis(500)));
		assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(10));
		assertThat(plans.find("w", "fixed")).isEqualTo(fixed);
		assertThat(plans.find("w", "p")).isNull();
		server.restart();
		RedisPlanRepository other = start(builder());
		await(PATIENCE, "caught up", () -> {
			try {
				other.create("w", "p", Map.of());
			}
			catch (PlanStoreUnavailableException | PlanConflictException ex) {
				// Not back yet, or created already
			}
			return plans.find("w", "p") != null;
		});
	}

	@Test
	void aServerThatHangsDelaysNoLookUp() {
		RedisPlanRepository plans = start(builder().pollInterval(Duration.ofMillis(10)));
		plans.create("w", "p", Map.of());
		server.pause();
		try {
			long start = System.nanoTime();
			for (int i = 0; i < 1000; i++) {
				assertThat(plans.find("w", "p")).isNotNull();
				assertThat(plans.findAll("w")).hasSize(1);
			}
			assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(1));
			assertThatExceptionOfType(PlanStoreUnavailableException.class)
				.isThrownBy(() -> plans.create("w", "q", Map.of()));
		}
		finally {
			server.resume();
		}
	}

	@Test
	void endsItsThreads() throws Exception {
		RedisPlanRepository plans = builder().build();
		plans.start();
		plans.create("w", "p", Map.of());
		assertThat(plans.isRunning()).isTrue();
		assertThat(threads()).isNotEmpty().allMatch(Thread::isDaemon);
		plans.close();
		plans.close();
		assertThat(plans.isRunning()).isFalse();
		await(PATIENCE, "ended", () -> threads().isEmpty());
		assertThat(plans.find("w", "p")).isNotNull();
		assertThatExceptionOfType(PlanStoreUnavailableException.class)
			.isThrownBy(() -> plans.create("w", "q", Map.of()));
	}

	@Test
	void endsItsThreadsWithoutRedis() throws Exception {
		server.kill();
		RedisPlanRepository plans = builder().reloadInterval(Duration.ofMillis(200)).build();
		plans.start();
		await(PATIENCE, "subscribing",
				() -> threads().stream().anyMatch((thread) -> thread.getName().contains("subscribe")));
		plans.close();
		await(PATIENCE, "ended", () -> threads().isEmpty());
	}

	private static List<Thread> threads() {
		return Thread.getAllStackTraces()
			.keySet()
			.stream()
			.filter((thread) -> thread.getName().startsWith("token-saving-plans"))
			.toList();
	}

}

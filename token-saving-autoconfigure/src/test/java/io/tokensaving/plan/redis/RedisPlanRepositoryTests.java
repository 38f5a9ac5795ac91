package io.tokensaving.plan.redis;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.lettuce.core.ClientOptions;
import io.tokensaving.Eventually;
import io.tokensaving.RedisTestServer;
import io.tokensaving.cache.CacheSettings;
import io.tokensaving.plan.InvalidPlanException;
import io.tokensaving.plan.MapPlanReader;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanConflictException;
import io.tokensaving.plan.PlanReader;
import io.tokensaving.plan.PlanSource;
import io.tokensaving.plan.PlanStoreUnavailableException;
import io.tokensaving.plan.StoredPlan;
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
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.RedisScriptingCommands;
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

	private static final Duration PATIENCE = Duration.ofSeconds(60);

	private static RedisTestServer server;

	private final List<AutoCloseable> closeables = new ArrayList<>();

	private final Set<Thread> threadsBefore = plansThreads().collect(Collectors.toSet());

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
					.commandTimeout(Duration.ofSeconds(5))
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
			.writeTimeout(Duration.ofSeconds(10));
	}

	private RedisPlanRepository start(RedisPlanRepository.Builder builder) {
		RedisPlanRepository repository = builder.build();
		this.closeables.add(repository);
		repository.start();
		return repository;
	}

	// Tells of each method of a connection and of its scripting commands: before it is
	// called, and for scripts after it has been called too
	private RedisConnectionFactory observed(Consumer<String> observer) {
		RedisConnectionFactory target = this.connectionFactory;
		return proxy(RedisConnectionFactory.class, target, (name) -> {
		}, (connection) -> (connection instanceof RedisConnection) ? proxy(RedisConnection.class, connection, observer,
				(commands) -> (commands instanceof RedisScriptingCommands)
						? proxy(RedisScriptingCommands.class, commands, observer, (reply) -> {
							observer.accept("reply");
							return reply;
						}) : commands)
				: connection);
	}

	private static <T> T proxy(Class<T> type, Object target, Consumer<String> before, UnaryOperator<Object> after) {
		return type
			.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] { type }, (proxy, method, arguments) -> {
				before.accept(method.getName());
				try {
					return after.apply(method.invoke(target, arguments));
				}
				catch (InvocationTargetException ex) {
					throw ex.getCause();
				}
			}));
	}

	private static void await(CountDownLatch latch) {
		try {
			assertThat(latch.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void instancesSeeEachOthersChanges(boolean notifications) throws Exception {
		RedisPlanRepository one = start(builder().notifications(notifications).reloadInterval(Duration.ofHours(1)));
		this.connectionFactory = jedis();
		RedisPlanRepository two = start(builder().notifications(notifications).reloadInterval(Duration.ofHours(1)));
		one.create("w", "p", Map.of("cache.backend", "a"));
		Eventually.await("created", () -> two.find("w", "p") != null);
		two.update("w", "p", Map.of("cache.backend", "b"), 1L);
		Eventually.await("updated", () -> one.find("w", "p").settings(CacheSettings.class).backend().equals("b"));
		assertThat(one.findStored("w", "p").version()).isEqualTo(2);
		one.update("w", "p", Map.of("cache.max-entry-size", 9), 2L);
		Eventually.await("updated again", () -> two.findStored("w", "p").version() == 3);
		two.delete("w", "p", 3L);
		Eventually.await("deleted", () -> one.find("w", "p") == null);
	}

	@Test
	void instancesSeeAnOverrideAndItsEnd() throws Exception {
		Plan fixed = Plan.builder("o").overridable(true).with(new CacheSettings("b")).build();
		RedisPlanRepository one = start(builder().plans(List.of(fixed)));
		RedisPlanRepository two = start(builder().plans(List.of(fixed)));
		RedisPlanRepository strict = start(builder().plans(List.of(Plan.builder("o").build())));
		one.update("w", "o", Map.of("cache.max-entry-size", 7), null);
		Eventually.await("overridden", () -> two.find("w", "o").source() == PlanSource.OVERRIDE);
		assertThat(two.find("w", "o")).isEqualTo(one.find("w", "o"));
		assertThat(two.find("w", "o").settings(CacheSettings.class).maxEntryBytes()).isEqualTo(7);
		assertThat(start(builder().plans(List.of(fixed))).findStored("w", "o")).as("after a restart")
			.isEqualTo(one.findStored("w", "o"));
		assertThat(strict.find("w", "o").source()).isEqualTo(PlanSource.CODE);
		two.delete("w", "o", 1L);
		Eventually.await("deleted", () -> one.find("w", "o").equals(fixed));
	}

	@Test
	void anOverrideThatCannotBeReadLeavesTheFixedPlanInUse(CapturedOutput output) throws Exception {
		Plan fixed = Plan.builder("o").overridable(true).build();
		RedisPlanRepository plans = start(
				builder().plans(List.of(fixed)).workspace("w").reloadInterval(Duration.ofMillis(20)));
		start(RedisPlanRepository.builder(this.connectionFactory, (id, settings) -> Plan.builder(id).build())
			.plans(List.of(fixed))).update("w", "o", Map.of("newer", true), null);
		Eventually.await("warned", () -> output.toString().contains("'o' of the workspace 'w' ('newer'"));
		assertThat(plans.find("w", "o")).isEqualTo(fixed);
	}

	@Test
	void aNotificationIsFasterThanThePoll() throws Exception {
		RedisPlanRepository.Builder rare = builder().pollInterval(Duration.ofHours(1))
			.reloadInterval(Duration.ofHours(1));
		RedisPlanRepository one = start(rare);
		RedisPlanRepository two = start(rare);
		AtomicLong version = new AtomicLong(one.create("w", "p", Map.of()).version());
		// Until the subscription stands
		Eventually.await("notified", () -> {
			version.set(one.update("w", "p", Map.of(), null).version());
			return two.find("w", "p") != null;
		});
		one.delete("w", "p", version.get());
		Eventually.await("deleted", () -> two.find("w", "p") == null);
	}

	@Test
	void aChangeThatNobodyWasToldOfIsSeenByTheFullReload() throws Exception {
		RedisPlanRepository one = start(
				builder().pollInterval(Duration.ofHours(1)).reloadInterval(Duration.ofMillis(50)));
		this.redis.opsForSet().add("tokensaving:workspaces", "w");
		this.redis.opsForHash().put("tokensaving:w:plans", "p", "{\"format\":1,\"version\":4,\"settings\":{}}");
		Eventually.await("reloaded", () -> one.find("w", "p") != null);
		assertThat(one.findStored("w", "p").version()).isEqualTo(4);
	}

	@Test
	void aPlanThatAnotherInstanceDeletesDuringAWriteDoesNotComeBack() throws Exception {
		CountDownLatch telling = new CountDownLatch(1);
		CountDownLatch told = new CountDownLatch(1);
		AtomicBoolean slow = new AtomicBoolean();
		AtomicInteger polls = new AtomicInteger();
		RedisPlanRepository two = start(builder());
		this.connectionFactory = observed((method) -> {
			if (method.equals("getRange")) {
				polls.incrementAndGet();
			}
			if (method.equals("publish") && slow.get()) {
				telling.countDown();
				await(told);
			}
		});
		RedisPlanRepository one = start(builder().writeTimeout(PATIENCE)
			.pollInterval(Duration.ofMillis(10))
			.reloadInterval(Duration.ofHours(1)));
		one.create("w", "p", Map.of());
		slow.set(true);
		CompletableFuture<StoredPlan> update = CompletableFuture
			.supplyAsync(() -> one.update("w", "p", Map.of("cache.backend", "b"), 1L));
		await(telling);
		two.delete("w", "p", 2L);
		int before = polls.get();
		Eventually.await("polled", () -> polls.get() > before + 2);
		told.countDown();
		update.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
		Eventually.await("deleted", () -> one.find("w", "p") == null);
	}

	@Test
	void othersHearOfAWriteWhoseResultIsNotKnown() throws Exception {
		AtomicBoolean slow = new AtomicBoolean();
		CountDownLatch closed = new CountDownLatch(1);
		RedisPlanRepository two = start(builder().reloadInterval(Duration.ofHours(1)));
		this.connectionFactory = observed((method) -> {
			boolean writing = Thread.currentThread().getName().contains("plans-write");
			if (method.equals("reply") && writing && slow.get()) {
				await(closed);
			}
		});
		RedisPlanRepository one = start(
				builder().writeTimeout(Duration.ofMillis(500)).reloadInterval(Duration.ofHours(1)));
		two.create("w", "p", Map.of());
		Eventually.await("created", () -> one.find("w", "p") != null);
		slow.set(true);
		assertThatExceptionOfType(PlanStoreUnavailableException.class).isThrownBy(() -> one.delete("w", "p", null))
			.withMessageContaining("not known");
		Eventually.await("deleted", () -> one.find("w", "p") == null && two.find("w", "p") == null);
		closed.countDown();
	}

	@Test
	void workspacesOfAnyNameKeepToTheirOwnKeys() {
		// What statistics of the workspace 'a' are kept in
		this.redis.opsForSet().add("tokensaving:a:stats:plans", "faq");
		RedisPlanRepository plans = start(builder());
		plans.create("good", "p", Map.of());
		plans.create("a:stats", "p", Map.of());
		assertThat(this.redis.keys("tokensaving:*:plans")).hasSize(3).contains("tokensaving:good:plans");
		RedisPlanRepository later = start(builder());
		assertThat(later.find("good", "p")).isNotNull();
		assertThat(later.find("a:stats", "p")).isNotNull();
	}

	@Test
	void whatOthersHaveWrittenIsNeitherReadNorInTheWay(CapturedOutput output) throws Exception {
		String key = "tokensaving:w:plans";
		String plan = "{\"format\":%s,\"version\":%s,\"settings\":{\"cache\":{\"backend\":\"a\",\"max-entry-size\":%s}}}";
		this.redis.opsForSet().add("tokensaving:workspaces", "w");
		this.redis.opsForHash().put(key, "good", plan.formatted(1, 4, 5));
		this.redis.opsForHash().put(key, "long", "x".repeat(3_000_000));
		this.redis.opsForHash().put(key, "padded", plan.formatted(1, 4, 5) + " ".repeat(300_000));
		this.redis.opsForHash().put(key, "deep", "[".repeat(200_000));
		this.redis.opsForHash().put(key, "digits", plan.formatted(1, 4, "9".repeat(200_000)));
		for (String number : List.of("1e999999999", "1e-999999999", "-1e2147483647", "0.0e99999")) {
			this.redis.opsForHash().put(key, "format" + number.length(), plan.formatted(number, 4, 5));
			this.redis.opsForHash().put(key, "version" + number.length(), plan.formatted(1, number, 5));
			this.redis.opsForHash().put(key, "size" + number.length(), plan.formatted(1, 4, number));
		}
		this.redis.opsForHash().put(key, "i".repeat(1_000_000), plan.formatted(1, 4, 5));
		RedisPlanRepository plans = start(builder());
		assertThat(plans.findAll("w")).extracting(Plan::id).containsExactly("good");
		Eventually.await("warned", () -> output.toString().contains("are left out"));
		this.redis.opsForValue().set("tokensaving:plans-revision", "x".repeat(1_000_000));
		this.redis.opsForHash().put(key, "better", plan.formatted(1, 4, 5));
		Eventually.await("read", () -> plans.findAll("w").size() == 2);
	}

	@Test
	void onlyWhatIsOverTheBoundOfAWorkspaceIsLeftOutAndToldOf(CapturedOutput output) throws Exception {
		storeUntold("many", 0, RedisPlanStore.MAX_PLANS + 7);
		storeUntold("far-too-many", 0, 10 * RedisPlanStore.MAX_PLANS + 1);
		storeUntold("few", 0, 3);
		RedisPlanRepository plans = start(builder().reloadInterval(Duration.ofMillis(100)));
		Eventually.await("read", () -> plans.findAll("many").size() == RedisPlanStore.MAX_PLANS);
		assertThat(plans.findAll("few")).hasSize(3);
		assertThat(plans.findAll("far-too-many")).isEmpty();
		assertThat(plans.findAll("many").stream().map(Plan::id)).contains("plan00000", "plan01999");
		assertThat(plans.find("many", "plan02000")).isNull();
		// Whether it exists is not known, so what is known of it is kept
		assertThat(plans.exists("many", "plan02000")).isTrue();
		assertThat(plans.exists("few", "plan02000")).isFalse();
		Eventually.await("told", () -> output.toString()
			.contains("7 of the workspace 'many' (there are more than the 2000 that are read)"));
		assertThat(output).contains("20001 of the workspace 'far-too-many'")
			.doesNotContain("cannot be read from Redis");
		storeUntold("few", 3, 4);
		Eventually.await("read again", () -> plans.findAll("few").size() == 4);
		this.redis.opsForHash().delete("tokensaving:many:plans", "plan00000");
		Eventually.await("moved up", () -> plans.find("many", "plan02000") != null);
	}

	private void storeUntold(String workspace, int from, int to) {
		Map<String, String> plans = new HashMap<>();
		for (int i = from; i < to; i++) {
			plans.put("plan%05d".formatted(i),
					"{\"format\":1,\"version\":4,\"settings\":{\"cache\":{\"backend\":\"a\"}}}");
		}
		this.redis.opsForSet().add("tokensaving:workspaces", workspace);
		this.redis.opsForHash().putAll("tokensaving:%s:plans".formatted(workspace), plans);
	}

	@Test
	void plansOfOtherWorkspacesAreNotReadUntilSomebodyLooksThere(CapturedOutput output) throws Exception {
		this.redis.opsForSet().add("tokensaving:workspaces", "mine", "other");
		this.redis.opsForHash().put("tokensaving:mine:plans", "m", "{\"format\":1,\"version\":1,\"settings\":{}}");
		this.redis.opsForHash().put("tokensaving:other:plans", "o", "{\"format\":1,\"version\":4,\"settings\":{}}");
		this.redis.opsForHash().put("tokensaving:other:plans", "broken", "{");
		RecordingReader reader = new RecordingReader();
		RedisPlanRepository plans = start(
				RedisPlanRepository.builder(this.connectionFactory, reader).workspace("mine"));
		assertThat(plans.find("mine", "m")).isNotNull();
		assertThat(reader.read).containsExactly("m");
		assertThat(reader.loaded).containsExactly("m");
		assertThat(output).doesNotContain("are left out");
		assertThat(plans.findStored("other", "o").version()).isEqualTo(4);
		assertThat(plans.findAll("other")).hasSize(1);
		Eventually.await("loaded", () -> reader.loaded.contains("o"));
		Eventually.await("warned", () -> output.toString().contains("'broken' of the workspace 'other'"));
		assertThat(reader.read).containsExactly("m", "o");
	}

	@Test
	void whatTakesLongToLoadHoldsUpNoChange(CapturedOutput output) throws Exception {
		this.redis.opsForSet().add("tokensaving:workspaces", "w");
		this.redis.opsForHash().put("tokensaving:w:plans", "slow", "{\"format\":1,\"version\":1,\"settings\":{}}");
		RecordingReader reader = new RecordingReader();
		CountDownLatch loading = new CountDownLatch(1);
		reader.loader = (plan) -> {
			if (plan.id().equals("slow")) {
				await(loading);
			}
		};
		RedisPlanRepository plans = start(RedisPlanRepository.builder(this.connectionFactory, reader));
		assertThat(output).contains("loading what they need, takes long").doesNotContain("Redis does not answer");
		RedisPlanRepository other = start(builder());
		other.create("w", "quick", Map.of());
		Eventually.await("created", () -> plans.find("w", "quick") != null);
		other.delete("w", "slow", null);
		Eventually.await("deleted", () -> plans.find("w", "slow") == null);
		loading.countDown();
		Eventually.await("loaded", () -> reader.loaded.contains("quick"));
	}

	@Test
	void whatCannotBeLoadedIsLeftOutUntilItCan(CapturedOutput output) throws Exception {
		this.redis.opsForSet().add("tokensaving:workspaces", "w");
		this.redis.opsForHash().put("tokensaving:w:plans", "p", "{\"format\":1,\"version\":1,\"settings\":{}}");
		RecordingReader reader = new RecordingReader();
		AtomicBoolean broken = new AtomicBoolean(true);
		reader.loader = (plan) -> {
			if (broken.get()) {
				throw new InvalidPlanException("cache.backend", "x", "another one");
			}
		};
		RedisPlanRepository plans = start(
				RedisPlanRepository.builder(this.connectionFactory, reader).reloadInterval(Duration.ofMillis(100)));
		Eventually.await("left out", () -> plans.find("w", "p") == null);
		Eventually.await("warned", () -> output.toString().contains("'p' of the workspace 'w' ('cache.backend' has"));
		broken.set(false);
		Eventually.await("back", () -> plans.find("w", "p") != null);
	}

	@Test
	void saysOnceThatAFixedPlanTakesThePlaceOfAStoredOne(CapturedOutput output) throws Exception {
		start(builder()).create("w", "p", Map.of());
		RedisPlanRepository plans = start(
				builder().plans(List.of(Plan.builder("p").build())).reloadInterval(Duration.ofMillis(20)));
		this.redis.opsForHash().put("tokensaving:w:plans", "later", "{\"format\":1,\"version\":1,\"settings\":{}}");
		Eventually.await("reloaded", () -> plans.find("w", "later") != null);
		assertThat(output.toString().split("have their ids: 'p' of the workspace 'w'", -1)).hasSize(2);
		assertThat(plans.findStored("w", "p")).isNull();
		assertThat(start(builder()).findStored("w", "p")).isNotNull();
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
		assertThat(two.findAll("w")).isEmpty();
		assertThat(two.update("w", "p", Map.of("cache.max-entry-size", 7), null).settings())
			.isEqualTo(Map.of("cache", Map.of("backend", "b", "max-entry-size", 7L)));
		assertThatExceptionOfType(PlanConflictException.class).isThrownBy(() -> one.update("w", "p", Map.of(), 1L))
			.satisfies((ex) -> assertThat(ex.getCurrentVersion()).isEqualTo(2));
		assertThat(one.update("w", "p", Map.of(), 2L).plan().settings(CacheSettings.class).maxEntryBytes())
			.isEqualTo(7);
	}

	@Test
	void aPlanThatWasCreatedAnewIsNotTakenForTheOldOne() {
		RedisPlanRepository one = start(builder());
		// The reader is called between reading and writing
		RedisPlanRepository slow = start(RedisPlanRepository.builder(this.connectionFactory, (id, settings) -> {
			if (settings.toString().contains("marker")) {
				if ("a".equals(one.findStored("w", "p").plan().settings(CacheSettings.class).backend())) {
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
		// Their figures must not be taken for those of deleted plans
		assertThat(plans.exists("w", "newer")).isTrue();
		assertThat(plans.exists("w", "no-such")).isFalse();
		assertThat(output).contains("'broken' of the workspace 'w' (it is no valid JSON)")
			.contains("'newer' of the workspace 'w' (it has the format '2', known is 1)")
			.contains("'unknown-backend' of the workspace 'w' ('cache.backend' has the value 'zzz'")
			.doesNotContain("\nFAKE");
		// Another problem within the minute waits, the same one is not told again
		this.redis.opsForHash().put("tokensaving:w:plans", "later", "x");
		this.redis.opsForHash().put("tokensaving:w:plans", "more", stored.get("good"));
		this.redis.opsForValue().increment("tokensaving:plans-revision");
		Eventually.await("reloaded", () -> plans.find("w", "more") != null);
		assertThat(output).doesNotContain("'later'");
		time.addAndGet(TimeUnit.MINUTES.toNanos(1));
		this.redis.opsForValue().increment("tokensaving:plans-revision");
		Eventually.await("warned", () -> output.toString().contains("'later'"));
		time.addAndGet(TimeUnit.MINUTES.toNanos(10));
		plans.create("w", "last", Map.of());
		this.redis.opsForHash().put("tokensaving:w:plans", "sentinel", stored.get("good"));
		this.redis.opsForValue().increment("tokensaving:plans-revision");
		Eventually.await("reloaded", () -> plans.find("w", "sentinel") != null);
		assertThat(output.toString().split("cannot read are left out", -1)).hasSize(3);
	}

	@Test
	void somethingElseInThePlaceOfOneWorkspacesPlansHidesNoOthers(CapturedOutput output) {
		start(builder()).create("good", "plan", Map.of("cache.backend", "a"));
		this.redis.opsForSet().add("tokensaving:workspaces", "bad", "", "*", "x".repeat(10_000), "a\nb");
		this.redis.opsForValue().set("tokensaving:bad:plans", "text");
		RedisPlanRepository repository = start(builder());
		assertThat(repository.find("good", "plan")).isNotNull();
		assertThat(repository.findAll("bad")).isEmpty();
		assertThat(output).contains("all of the workspace 'bad' (something else stands in their place)");
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
	void saysOfWhatCannotBeReadThatItsVersionCannotEither() {
		this.redis.opsForHash().put("tokensaving:w:plans", "p", "{\"format\":2,\"version\":7,\"settings\":{}}");
		RedisPlanRepository plans = start(builder());
		for (Runnable write : List.<Runnable>of(() -> plans.update("w", "p", Map.of(), 7L),
				() -> plans.delete("w", "p", 7L))) {
			assertThatExceptionOfType(PlanConflictException.class).isThrownBy(write::run)
				.withMessageContaining("cannot be read")
				.satisfies((ex) -> assertThat(ex.getReason()).isEqualTo(PlanConflictException.Reason.UNREADABLE));
		}
		plans.delete("w", "p", null);
		assertThat(plans.create("w", "p", Map.of()).version()).isEqualTo(8);
	}

	@ParameterizedTest
	@ValueSource(strings = { "9223372036854775807", "9223372036854775808", "1000000000000000001", "1.5", "0", "1e3" })
	void aVersionThatNoPlanHasIsNotRead(String version) {
		this.redis.opsForHash()
			.put("tokensaving:w:plans", "p", "{\"format\":1,\"version\":" + version + ",\"settings\":{}}");
		RedisPlanRepository plans = start(builder());
		assertThatExceptionOfType(PlanConflictException.class).isThrownBy(() -> plans.update("w", "p", Map.of(), null))
			.satisfies((ex) -> assertThat(ex.getReason()).isEqualTo(PlanConflictException.Reason.UNREADABLE));
		plans.delete("w", "p", null);
		assertThat(plans.create("w", "p", Map.of()).version()).isEqualTo(1);
	}

	@Test
	void aLastVersionThatIsNoneIsReplaced() {
		this.redis.opsForHash().put("tokensaving:w:plans", ":last-version", "9223372036854775807");
		RedisPlanRepository plans = start(builder());
		plans.create("w", "p", Map.of());
		plans.delete("w", "p", 1L);
		assertThat(this.redis.opsForHash().get("tokensaving:w:plans", ":last-version")).isEqualTo("1");
		assertThat(plans.create("w", "p", Map.of()).version()).isEqualTo(2);
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
			assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(30));
		}
		Eventually.await("warned", () -> output.toString().contains("Stored plans cannot be read from Redis"));
		assertThat(plans.find("w", "p").settings(CacheSettings.class).backend()).isEqualTo("b");
		assertThat(plans.findAll("w")).hasSize(2);
		server.restart();
		// It came back empty, as without persistence
		Eventually.await("up to date", () -> plans.find("w", "p") == null);
		assertThat(plans.findAll("w")).containsExactly(fixed);
		assertThat(plans.create("w", "p", Map.of()).version()).isEqualTo(1);
		assertThat(output.toString().split("cannot be read from Redis", -1)).hasSize(2);
	}

	@Test
	void aLackOfMemoryDoesNotEndThePolling() {
		AtomicInteger failures = new AtomicInteger();
		AtomicBoolean fails = new AtomicBoolean();
		RedisPlanRepository plans = start(RedisPlanRepository.builder(observed((name) -> {
			if (fails.get() && (name.equals("stringCommands") || name.equals("getRange"))) {
				failures.incrementAndGet();
				throw new OutOfMemoryError("made up");
			}
		}), new MapPlanReader())
			.notifications(false)
			.pollInterval(Duration.ofMillis(20))
			.reloadInterval(Duration.ofMillis(20)));
		fails.set(true);
		// Both kinds of polls have failed
		Eventually.await("failed", () -> failures.get() >= 4);
		fails.set(false);
		start(builder()).create("w", "p", Map.of());
		Eventually.await("polls again", () -> !plans.findAll("w").isEmpty());
	}

	@Test
	void startsWithoutRedisAndCatchesUp() throws Exception {
		server.kill();
		Plan fixed = Plan.builder("fixed").build();
		long start = System.nanoTime();
		RedisPlanRepository plans = start(builder().plans(List.of(fixed))
			.pollInterval(Duration.ofMillis(20))
			.reloadInterval(Duration.ofMillis(500)));
		assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(30));
		assertThat(plans.find("w", "fixed")).isEqualTo(fixed);
		assertThat(plans.find("w", "p")).isNull();
		server.restart();
		RedisPlanRepository other = start(builder());
		Eventually.await("caught up", () -> {
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
			assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(30));
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
		Eventually.await("ended", () -> threads().isEmpty());
		assertThat(plans.find("w", "p")).isNotNull();
		assertThatExceptionOfType(PlanStoreUnavailableException.class)
			.isThrownBy(() -> plans.create("w", "q", Map.of()));
	}

	@Test
	void endsItsThreadsWithoutRedis() throws Exception {
		server.kill();
		RedisPlanRepository plans = builder().reloadInterval(Duration.ofMillis(200)).build();
		plans.start();
		Eventually.await("subscribing",
				() -> threads().stream().anyMatch((thread) -> thread.getName().contains("subscribe")));
		plans.close();
		Eventually.await("ended", () -> threads().isEmpty());
	}

	// Without those that hang in tests of other classes
	private List<Thread> threads() {
		return plansThreads().filter((thread) -> !this.threadsBefore.contains(thread)).toList();
	}

	private static Stream<Thread> plansThreads() {
		return Thread.getAllStackTraces()
			.keySet()
			.stream()
			.filter((thread) -> thread.getName().startsWith("token-saving-plans"));
	}

	/**
	 * Tells which plans were read and for which was loaded what they need.
	 */
	private static final class RecordingReader implements PlanReader {

		private final List<String> read = new CopyOnWriteArrayList<>();

		private final List<String> loaded = new CopyOnWriteArrayList<>();

		private volatile Consumer<Plan> loader = (plan) -> {
		};

		@Override
		public Plan read(String id, Map<String, Object> settings) {
			this.read.add(id);
			return new MapPlanReader().read(id, settings);
		}

		@Override
		public void load(Plan plan) {
			this.loader.accept(plan);
			this.loaded.add(plan.id());
		}

	}

}

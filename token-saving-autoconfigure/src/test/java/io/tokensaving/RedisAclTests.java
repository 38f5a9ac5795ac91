package io.tokensaving;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import com.github.benmanes.caffeine.cache.Ticker;
import io.tokensaving.backend.CircuitBreakers;
import io.tokensaving.backend.redis.RedisConnector;
import io.tokensaving.batch.BatchQueue.Entry.State;
import io.tokensaving.batch.BatchStore;
import io.tokensaving.batch.BatchTarget;
import io.tokensaving.batch.redis.RedisBatchStore;
import io.tokensaving.budget.BudgetAmount;
import io.tokensaving.budget.BudgetClaim;
import io.tokensaving.budget.BudgetKey;
import io.tokensaving.budget.BudgetScope;
import io.tokensaving.budget.BudgetSettings;
import io.tokensaving.budget.redis.RedisBudgetAccounts;
import io.tokensaving.cache.CacheKey;
import io.tokensaving.cache.CachedResponse;
import io.tokensaving.cache.exact.redis.RedisExactCacheStore;
import io.tokensaving.dedup.ClusterLeases.Lease;
import io.tokensaving.dedup.redis.RedisClusterLeases;
import io.tokensaving.feature.Eviction;
import io.tokensaving.ledger.Labels;
import io.tokensaving.plan.MapPlanReader;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.plan.redis.RedisPlanRepository;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.route.log.RouteLine;
import io.tokensaving.route.redis.RedisRouteSink;
import io.tokensaving.route.redis.RedisRouteStateStore;
import io.tokensaving.route.state.RouteStateStore;
import io.tokensaving.statistics.SavingsStatistics;
import io.tokensaving.statistics.StatisticsBatch;
import io.tokensaving.statistics.StatisticsCounters;
import io.tokensaving.statistics.redis.RedisStatisticsRepository;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.RedisStandaloneConfiguration;
import org.springframework.data.redis.connection.jedis.JedisConnectionFactory;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.data.redis.core.StringRedisTemplate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;

/**
 * Tests that the user of Redis in the documentation may do all that is needed, and no
 * more.
 */
class RedisAclTests {

	private RedisTestServer server;

	// The reply to ACL LOG is nested, which Lettuce cannot read without a type
	private JedisConnectionFactory admin;

	@BeforeEach
	void createUser() throws Exception {
		this.server = RedisTestServer.start();
		this.admin = new JedisConnectionFactory(
				new RedisStandaloneConfiguration(this.server.host(), this.server.port()));
		this.admin.afterPropertiesSet();
		this.admin.start();
		String command = Files.readString(Path.of("../docs/several-instances.md"))
			.lines()
			.filter((line) -> line.startsWith("ACL SETUSER "))
			.findFirst()
			.orElseThrow();
		execute(command.split(" "));
	}

	@AfterEach
	void stop() {
		this.admin.destroy();
		this.server.close();
	}

	@Test
	void userMayDoAllThatIsNeededByLettuce() throws Exception {
		LettuceConnectionFactory factory = new LettuceConnectionFactory(user());
		factory.afterPropertiesSet();
		factory.start();
		try {
			useAll(factory);
			assertThatException().isThrownBy(() -> new StringRedisTemplate(factory).opsForValue().get("other"))
				.havingRootCause()
				.withMessageContaining("NOPERM");
			assertThatException().isThrownBy(() -> new StringRedisTemplate(factory).delete("other"))
				.havingRootCause()
				.withMessageContaining("NOPERM");
			assertThatException().isThrownBy(() -> new StringRedisTemplate(factory).convertAndSend("other", "text"))
				.havingRootCause()
				.withMessageContaining("NOPERM");
		}
		finally {
			factory.destroy();
		}
	}

	@Test
	void userMayDoAllThatIsNeededByJedis() throws Exception {
		JedisConnectionFactory factory = new JedisConnectionFactory(user());
		factory.afterPropertiesSet();
		factory.start();
		try {
			useAll(factory);
		}
		finally {
			factory.destroy();
		}
	}

	private RedisStandaloneConfiguration user() {
		RedisStandaloneConfiguration user = new RedisStandaloneConfiguration(this.server.host(), this.server.port());
		user.setUsername("tokensaving");
		user.setPassword("secret");
		return user;
	}

	private void useAll(RedisConnectionFactory factory) throws Exception {
		execute("ACL", "LOG", "RESET");
		cache(factory);
		lease(factory);
		changePlans(factory);
		count(factory);
		spend(factory);
		route(factory);
		batch(factory);
		assertThat(refused()).isSubsetOf("client");
	}

	private static void route(RedisConnectionFactory factory) {
		RedisRouteSink sink = new RedisRouteSink(new RedisConnector(factory),
				new CircuitBreakers().of(RedisRouteSink.NAME), Ticker.systemTicker(), 100, Duration.ofMinutes(1));
		PlanKey plan = new PlanKey("w", "p");
		sink.write(List.of(new RouteLine(plan, "{}")));
		RedisRouteStateStore store = new RedisRouteStateStore(new RedisConnector(factory));
		RouteStateStore.Journal journal = new RouteStateStore.Journal("verdicts", 100, Duration.ofMinutes(1));
		assertThat(store.exchange(plan, journal, List.of(new byte[1]), RouteStateStore.Position.START)).hasSize(1);
		RouteStateStore.Group group = new RouteStateStore.Group("quality", Duration.ofMinutes(1));
		store.put(plan, group, Map.of("a", new byte[1]));
		assertThat(store.values(plan, group)).containsOnlyKeys("a");
	}

	private static void batch(RedisConnectionFactory factory) {
		try (BatchStore store = new RedisBatchStore(new RedisConnector(factory), "w")) {
			BatchTarget target = new BatchTarget("p", "http://p", "a", "/chat", "m", Map.of());
			Instant now = Clock.systemUTC().instant();
			long token = store.lead("owner", Duration.ofMinutes(1));
			for (String key : List.of("a", "b")) {
				store.add(new BatchStore.Line(key, "w", "p", target, 1, now, now, State.QUEUED, 0, null, null, false),
						new byte[] { 1 });
			}
			assertThat(store.bodies(List.of("a", "b"))).hasSize(2);
			assertThat(store.queues()).hasSize(1);
			assertThat(store.queued(target, 10, 10)).hasSize(2);
			BatchStore.Submission submission = new BatchStore.Submission("s", target, now, 2, now,
					BatchStore.Submission.Phase.INTENT, null, null, 0, 0);
			assertThat(store.begin(token, submission, List.of("a", "b"))).containsExactly("a", "b");
			store.update(token, submission);
			assertThat(store.submissions()).hasSize(1);
			assertThat(store.due(Instant.MAX, 10)).hasSize(2);
			assertThat(store.counts()).containsEntry(State.SUBMITTING, 2);
			assertThat(store.apply(token,
					List.of(new BatchStore.Change("a", "s", BatchStore.Line.OPEN, State.DONE, now, new byte[] { 2 },
							null),
							new BatchStore.Change("b", "s", BatchStore.Line.OPEN, State.EXPIRED, now, null, null))))
				.hasSize(2);
			assertThat(store.revision()).isPositive();
			assertThat(store.answer("a")).containsExactly(2);
			assertThat(store.claim("a", now)).isTrue();
			assertThat(store.live("b")).isTrue();
			store.lines("s", (line) -> assertThat(line.open()).isFalse());
			assertThat(store.disposable(now, 10)).hasSize(2);
			store.addTurnaround(token, "account", Duration.ofMinutes(1));
			assertThat(store.turnarounds("account")).hasSize(1);
			store.remove(token, "s");
			store.delete(token, List.of("a", "b"));
			store.resign(token);
		}
	}

	private static void spend(RedisConnectionFactory factory) throws Exception {
		try (RedisBudgetAccounts accounts = new RedisBudgetAccounts(new RedisConnector(factory),
				new CircuitBreakers())) {
			BudgetSettings settings = new BudgetSettings(BudgetSettings.Period.DAY, BigDecimal.ONE, null, 0.8,
					BudgetSettings.Action.REFUSE, BudgetSettings.UnknownPrice.COUNT, BudgetSettings.OnFailure.ALLOW, 1,
					ZoneOffset.UTC);
			BudgetClaim claim = new BudgetClaim(new BudgetKey("b", "w", BudgetScope.WORKSPACE, ""), "p", settings,
					settings.window(Clock.systemUTC().instant()));
			accounts.reserve(List.of(claim), new BudgetAmount(5, 1))
				.get(60, TimeUnit.SECONDS)
				.reservation()
				.settle(new BudgetAmount(5, 1));
			Eventually.await(() -> accounts.usage(claim).used().picoUsd() >= 5);
			assertThat(accounts.reserve(List.of(claim), new BudgetAmount(2_000_000_000_000L, 1))
				.get(60, TimeUnit.SECONDS)
				.refusedBy()).isEqualTo(claim);
		}
	}

	private static void cache(RedisConnectionFactory factory) {
		try (RedisExactCacheStore store = RedisExactCacheStore.builder(factory).build()) {
			CachedResponse response = CachedResponse.of(
					new ChatResponse(List.of(new Generation(new AssistantMessage("answer")))),
					new TokenUsage(1, 1, 0, 0, false), Clock.systemUTC().instant());
			CacheKey key = new CacheKey("w", "p", null, "f".repeat(64));
			Eventually.await("the store is connected", () -> store.status().available());
			store.store(key, response, Duration.ofMinutes(1), Set.of("tag"));
			assertThat(store.find(key)).isNotNull();
			assertThat(store.status().available()).isTrue();
			assertThat(store.evict(Eviction.ofWorkspace("w").tag("tag"))).isOne();
			store.store(key, response, Duration.ofMinutes(1), Set.of());
			assertThat(store.evict(Eviction.ofWorkspace("w"))).isOne();
		}
	}

	private static void lease(RedisConnectionFactory factory) {
		try (RedisClusterLeases leases = new RedisClusterLeases(factory, Duration.ofMillis(300))) {
			long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
			boolean told = false;
			// The first end may be published before anybody listens, which only Lettuce
			// does
			while (!told) {
				assertThat(System.nanoTime()).isLessThan(end);
				Lease lease = acquire(leases, end);
				CompletableFuture<Boolean> released = leases.claim("fingerprint").released();
				assertThat(released.isCancelled()).isFalse();
				lease.release(true);
				acquire(leases, end).release(true);
				told = !(factory instanceof LettuceConnectionFactory) || released.isDone();
			}
		}
	}

	// Leases are given back in the background
	private static Lease acquire(RedisClusterLeases leases, long end) {
		Lease lease = leases.claim("fingerprint").lease();
		while (lease == null) {
			assertThat(System.nanoTime()).isLessThan(end);
			lease = leases.claim("fingerprint").lease();
		}
		return lease;
	}

	private static void changePlans(RedisConnectionFactory factory) throws Exception {
		try (RedisPlanRepository plans = RedisPlanRepository.builder(factory, new MapPlanReader()).build()) {
			plans.start();
			plans.create("w", "p", Map.of("cache.backend", "a"));
			plans.update("w", "p", Map.of("cache.backend", "b"), null);
			plans.delete("w", "p", null);
		}
	}

	private static void count(RedisConnectionFactory factory) {
		RedisStatisticsRepository statistics = new RedisStatisticsRepository(factory, "w", Clock.systemUTC());
		LocalDate today = LocalDate.ofInstant(Clock.systemUTC().instant(), ZoneOffset.UTC);
		for (String workspace : new String[] { "w", "tenant" }) {
			PlanKey plan = new PlanKey(workspace, "p");
			statistics.add(new StatisticsBatch(workspace, 1, today,
					Map.of(plan,
							new StatisticsCounters(Map.of("requests", 1L), Set.of("model"),
									Map.of(Labels.NONE.with("feature", "f"),
											new StatisticsCounters(Map.of("requests", 1L), Set.of()))))));
			assertThat(statistics.labelled(plan)).hasSize(1);
			assertThat(statistics.labelledDays(plan, 90)).hasSize(1);
			assertThat(statistics.plans()).contains(plan);
			assertThat(statistics.totals(Set.of(plan)).get(plan).values()).containsEntry("requests", 1L);
			assertThat(statistics.days(plan)).hasSize(1);
			PlanKey others = new PlanKey(workspace, SavingsStatistics.OTHER_PLANS);
			statistics.fold(plan, others);
			assertThat(statistics.plans()).contains(others).doesNotContain(plan);
			assertThat(statistics.totals(Set.of(others)).get(others).values()).containsEntry("requests", 1L);
		}
	}

	// The commands, keys and channels that were refused
	private List<String> refused() {
		List<?> entries = (List<?>) execute("ACL", "LOG");
		return entries.stream().map((entry) -> {
			List<?> fields = (List<?>) entry;
			return text(fields.get(fields.stream().map(RedisAclTests::text).toList().indexOf("object") + 1));
		}).toList();
	}

	private static String text(Object value) {
		return (value instanceof byte[] bytes) ? new String(bytes, StandardCharsets.UTF_8) : String.valueOf(value);
	}

	private Object execute(String... command) {
		try (var connection = this.admin.getConnection()) {
			return connection.execute(command[0],
					Arrays.stream(command)
						.skip(1)
						.map((part) -> part.getBytes(StandardCharsets.UTF_8))
						.toArray(byte[][]::new));
		}
	}

}

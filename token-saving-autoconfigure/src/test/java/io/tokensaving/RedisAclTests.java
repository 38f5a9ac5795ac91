package io.tokensaving;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import io.tokensaving.cache.CacheEviction;
import io.tokensaving.cache.CacheKey;
import io.tokensaving.cache.CachedResponse;
import io.tokensaving.cache.exact.redis.RedisExactCacheStore;
import io.tokensaving.dedup.ClusterLeases.Lease;
import io.tokensaving.dedup.redis.RedisClusterLeases;
import io.tokensaving.plan.MapPlanReader;
import io.tokensaving.plan.redis.RedisPlanRepository;
import io.tokensaving.savings.StatisticsBatch;
import io.tokensaving.savings.StatisticsCounters;
import io.tokensaving.savings.TokenUsage;
import io.tokensaving.savings.redis.RedisStatisticsRepository;
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
		assertThat(refused()).isSubsetOf("client");
	}

	private static void cache(RedisConnectionFactory factory) {
		try (RedisExactCacheStore store = RedisExactCacheStore.builder(factory).build()) {
			CachedResponse response = CachedResponse.of(
					new ChatResponse(List.of(new Generation(new AssistantMessage("answer")))),
					new TokenUsage(1, 1, 0, 0, false), Clock.systemUTC().instant());
			CacheKey key = new CacheKey("w", "p", null, "f".repeat(64));
			store.store(key, response, Duration.ofMinutes(1), Set.of("tag"));
			assertThat(store.find(key)).isNotNull();
			assertThat(store.status().available()).isTrue();
			assertThat(store.evict(CacheEviction.ofWorkspace("w").tag("tag"))).isOne();
			store.store(key, response, Duration.ofMinutes(1), Set.of());
			assertThat(store.evict(CacheEviction.ofWorkspace("w"))).isOne();
		}
	}

	private static void lease(RedisConnectionFactory factory) throws Exception {
		try (RedisClusterLeases leases = new RedisClusterLeases(factory, Duration.ofMillis(300))) {
			Lease lease = leases.tryAcquire("fingerprint");
			assertThat(lease).isNotNull();
			CompletableFuture<Boolean> released = leases.released("fingerprint");
			assertThat(leases.tryAcquire("fingerprint")).isNull();
			lease.release(true);
			long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
			Lease next = leases.tryAcquire("fingerprint");
			while (next == null) {
				assertThat(System.nanoTime()).isLessThan(end);
				next = leases.tryAcquire("fingerprint");
			}
			// The first end may have been published before anybody listened, which only
			// Lettuce does
			while (factory instanceof LettuceConnectionFactory && !released.isDone()) {
				assertThat(System.nanoTime()).isLessThan(end);
				if (next != null) {
					next.release(true);
				}
				TimeUnit.MILLISECONDS.sleep(5);
				next = leases.tryAcquire("fingerprint");
			}
			assertThat(released.getNow(true)).isTrue();
		}
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
		statistics.add(new StatisticsBatch("i", 1, today,
				Map.of("p", new StatisticsCounters(Map.of("requests", 1L), Set.of("model")))));
		assertThat(statistics.plans()).containsExactly("p");
		assertThat(statistics.totals(Set.of("p")).get("p").values()).containsEntry("requests", 1L);
		assertThat(statistics.days("p")).hasSize(1);
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

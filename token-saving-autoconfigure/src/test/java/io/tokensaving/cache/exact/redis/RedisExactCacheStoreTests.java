package io.tokensaving.cache.exact.redis;

import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

import io.tokensaving.FaultProxy;
import io.tokensaving.RedisTestCluster;
import io.tokensaving.RedisTestServer;
import io.tokensaving.cache.CacheEviction;
import io.tokensaving.cache.CacheKey;
import io.tokensaving.cache.CachedResponse;
import io.tokensaving.cache.CachedResponse.CachedGeneration;
import io.tokensaving.savings.TokenUsage;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import redis.clients.jedis.Jedis;

import org.springframework.data.redis.connection.RedisClusterConfiguration;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisStandaloneConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceClientConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link RedisExactCacheStore}, beyond the contract, on a real Redis server.
 */
@Timeout(60)
class RedisExactCacheStoreTests {

	private static final CacheKey KEY = new CacheKey("shop", "faq", "anna@example.com", "0".repeat(64));

	private static RedisTestServer server;

	private static LettuceConnectionFactory connectionFactory;

	@BeforeAll
	static void startServer() {
		server = RedisTestServer.start();
		connectionFactory = connect(server.port());
	}

	@AfterAll
	static void stopServer() {
		connectionFactory.destroy();
		server.close();
	}

	private static LettuceConnectionFactory connect(int port) {
		LettuceConnectionFactory factory = new LettuceConnectionFactory("127.0.0.1", port);
		factory.afterPropertiesSet();
		factory.start();
		return factory;
	}

	@Test
	void namesKeysByWorkspaceAndPlanAndNobodysName() {
		RedisExactCacheStore store = RedisExactCacheStore.builder(connectionFactory).build();
		store.store(KEY, response("one"), Duration.ofHours(1), Set.of("very private tag"));
		CacheKey odd = new CacheKey("my tenant: *", "faq", null, "1".repeat(64));
		store.store(odd, response("two"), Duration.ofHours(1), Set.of());
		try (RedisConnection connection = connectionFactory.getConnection()) {
			List<String> keys = connection.keyCommands()
				.keys("tokensaving:*".getBytes())
				.stream()
				.map((key) -> new String(key, StandardCharsets.US_ASCII))
				.toList();
			assertThat(keys)
				.anyMatch((key) -> key.startsWith("tokensaving:shop:exact:faq:") && key.endsWith(":" + "0".repeat(64)))
				.allMatch((key) -> key.matches("tokensaving:[A-Za-z0-9._~-]+:(exact|tag):[A-Za-z0-9:._-]+"))
				.noneMatch((key) -> key.contains("anna") || key.contains("private") || key.contains("tenant"));
		}
		assertThat(store.evict(CacheEviction.ofWorkspace("my tenant: *"))).isEqualTo(1);
		assertThat(store.evict(CacheEviction.ofWorkspace("*"))).isZero();
	}

	@Test
	void entriesLiveUpToATenthShorterThanAskedFor() {
		RedisExactCacheStore store = RedisExactCacheStore.builder(connectionFactory).build();
		Set<Long> lives = new HashSet<>();
		try (RedisConnection connection = connectionFactory.getConnection()) {
			for (int i = 0; i < 50; i++) {
				store.store(KEY, response("one"), Duration.ofSeconds(1000), Set.of());
				long life = connection.keyCommands().pTtl(RedisKeys.entry(KEY).getBytes());
				assertThat(life).isBetween(899_000L, 1_000_000L);
				lives.add(life / 10_000);
			}
		}
		assertThat(lives).hasSizeGreaterThan(3);
	}

	@Test
	void anIndexOfTagsEndsWithItsEntries() {
		RedisExactCacheStore store = RedisExactCacheStore.builder(connectionFactory).build();
		store.store(KEY, response("one"), Duration.ofSeconds(1000), Set.of("a"));
		store.store(KEY, response("one"), Duration.ofSeconds(10), Set.of("a"));
		try (RedisConnection connection = connectionFactory.getConnection()) {
			assertThat(connection.keyCommands().pTtl(RedisKeys.tag("shop", "a").getBytes())).isBetween(100_000L,
					1_000_000L);
		}
	}

	@Test
	void entryOfANewerVersionIsAMissAndABrokenOneAnError() {
		RedisExactCacheStore store = RedisExactCacheStore.builder(connectionFactory).build();
		store.store(KEY, response("one"), Duration.ofHours(1), Set.of());
		byte[] name = RedisKeys.entry(KEY).getBytes();
		try (RedisConnection connection = connectionFactory.getConnection()) {
			byte[] entry = connection.stringCommands().get(name);
			entry[0]++;
			connection.stringCommands().set(name, entry);
			assertThat(store.find(KEY)).isNull();
			connection.stringCommands().set(name, "garbage that is longer than a header".getBytes());
			assertThat(store.find(KEY)).isNull();
			entry[0]--;
			entry[entry.length / 2]++;
			connection.stringCommands().set(name, entry);
			assertThatIllegalArgumentException().isThrownBy(() -> store.find(KEY));
			connection.listCommands().rPush("list".getBytes(), "x".getBytes());
			connection.keyCommands().rename("list".getBytes(), name);
			assertThatExceptionOfType(RuntimeException.class).isThrownBy(() -> store.find(KEY))
				.withMessageContaining("WRONGTYPE");
		}
	}

	@Test
	void anAnswerUnderAnotherKeyThanItsOwnIsRefused() {
		RedisExactCacheStore store = RedisExactCacheStore.builder(connectionFactory).build();
		store.store(KEY, response("one"), Duration.ofHours(1), Set.of());
		CacheKey other = new CacheKey("shop", "faq", "anna@example.com", "2".repeat(64));
		try (RedisConnection connection = connectionFactory.getConnection()) {
			connection.stringCommands()
				.set(RedisKeys.entry(other).getBytes(),
						connection.stringCommands().get(RedisKeys.entry(KEY).getBytes()));
		}
		assertThatIllegalArgumentException().isThrownBy(() -> store.find(other));
	}

	@Test
	void nearCacheServesWithoutAskingAndForgetsWhatIsEvicted() {
		RedisExactCacheStore store = RedisExactCacheStore.builder(connectionFactory)
			.nearCache(100_000, Duration.ofMinutes(1))
			.build();
		store.store(KEY, response("one"), Duration.ofHours(1), Set.of("t"));
		connectionFactory.getConnection().keyCommands().del(RedisKeys.entry(KEY).getBytes());
		assertThat(store.find(KEY)).isEqualTo(response("one"));
		store.evict(CacheEviction.ofWorkspace("shop").tag("t"));
		assertThat(store.find(KEY)).isNull();
	}

	@Test
	void nearCacheDoesNotOutliveTheEntry() {
		RedisExactCacheStore writer = RedisExactCacheStore.builder(connectionFactory).build();
		RedisExactCacheStore reader = RedisExactCacheStore.builder(connectionFactory)
			.nearCache(100_000, Duration.ofMinutes(1))
			.build();
		writer.store(KEY, response("one"), Duration.ofMillis(300), Set.of());
		assertThat(reader.find(KEY)).isNotNull();
		await(() -> reader.find(KEY) == null);
	}

	@Test
	void followsAConnectionThatTheApplicationHasReset() {
		LettuceConnectionFactory factory = connect(server.port());
		RedisExactCacheStore store = RedisExactCacheStore.builder(factory).build();
		store.store(KEY, response("one"), Duration.ofHours(1), Set.of());
		assertThat(store.find(KEY)).isNotNull();
		factory.resetConnection();
		await(() -> {
			try {
				return store.find(KEY) != null;
			}
			catch (RuntimeException ex) {
				return false;
			}
		});
		factory.destroy();
	}

	@Test
	void evictingByTagAgainFindsWhatWasStoredDuringTheFirstTime() {
		RedisExactCacheStore store = RedisExactCacheStore.builder(connectionFactory).build();
		CacheEviction eviction = CacheEviction.ofWorkspace("shop").tag("late");
		store.store(KEY, response("old price"), Duration.ofHours(1), Set.of("late"));
		byte[] name = RedisKeys.entry(KEY).getBytes();
		try (RedisConnection connection = connectionFactory.getConnection()) {
			byte[] entry = connection.stringCommands().get(name);
			assertThat(store.evict(eviction)).isEqualTo(1);
			// Its index was written before the eviction, and the answer after it
			connection.stringCommands().set(name, entry);
		}
		assertThat(store.evict(eviction)).isEqualTo(1);
		assertThat(store.find(KEY)).isNull();
		assertThat(store.evict(eviction)).isZero();
	}

	@Test
	void anInstanceWhoseClockIsAheadHidesNoAnswersFromEviction() {
		RedisExactCacheStore right = RedisExactCacheStore.builder(connectionFactory).build();
		RedisExactCacheStore ahead = ahead(Duration.ofMinutes(2));
		CacheKey other = new CacheKey("shop", "faq", null, "3".repeat(64));
		right.store(KEY, response("one"), Duration.ofSeconds(110), Set.of("clock"));
		ahead.store(other, response("two"), Duration.ofSeconds(110), Set.of("clock"));
		assertThat(right.evict(CacheEviction.ofWorkspace("shop").tag("clock"))).isEqualTo(2);
		assertThat(right.find(KEY)).isNull();
	}

	@Test
	void anAnswerThatShouldHaveExpiredLongAgoIsAMiss() {
		RedisExactCacheStore store = RedisExactCacheStore.builder(connectionFactory).build();
		store.store(KEY, response("one"), Duration.ofSeconds(60), Set.of());
		assertThat(ahead(Duration.ofSeconds(90)).find(KEY)).as("the clocks may differ").isNotNull();
		assertThat(ahead(Duration.ofSeconds(130)).find(KEY)).isNull();
	}

	private static RedisExactCacheStore ahead(Duration duration) {
		return RedisExactCacheStore.builder(connectionFactory).clock(Clock.offset(Clock.systemUTC(), duration)).build();
	}

	@Test
	void nearCacheTakesNothingThatWasReadBeforeAnEviction() {
		RedisExactCacheStore store = RedisExactCacheStore.builder(connectionFactory)
			.nearCache(100_000, Duration.ofMinutes(1))
			.build();
		RedisExactCacheStore other = RedisExactCacheStore.builder(connectionFactory).build();
		other.store(KEY, response("old"), Duration.ofHours(1), Set.of());
		Supplier<CachedResponse> reading = store.findAsync(KEY).toCompletableFuture().join();
		store.evict(CacheEviction.ofWorkspace("shop"));
		assertThat(reading.get()).isEqualTo(response("old"));
		assertThat(store.find(KEY)).isNull();
	}

	@Test
	void nearCacheTakesNothingThatWasReadBeforeItWasReplaced() {
		RedisExactCacheStore store = RedisExactCacheStore.builder(connectionFactory)
			.nearCache(100_000, Duration.ofMinutes(1))
			.build();
		RedisExactCacheStore other = RedisExactCacheStore.builder(connectionFactory).build();
		other.store(KEY, response("old"), Duration.ofHours(1), Set.of());
		Supplier<CachedResponse> reading = store.findAsync(KEY).toCompletableFuture().join();
		store.store(KEY, response("new"), Duration.ofHours(1), Set.of());
		assertThat(reading.get()).isEqualTo(response("old"));
		assertThat(store.find(KEY)).isEqualTo(response("new"));
	}

	@Test
	void nearCacheForgetsWhatIsEvictedAlsoIfRedisFails() throws Exception {
		try (FaultProxy proxy = FaultProxy.start(server.port())) {
			LettuceConnectionFactory factory = new LettuceConnectionFactory(
					new RedisStandaloneConfiguration("127.0.0.1", proxy.port()),
					LettuceClientConfiguration.builder().commandTimeout(Duration.ofSeconds(2)).build());
			factory.afterPropertiesSet();
			factory.start();
			RedisExactCacheStore store = RedisExactCacheStore.builder(factory)
				.nearCache(100_000, Duration.ofMinutes(1))
				.build();
			store.store(KEY, response("one"), Duration.ofHours(1), Set.of());
			proxy.reset(true);
			assertThat(store.find(KEY)).isNotNull();
			assertThatException().isThrownBy(() -> store.evict(CacheEviction.ofWorkspace("shop")));
			assertThatException().isThrownBy(() -> store.find(KEY));
			factory.destroy();
		}
	}

	@Test
	void followsAConnectionToAClusterThatWasResetOrStopped() {
		try (RedisTestCluster cluster = RedisTestCluster.start()) {
			LettuceConnectionFactory factory = connect(cluster);
			RedisExactCacheStore store = RedisExactCacheStore.builder(factory).build();
			store.store(KEY, response("one"), Duration.ofHours(1), Set.of());
			assertThat(store.find(KEY)).isNotNull();
			factory.resetConnection();
			await(() -> store.status().available());
			assertThat(store.find(KEY)).isNotNull();
			factory.stop();
			assertThat(store.status().available()).isFalse();
			factory.start();
			await(() -> store.status().available());
			assertThat(store.find(KEY)).isNotNull();
			factory.destroy();
		}
	}

	@Test
	void evictsFromAClusterThatListsADeadNodeAndFromTheOtherNodesWhenOneIsAway() {
		try (RedisTestCluster cluster = RedisTestCluster.start()) {
			cluster.addDeadNode();
			LettuceConnectionFactory factory = connect(cluster);
			RedisExactCacheStore store = RedisExactCacheStore.builder(factory).build();
			storeMany(store);
			assertThat(store.evict(CacheEviction.ofWorkspace("shop"))).isEqualTo(60);
			storeMany(store);
			cluster.kill(0);
			assertThatException().isThrownBy(() -> store.evict(CacheEviction.ofWorkspace("shop")));
			for (String node : cluster.nodes().subList(1, 3)) {
				try (Jedis jedis = new Jedis("redis://" + node)) {
					assertThat(jedis.dbSize()).as(node).isZero();
				}
			}
			factory.destroy();
		}
	}

	private static void storeMany(RedisExactCacheStore store) {
		for (int i = 0; i < 60; i++) {
			store.store(new CacheKey("shop", "faq", null, "%064x".formatted(i)), response("one"), Duration.ofHours(1),
					Set.of());
		}
	}

	private static LettuceConnectionFactory connect(RedisTestCluster cluster) {
		LettuceConnectionFactory factory = new LettuceConnectionFactory(new RedisClusterConfiguration(cluster.nodes()),
				LettuceClientConfiguration.builder().commandTimeout(Duration.ofSeconds(2)).build());
		factory.afterPropertiesSet();
		factory.start();
		return factory;
	}

	@Test
	void failsAtOnceWhileTheConnectionIsDownAndRecovers() throws Exception {
		try (FaultProxy proxy = FaultProxy.start(server.port())) {
			LettuceConnectionFactory factory = connect(proxy.port());
			RedisExactCacheStore store = RedisExactCacheStore.builder(factory).build();
			store.store(KEY, response("one"), Duration.ofHours(1), Set.of());
			proxy.reset(true);
			await(() -> {
				try {
					store.find(KEY);
					return false;
				}
				catch (RuntimeException ex) {
					return true;
				}
			});
			assertThat(store.status().available()).isFalse();
			proxy.reset(false);
			await(() -> store.status().available());
			assertThat(store.find(KEY)).isEqualTo(response("one"));
			factory.destroy();
		}
	}

	private static CachedResponse response(String text) {
		return new CachedResponse("id", "model",
				List.of(new CachedGeneration(text, List.of(), List.of(), Map.of(), "STOP", Map.of())), Map.of(),
				new TokenUsage(1, 2, 0, 0, false), Instant.EPOCH);
	}

	private static void await(BooleanSupplier condition) {
		long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
		while (!condition.getAsBoolean()) {
			assertThat(System.nanoTime()).as("waited twenty seconds").isLessThan(end);
			Thread.onSpinWait();
		}
	}

}

package io.tokensaving.cache.exact.redis;

import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;

import io.tokensaving.Eventually;
import io.tokensaving.FaultProxy;
import io.tokensaving.RedisTestCluster;
import io.tokensaving.RedisTestServer;
import io.tokensaving.cache.CacheKey;
import io.tokensaving.cache.CachedResponse;
import io.tokensaving.cache.CachedResponse.CachedGeneration;
import io.tokensaving.cache.ReadLimit;
import io.tokensaving.feature.EntryCounts;
import io.tokensaving.feature.Eviction;
import io.tokensaving.provider.TokenUsage;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Protocol;

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
		// Connecting for the first time may take longer than a store waits for
		connectionFactory.getConnection().close();
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
		// The first connection of a JVM may take longer than a store waits
		factory.getConnection().close();
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
		assertThat(store.evict(Eviction.ofWorkspace("my tenant: *"))).isEqualTo(1);
		assertThat(store.evict(Eviction.ofWorkspace("*"))).isZero();
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
		store.evict(Eviction.ofWorkspace("shop").tag("t"));
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
		Eventually.await(() -> reader.find(KEY) == null);
	}

	@Test
	void followsAConnectionThatTheApplicationHasReset() {
		LettuceConnectionFactory factory = connect(server.port());
		RedisExactCacheStore store = RedisExactCacheStore.builder(factory).build();
		store.store(KEY, response("one"), Duration.ofHours(1), Set.of());
		assertThat(store.find(KEY)).isNotNull();
		factory.resetConnection();
		Eventually.await(() -> {
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
		Eviction eviction = Eviction.ofWorkspace("shop").tag("late");
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

	static Stream<byte[]> strangeMembers() {
		String own = RedisKeys.entry(KEY);
		CacheKey elsewhere = new CacheKey("other", "faq", "anna@example.com", "0".repeat(64));
		String prefix = own.substring(0, own.length() - 64);
		Stream<String> names = Stream.of("", "x", "tokensaving", "tokensaving:", "tokensaving:shop:", prefix,
				RedisKeys.entry(elsewhere), own.replace("tokensaving:", "other:"), own.replace(":shop:", ":shop2:"),
				own.replace(":exact:", ":tag:"), own + "0", own + "\n", own + ":0", prefix + "F".repeat(64),
				prefix + "*", "tokensaving:shop:exact:faq:*:" + "0".repeat(64),
				"tokensaving:shop:exact::-:" + "0".repeat(64), "tokensaving:shop:exact:a b:-:" + "0".repeat(64),
				"tokensaving:shop:exact:../x:-:" + "0".repeat(64), RedisKeys.tag("shop", "other"), "0", " " + own,
				"x".repeat(1_000_000), prefix + "0".repeat(1_000_000));
		byte[] binary = own.getBytes();
		binary[binary.length - 1] = (byte) 0xE9;
		return Stream.concat(names.map(String::getBytes), Stream.of(binary, new byte[] { 0, (byte) 0xFF }));
	}

	@ParameterizedTest
	@MethodSource("strangeMembers")
	void aStrangeMemberOfAnIndexEndsNoEvictionAndIsNoKeyToDelete(byte[] member) {
		RedisExactCacheStore store = RedisExactCacheStore.builder(connectionFactory).build();
		CacheKey other = new CacheKey("shop", "other", null, "1".repeat(64));
		byte[] index = RedisKeys.tag("shop", "strange").getBytes();
		try (RedisConnection connection = connectionFactory.getConnection()) {
			connection.serverCommands().flushDb();
			store.store(KEY, response("one"), Duration.ofHours(1), Set.of("strange"));
			store.store(other, response("two"), Duration.ofHours(1), Set.of("strange"));
			connection.zSetCommands().zAdd(index, 0, member);
			connection.stringCommands().set(member, "not of this cache".getBytes());
			assertThat(store.evict(Eviction.ofWorkspace("shop").plan("other").tag("strange"))).isEqualTo(1);
			assertThat(store.find(other)).isNull();
			assertThat(store.evict(Eviction.ofWorkspace("shop").tag("strange"))).isEqualTo(1);
			assertThat(store.find(KEY)).isNull();
			assertThat(connection.zSetCommands().zScore(index, member)).isNull();
			assertThat(connection.zSetCommands().zCard(index)).isEqualTo(2);
			assertThat(connection.stringCommands().get(member)).isEqualTo("not of this cache".getBytes());
			// Nor does it matter among all keys
			store.store(KEY, response("one"), Duration.ofHours(1), Set.of());
			store.evict(Eviction.ofWorkspace("shop").plan("faq"));
			assertThat(store.find(KEY)).isNull();
			assertThat(connection.stringCommands().get(member)).isEqualTo("not of this cache".getBytes());
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "SET", "RPUSH", "SADD", "HSET", "XADD" })
	void evictsAllThatMayBeMeantIfAnIndexIsNone(String command) {
		RedisExactCacheStore store = RedisExactCacheStore.builder(connectionFactory).build();
		CacheKey otherPlan = new CacheKey("shop", "other", null, "1".repeat(64));
		CacheKey elsewhere = new CacheKey("other", "faq", null, "2".repeat(64));
		String index = RedisKeys.tag("shop", "broken");
		store.store(KEY, response("one"), Duration.ofHours(1), Set.of("broken"));
		store.store(otherPlan, response("one"), Duration.ofHours(1), Set.of("broken"));
		store.store(elsewhere, response("one"), Duration.ofHours(1), Set.of("broken"));
		try (Jedis jedis = new Jedis(server.host(), server.port())) {
			jedis.del(index);
			List<String> arguments = switch (command) {
				case "HSET" -> List.of(index, "f", "v");
				case "XADD" -> List.of(index, "*", "f", "v");
				default -> List.of(index, "v");
			};
			jedis.sendCommand(Protocol.Command.valueOf(command), arguments.toArray(String[]::new));
		}
		assertThat(store.evict(Eviction.ofWorkspace("shop").plan("faq").tag("broken"))).isPositive();
		assertThat(store.find(KEY)).isNull();
		assertThat(store.find(otherPlan)).isNotNull();
		assertThat(store.find(elsewhere)).isNotNull();
		store.store(KEY, response("two"), Duration.ofHours(1), Set.of("broken"));
		assertThat(store.evict(Eviction.ofWorkspace("shop").tag("broken"))).isEqualTo(1);
	}

	@Test
	void countingLooksAtABoundedNumberOfKeys() {
		RedisExactCacheStore store = RedisExactCacheStore.builder(connectionFactory).build();
		store.store(KEY, response("one"), Duration.ofHours(1), Set.of("counted"));
		String entries = RedisKeys.entries("shop") + "faq:-:";
		try (Jedis jedis = new Jedis(server.host(), server.port(), 60_000)) {
			jedis.eval(
					"for i = 1, 30000 do redis.call('SET', 'foreign:' .. i, '') "
							+ "redis.call('ZADD', KEYS[1], 9e15, ARGV[1] .. string.format('%064d', i)) end",
					1, RedisKeys.tag("shop", "counted"), entries);
			assertThat(store.count(Eviction.ofWorkspace("shop")).complete()).isFalse();
			EntryCounts tagged = store.count(Eviction.ofWorkspace("shop").tag("counted"));
			assertThat(tagged.complete()).isFalse();
			assertThat(tagged.entries()).isEqualTo(10_000);
			jedis.eval("for i = 1, 30000 do redis.call('UNLINK', 'foreign:' .. i) end", 0);
			jedis.unlink(RedisKeys.tag("shop", "counted"));
		}
		assertThat(store.count(Eviction.ofWorkspace("shop").plan("faq")).entries()).isPositive();
	}

	@Test
	void readsAnIndexOfAMillionInSteps() {
		RedisExactCacheStore store = RedisExactCacheStore.builder(connectionFactory).build();
		store.store(KEY, response("one"), Duration.ofHours(1), Set.of("many"));
		String entries = RedisKeys.entries("shop") + "faq:-:";
		try (Jedis jedis = new Jedis(server.host(), server.port(), 60_000)) {
			jedis.eval("for i = 1, 1000000 do redis.call('ZADD', KEYS[1], 1, ARGV[1] .. string.format('%064d', i)) end",
					1, RedisKeys.tag("shop", "many"), entries);
			assertThat(store.evict(Eviction.ofWorkspace("shop").tag("many"))).isEqualTo(1);
			assertThat(store.find(KEY)).isNull();
			jedis.unlink(RedisKeys.tag("shop", "many"));
		}
	}

	@Test
	void anInstanceWhoseClockIsAheadHidesNoAnswersFromEviction() {
		RedisExactCacheStore right = RedisExactCacheStore.builder(connectionFactory).build();
		RedisExactCacheStore ahead = ahead(Duration.ofMinutes(2));
		CacheKey other = new CacheKey("shop", "faq", null, "3".repeat(64));
		right.store(KEY, response("one"), Duration.ofSeconds(110), Set.of("clock"));
		ahead.store(other, response("two"), Duration.ofSeconds(110), Set.of("clock"));
		assertThat(right.evict(Eviction.ofWorkspace("shop").tag("clock"))).isEqualTo(2);
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
		Supplier<CachedResponse> reading = store.findAsync(KEY, ReadLimit.ofBytes(100_000))
			.toCompletableFuture()
			.join();
		store.evict(Eviction.ofWorkspace("shop"));
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
		Supplier<CachedResponse> reading = store.findAsync(KEY, ReadLimit.ofBytes(100_000))
			.toCompletableFuture()
			.join();
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
			assertThatException().isThrownBy(() -> store.evict(Eviction.ofWorkspace("shop")));
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
			Eventually.await(() -> store.status().available());
			assertThat(store.find(KEY)).isNotNull();
			factory.stop();
			assertThat(store.status().available()).isFalse();
			factory.start();
			Eventually.await(() -> store.status().available());
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
			assertThat(store.count(Eviction.ofWorkspace("shop")).entries()).isEqualTo(60);
			assertThat(store.evict(Eviction.ofWorkspace("shop"))).isEqualTo(60);
			storeMany(store);
			cluster.kill(0);
			// On a busy machine the other nodes may be late once as well
			Eventually.await(() -> {
				assertThatException().isThrownBy(() -> store.evict(Eviction.ofWorkspace("shop")));
				return cluster.nodes().subList(1, 3).stream().allMatch(RedisExactCacheStoreTests::isEmpty);
			});
			factory.destroy();
		}
	}

	private static boolean isEmpty(String node) {
		try (Jedis jedis = new Jedis("redis://" + node)) {
			return jedis.dbSize() == 0;
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
		factory.getConnection().close();
		return factory;
	}

	@Test
	void failsAtOnceWhileTheConnectionIsDownAndRecovers() throws Exception {
		try (FaultProxy proxy = FaultProxy.start(server.port())) {
			LettuceConnectionFactory factory = connect(proxy.port());
			RedisExactCacheStore store = RedisExactCacheStore.builder(factory).build();
			store.store(KEY, response("one"), Duration.ofHours(1), Set.of());
			proxy.reset(true);
			Eventually.await(() -> {
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
			Eventually.await(() -> store.status().available());
			assertThat(store.find(KEY)).isEqualTo(response("one"));
			factory.destroy();
		}
	}

	private static CachedResponse response(String text) {
		return new CachedResponse("id", "model",
				List.of(new CachedGeneration(text, List.of(), List.of(), Map.of(), "STOP", Map.of())), Map.of(),
				new TokenUsage(1, 2, 0, 0, false), Instant.EPOCH);
	}

}

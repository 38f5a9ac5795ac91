package io.tokensaving.savings.redis;

import java.time.LocalDate;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

import io.tokensaving.RedisTestServer;
import io.tokensaving.savings.StatisticsBatch;
import io.tokensaving.savings.StatisticsCounters;
import io.tokensaving.savings.StatisticsRepository;
import io.tokensaving.savings.StatisticsRepositoryContract;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.Jedis;

import org.springframework.data.redis.connection.RedisConnectionFactory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link RedisStatisticsRepository} with both clients, and with a single server
 * and Redis Cluster.
 */
class RedisStatisticsRepositoryTests {

	private static final int SLOTS = 16_384;

	private static RedisTestServer server;

	private static RedisTestServer cluster;

	@BeforeAll
	static void start() {
		server = RedisTestServer.start();
		cluster = RedisTestServer.start("--cluster-enabled", "yes");
		try (Jedis jedis = new Jedis(cluster.host(), cluster.port())) {
			jedis.clusterAddSlots(IntStream.range(0, SLOTS).toArray());
			long end = System.nanoTime() + 10_000_000_000L;
			while (!jedis.clusterInfo().contains("cluster_state:ok")) {
				assertThat(System.nanoTime()).as("the cluster comes up").isLessThan(end);
			}
		}
	}

	@AfterAll
	static void stop() {
		server.close();
		cluster.close();
	}

	@Test
	void refusesAnEmptyWorkspace() {
		assertThatIllegalArgumentException()
			.isThrownBy(() -> new RedisStatisticsRepository(RedisClient.JEDIS.standalone("localhost", 1), " ", null))
			.withMessageContaining("'workspace'");
	}

	@Nested
	class LettuceTests extends Contract {

		LettuceTests() {
			super(RedisClient.LETTUCE.standalone(server.host(), server.port()), server);
		}

	}

	@Nested
	class JedisTests extends Contract {

		JedisTests() {
			super(RedisClient.JEDIS.standalone(server.host(), server.port()), server);
		}

	}

	@Nested
	class LettuceClusterTests extends Contract {

		LettuceClusterTests() {
			super(RedisClient.LETTUCE.cluster(cluster.host(), cluster.port()), cluster);
		}

	}

	@Nested
	class JedisClusterTests extends Contract {

		JedisClusterTests() {
			super(RedisClient.JEDIS.cluster(cluster.host(), cluster.port()), cluster);
		}

	}

	abstract static class Contract extends StatisticsRepositoryContract {

		private final RedisConnectionFactory connectionFactory;

		private final RedisTestServer server;

		private final RedisStatisticsRepository repository;

		Contract(RedisConnectionFactory connectionFactory, RedisTestServer server) {
			this.connectionFactory = connectionFactory;
			this.server = server;
			this.repository = new RedisStatisticsRepository(connectionFactory, "shop", this.clock);
		}

		@BeforeEach
		void empty() {
			jedis().flushAll();
		}

		@AfterEach
		void disconnect() {
			RedisClient.close(this.connectionFactory);
		}

		private Jedis jedis() {
			return new Jedis(this.server.host(), this.server.port());
		}

		@Override
		protected StatisticsRepository repository() {
			return this.repository;
		}

		@Test
		void namesItsKeysAndLetsThemExpire() {
			this.repository.add(new StatisticsBatch("i1", 3, TODAY,
					Map.of("bot", new StatisticsCounters(Map.of("x", 2L), Set.of("some-model")))));
			String prefix = "tokensaving:shop:stats:";
			try (Jedis jedis = jedis()) {
				assertThat(jedis.keys("*")).containsExactlyInAnyOrder(prefix + "plans", prefix + "{bot}:total",
						prefix + "{bot}:2026-03-31", prefix + "{bot}:unpriced", prefix + "{bot}:batch:i1");
				assertThat(jedis.smembers(prefix + "plans")).containsExactly("bot");
				assertThat(jedis.hgetAll(prefix + "{bot}:total")).isEqualTo(Map.of("x", "2"));
				assertThat(jedis.hgetAll(prefix + "{bot}:2026-03-31")).isEqualTo(Map.of("x", "2"));
				assertThat(jedis.get(prefix + "{bot}:batch:i1")).isEqualTo("3");
				assertThat(jedis.ttl(prefix + "{bot}:2026-03-31")).isBetween(90 * 86_400L - 60, 90 * 86_400L);
				assertThat(jedis.ttl(prefix + "{bot}:batch:i1")).isBetween(86_400L - 60, 86_400L);
				assertThat(jedis.ttl(prefix + "{bot}:total")).isEqualTo(-1);
				assertThat(jedis.ttl(prefix + "{bot}:unpriced")).isEqualTo(-1);
			}
		}

		@Test
		void opensNoConnectionForEachBatch() {
			try (Jedis jedis = jedis()) {
				add(1, TODAY, Map.of("a", counters("x", 1), "b", counters("x", 1)));
				String connections = connections(jedis);
				for (int i = 2; i < 10; i++) {
					add(i, TODAY, Map.of("a", counters("x", 1), "b", counters("x", 1)));
					this.repository.totals(this.repository.plans());
				}
				assertThat(connections(jedis)).isEqualTo(connections);
			}
		}

		private static String connections(Jedis jedis) {
			return jedis.info("stats")
				.lines()
				.filter((line) -> line.startsWith("total_connections_received"))
				.findFirst()
				.orElseThrow();
		}

		@Test
		void keepsWorkspacesApartEvenWithBraces() {
			RedisStatisticsRepository other = new RedisStatisticsRepository(this.connectionFactory, "{}:shop",
					this.clock);
			other.add(new StatisticsBatch("i", 1, TODAY, Map.of("a", counters("x", 1))));
			assertThat(other.totals(Set.of("a"))).isEqualTo(Map.of("a", counters("x", 1)));
			assertThat(this.repository.plans()).isEmpty();
			assertThat(total("a").isEmpty()).isTrue();
		}

		@Test
		void aCounterThatIsRefusedLosesNoOtherAndAddsNothingTwice() {
			add(1, TODAY, Map.of("a", counters("full", Long.MAX_VALUE, "x", 1)));
			LocalDate tomorrow = TODAY.plusDays(1);
			assertThatIllegalStateException()
				.isThrownBy(() -> add(2, tomorrow, Map.of("a", counters("full", 5, "x", 1))))
				.withMessageContaining("refused to add to 1 counters");
			add(2, tomorrow, Map.of("a", counters("full", 5, "x", 1)));
			assertThat(total("a")).isEqualTo(counters("full", Long.MAX_VALUE, "x", 2));
		}

	}

}

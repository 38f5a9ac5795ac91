package io.tokensaving.statistics.redis;

import java.time.LocalDate;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

import io.tokensaving.Eventually;
import io.tokensaving.RedisTestServer;
import io.tokensaving.ledger.Labels;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.statistics.StatisticsBatch;
import io.tokensaving.statistics.StatisticsCounters;
import io.tokensaving.statistics.StatisticsRepository;
import io.tokensaving.statistics.StatisticsRepositoryContract;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.Jedis;

import org.springframework.data.redis.connection.RedisConnectionFactory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
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
			Eventually.await("the cluster comes up", () -> jedis.clusterInfo().contains("cluster_state:ok"));
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
					Map.of(key("bot"), new StatisticsCounters(Map.of("x", 2L), Set.of("some-model")))));
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
		void namesTheKeysOfLabelsAndLetsThemExpire() {
			Labels labels = Labels.NONE.with("model", "m").with("feature", "/a b");
			Labels accepted = Labels.NONE.with("model", "m").with("feature", "/a/{b}");
			this.repository.add(new StatisticsBatch("i1", 3, TODAY,
					Map.of(key("bot"), labelled(Map.of(labels, 2L, accepted, 3L)))));
			String prefix = "tokensaving:shop:stats:";
			try (Jedis jedis = jedis()) {
				assertThat(jedis.keys("*")).containsExactlyInAnyOrder(prefix + "plans", prefix + "{bot}:total",
						prefix + "{bot}:2026-03-31", prefix + "{bot}:batch:i1", prefix + "{bot}:labels",
						prefix + "{bot}:labelled", prefix + "{bot}:labelled:2026-03-31");
				assertThat(jedis.smembers(prefix + "{bot}:labels")).containsExactlyInAnyOrder("feature=other,model=m",
						"feature=/a/{b},model=m");
				assertThat(jedis.hgetAll(prefix + "{bot}:labelled"))
					.isEqualTo(Map.of("feature=other,model=m x", "2", "feature=/a/{b},model=m x", "3"))
					.isEqualTo(jedis.hgetAll(prefix + "{bot}:labelled:2026-03-31"));
				assertThat(jedis.ttl(prefix + "{bot}:labelled:2026-03-31")).isBetween(90 * 86_400L - 60, 90 * 86_400L);
				assertThat(jedis.ttl(prefix + "{bot}:labelled")).isEqualTo(-1);
				this.repository.fold(key("bot"), key("*other"));
				assertThat(jedis.keys("*{bot}:l*")).isEmpty();
			}
		}

		@Test
		void readsAndAddsToWhatWasWrittenBeforeThereWereLabels() {
			Labels labels = Labels.NONE.with("feature", "f");
			String prefix = "tokensaving:shop:stats:";
			try (Jedis jedis = jedis()) {
				jedis.sadd(prefix + "plans", "bot");
				jedis.hset(prefix + "{bot}:total", Map.of("x", "40"));
				jedis.hset(prefix + "{bot}:2026-03-31", Map.of("x", "4"));
				jedis.set(prefix + "{bot}:batch:i1", "3");
			}
			assertThat(this.repository.labelled(key("bot"))).isEmpty();
			this.repository
				.add(new StatisticsBatch("i1", 3, TODAY, Map.of(key("bot"), labelled(Map.of(labels, 100L)))));
			assertThat(total("bot")).isEqualTo(counters("x", 40));
			this.repository.add(new StatisticsBatch("i1", 4, TODAY, Map.of(key("bot"), labelled(Map.of(labels, 2L)))));
			assertThat(total("bot")).isEqualTo(counters("x", 42));
			assertThat(days("bot")).isEqualTo(Map.of(TODAY, counters("x", 6)));
			assertThat(this.repository.labelled(key("bot"))).isEqualTo(Map.of(labels, counters("x", 2)));
		}

		@Test
		void leavesOutWhatOthersHaveWrittenAmongLabels() {
			Labels labels = Labels.NONE.with("feature", "f");
			add(1, TODAY, Map.of("a", labelled(Map.of(labels, 1L))));
			try (Jedis jedis = jedis()) {
				for (String key : List.of("labelled", "labelled:" + TODAY)) {
					jedis.hset("tokensaving:shop:stats:{a}:" + key,
							Map.of("x", "1", "", "1", " x", "1", "feature x", "1", "feature=b,feature=a x", "1",
									"feature=f y", "text", "feature=f z", "9".repeat(1000), "=f x", "1",
									"feature=" + "f".repeat(1_000_000) + " x", "1", "feature=a b=c x", "1"));
				}
				jedis.sadd("tokensaving:shop:stats:{a}:labels", "", "=", ",,,", "feature", "x".repeat(1_000_000),
						"feature==,=");
			}
			add(2, TODAY, Map.of("a", labelled(Map.of(labels, 1L))));
			assertThat(this.repository.labelled(key("a"))).containsEntry(labels, counters("x", 2));
			assertThat(this.repository.labelled(key("a")).keySet()).allMatch((read) -> read.toString().length() < 100);
			assertThat(this.repository.labelledDays(key("a"), 1).get(TODAY)).containsEntry(labels, counters("x", 2));
		}

		@Test
		void readsWhatIsPutAsideTogetherWithWhatWasCountedSince() {
			add(1, TODAY, Map.of("a", counters("x", 1)));
			try (Jedis jedis = jedis()) {
				// As an instance leaves it that ends in the middle of folding
				jedis.hset("tokensaving:shop:stats:{a}:folding", Map.of("*fold", "number", "x", "30", "z", "4"));
			}
			assertThat(total("a")).isEqualTo(counters("x", 31, "z", 4));
		}

		@Test
		void leavesOutWhatOthersHaveWritten() {
			add(1, TODAY, Map.of("a", counters("x", 1)));
			try (Jedis jedis = jedis()) {
				jedis.sadd("tokensaving:shop:stats:plans", "", "}:{", "a b", "x".repeat(1_000_000), "*");
				jedis.sadd("tokensaving:shop:stats:workspaces", "", " ", "*", "a:b", "x".repeat(1_000_000));
				for (String key : List.of("total", TODAY.toString())) {
					jedis.hset("tokensaving:shop:stats:{a}:" + key,
							Map.of("y", "text", "z", "9".repeat(1000), "v", ""));
				}
			}
			assertThat(this.repository.plans()).containsExactlyInAnyOrder(key("a"), new PlanKey("*", "*"));
			assertThat(total("a")).isEqualTo(counters("x", 1));
			assertThat(days("a")).isEqualTo(Map.of(TODAY, counters("x", 1)));
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
			PlanKey plan = new PlanKey("{}:shop", "a");
			other.add(new StatisticsBatch("i", 1, TODAY, Map.of(plan, counters("x", 1))));
			assertThat(other.totals(Set.of(plan))).isEqualTo(Map.of(plan, counters("x", 1)));
			assertThat(this.repository.plans()).isEmpty();
			assertThat(total("a").isEmpty()).isTrue();
		}

		@Test
		void whatOthersHaveWrittenIsNeitherCountedNorHeld() {
			add(1, TODAY, Map.of("a", counters("x", 1), "b", counters("x", 2)));
			String prefix = "tokensaving:shop:stats:{a}:";
			try (Jedis jedis = jedis()) {
				for (String key : List.of(prefix + "total", prefix + TODAY)) {
					jedis.hset(key, Map.of("y", "9".repeat(1_000_000), "z", "1e999999999", "n", "", "o",
							"9223372036854775808", "p", "\uD83D\uDE00", "n".repeat(1_000_000), "1"));
				}
				assertThat(total("a").values()).containsEntry("x", 1L).doesNotContainKeys("y", "z", "n", "o", "p");
				assertThat(days("a").get(TODAY).values()).containsEntry("x", 1L)
					.doesNotContainKeys("y", "z", "n", "o", "p");
				assertThat(total("a").values().keySet()).allMatch((name) -> name.length() <= 1000);
				Map<String, String> many = new HashMap<>();
				for (int i = 0; i < 10_000; i++) {
					many.put("many" + i, "1");
				}
				jedis.hset(prefix + "total", many);
				jedis.hset(prefix + TODAY, many);
			}
			assertThatExceptionOfType(RuntimeException.class).isThrownBy(() -> total("a"))
				.havingRootCause()
				.withMessageContaining("more counters than there may be");
			assertThatExceptionOfType(RuntimeException.class).isThrownBy(() -> days("a"))
				.havingRootCause()
				.withMessageContaining("more counters than there may be");
			assertThat(total("b")).isEqualTo(counters("x", 2));
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

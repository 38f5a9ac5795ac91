package io.tokensaving.plan.redis;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;

import io.lettuce.core.cluster.SlotHash;
import io.tokensaving.Eventually;
import io.tokensaving.RedisTestServer;
import io.tokensaving.cache.CacheSettings;
import io.tokensaving.plan.MapPlanReader;
import io.tokensaving.plan.MutablePlanRepository;
import io.tokensaving.plan.MutablePlanRepositoryContract;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanReader;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

import org.springframework.beans.factory.DisposableBean;
import org.springframework.data.redis.connection.RedisClusterConfiguration;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.RedisStandaloneConfiguration;
import org.springframework.data.redis.connection.jedis.JedisConnectionFactory;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that {@link RedisPlanRepository} keeps the contract with both clients, on a
 * single server and on a cluster.
 */
class RedisPlanRepositoryContractTests {

	private static RedisStandaloneConfiguration standalone(RedisTestServer server) {
		return new RedisStandaloneConfiguration(server.host(), server.port());
	}

	private static RedisClusterConfiguration cluster(RedisTestServer server) {
		return new RedisClusterConfiguration(List.of(server.host() + ":" + server.port()));
	}

	private static LettuceConnectionFactory started(LettuceConnectionFactory factory) {
		factory.afterPropertiesSet();
		factory.start();
		// The first connection of a JVM may take longer than a repository waits
		factory.getConnection().close();
		return factory;
	}

	private static JedisConnectionFactory started(JedisConnectionFactory factory) {
		factory.afterPropertiesSet();
		factory.start();
		return factory;
	}

	@Nested
	class WithLettuce extends OnServer {

		WithLettuce() {
			super(false);
		}

		@Override
		RedisConnectionFactory connect(RedisTestServer server) {
			return started(new LettuceConnectionFactory(standalone(server)));
		}

	}

	@Nested
	class WithJedis extends OnServer {

		WithJedis() {
			super(false);
		}

		@Override
		RedisConnectionFactory connect(RedisTestServer server) {
			return started(new JedisConnectionFactory(standalone(server)));
		}

	}

	@Nested
	class WithLettuceOnCluster extends OnServer {

		WithLettuceOnCluster() {
			super(true);
		}

		@Override
		RedisConnectionFactory connect(RedisTestServer server) {
			return started(new LettuceConnectionFactory(cluster(server)));
		}

	}

	@Nested
	class WithJedisOnCluster extends OnServer {

		WithJedisOnCluster() {
			super(true);
		}

		@Override
		RedisConnectionFactory connect(RedisTestServer server) {
			return started(new JedisConnectionFactory(cluster(server)));
		}

	}

	@TestInstance(TestInstance.Lifecycle.PER_CLASS)
	abstract static class OnServer extends MutablePlanRepositoryContract {

		private final boolean cluster;

		private RedisTestServer server;

		private RedisConnectionFactory connectionFactory;

		private RedisPlanRepository repository;

		OnServer(boolean cluster) {
			this.cluster = cluster;
		}

		abstract RedisConnectionFactory connect(RedisTestServer server);

		@BeforeAll
		void start() {
			this.server = this.cluster ? RedisTestServer.start("--cluster-enabled", "yes") : RedisTestServer.start();
			if (this.cluster) {
				formCluster(this.server);
			}
			this.connectionFactory = connect(this.server);
		}

		// A cluster of one node that has all slots
		private static void formCluster(RedisTestServer server) {
			LettuceConnectionFactory factory = started(new LettuceConnectionFactory(standalone(server)));
			try (RedisConnection connection = factory.getConnection()) {
				byte[][] slots = new byte[SlotHash.SLOT_COUNT + 1][];
				slots[0] = bytes("ADDSLOTS");
				for (int i = 0; i < SlotHash.SLOT_COUNT; i++) {
					slots[i + 1] = bytes(String.valueOf(i));
				}
				connection.execute("CLUSTER", slots);
				Eventually.await("the cluster comes up",
						() -> new String((byte[]) connection.execute("CLUSTER", bytes("INFO")), StandardCharsets.UTF_8)
							.contains("cluster_state:ok"));
			}
			finally {
				factory.destroy();
			}
		}

		private static byte[] bytes(String text) {
			return text.getBytes(StandardCharsets.UTF_8);
		}

		@BeforeEach
		void empty() {
			try (RedisConnection connection = this.connectionFactory.getConnection()) {
				connection.serverCommands().flushAll();
			}
		}

		@AfterEach
		void close() {
			if (this.repository != null) {
				this.repository.close();
			}
		}

		@AfterAll
		void stop() throws Exception {
			((DisposableBean) this.connectionFactory).destroy();
			this.server.close();
		}

		@Test
		void aPlanThatAnotherInstanceMadeIsFoundAtOnce() {
			MutablePlanRepository plans = create(List.of(Plan.builder("fixed").build()), new MapPlanReader());
			// Never told of a change, and never looks for one
			try (RedisPlanRepository other = RedisPlanRepository.builder(this.connectionFactory, new MapPlanReader())
				.notifications(false)
				.pollInterval(Duration.ofHours(1))
				.reloadInterval(Duration.ofHours(1))
				.lookupTimeout(Duration.ofSeconds(30))
				.build()) {
				other.start();
				plans.create("default", "made", Map.of("cache.backend", "b"));
				assertThat(other.find("default", "made").settings(CacheSettings.class).backend()).isEqualTo("b");
				assertThat(other.findStored("default", "made").version()).isEqualTo(1);
				assertThat(other.find("other", "made")).isNull();
				assertThat(other.findStored("default", "fixed")).isNull();
				other.delete("default", "made", 1L);
				assertThat(other.find("default", "made")).isNull();
			}
		}

		@Override
		protected MutablePlanRepository create(Collection<Plan> fixed, PlanReader reader) {
			this.repository = RedisPlanRepository.builder(this.connectionFactory, reader).plans(fixed).build();
			this.repository.start();
			return this.repository;
		}

	}

}

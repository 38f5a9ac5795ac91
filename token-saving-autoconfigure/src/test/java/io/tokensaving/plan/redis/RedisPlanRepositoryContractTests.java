package io.tokensaving.plan.redis;

import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.List;

import io.lettuce.core.cluster.SlotHash;
import io.tokensaving.RedisTestServer;
import io.tokensaving.plan.MutablePlanRepository;
import io.tokensaving.plan.MutablePlanRepositoryContract;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanReader;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.TestInstance;

import org.springframework.beans.factory.DisposableBean;
import org.springframework.data.redis.connection.RedisClusterConfiguration;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.RedisStandaloneConfiguration;
import org.springframework.data.redis.connection.jedis.JedisConnectionFactory;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

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
		void start() throws InterruptedException {
			this.server = this.cluster ? RedisTestServer.start("--cluster-enabled", "yes") : RedisTestServer.start();
			if (this.cluster) {
				formCluster(this.server);
			}
			this.connectionFactory = connect(this.server);
		}

		// A cluster of one node that has all slots
		private static void formCluster(RedisTestServer server) throws InterruptedException {
			LettuceConnectionFactory factory = started(new LettuceConnectionFactory(standalone(server)));
			try (RedisConnection connection = factory.getConnection()) {
				byte[][] slots = new byte[SlotHash.SLOT_COUNT + 1][];
				slots[0] = bytes("ADDSLOTS");
				for (int i = 0; i < SlotHash.SLOT_COUNT; i++) {
					slots[i + 1] = bytes(String.valueOf(i));
				}
				connection.execute("CLUSTER", slots);
				String info = "";
				for (int i = 0; i < 1000 && !info.contains("cluster_state:ok"); i++) {
					info = new String((byte[]) connection.execute("CLUSTER", bytes("INFO")), StandardCharsets.UTF_8);
					Thread.sleep(10);
				}
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

		@Override
		protected MutablePlanRepository create(Collection<Plan> fixed, PlanReader reader) {
			this.repository = RedisPlanRepository.builder(this.connectionFactory, reader).plans(fixed).build();
			this.repository.start();
			return this.repository;
		}

	}

}

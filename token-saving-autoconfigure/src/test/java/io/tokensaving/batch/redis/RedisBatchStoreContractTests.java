package io.tokensaving.batch.redis;

import java.nio.charset.StandardCharsets;

import io.tokensaving.RedisTestCluster;
import io.tokensaving.RedisTestServer;
import io.tokensaving.backend.redis.RedisConnector;
import io.tokensaving.batch.BatchStore;
import io.tokensaving.batch.BatchStoreContract;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

import org.springframework.data.redis.connection.RedisClusterConfiguration;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.RedisStandaloneConfiguration;
import org.springframework.data.redis.connection.jedis.JedisConnectionFactory;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

/**
 * Runs the contract of stores of batches on real Redis servers, by every client and
 * arrangement.
 */
@Timeout(180)
class RedisBatchStoreContractTests {

	/**
	 * A contract test on a server of its own.
	 */
	@TestInstance(TestInstance.Lifecycle.PER_CLASS)
	abstract static class OnServer extends BatchStoreContract {

		private AutoCloseable server;

		private RedisConnectionFactory connectionFactory;

		@BeforeAll
		final void startServer() {
			this.server = start();
			this.connectionFactory = connect();
			if (this.connectionFactory instanceof LettuceConnectionFactory lettuce) {
				lettuce.afterPropertiesSet();
				lettuce.start();
			}
			if (this.connectionFactory instanceof JedisConnectionFactory jedis) {
				jedis.afterPropertiesSet();
				jedis.start();
			}
		}

		@AfterAll
		final void stopServer() throws Exception {
			if (this.connectionFactory instanceof LettuceConnectionFactory lettuce) {
				lettuce.destroy();
			}
			if (this.connectionFactory instanceof JedisConnectionFactory jedis) {
				jedis.destroy();
			}
			this.server.close();
		}

		AutoCloseable start() {
			return RedisTestServer.start();
		}

		final RedisTestServer server() {
			return (RedisTestServer) this.server;
		}

		abstract RedisConnectionFactory connect();

		private static byte[] bytes(String text) {
			return text.getBytes(StandardCharsets.UTF_8);
		}

		@Override
		protected BatchStore createStore() {
			try (RedisConnection connection = this.connectionFactory.getConnection()) {
				connection.serverCommands().flushAll();
			}
			return reopen(null);
		}

		@Override
		protected BatchStore reopen(BatchStore store) {
			return new RedisBatchStore(new RedisConnector(this.connectionFactory), "default");
		}

		@Override
		protected void endLease(BatchStore store) {
			try (RedisConnection connection = this.connectionFactory.getConnection()) {
				connection.hashCommands().hSet(bytes("tokensaving:{default}:batch:leader"), bytes("until"), bytes("1"));
			}
		}

	}

	@Nested
	class OnLettuceTests extends OnServer {

		@Override
		RedisConnectionFactory connect() {
			return new LettuceConnectionFactory(server().host(), server().port());
		}

	}

	@Nested
	class OnJedisTests extends OnServer {

		@Override
		RedisConnectionFactory connect() {
			return new JedisConnectionFactory(new RedisStandaloneConfiguration(server().host(), server().port()));
		}

	}

	@Nested
	class OnClusterTests extends OnServer {

		private RedisTestCluster cluster;

		@Override
		AutoCloseable start() {
			this.cluster = RedisTestCluster.start();
			return this.cluster;
		}

		@Override
		RedisConnectionFactory connect() {
			return new LettuceConnectionFactory(new RedisClusterConfiguration(this.cluster.nodes()));
		}

	}

	@Nested
	class OnClusterByJedisTests extends OnServer {

		private RedisTestCluster cluster;

		@Override
		AutoCloseable start() {
			this.cluster = RedisTestCluster.start();
			return this.cluster;
		}

		@Override
		RedisConnectionFactory connect() {
			return new JedisConnectionFactory(new RedisClusterConfiguration(this.cluster.nodes()));
		}

	}

}

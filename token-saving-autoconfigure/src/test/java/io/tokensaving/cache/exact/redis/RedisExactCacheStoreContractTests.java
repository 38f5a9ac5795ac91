package io.tokensaving.cache.exact.redis;

import java.time.Duration;
import java.util.Set;

import io.tokensaving.RedisTestCluster;
import io.tokensaving.RedisTestServer;
import io.tokensaving.TestCertificate;
import io.tokensaving.cache.EntryCodec;
import io.tokensaving.cache.exact.ExactCacheStore;
import io.tokensaving.cache.exact.ExactCacheStoreContract;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

import org.springframework.data.redis.connection.RedisClusterConfiguration;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.RedisStandaloneConfiguration;
import org.springframework.data.redis.connection.jedis.JedisConnectionFactory;
import org.springframework.data.redis.connection.lettuce.LettuceClientConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Runs the contract of stores on real Redis servers, by every client and arrangement.
 */
class RedisExactCacheStoreContractTests {

	private static final byte[] KEY = new byte[32];

	private static <T extends RedisConnectionFactory> T started(T factory) {
		if (factory instanceof LettuceConnectionFactory lettuce) {
			lettuce.afterPropertiesSet();
			lettuce.start();
			// The first connection of a JVM may take longer than a store waits
			lettuce.getConnection().close();
		}
		if (factory instanceof JedisConnectionFactory jedis) {
			jedis.afterPropertiesSet();
			jedis.start();
		}
		return factory;
	}

	/**
	 * A contract test on a server of its own.
	 */
	@TestInstance(TestInstance.Lifecycle.PER_CLASS)
	abstract static class OnServer extends ExactCacheStoreContract {

		private AutoCloseable server;

		private RedisConnectionFactory connectionFactory;

		@BeforeAll
		final void startServer() {
			this.server = start();
			this.connectionFactory = connect();
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

		final RedisConnectionFactory connectionFactory() {
			return this.connectionFactory;
		}

		@Override
		protected ExactCacheStore createStore() {
			return RedisExactCacheStore.builder(this.connectionFactory).build();
		}

	}

	@Nested
	class OnLettuce extends OnServer {

		@Override
		RedisConnectionFactory connect() {
			return started(new LettuceConnectionFactory(server().host(), server().port()));
		}

	}

	@Nested
	class OnLettuceWithoutSharedConnection extends OnServer {

		@Override
		RedisConnectionFactory connect() {
			LettuceConnectionFactory factory = new LettuceConnectionFactory(server().host(), server().port());
			factory.setShareNativeConnection(false);
			return started(factory);
		}

	}

	@Nested
	class OnJedis extends OnServer {

		@Override
		RedisConnectionFactory connect() {
			return started(
					new JedisConnectionFactory(new RedisStandaloneConfiguration(server().host(), server().port())));
		}

	}

	@Nested
	class OnCluster extends OnServer {

		private RedisTestCluster cluster;

		@Override
		AutoCloseable start() {
			this.cluster = RedisTestCluster.start();
			return this.cluster;
		}

		@Override
		RedisConnectionFactory connect() {
			return started(new LettuceConnectionFactory(new RedisClusterConfiguration(this.cluster.nodes())));
		}

	}

	@Nested
	class OnClusterByJedis extends OnServer {

		private RedisTestCluster cluster;

		@Override
		AutoCloseable start() {
			this.cluster = RedisTestCluster.start();
			return this.cluster;
		}

		@Override
		RedisConnectionFactory connect() {
			return started(new JedisConnectionFactory(new RedisClusterConfiguration(this.cluster.nodes())));
		}

	}

	/**
	 * With what an operator hardens a server, and with encryption and a near cache.
	 */
	@Nested
	class OnTlsWithAccessControl extends OnServer {

		@Override
		AutoCloseable start() {
			TestCertificate certificate = TestCertificate.create();
			int port = RedisTestServer.freePort();
			return RedisTestServer.startAt(port, "--port", "0", "--tls-port", String.valueOf(port), "--tls-cert-file",
					certificate.certificateFile(), "--tls-key-file", certificate.keyFile(), "--tls-ca-cert-file",
					certificate.certificateFile(), "--tls-auth-clients", "no", "--aclfile",
					certificate.file("users.acl", """
							user default off
							user cache on >secret ~tokensaving:* -@all +@read +@write +@connection +eval +time +info
							"""));
		}

		@Override
		RedisConnectionFactory connect() {
			RedisStandaloneConfiguration configuration = new RedisStandaloneConfiguration(server().host(),
					server().port());
			configuration.setUsername("cache");
			configuration.setPassword("secret");
			return started(new LettuceConnectionFactory(configuration,
					LettuceClientConfiguration.builder().useSsl().disablePeerVerification().build()));
		}

		@Override
		protected ExactCacheStore createStore() {
			return RedisExactCacheStore.builder(connectionFactory())
				.codec(new EntryCodec(100, KEY))
				.nearCache(100_000, Duration.ofMillis(100))
				.build();
		}

		@Test
		void storesNothingReadable() {
			ExactCacheStore store = createStore();
			store.store(key("a"), response("a secret answer"), Duration.ofHours(1), Set.of());
			byte[] raw = connectionFactory().getConnection().stringCommands().get(RedisKeys.entry(key("a")).getBytes());
			assertThat(raw).isNotNull();
			assertThat(new String(raw)).doesNotContain("secret");
		}

	}

}

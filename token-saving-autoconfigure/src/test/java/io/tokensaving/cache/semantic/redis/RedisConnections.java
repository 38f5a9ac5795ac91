package io.tokensaving.cache.semantic.redis;

import java.time.Duration;

import io.tokensaving.cache.EntryCodec;
import redis.clients.jedis.ConnectionPoolConfig;

import org.springframework.data.redis.connection.RedisStandaloneConfiguration;
import org.springframework.data.redis.connection.jedis.JedisClientConfiguration;
import org.springframework.data.redis.connection.jedis.JedisConnectionFactory;

/**
 * Stores for tests.
 */
final class RedisConnections {

	private RedisConnections() {
	}

	static RedisSemanticCacheStore store(String host, int port, Duration timeout) {
		return store(host, port, timeout, new EntryCodec());
	}

	static RedisSemanticCacheStore store(String host, int port, Duration timeout, EntryCodec codec) {
		return store(host, port, timeout, codec, 8);
	}

	static RedisSemanticCacheStore store(String host, int port, Duration timeout, EntryCodec codec, int connections) {
		ConnectionPoolConfig pool = new ConnectionPoolConfig();
		pool.setMaxTotal(connections);
		JedisClientConfiguration client = JedisClientConfiguration.builder()
			.readTimeout(timeout)
			.connectTimeout(timeout)
			.usePooling()
			.poolConfig(pool)
			.build();
		return new RedisSemanticCacheStore(
				new JedisConnectionFactory(new RedisStandaloneConfiguration(host, port), client), codec);
	}

}

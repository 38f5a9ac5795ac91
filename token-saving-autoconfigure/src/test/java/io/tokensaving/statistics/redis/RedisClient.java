package io.tokensaving.statistics.redis;

import java.time.Duration;
import java.util.List;

import org.springframework.beans.factory.DisposableBean;
import org.springframework.data.redis.connection.RedisClusterConfiguration;
import org.springframework.data.redis.connection.RedisConfiguration;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.RedisStandaloneConfiguration;
import org.springframework.data.redis.connection.jedis.JedisClientConfiguration;
import org.springframework.data.redis.connection.jedis.JedisConnectionFactory;
import org.springframework.data.redis.connection.lettuce.LettuceClientConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

/**
 * The clients that Spring Data Redis knows.
 */
enum RedisClient {

	LETTUCE {

		@Override
		RedisConnectionFactory connect(RedisConfiguration configuration) {
			LettuceConnectionFactory factory = new LettuceConnectionFactory(configuration,
					LettuceClientConfiguration.builder()
						.commandTimeout(TIMEOUT)
						.shutdownTimeout(Duration.ZERO)
						.build());
			factory.afterPropertiesSet();
			factory.start();
			return factory;
		}

	},

	JEDIS {

		@Override
		RedisConnectionFactory connect(RedisConfiguration configuration) {
			JedisClientConfiguration client = JedisClientConfiguration.builder()
				.readTimeout(TIMEOUT)
				.connectTimeout(TIMEOUT)
				.usePooling()
				.build();
			JedisConnectionFactory factory = (configuration instanceof RedisClusterConfiguration cluster)
					? new JedisConnectionFactory(cluster, client)
					: new JedisConnectionFactory((RedisStandaloneConfiguration) configuration, client);
			factory.afterPropertiesSet();
			factory.start();
			return factory;
		}

	};

	private static final Duration TIMEOUT = Duration.ofSeconds(1);

	RedisConnectionFactory standalone(String host, int port) {
		return connect(new RedisStandaloneConfiguration(host, port));
	}

	RedisConnectionFactory cluster(String host, int port) {
		return connect(new RedisClusterConfiguration(List.of(host + ":" + port)));
	}

	abstract RedisConnectionFactory connect(RedisConfiguration configuration);

	static void close(RedisConnectionFactory factory) {
		try {
			((DisposableBean) factory).destroy();
		}
		catch (Exception ex) {
			throw new IllegalStateException(ex);
		}
	}

}

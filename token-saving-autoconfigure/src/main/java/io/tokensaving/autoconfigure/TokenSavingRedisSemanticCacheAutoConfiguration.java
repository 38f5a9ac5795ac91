package io.tokensaving.autoconfigure;

import java.time.Duration;

import com.redis.om.spring.client.RedisModulesClient;
import io.tokensaving.cache.semantic.redis.RedisSemanticCacheStore;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.ConnectionPoolConfig;
import redis.clients.jedis.UnifiedJedis;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.data.redis.autoconfigure.DataRedisConnectionDetails;
import org.springframework.boot.data.redis.autoconfigure.DataRedisProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;
import org.springframework.data.redis.connection.RedisNode;
import org.springframework.data.redis.connection.RedisPassword;
import org.springframework.data.redis.connection.RedisSentinelConfiguration;
import org.springframework.data.redis.connection.RedisStandaloneConfiguration;
import org.springframework.data.redis.connection.jedis.JedisClientConfiguration;
import org.springframework.data.redis.connection.jedis.JedisConnectionFactory;

/**
 * Auto-configuration for the semantic cache in Redis, if a plan selects it. It connects
 * as {@code spring.data.redis.*} says, with a client of its own; the application's
 * connection factory remains the only one in the context.
 */
@AutoConfiguration(after = DataRedisAutoConfiguration.class, before = TokenSavingAutoConfiguration.class)
@ConditionalOnClass({ RedisModulesClient.class, UnifiedJedis.class, JedisConnectionFactory.class,
		DataRedisConnectionDetails.class })
@Conditional(OnTokenSavingCondition.class)
@ConditionalOnCacheBackend(RedisSemanticCacheStore.BACKEND)
@ConditionalOnMissingBean(RedisSemanticCacheStore.class)
@EnableConfigurationProperties({ DataRedisProperties.class, StoredAnswersProperties.class })
public final class TokenSavingRedisSemanticCacheAutoConfiguration {

	private static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(2);

	private static final int MAX_CONNECTIONS = 16;

	@Bean
	RedisSemanticCacheStore tokenSavingRedisSemanticCacheStore(StoredAnswersProperties storedAnswers,
			DataRedisProperties properties, DataRedisConnectionDetails details) {
		RedisSemanticCacheStore store = new RedisSemanticCacheStore(connectionFactory(properties, details),
				storedAnswers.entryCodec());
		store.verify();
		return store;
	}

	private static JedisConnectionFactory connectionFactory(DataRedisProperties properties,
			DataRedisConnectionDetails details) {
		if (details.getCluster() != null) {
			throw invalid("cluster.nodes", "several nodes");
		}
		if (details.getMasterReplica() != null) {
			throw invalid("masterreplica.nodes", "several nodes");
		}
		if (properties.getSsl().getBundle() != null) {
			throw new InvalidConfigurationPropertyValueException("spring.data.redis.ssl.bundle",
					properties.getSsl().getBundle(),
					"The backend 'redis_semantic' trusts what the JVM trusts. Accepted is "
							+ "'spring.data.redis.ssl.enabled' without a bundle.");
		}
		JedisClientConfiguration client = clientConfiguration(properties, details);
		RedisSentinelConfiguration sentinel = sentinel(details);
		return (sentinel != null) ? new JedisConnectionFactory(sentinel, client)
				: new JedisConnectionFactory(standalone(details), client);
	}

	private static JedisClientConfiguration clientConfiguration(DataRedisProperties properties,
			DataRedisConnectionDetails details) {
		JedisClientConfiguration.JedisClientConfigurationBuilder builder = JedisClientConfiguration.builder()
			.readTimeout((properties.getTimeout() != null) ? properties.getTimeout() : DEFAULT_TIMEOUT)
			.connectTimeout(
					(properties.getConnectTimeout() != null) ? properties.getConnectTimeout() : DEFAULT_TIMEOUT);
		if (properties.getClientName() != null) {
			builder.clientName(properties.getClientName());
		}
		if (details.getSslBundle() != null) {
			builder.useSsl();
		}
		ConnectionPoolConfig pool = new ConnectionPoolConfig();
		pool.setMaxTotal(MAX_CONNECTIONS);
		pool.setMaxIdle(MAX_CONNECTIONS);
		pool.setMaxWait(DEFAULT_TIMEOUT);
		return builder.usePooling().poolConfig(pool).build();
	}

	private static RedisStandaloneConfiguration standalone(DataRedisConnectionDetails details) {
		RedisStandaloneConfiguration configuration = new RedisStandaloneConfiguration();
		DataRedisConnectionDetails.Standalone standalone = details.getStandalone();
		if (standalone != null) {
			configuration.setHostName(standalone.getHost());
			configuration.setPort(standalone.getPort());
			configuration.setDatabase(database(standalone.getDatabase()));
		}
		configuration.setUsername(details.getUsername());
		configuration.setPassword(RedisPassword.of(details.getPassword()));
		return configuration;
	}

	private static @Nullable RedisSentinelConfiguration sentinel(DataRedisConnectionDetails details) {
		DataRedisConnectionDetails.Sentinel sentinel = details.getSentinel();
		if (sentinel == null) {
			return null;
		}
		RedisSentinelConfiguration configuration = new RedisSentinelConfiguration();
		configuration.master(sentinel.getMaster());
		sentinel.getNodes().forEach((node) -> configuration.addSentinel(new RedisNode(node.host(), node.port())));
		configuration.setDatabase(database(sentinel.getDatabase()));
		configuration.setUsername(details.getUsername());
		configuration.setPassword(RedisPassword.of(details.getPassword()));
		configuration.setSentinelUsername(sentinel.getUsername());
		configuration.setSentinelPassword(RedisPassword.of(sentinel.getPassword()));
		return configuration;
	}

	private static int database(int database) {
		if (database != 0) {
			throw new InvalidConfigurationPropertyValueException("spring.data.redis.database", database,
					"The search module of Redis indexes database 0 only. Accepted with 'redis_semantic' is 0.");
		}
		return database;
	}

	private static InvalidConfigurationPropertyValueException invalid(String property, String value) {
		return new InvalidConfigurationPropertyValueException("spring.data.redis." + property, value,
				"The backend 'redis_semantic' searches one server. Accepted is a single server, Sentinel, or a proxy "
						+ "that makes a cluster look like one server.");
	}

}

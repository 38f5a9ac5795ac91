package io.tokensaving.autoconfigure;

import io.tokensaving.backend.redis.RedisConnector;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.data.redis.connection.RedisConnectionFactory;

/**
 * The Redis connector, shared by all auto-configurations that use the application's
 * connection factory.
 */
@Configuration(proxyBeanMethods = false)
class RedisConnectorConfiguration {

	@Bean
	RedisConnector tokenSavingRedisConnector(RedisConnectionFactory connectionFactory) {
		return new RedisConnector(connectionFactory);
	}

}

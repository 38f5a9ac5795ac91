package io.tokensaving.autoconfigure;

import io.tokensaving.backend.redis.RedisConnector;
import io.tokensaving.route.redis.RedisRouteStateStore;
import io.tokensaving.route.state.RouteStateStore;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnSingleCandidate;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Import;
import org.springframework.data.redis.connection.RedisConnectionFactory;

/**
 * Auto-configuration by which all instances of an application share what routing has
 * learned, with the application's own connection factory.
 */
@AutoConfiguration(after = DataRedisAutoConfiguration.class, before = TokenSavingAutoConfiguration.class)
@ConditionalOnClass(RedisConnectionFactory.class)
@Conditional({ OnTokenSavingCondition.class, OnRedisRoutingCondition.class })
@ConditionalOnSingleCandidate(RedisConnectionFactory.class)
@Import(RedisConnectorConfiguration.class)
public final class TokenSavingRedisRoutingAutoConfiguration {

	@Bean
	@ConditionalOnMissingBean(RouteStateStore.class)
	RedisRouteStateStore tokenSavingRedisRouteStateStore(RedisConnector connector) {
		return new RedisRouteStateStore(connector);
	}

}

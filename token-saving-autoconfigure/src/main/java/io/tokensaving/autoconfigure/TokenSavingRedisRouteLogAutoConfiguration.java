package io.tokensaving.autoconfigure;

import com.github.benmanes.caffeine.cache.Ticker;
import io.tokensaving.backend.CircuitBreakers;
import io.tokensaving.backend.redis.RedisConnector;
import io.tokensaving.route.redis.RedisRouteSink;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnSingleCandidate;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Import;
import org.springframework.data.redis.connection.RedisConnectionFactory;

/**
 * Auto-configuration of the log of routing in Redis, with the application's own
 * connection factory.
 */
@AutoConfiguration(after = DataRedisAutoConfiguration.class, before = TokenSavingAutoConfiguration.class)
@ConditionalOnClass(RedisConnectionFactory.class)
@Conditional(OnTokenSavingCondition.class)
@ConditionalOnProperty(TokenSavingProperties.PREFIX + ".route-log.redis.enabled")
@ConditionalOnSingleCandidate(RedisConnectionFactory.class)
@EnableConfigurationProperties(RouteLogProperties.class)
@Import(RedisConnectorConfiguration.class)
public final class TokenSavingRedisRouteLogAutoConfiguration {

	@Bean
	@ConditionalOnMissingBean
	RedisRouteSink tokenSavingRedisRouteSink(RouteLogProperties properties, RedisConnector connector,
			CircuitBreakers breakers) {
		return new RedisRouteSink(connector, breakers.of(RedisRouteSink.NAME), Ticker.systemTicker(),
				properties.getRedis().checkedMaxLength(), properties.checkedRetention());
	}

}

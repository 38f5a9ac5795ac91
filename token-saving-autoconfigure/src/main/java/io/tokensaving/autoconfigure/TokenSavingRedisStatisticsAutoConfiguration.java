package io.tokensaving.autoconfigure;

import java.time.Clock;

import io.tokensaving.backend.redis.RedisConnector;
import io.tokensaving.local.LocalModels;
import io.tokensaving.statistics.StatisticsRepository;
import io.tokensaving.statistics.redis.RedisStatisticsRepository;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnSingleCandidate;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Import;
import org.springframework.data.redis.connection.RedisConnectionFactory;

/**
 * Auto-configuration for statistics that all instances of an application share in Redis,
 * with the application's own connection factory.
 */
@AutoConfiguration(after = DataRedisAutoConfiguration.class, before = TokenSavingAutoConfiguration.class)
@ConditionalOnClass(RedisConnectionFactory.class)
@Conditional({ OnTokenSavingCondition.class, OnRedisStatisticsCondition.class })
@ConditionalOnSingleCandidate(RedisConnectionFactory.class)
@EnableConfigurationProperties(TokenSavingProperties.class)
@Import(RedisConnectorConfiguration.class)
public final class TokenSavingRedisStatisticsAutoConfiguration {

	@Bean
	@ConditionalOnMissingBean(StatisticsRepository.class)
	RedisStatisticsRepository tokenSavingRedisStatisticsRepository(TokenSavingProperties properties,
			RedisConnector connector, ObjectProvider<LocalModels> local) {
		return new RedisStatisticsRepository(connector.connectionFactory(),
				LocalConfiguration.workspace(properties, local), Clock.systemUTC());
	}

}

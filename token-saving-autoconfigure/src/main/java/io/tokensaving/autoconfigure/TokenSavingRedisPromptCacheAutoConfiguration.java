package io.tokensaving.autoconfigure;

import java.time.Clock;

import io.tokensaving.backend.redis.RedisConnector;
import io.tokensaving.local.LocalModels;
import io.tokensaving.promptcache.PrefixExchange;
import io.tokensaving.promptcache.redis.RedisPrefixExchange;

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
 * Auto-configuration by which all instances of an application learn from each other's
 * requests which prefixes are worth being kept, with the application's own connection
 * factory.
 */
@AutoConfiguration(after = DataRedisAutoConfiguration.class, before = TokenSavingAutoConfiguration.class)
@ConditionalOnClass(RedisConnectionFactory.class)
@Conditional({ OnTokenSavingCondition.class, OnRedisPromptCacheCondition.class })
@ConditionalOnSingleCandidate(RedisConnectionFactory.class)
@EnableConfigurationProperties(TokenSavingProperties.class)
@Import(RedisConnectorConfiguration.class)
public final class TokenSavingRedisPromptCacheAutoConfiguration {

	@Bean
	@ConditionalOnMissingBean(PrefixExchange.class)
	RedisPrefixExchange tokenSavingRedisPrefixExchange(TokenSavingProperties properties, RedisConnector connector,
			ObjectProvider<LocalModels> local) {
		return new RedisPrefixExchange(connector, LocalConfiguration.workspace(properties, local), Clock.systemUTC());
	}

}

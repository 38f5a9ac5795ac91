package io.tokensaving.autoconfigure;

import io.tokensaving.backend.redis.RedisConnector;
import io.tokensaving.batch.BatchStore;
import io.tokensaving.batch.redis.RedisBatchStore;
import io.tokensaving.local.LocalModels;

import org.springframework.beans.factory.ObjectProvider;
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
 * Auto-configuration of batches that are kept in Redis, with the application's own
 * connection factory.
 */
@AutoConfiguration(after = DataRedisAutoConfiguration.class, before = TokenSavingAutoConfiguration.class)
@ConditionalOnClass(RedisConnectionFactory.class)
@Conditional(OnTokenSavingCondition.class)
@ConditionalOnProperty(prefix = TokenSavingProperties.PREFIX + ".batch", name = "enabled")
@ConditionalOnSingleCandidate(RedisConnectionFactory.class)
@EnableConfigurationProperties(TokenSavingProperties.class)
@Import(RedisConnectorConfiguration.class)
public final class TokenSavingRedisBatchAutoConfiguration {

	@Bean
	@ConditionalOnMissingBean(BatchStore.class)
	@ConditionalOnProperty(prefix = TokenSavingProperties.PREFIX + ".batch", name = "store", havingValue = "redis")
	RedisBatchStore tokenSavingRedisBatchStore(TokenSavingProperties properties, RedisConnector connector,
			ObjectProvider<LocalModels> local) {
		return new RedisBatchStore(connector, LocalConfiguration.workspace(properties, local));
	}

}

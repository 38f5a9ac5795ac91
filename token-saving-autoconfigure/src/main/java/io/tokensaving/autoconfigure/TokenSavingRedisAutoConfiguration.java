package io.tokensaving.autoconfigure;

import io.tokensaving.backend.redis.RedisConnector;
import io.tokensaving.cache.exact.redis.RedisExactCacheStore;
import io.tokensaving.compression.RewrittenTextStore;
import io.tokensaving.dedup.ClusterLeases;
import io.tokensaving.dedup.redis.RedisClusterLeases;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnSingleCandidate;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Import;
import org.springframework.core.env.Environment;
import org.springframework.data.redis.connection.RedisConnectionFactory;

/**
 * Auto-configuration for the exact cache in Redis, and for sharing requests in flight
 * between instances, with the connection factory of the application. Both are available
 * to plans as soon as there is such a factory, and connect only when a plan uses them.
 */
@AutoConfiguration(after = DataRedisAutoConfiguration.class, before = TokenSavingAutoConfiguration.class)
@ConditionalOnClass(RedisConnectionFactory.class)
@ConditionalOnSingleCandidate(RedisConnectionFactory.class)
@Conditional(OnTokenSavingCondition.class)
@EnableConfigurationProperties(StoredAnswersProperties.class)
@Import(RedisConnectorConfiguration.class)
public final class TokenSavingRedisAutoConfiguration {

	@Bean
	@ConditionalOnMissingBean(ClusterLeases.class)
	RedisClusterLeases tokenSavingRedisClusterLeases(RedisConnector connector) {
		return new RedisClusterLeases(connector);
	}

	@Bean
	@ConditionalOnMissingBean
	RedisExactCacheStore tokenSavingRedisExactCacheStore(RedisConnector connector, StoredAnswersProperties properties,
			Environment environment) {
		RedisExactCacheStore store = RedisExactCacheStore.builder(connector)
			.codec(properties.entryCodec())
			.nearCache(properties.getNearCache().checkedMaxBytes(), properties.getNearCache().checkedTtl())
			.build();
		if (OnCacheBackendCondition.isSelected(environment, RedisExactCacheStore.BACKEND)
				|| OnCacheBackendCondition.isSelected(environment, "redis_semantic")) {
			store.connect();
		}
		return store;
	}

	@Bean
	@ConditionalOnMissingBean(RewrittenTextStore.class)
	RedisRewrittenTextStore tokenSavingRedisRewrittenTextStore(RedisConnector connector,
			StoredAnswersProperties properties) {
		return new RedisRewrittenTextStore(connector, properties.entryCodec());
	}

}

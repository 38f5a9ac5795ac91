package io.tokensaving.autoconfigure;

import io.tokensaving.Component;
import io.tokensaving.backend.redis.RedisConnector;
import io.tokensaving.local.LocalModels;
import io.tokensaving.plan.PlanReader;
import io.tokensaving.plan.PlanRepository;
import io.tokensaving.plan.redis.RedisPlanRepository;
import io.tokensaving.statistics.SavingsStatistics;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnSingleCandidate;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Import;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.core.StringRedisTemplate;

/**
 * Auto-configuration for stored plans in Redis, with the application's own connection
 * factory.
 */
@AutoConfiguration(after = DataRedisAutoConfiguration.class, before = TokenSavingAutoConfiguration.class)
@ConditionalOnClass({ StringRedisTemplate.class, DataRedisAutoConfiguration.class })
@Conditional({ OnTokenSavingCondition.class, OnRedisPlansCondition.class })
@ConditionalOnSingleCandidate(RedisConnectionFactory.class)
@ConditionalOnMissingBean(PlanRepository.class)
@Import(RedisConnectorConfiguration.class)
public final class TokenSavingRedisPlansAutoConfiguration {

	@Bean
	RedisPlanRepository tokenSavingRedisPlanRepository(TokenSavingProperties properties, RedisConnector connector,
			PlanReader reader, ConfiguredPlans configured, SavingsStatistics statistics,
			ObjectProvider<LocalModels> local) {
		return RedisPlanRepository.builder(connector, reader)
			.plans(configured.plans())
			.workspace(LocalConfiguration.workspace(properties, local))
			.errors((failure) -> statistics.recordError(Component.PLAN, null, failure))
			.build();
	}

}

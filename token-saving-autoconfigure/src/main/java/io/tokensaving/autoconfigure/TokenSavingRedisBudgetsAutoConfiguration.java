package io.tokensaving.autoconfigure;

import io.tokensaving.backend.CircuitBreakers;
import io.tokensaving.backend.redis.RedisConnector;
import io.tokensaving.budget.BudgetAccounts;
import io.tokensaving.budget.redis.RedisBudgetAccounts;

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

/**
 * Auto-configuration for budgets that all instances of an application share in Redis,
 * with the application's own connection factory.
 */
@AutoConfiguration(after = DataRedisAutoConfiguration.class, before = TokenSavingAutoConfiguration.class)
@ConditionalOnClass(RedisConnectionFactory.class)
@Conditional({ OnTokenSavingCondition.class, OnRedisBudgetsCondition.class })
@ConditionalOnSingleCandidate(RedisConnectionFactory.class)
@Import(RedisConnectorConfiguration.class)
public final class TokenSavingRedisBudgetsAutoConfiguration {

	@Bean
	@ConditionalOnMissingBean(BudgetAccounts.class)
	RedisBudgetAccounts tokenSavingRedisBudgetAccounts(RedisConnector connector,
			ObjectProvider<CircuitBreakers> breakers) {
		return new RedisBudgetAccounts(connector, breakers.getObject());
	}

}

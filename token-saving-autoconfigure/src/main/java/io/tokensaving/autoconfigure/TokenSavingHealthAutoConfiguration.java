package io.tokensaving.autoconfigure;

import io.tokensaving.actuate.TokenSavingHealthIndicator;
import io.tokensaving.backend.CircuitBreakers;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.health.autoconfigure.contributor.ConditionalOnEnabledHealthIndicator;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.annotation.Bean;

/**
 * Auto-configuration for the health of the backends.
 */
@AutoConfiguration(after = TokenSavingAutoConfiguration.class)
@ConditionalOnClass({ HealthIndicator.class, ConditionalOnEnabledHealthIndicator.class })
@ConditionalOnBean(CircuitBreakers.class)
@ConditionalOnEnabledHealthIndicator("tokensaving")
public final class TokenSavingHealthAutoConfiguration {

	// The name of the bean determines the name in the health endpoint
	@Bean
	@ConditionalOnMissingBean
	TokenSavingHealthIndicator tokensavingHealthIndicator(CircuitBreakers breakers) {
		return new TokenSavingHealthIndicator(breakers);
	}

}

package io.tokensaving.autoconfigure;

import io.tokensaving.actuate.TokenSavingEndpoint;
import org.junit.jupiter.api.Test;

import org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link TokenSavingEndpointAutoConfiguration}.
 */
class TokenSavingEndpointAutoConfigurationTests {

	private final ApplicationContextRunner contextRunner = new ApplicationContextRunner().withConfiguration(
			AutoConfigurations.of(TokenSavingAutoConfiguration.class, TokenSavingEndpointAutoConfiguration.class));

	@Test
	void isThereWhenExposed() {
		this.contextRunner.withPropertyValues("management.endpoints.web.exposure.include=tokensaving")
			.run((context) -> assertThat(context).hasSingleBean(TokenSavingEndpoint.class));
	}

	@Test
	void isNotThereWhenNotExposed() {
		this.contextRunner.run((context) -> assertThat(context).doesNotHaveBean(TokenSavingEndpoint.class));
	}

	@Test
	void isNotThereWhenTokenSavingIsOff() {
		this.contextRunner
			.withPropertyValues("management.endpoints.web.exposure.include=tokensaving", "token-saving.enabled=false")
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean(TokenSavingEndpoint.class));
	}

	@Test
	void isNotThereWithoutActuator() {
		this.contextRunner.withPropertyValues("management.endpoints.web.exposure.include=tokensaving")
			.withClassLoader(new FilteredClassLoader(Endpoint.class, ConditionalOnAvailableEndpoint.class))
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean("tokenSavingEndpoint"));
	}

	@Test
	void usersEndpointWins() {
		this.contextRunner.withPropertyValues("management.endpoints.web.exposure.include=tokensaving")
			.withBean("own", TokenSavingEndpoint.class, () -> null)
			.run((context) -> assertThat(context).doesNotHaveBean("tokenSavingEndpoint"));
	}

}

package io.tokensaving.autoconfigure;

import io.tokensaving.actuate.TokenSavingEndpoint;
import io.tokensaving.actuate.TokenSavingOperationInvokerAdvisor;
import io.tokensaving.actuate.TokenSavingRequestBodyAdvice;
import io.tokensaving.actuate.TokenSavingWebFilter;
import io.tokensaving.statistics.SavingsStatistics;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint;
import org.springframework.boot.actuate.endpoint.web.PathMappedEndpoints;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.web.server.WebFilter;
import org.springframework.web.servlet.mvc.method.annotation.RequestBodyAdvice;

/**
 * Auto-configuration for the actuator endpoint {@code tokensaving}.
 */
@AutoConfiguration(after = TokenSavingAutoConfiguration.class)
@ConditionalOnClass(ConditionalOnAvailableEndpoint.class)
@ConditionalOnBean(SavingsStatistics.class)
@ConditionalOnAvailableEndpoint(TokenSavingEndpoint.class)
@Import(EndpointFactory.class)
public final class TokenSavingEndpointAutoConfiguration {

	@Bean
	@ConditionalOnMissingBean
	TokenSavingEndpoint tokenSavingEndpoint(EndpointFactory factory) {
		return factory.create();
	}

	@Bean
	@ConditionalOnMissingBean
	TokenSavingOperationInvokerAdvisor tokenSavingOperationInvokerAdvisor() {
		return new TokenSavingOperationInvokerAdvisor();
	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.SERVLET)
	@ConditionalOnClass(RequestBodyAdvice.class)
	static class WebMvcConfiguration {

		@Bean
		TokenSavingRequestBodyAdvice tokenSavingRequestBodyAdvice(ObjectProvider<PathMappedEndpoints> endpoints) {
			return new TokenSavingRequestBodyAdvice(endpoints::getIfAvailable);
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.REACTIVE)
	@ConditionalOnClass(WebFilter.class)
	static class WebFluxConfiguration {

		@Bean
		TokenSavingWebFilter tokenSavingWebFilter(ObjectProvider<PathMappedEndpoints> endpoints) {
			return new TokenSavingWebFilter(endpoints::getIfAvailable);
		}

	}

}

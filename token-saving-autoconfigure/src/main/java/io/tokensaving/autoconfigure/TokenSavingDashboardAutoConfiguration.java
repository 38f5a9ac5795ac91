package io.tokensaving.autoconfigure;

import java.net.InetAddress;
import java.time.Clock;
import java.util.Map;

import io.tokensaving.actuate.EndpointOperations;
import io.tokensaving.actuate.TokenSavingEndpoint;
import io.tokensaving.dashboard.Dashboard;
import io.tokensaving.dashboard.DashboardAccess;
import io.tokensaving.dashboard.DashboardHandler;
import io.tokensaving.dashboard.DashboardReviews;
import io.tokensaving.dashboard.LiveRequests;
import io.tokensaving.dashboard.RoleAccess;
import io.tokensaving.dashboard.RoleAccess.Anonymous;
import io.tokensaving.feature.Reviews;
import io.tokensaving.statistics.SavingsStatistics;

import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.env.Environment;
import org.springframework.core.io.ResourceLoader;
import org.springframework.web.servlet.DispatcherServlet;
import org.springframework.web.servlet.handler.SimpleUrlHandlerMapping;

/**
 * Auto-configuration for the dashboard.
 */
@AutoConfiguration(after = { TokenSavingAutoConfiguration.class, TokenSavingEndpointAutoConfiguration.class })
@ConditionalOnBean(SavingsStatistics.class)
@ConditionalOnProperty(DashboardProperties.PREFIX + ".enabled")
public final class TokenSavingDashboardAutoConfiguration {

	// Before the handlers of the application, one of which may take all paths
	private static final int ORDER = -10;

	private static final String SECURITY_FILTER = "springSecurityFilterChain";

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.SERVLET)
	@ConditionalOnClass({ DispatcherServlet.class, WebEndpointResponse.class })
	@Import(EndpointFactory.class)
	static class ServletConfiguration {

		@Bean
		@ConditionalOnMissingBean
		DashboardAccess tokenSavingDashboardAccess(DashboardProperties properties, ListableBeanFactory beanFactory,
				Environment environment) {
			return new RoleAccess(anonymous(properties, beanFactory, environment), properties.getReadRoles(),
					properties.getWriteRoles(), properties.getAccess() == DashboardProperties.Access.UNRESTRICTED);
		}

		private static Anonymous anonymous(DashboardProperties properties, ListableBeanFactory beanFactory,
				Environment environment) {
			if (properties.isAllowUnauthenticated()) {
				return Anonymous.ALLOWED;
			}
			if (beanFactory.containsBean(SECURITY_FILTER)) {
				return Anonymous.REFUSED;
			}
			InetAddress address = Binder.get(environment).bind("server.address", InetAddress.class).orElse(null);
			if (address != null && address.isLoopbackAddress()) {
				return Anonymous.LOCAL;
			}
			throw ConfigurationErrors.invalid("dashboard.enabled", true,
					"'true' with 'org.springframework.boot:spring-boot-starter-security', with a 'server.address' of "
							+ "this machine only such as '127.0.0.1', or with '" + DashboardProperties.PREFIX
							+ ".allow-unauthenticated: true'; otherwise everybody could see the page");
		}

		@Bean
		LiveRequests tokenSavingLiveRequests(SavingsStatistics statistics) {
			LiveRequests requests = new LiveRequests(Clock.systemUTC());
			statistics.addCallListener(requests);
			return requests;
		}

		@Bean
		@ConditionalOnMissingBean
		DashboardHandler tokenSavingDashboardHandler(DashboardProperties properties, DashboardAccess access,
				LiveRequests requests, ObjectProvider<Reviews> reviews, ObjectProvider<TokenSavingEndpoint> endpoint,
				EndpointFactory endpoints, ResourceLoader resourceLoader) {
			EndpointOperations operations = new EndpointOperations(endpoint.getIfAvailable(endpoints::create));
			return new DashboardHandler(
					new Dashboard(operations, access, requests,
							new DashboardReviews(reviews.getIfAvailable(), properties.isShowText()),
							properties.checkedRefreshSeconds(), resourceLoader.getClassLoader()),
					properties.checkedPath());
		}

		@Bean
		SimpleUrlHandlerMapping tokenSavingDashboardMapping(DashboardProperties properties, DashboardHandler handler) {
			String path = properties.checkedPath();
			return new SimpleUrlHandlerMapping(Map.of(path, handler, path + "/**", handler), ORDER);
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.SERVLET)
	@ConditionalOnMissingClass("org.springframework.boot.actuate.endpoint.web.WebEndpointResponse")
	static class MissingActuatorConfiguration {

		MissingActuatorConfiguration() {
			throw ConfigurationErrors.invalid("dashboard.enabled", true,
					"'true' with 'org.springframework.boot:spring-boot-starter-actuator', from which the page has its "
							+ "figures");
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.REACTIVE)
	static class ReactiveConfiguration {

		ReactiveConfiguration() {
			throw ConfigurationErrors.invalid("dashboard.enabled", true,
					"'false' in an application with WebFlux: the page needs Spring MVC");
		}

	}

}

package io.tokensaving.samples.gateway.admin;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.http.HttpServletResponse;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.web.servlet.DelegatingFilterProxyRegistrationBean;
import org.springframework.boot.webmvc.autoconfigure.DispatcherServletAutoConfiguration;
import org.springframework.boot.webmvc.error.ErrorAttributes;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.security.authentication.AuthenticationManager;
import org.springframework.security.authentication.ProviderManager;
import org.springframework.security.authorization.AuthorityAuthorizationManager;
import org.springframework.security.authorization.AuthorizationManager;
import org.springframework.security.authorization.AuthorizationManagers;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.annotation.web.configurers.AbstractHttpConfigurer;
import org.springframework.security.config.http.SessionCreationPolicy;
import org.springframework.security.web.AuthenticationEntryPoint;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.security.web.access.AccessDeniedHandler;
import org.springframework.security.web.access.intercept.RequestAuthorizationContext;
import org.springframework.security.web.authentication.AuthenticationFilter;
import org.springframework.security.web.authentication.www.BasicAuthenticationFilter;
import org.springframework.security.web.header.writers.ReferrerPolicyHeaderWriter.ReferrerPolicy;

/**
 * Who may do what with the management API, the actuator and everything else that Spring
 * MVC serves. What other servlets serve, such as the door, does not pass Spring Security:
 * its filter is mapped to the dispatcher servlet instead of all paths, so that requests
 * of clients pay nothing for it and no controller can be forgotten.
 */
@Configuration(proxyBeanMethods = false)
class SecurityConfiguration {

	private static final Log logger = LogFactory.getLog(SecurityConfiguration.class);

	private static final JsonMapper MAPPER = JsonMapper.shared();

	@Bean
	static BeanPostProcessor securityFilterOfDispatcherServletOnly() {
		return new BeanPostProcessor() {

			@Override
			public Object postProcessBeforeInitialization(Object bean, String beanName) {
				if (bean instanceof DelegatingFilterProxyRegistrationBean registration
						&& beanName.equals("securityFilterChainRegistration")) {
					registration.setServletNames(
							List.of(DispatcherServletAutoConfiguration.DEFAULT_DISPATCHER_SERVLET_BEAN_NAME));
				}
				return bean;
			}

		};
	}

	@Bean
	AuthenticationManager adminAuthenticationManager(AdminProperties properties) {
		AdminAuthenticationProvider provider = new AdminAuthenticationProvider(properties);
		if (provider.knowsNobody()) {
			logger.warn("The management API refuses everybody, as there are no administrators: set "
					+ "'gateway.admin.password' (environment variable GATEWAY_ADMIN_PASSWORD) for the user 'admin', or "
					+ "'gateway.admin.keys[0].name' and '.secret' (GATEWAY_ADMIN_KEYS_0_NAME and _SECRET)");
		}
		return new ProviderManager(provider);
	}

	@Bean
	SecurityFilterChain adminSecurityFilterChain(HttpSecurity http, AuthenticationManager administrators) {
		AuthenticationEntryPoint unauthenticated = (request, response, ex) -> {
			response.addHeader(HttpHeaders.WWW_AUTHENTICATE, "Basic realm=\"gateway\", charset=\"UTF-8\"");
			response.addHeader(HttpHeaders.WWW_AUTHENTICATE, "Bearer realm=\"gateway\"");
			refuse(response, HttpStatus.UNAUTHORIZED,
					"An admin key or the password of the user 'admin' is needed, and none was sent that is accepted");
		};
		AccessDeniedHandler denied = (request, response, ex) -> refuse(response, HttpStatus.FORBIDDEN,
				"This is not permitted: " + ex.getMessage());
		AuthenticationFilter keys = new AuthenticationFilter(administrators, new AdminKeyConverter());
		keys.setSuccessHandler((request, response, authentication) -> {
		});
		keys.setFailureHandler(unauthenticated::commence);
		return http.authenticationManager(administrators)
			.sessionManagement((sessions) -> sessions.sessionCreationPolicy(SessionCreationPolicy.STATELESS))
			.csrf(AbstractHttpConfigurer::disable)
			.requestCache(AbstractHttpConfigurer::disable)
			.logout(AbstractHttpConfigurer::disable)
			.anonymous(AbstractHttpConfigurer::disable)
			.httpBasic((basic) -> basic.authenticationEntryPoint(unauthenticated))
			.addFilterBefore(keys, BasicAuthenticationFilter.class)
			.addFilterBefore(new CrossOriginFilter(denied), AuthenticationFilter.class)
			.exceptionHandling((errors) -> errors.authenticationEntryPoint(unauthenticated).accessDeniedHandler(denied))
			.headers((headers) -> headers
				.contentSecurityPolicy(
						(policy) -> policy.policyDirectives("default-src 'none'; frame-ancestors 'none'"))
				.referrerPolicy((referrer) -> referrer.policy(ReferrerPolicy.NO_REFERRER)))
			.authorizeHttpRequests((requests) -> requests.dispatcherTypeMatchers(DispatcherType.ERROR)
				.permitAll()
				.requestMatchers("/health", "/ready")
				.permitAll()
				.requestMatchers(HttpMethod.GET, "/token-saving/**", "/v3/api-docs/**", "/v3/api-docs.yaml")
				.access(AuthorityAuthorizationManager.hasRole(AdminRole.VIEWER.name()))
				.requestMatchers("/token-saving/**")
				.access(AuthorityAuthorizationManager.hasRole(AdminRole.OPERATOR.name()))
				// Checks the workspace itself, and the role once more
				.requestMatchers(HttpMethod.GET, "/tokensaving/**")
				.access(AuthorityAuthorizationManager.hasRole(AdminRole.VIEWER.name()))
				.requestMatchers("/tokensaving/**")
				.access(AuthorityAuthorizationManager.hasRole(AdminRole.OPERATOR.name()))
				// Keys are of all workspaces: who makes one chooses its workspace
				.requestMatchers(HttpMethod.GET, "/admin/api-keys/**")
				.access(inAllWorkspaces(AdminRole.VIEWER))
				.requestMatchers("/admin/api-keys/**")
				.access(inAllWorkspaces(AdminRole.ADMIN))
				// The actuator tells of all workspaces together
				.requestMatchers(HttpMethod.GET, "/actuator", "/actuator/health/**", "/actuator/info",
						"/actuator/prometheus", "/actuator/metrics/**", "/actuator/tokensaving/**")
				.access(inAllWorkspaces(AdminRole.VIEWER))
				.requestMatchers("/actuator/tokensaving/**")
				.access(inAllWorkspaces(AdminRole.OPERATOR))
				.anyRequest()
				.access(inAllWorkspaces(AdminRole.ADMIN)))
			.build();
	}

	private static AuthorizationManager<RequestAuthorizationContext> inAllWorkspaces(AdminRole role) {
		return AuthorizationManagers.allOf(AuthorityAuthorizationManager.hasRole(role.name()),
				AuthorityAuthorizationManager.hasAuthority(AdminAuthenticationProvider.ALL_WORKSPACES));
	}

	@Bean
	ErrorAttributes managementErrorAttributes() {
		return new ManagementErrors.Attributes();
	}

	private static void refuse(HttpServletResponse response, HttpStatus status, String message) throws IOException {
		response.setStatus(status.value());
		response.setContentType(MediaType.APPLICATION_JSON_VALUE);
		response.setCharacterEncoding(StandardCharsets.UTF_8);
		response.getOutputStream().write(MAPPER.writeValueAsBytes(ErrorBody.of(message)));
	}

}

package io.tokensaving.samples.gateway.admin;

import java.io.IOException;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;
import org.springframework.boot.web.servlet.ServletRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.ComponentScan;
import org.springframework.security.core.context.SecurityContextHolder;

/**
 * The management part of the gateway, with a servlet where the door is. No stereotype, so
 * that no other test finds it.
 */
@EnableAutoConfiguration
@ConfigurationPropertiesScan(basePackageClasses = AdminProperties.class)
@ComponentScan({ "io.tokensaving.samples.gateway.admin", "io.tokensaving.samples.gateway.plan" })
class ManagementApplication {

	@Bean
	ServletRegistrationBean<HttpServlet> door() {
		return new ServletRegistrationBean<>(new HttpServlet() {

			@Override
			protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
				response.getOutputStream()
					.print("filtered: "
							+ (request
								.getAttribute("org.springframework.security.web.FilterChainProxy.APPLIED") != null)
							+ ", authenticated: " + (SecurityContextHolder.getContext().getAuthentication() != null));
			}

		}, "/v1/*");
	}

}

package io.tokensaving.actuate;

import java.net.URI;

import io.tokensaving.DocumentationSnippets;
import io.tokensaving.ScriptedChatModel;
import org.junit.jupiter.api.Test;

import org.springframework.ai.chat.model.ChatModel;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.http.HttpMethod;
import org.springframework.http.MediaType;
import org.springframework.security.core.userdetails.User;
import org.springframework.security.core.userdetails.UserDetailsService;
import org.springframework.security.provisioning.InMemoryUserDetailsManager;
import org.springframework.web.client.RestClient;
import org.springframework.web.servlet.function.RequestPredicates;
import org.springframework.web.servlet.function.RouterFunction;
import org.springframework.web.servlet.function.RouterFunctions;
import org.springframework.web.servlet.function.ServerResponse;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the protection of the endpoint that the documentation shows.
 */
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT,
		properties = { "spring.autoconfigure.exclude=", "spring.aop.auto=false",
				"management.health.redis.enabled=false",
				"management.endpoints.web.exposure.include=health,info,tokensaving",
				"token-saving.plans.configured.cache.backend=in_memory" })
class EndpointSecurityTests {

	@LocalServerPort
	private int port;

	@Test
	void readersReadAndOperatorsWrite() {
		assertThat(status(HttpMethod.GET, "/health", null)).isEqualTo(200);
		assertThat(status(HttpMethod.GET, "/tokensaving", null)).isEqualTo(401);
		assertThat(status(HttpMethod.POST, "/tokensaving/plans", null)).isEqualTo(401);
		assertThat(status(HttpMethod.GET, "/tokensaving/plans", "monitoring")).isEqualTo(200);
		assertThat(status(HttpMethod.POST, "/tokensaving/plans", "monitoring")).isEqualTo(403);
		assertThat(status(HttpMethod.DELETE, "/tokensaving/plans/faq", "monitoring")).isEqualTo(403);
		assertThat(status(HttpMethod.POST, "/tokensaving/plans", "operator")).isEqualTo(201);
		assertThat(status(HttpMethod.DELETE, "/tokensaving/plans/faq", "operator")).isEqualTo(204);
	}

	@Test
	void theRestOfTheApplicationStaysClosed() {
		assertThat(status(HttpMethod.GET, "/../account", null)).isEqualTo(401);
		assertThat(status(HttpMethod.GET, "/info", null)).isEqualTo(401);
		assertThat(status(HttpMethod.GET, "/../account", "monitoring")).isEqualTo(200);
		assertThat(status(HttpMethod.GET, "/info", "monitoring")).isEqualTo(200);
	}

	private int status(HttpMethod method, String path, String user) {
		RestClient.RequestBodySpec request = RestClient.create()
			.method(method)
			.uri(URI.create("http://localhost:" + this.port + "/actuator" + path).normalize());
		if (user != null) {
			request.headers((headers) -> headers.setBasicAuth(user, "secret"));
		}
		if (method == HttpMethod.POST) {
			request.contentType(MediaType.APPLICATION_JSON).body("""
					{"id": "faq", "cache": {"backend": "in_memory"}}""");
		}
		return request.exchange((sent, response) -> response.getStatusCode().value());
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration(excludeName = "com.redis.om.spring.RedisModulesConfiguration")
	@Import(DocumentationSnippets.SecurityConfiguration.class)
	static class Application {

		@Bean
		ChatModel chatModel() {
			return ScriptedChatModel.echoing();
		}

		@Bean
		RouterFunction<ServerResponse> account() {
			return RouterFunctions.route(RequestPredicates.GET("/account"),
					(request) -> ServerResponse.ok().body("the application's own"));
		}

		@Bean
		UserDetailsService users() {
			return new InMemoryUserDetailsManager(
					User.withUsername("monitoring").password("{noop}secret").roles("MONITORING").build(),
					User.withUsername("operator").password("{noop}secret").roles("OPERATOR").build());
		}

	}

}

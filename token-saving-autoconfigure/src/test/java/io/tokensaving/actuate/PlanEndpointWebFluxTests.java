package io.tokensaving.actuate;

import java.nio.charset.StandardCharsets;

import io.tokensaving.ScriptedChatModel;
import io.tokensaving.actuate.EndpointClient.Answer;
import org.junit.jupiter.api.Test;

import org.springframework.ai.chat.model.ChatModel;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalManagementPort;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.client.RestClient;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the plan operations of {@link TokenSavingEndpoint} where WebFlux serves it.
 */
@SpringBootTest(classes = PlanEndpointWebFluxTests.Application.class, webEnvironment = WebEnvironment.RANDOM_PORT,
		properties = { "management.endpoints.web.exposure.include=tokensaving",
				"spring.main.web-application-type=reactive", "token-saving.plans.fixed.cache.backend=in_memory" })
class PlanEndpointWebFluxTests {

	@LocalManagementPort
	private int port;

	String path() {
		return "/actuator/tokensaving";
	}

	@Test
	void takesNestedJson() {
		EndpointClient client = EndpointClient.connectingAnew("http://localhost:" + this.port + path());
		Answer created = client.post("/plans", "{\"id\": \"faq\", \"cache\": {\"guards\": [\"names\"], \"ttl\": 5}}");
		assertThat(created.status()).as(created.body()).isEqualTo(201);
		created.json().extractingPath("$.settings.cache.guards").asArray().containsExactly("names");
		Answer updated = client.post("/plans/faq", "{\"version\": 1, \"cache\": {\"guards\": null}}");
		updated.json().extractingPath("$.settings.cache.guards").asArray().containsExactly("all");
		updated.json().extractingPath("$.settings.cache.ttl").isEqualTo("5s");
		client.post("/plans/faq", "{\"version\": 1}").json().extractingPath("$.current_version").isEqualTo(2);
		client.post("/plans/faq", "{\"cache\": {\"gards\": []}}")
			.json()
			.extractingPath("$.field")
			.isEqualTo("cache.gards");
		for (String body : new String[] { "", "[", "{\"id\": \"a\", \"id\": \"b\"}", "x".repeat(70_000) }) {
			Answer refused = client.post("/plans", body);
			assertThat(refused.status()).isEqualTo(400);
			assertThat(refused.body()).startsWith("{\"error\":");
		}
		Answer latin = client.post("/plans", "{\"id\": \"\u00e4\"}".getBytes(StandardCharsets.ISO_8859_1),
				"application/json;charset=ISO-8859-1");
		latin.json().extractingPath("$.error").isEqualTo("The body is not UTF-8");
		for (Answer answer : new Answer[] { client.post("/other?path=plans&path=faq", "{\"cache\": null}"),
				client.get("/totals?path=plans"), client.delete("/plans/other?path=plans&path=faq") }) {
			answer.json().extractingPath("$.field").isEqualTo("path");
		}
		client.delete("/cache?tag=x").json().extractingPath("$.evicted").isEqualTo(0);
		for (Answer answer : new Answer[] { client.delete("/cache?tag"), client.delete("/cache?tag="),
				client.delete("/cache?tag=a&tag=b"), client.delete("/cache?tag=a&tag"),
				client.delete("/cache?tga=a") }) {
			assertThat(answer.status()).as(answer.body()).isEqualTo(400);
			assertThat(answer.body()).startsWith("{\"error\":");
		}
		assertThat(client.post("/plans/faq/resume").status()).isEqualTo(200);
		assertThat(client.delete("/plans/faq?version=2").status()).isEqualTo(204);
		assertThat(client.delete("/plans/faq").status()).isEqualTo(404);
	}

	@Test
	void theHeaderAsksForCsv() {
		RestClient client = RestClient.create("http://localhost:" + this.port + path());
		assertThat(client.get().uri("/hourly").header("Accept", "text/csv").retrieve().toEntity(String.class))
			.satisfies((csv) -> assertThat(csv.getHeaders().getContentType()).hasToString("text/csv;charset=UTF-8"));
		assertThat(client.get().uri("/hourly").retrieve().body(String.class)).startsWith("{");
		String refused = client.get()
			.uri("/hourly?hours=x")
			.header("Accept", "text/csv")
			.exchange((request, response) -> response.bodyTo(String.class));
		assertThat(refused).contains("\"field\":\"hours\"");
	}

	@Test
	void everyRefusalSaysWhatIsWrong() {
		EndpointErrors.areReadable(EndpointClient.connectingAnew("http://localhost:" + this.port + path()));
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration(exclude = DataRedisAutoConfiguration.class,
			excludeName = "com.redis.om.spring.RedisModulesConfiguration")
	static class Application {

		@Bean
		ChatModel chatModel() {
			return ScriptedChatModel.echoing();
		}

	}

}

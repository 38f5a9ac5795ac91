package io.tokensaving.actuate;

import io.tokensaving.RedisTestServer;
import io.tokensaving.actuate.EndpointClient.Answer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.test.annotation.DirtiesContext;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link TokenSavingEndpoint} with plans in Redis.
 */
@SpringBootTest(classes = PlanEndpointWebTests.Application.class, webEnvironment = WebEnvironment.RANDOM_PORT,
		properties = { "management.endpoints.web.exposure.include=tokensaving", "token-saving.plan-repository=redis",
				"spring.data.redis.timeout=1s" })
@DirtiesContext
class PlanEndpointRedisTests {

	private static final RedisTestServer SERVER = RedisTestServer.start();

	@LocalServerPort
	private int port;

	@DynamicPropertySource
	static void redis(DynamicPropertyRegistry properties) {
		properties.add("spring.data.redis.port", SERVER::port);
	}

	@AfterAll
	static void stop() {
		SERVER.close();
	}

	@Test
	void plansCanBeReadButNotWrittenWithoutRedis() {
		EndpointClient client = EndpointClient.of(this.port);
		assertThat(client.post("/plans", "{\"id\": \"faq\", \"cache\": {}}").status()).isEqualTo(201);
		assertThat(client.post("/plans/faq", "{\"cache\": {\"ttl\": \"1m\"}}").body()).contains("\"version\":2");
		SERVER.kill();
		for (Answer answer : new Answer[] { client.post("/plans", "{\"id\": \"other\"}"),
				client.post("/plans/faq", "{\"cache\": null}"), client.delete("/plans/faq") }) {
			assertThat(answer.status()).isEqualTo(503);
			answer.json().extractingPath("$.error").asString().startsWith("The store of plans ");
			assertThat(answer.body()).doesNotContain("Exception");
		}
		Answer found = client.get("/plans/faq");
		assertThat(found.status()).isEqualTo(200);
		found.json().extractingPath("$.version").isEqualTo(2);
	}

}

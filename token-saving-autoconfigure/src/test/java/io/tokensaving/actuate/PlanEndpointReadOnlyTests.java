package io.tokensaving.actuate;

import org.junit.jupiter.api.Test;

import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that {@link TokenSavingEndpoint} writes nothing if its access is read-only.
 */
@SpringBootTest(classes = PlanEndpointWebTests.Application.class, webEnvironment = WebEnvironment.RANDOM_PORT,
		properties = { "management.endpoints.web.exposure.include=tokensaving",
				"management.endpoint.tokensaving.access=read-only",
				"token-saving.plans.fixed.cache.backend=in_memory" })
class PlanEndpointReadOnlyTests {

	@LocalServerPort
	private int port;

	@Test
	void refusesWrites() {
		EndpointClient client = EndpointClient.of(this.port);
		assertThat(client.post("/plans", "{\"id\": \"faq\"}").status()).isEqualTo(405);
		assertThat(client.delete("/plans/fixed").status()).isEqualTo(405);
		assertThat(client.get("/plans/faq").status()).isEqualTo(404);
		assertThat(client.get("/plans/fixed").status()).isEqualTo(200);
	}

}

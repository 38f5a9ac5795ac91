package io.tokensaving.actuate;

import org.junit.jupiter.api.Test;

import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalManagementPort;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that {@link TokenSavingEndpoint} takes nested JSON at a port and a path of its
 * own.
 */
@SpringBootTest(classes = PlanEndpointWebTests.Application.class, webEnvironment = WebEnvironment.RANDOM_PORT,
		properties = { "management.endpoints.web.exposure.include=tokensaving", "management.server.port=0",
				"token-saving.plans.fixed.cache.backend=in_memory", "management.server.base-path=/intern",
				"management.endpoints.web.base-path=/manage",
				"management.endpoints.web.path-mapping.tokensaving=savings/all" })
class PlanEndpointManagementPortTests {

	@LocalManagementPort
	private int port;

	@Test
	void takesNestedJson() {
		EndpointClient client = new EndpointClient("http://localhost:" + this.port + "/intern/manage/savings/all");
		assertThat(client.post("/plans", "{\"id\": \"faq\", \"cache\": {\"guards\": [\"names\"]}}").status())
			.isEqualTo(201);
		assertThat(client.post("/plans/faq", "{\"version\": 1, \"cache\": {\"guards\": null}}").body())
			.contains("\"guards\":[\"all\"]");
		assertThat(client.post("/plans/faq", "{\"cache\": {\"gards\": []}}").body())
			.contains("\"field\":\"cache.gards\"");
		assertThat(client.post("/plans", "[").status()).isEqualTo(400);
		assertThat(client.delete("/plans/faq?version=2").status()).isEqualTo(204);
		EndpointErrors.areReadable(client);
	}

}

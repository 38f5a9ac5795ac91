package io.tokensaving.actuate;

import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

import io.tokensaving.ScriptedChatModel;
import io.tokensaving.actuate.EndpointClient.Answer;
import io.tokensaving.plan.InvalidPlanException;
import io.tokensaving.plan.Plan;
import org.junit.jupiter.api.Test;

import org.springframework.ai.chat.model.ChatModel;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests that every id that is accepted can be addressed by a URL.
 */
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT,
		properties = "management.endpoints.web.exposure.include=tokensaving")
class PlanIdEndpointTests {

	private static final String CHARACTERS = "abcXYZ019._-";

	private static final List<String> UNUSUAL = List.of(".", "..", "...", "....", ".a", "a.", "..a", "a..", "-", "--",
			"_", "-.", ".-", "a..b", "a.json", "resume", "stats", "plans", "cache", "path", "id", "version", "None",
			"NONE", "none.", "0", "00", "1e5", "true", "null", "x".repeat(64), ".".repeat(64), "none", "", " ", "a b",
			"a/b", "a%2Fb", "a;b", "a\\b", "\u00e4", "x".repeat(65));

	@LocalServerPort
	private int port;

	@Test
	void everyIdThatIsAcceptedCanBeAddressed() {
		EndpointClient client = EndpointClient.of(this.port);
		int accepted = 0;
		for (String id : ids()) {
			Answer created = client.post("/plans", "{\"id\": \"" + id.replace("\\", "\\\\") + "\", \"cache\": {}}");
			if (created.status() == 400) {
				created.json().extractingPath("$.field").isEqualTo("id");
				assertThatExceptionOfType(InvalidPlanException.class).isThrownBy(() -> Plan.builder(id).build());
				continue;
			}
			accepted++;
			assertThat(created.status()).as(id + created.body()).isEqualTo(201);
			assertThat(Plan.builder(id).build().id()).isEqualTo(id);
			String path = "/plans/" + URLEncoder.encode(id, StandardCharsets.UTF_8);
			// As curl and browsers do before they send it (RFC 3986, 5.2.4)
			assertThat(URI.create(path).normalize()).hasToString(path);
			client.get(path).json().extractingPath("$.id").isEqualTo(id);
			assertThat(client.get(path + "/stats").status()).as(id).isEqualTo(200);
			assertThat(client.get(path + "/stats/daily").status()).as(id).isEqualTo(200);
			client.post(path, "{\"cache\": {\"ttl\": 5}}").json().extractingPath("$.id").isEqualTo(id);
			assertThat(client.post(path + "/resume").status()).as(id).isEqualTo(200);
			assertThat(client.delete("/cache?plan=" + id).status()).as(id).isEqualTo(200);
			assertThat(client.delete(path).status()).as(id).isEqualTo(204);
		}
		assertThat(accepted).isGreaterThan(45);
	}

	private static Set<String> ids() {
		Set<String> ids = new LinkedHashSet<>(UNUSUAL);
		Random random = new Random(42);
		for (int i = 0; i < 20; i++) {
			StringBuilder id = new StringBuilder();
			for (int length = 1 + random.nextInt(64); length > 0; length--) {
				id.append(CHARACTERS.charAt(random.nextInt(CHARACTERS.length())));
			}
			ids.add(id.toString());
		}
		return ids;
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration(excludeName = "com.redis.om.spring.RedisModulesConfiguration")
	static class Application {

		@Bean
		ChatModel chatModel() {
			return ScriptedChatModel.echoing();
		}

	}

}

package io.tokensaving.actuate;

import java.util.List;

import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TaskOutcomes;
import io.tokensaving.TokenSaving;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.test.annotation.DirtiesContext;
import org.springframework.test.json.JsonContent;
import org.springframework.test.json.JsonContentAssert;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.client.HttpClientErrorException;
import org.springframework.web.client.RestClient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for what {@link TokenSavingEndpoint} shows by feature, model and day over HTTP.
 */
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT,
		properties = { "management.endpoints.web.exposure.include=tokensaving", "token-saving.default-plan=bot",
				"token-saving.plans.bot.cache.backend=in_memory", "token-saving.plans.other.cache.backend=in_memory",
				"token-saving.prices[0].model=scripted-model", "token-saving.prices[0].input=2",
				"token-saving.prices[0].output=10" })
@DirtiesContext(classMode = DirtiesContext.ClassMode.BEFORE_EACH_TEST_METHOD)
class LedgerEndpointWebTests {

	private static final MediaType CSV = new MediaType("text", "csv");

	@Autowired
	private ChatClient.Builder chatClientBuilder;

	@Autowired
	private TaskOutcomes outcomes;

	@LocalServerPort
	private int port;

	@BeforeEach
	void ask() {
		ChatClient client = this.chatClientBuilder.build();
		for (String question : List.of("one", "one", "two")) {
			client.prompt(question).advisors(TokenSaving.feature("faq")).call().content();
		}
		client.prompt("three").advisors(TokenSaving.plan("other").feature("-mail")).call().content();
		get("/ask/4711");
	}

	@Test
	void featuresAreShownByWhatTheySpent() {
		String features = get("/actuator/tokensaving/features");
		assertThatJson(features).extractingPath("$.total").isEqualTo(3);
		assertThatJson(features).extractingPath("$.features[*].feature")
			.asArray()
			.containsExactly("faq", "/ask/{id}", "-mail");
		assertThatJson(features).extractingPath("$.features[*].plan").asArray().containsExactly("bot", "bot", "other");
		assertThatJson(features).extractingPath("$.features[0].requests").isEqualTo(3);
		assertThatJson(features).extractingPath("$.features[0].tasks").isEqualTo(3);
		// Two answers of 100 tokens at 2 and 20 at 10 dollars per million, and one hit
		assertThatJson(features).extractingPath("$.features[0].spent_usd").isEqualTo(0.0008);
		assertThatJson(features).extractingPath("$.features[0].counterfactual_usd").isEqualTo(0.0012);
		assertThatJson(features).extractingPath("$.features[0].effective_discount").isEqualTo(0.3333);
		assertThatJson(features).extractingPath("$.features[0].tokens.input").isEqualTo(200);
		assertThatJson(features).extractingPath("$.features[0].tokens_saved").isEqualTo(120);
		assertThatJson(features).extractingPath("$.features[0].outcomes.exact_hits").isEqualTo(1);
		assertThatJson(features).extractingPath("$.features[0].output_tokens.p50").isNotNull();
		assertThatJson(features).extractingPath("$.features[0].model_ms.p95").isNotNull();
		assertThatJson(features).extractingPath("$.features[0].hit_ms.p95").isNotNull();
		assertThatJson(features).doesNotHavePath("$.features[1].hit_ms");
		assertThatJson(features).extractingPath("$.features[0].models.scripted-model.requests").isEqualTo(3);
	}

	@Test
	void filtersAndPagesSelectRows() {
		assertThatJson(get("/actuator/tokensaving/features?plan=other")).extractingPath("$.features[*].feature")
			.asArray()
			.containsExactly("-mail");
		String page = get("/actuator/tokensaving/features?size=1&page=1&days=1");
		assertThatJson(page).extractingPath("$.total").isEqualTo(3);
		assertThatJson(page).extractingPath("$.features[*].feature").asArray().containsExactly("/ask/{id}");
		String models = get("/actuator/tokensaving/models?feature=faq");
		assertThatJson(models).extractingPath("$.models[0].model").isEqualTo("scripted-model");
		assertThatJson(models).extractingPath("$.models[0].requests").isEqualTo(3);
		assertThatJson(get("/actuator/tokensaving/models?model=none-such")).extractingPath("$.total").isEqualTo(0);
		String daily = get("/actuator/tokensaving/daily?days=90");
		assertThatJson(daily).extractingPath("$.daily[0].date").asString().matches("\\d{4}-\\d{2}-\\d{2}");
		assertThatJson(daily).extractingPath("$.daily[*].spent_usd").asArray().isNotEmpty();
		assertThatJson(get("/actuator/tokensaving/features?workspace=none")).extractingPath("$.total").isEqualTo(0);
	}

	@Test
	void theCostOfASuccessIsShownOnceOutcomesAreReported() {
		assertThatJson(get("/actuator/tokensaving/features")).doesNotHavePath("$.features[0].cost_per_success_usd");
		ChatClient client = this.chatClientBuilder.build();
		for (String id : List.of("good", "bad")) {
			client.prompt(id).advisors(TokenSaving.feature("chat").task(id)).call().content();
		}
		assertThat(this.outcomes.report("good", true)).isTrue();
		assertThat(TokenSaving.outcome("bad", false)).isTrue();
		assertThat(TokenSaving.outcome("none-such", true)).isFalse();
		for (String path : List.of("features", "models", "tiers", "daily")) {
			String shown = get("/actuator/tokensaving/" + path + "?feature=chat");
			assertThatJson(shown).extractingPath("$." + path + "[0].success_known").isEqualTo(1.0);
			assertThatJson(shown).extractingPath("$." + path + "[0].successes").isEqualTo(1);
			assertThatJson(shown).extractingPath("$." + path + "[0].failures").isEqualTo(1);
			assertThatJson(shown).extractingPath("$." + path + "[0].cost_per_success_usd").isEqualTo(0.0008);
		}
		String stats = get("/actuator/tokensaving/plans/bot/stats");
		assertThatJson(stats).extractingPath("$.cost_per_success_usd").isEqualTo(0.0008);
		// Two of six tasks
		assertThatJson(stats).extractingPath("$.success_known").isEqualTo(0.3333);
		assertThatJson(get("/actuator/tokensaving/totals")).extractingPath("$.unknown_outcomes").isEqualTo(1);
	}

	@Test
	void hoursAreShownTheLatestFirst() {
		String hourly = get("/actuator/tokensaving/hourly?feature=faq&days=14");
		assertThatJson(hourly).extractingPath("$.hours").isEqualTo(336);
		assertThatJson(hourly).extractingPath("$.hourly[0].hour")
			.asString()
			.matches("\\d{4}-\\d{2}-\\d{2}T\\d{2}:00:00Z");
		assertThatJson(hourly).extractingPath("$.hourly[*].spent_usd").asArray().isNotEmpty();
		assertThatJson(hourly).doesNotHavePath("$.hourly[0].call_ms");
		assertThatJson(get("/actuator/tokensaving/hourly")).extractingPath("$.hours").isEqualTo(24);
		assertThatJson(get("/actuator/tokensaving/hourly?hours=2&days=3&size=1")).extractingPath("$.hours")
			.isEqualTo(2);
		assertThatJson(get("/actuator/tokensaving/hourly?model=none-such")).extractingPath("$.total").isEqualTo(0);
		assertThat(get("/actuator/tokensaving/hourly?format=csv")).startsWith("\"hour\",\"requests\"");
		for (String query : List.of("hours=337", "hours=0", "days=15")) {
			assertThatExceptionOfType(HttpClientErrorException.BadRequest.class)
				.isThrownBy(() -> get("/actuator/tokensaving/hourly?" + query));
		}
	}

	@ParameterizedTest
	@CsvSource({ "features", "models", "tiers", "daily", "hourly" })
	void theHeaderAsksForCsv(String path) {
		for (String accept : List.of("text/csv", "text/csv, */*;q=0.1")) {
			ResponseEntity<String> csv = accepting(path, accept);
			assertThat(csv.getHeaders().getContentType().isCompatibleWith(CSV)).isTrue();
			assertThat(csv.getBody()).startsWith("\"").contains("\"requests\"");
		}
		for (String accept : List.of("*/*", "application/json", "text/html,*/*;q=0.8",
				"application/vnd.spring-boot.actuator.v2+json")) {
			assertThat(accepting(path, accept).getBody()).startsWith("{");
		}
		assertThat(accepting(path, "*/*").getHeaders().getContentType())
			.hasToString("application/vnd.spring-boot.actuator.v3+json");
		assertThat(accepting(path + "?format=csv", "application/json").getBody()).startsWith("\"");
		assertThat(accepting(path + "?format=json", "text/csv").getBody()).startsWith("{");
		assertThatExceptionOfType(HttpClientErrorException.BadRequest.class)
			.isThrownBy(() -> accepting(path + "?days=x", "text/csv"))
			.satisfies(
					(ex) -> assertThatJson(ex.getResponseBodyAsString()).extractingPath("$.field").isEqualTo("days"));
	}

	@Test
	void whatIsNoTableIsShownAsJson() {
		for (String path : List.of("plans", "plans/bot", "plans/bot/stats", "plans/bot/stats/daily", "totals", "advice",
				"cache-entries", "cache-engines", "compression-engines", "near-misses", "none-such",
				"plans/none-such")) {
			ResponseEntity<String> shown = RestClient.create()
				.get()
				.uri("http://localhost:" + this.port + "/actuator/tokensaving/" + path)
				.header("Accept", "text/csv")
				.exchange((request, response) -> ResponseEntity.status(response.getStatusCode())
					.contentType(response.getHeaders().getContentType())
					.body(response.bodyTo(String.class)));
			assertThat(shown.getStatusCode().value()).as(path).isEqualTo(path.contains("none-such") ? 404 : 200);
			assertThat(shown.getHeaders().getContentType()).isEqualTo(MediaType.APPLICATION_JSON);
			assertThat(shown.getBody()).startsWith("{");
		}
	}

	private ResponseEntity<String> accepting(String path, String accept) {
		return RestClient.create()
			.get()
			.uri("http://localhost:" + this.port + "/actuator/tokensaving/" + path)
			.header("Accept", accept)
			.retrieve()
			.toEntity(String.class);
	}

	@Test
	void nearMissesAreShownOfAWorkspaceAndOfAPlan() {
		assertThatJson(get("/actuator/tokensaving/near-misses")).extractingPath("$.near_misses").asArray().isEmpty();
		assertThatJson(get("/actuator/tokensaving/plans/bot/near-misses")).extractingPath("$.near_misses")
			.asArray()
			.isEmpty();
	}

	@Test
	void csvHasAHeaderAndOneLineForEachRow() {
		ResponseEntity<String> csv = RestClient.create()
			.get()
			.uri("http://localhost:{port}/actuator/tokensaving/features?format=csv", this.port)
			.retrieve()
			.toEntity(String.class);
		assertThat(csv.getHeaders().getContentType()).isNotNull()
			.satisfies((type) -> assertThat(type.isCompatibleWith(CSV)).isTrue());
		List<String> lines = csv.getBody().lines().toList();
		assertThat(lines).hasSize(4);
		assertThat(lines.get(0)).startsWith("\"plan\",\"feature\",\"requests\",\"tasks\"").contains("\"tokens.input\"");
		assertThat(lines.get(1)).startsWith("\"bot\",\"faq\",3,3");
		// A spreadsheet would take a text that starts with a minus for a formula
		assertThat(lines.get(3)).startsWith("\"other\",\"'-mail\",1,1");
		assertThat(lines)
			.allSatisfy((line) -> assertThat(line.split(",", -1)).hasSameSizeAs(lines.get(0).split(",", -1)));
	}

	@ParameterizedTest
	@CsvSource({ "days=0, days", "days=91, days", "days=x, days", "page=-1, page", "size=0, size", "size=1001, size",
			"format=xml, format" })
	void whatIsNotAcceptedIsNamed(String query, String name) {
		assertThatExceptionOfType(HttpClientErrorException.BadRequest.class)
			.isThrownBy(() -> get("/actuator/tokensaving/features?" + query))
			.satisfies((ex) -> assertThatJson(ex.getResponseBodyAsString()).extractingPath("$.field").isEqualTo(name));
	}

	private String get(String path) {
		return RestClient.create().get().uri("http://localhost:" + this.port + path).retrieve().body(String.class);
	}

	private static JsonContentAssert assertThatJson(String json) {
		return new JsonContentAssert(new JsonContent(json));
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration(excludeName = "com.redis.om.spring.RedisModulesConfiguration")
	static class Application {

		@Bean
		ChatModel chatModel() {
			return ScriptedChatModel.echoing();
		}

		@Bean
		Asking asking(ChatClient.Builder builder) {
			return new Asking(builder.build());
		}

	}

	@RestController
	static class Asking {

		private final ChatClient client;

		Asking(ChatClient client) {
			this.client = client;
		}

		@GetMapping("/ask/{id}")
		String ask(@PathVariable("id") String id) {
			return this.client.prompt(id).call().content();
		}

	}

}

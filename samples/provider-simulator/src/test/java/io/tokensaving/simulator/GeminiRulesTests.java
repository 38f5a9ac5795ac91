package io.tokensaving.simulator;

import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

import static org.assertj.core.api.Assertions.assertThat;

/** The rules of Gemini's prompt caches, one by one, and what it does not take. */
class GeminiRulesTests {

	private final ManualClock clock = ManualClock.standing();

	private ProviderSimulator simulator = start(1);

	private WireClient client = new WireClient(this.simulator);

	@AfterEach
	void close() {
		this.simulator.close();
	}

	private ProviderSimulator start(double probability) {
		return ProviderSimulator.builder()
			.clock(this.clock)
			.rules(CacheRules.defaults().implicit(probability, Duration.ofMinutes(5)))
			.start();
	}

	private static ObjectNode request(int systemTokens, String question) {
		ObjectNode request = ProviderWire.object();
		request.putObject("systemInstruction")
			.putArray("parts")
			.addObject()
			.put("text", Texts.ofTokens("rules", systemTokens));
		ObjectNode content = request.putArray("contents").addObject().put("role", "user");
		content.putArray("parts").addObject().put("text", Texts.ofTokens(question, 10));
		return request;
	}

	private CacheTokens send(String model, ObjectNode request) {
		HttpResponse<String> response = this.client.gemini(model, request.toString());
		assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
		return this.simulator.lastRequest().input();
	}

	@ParameterizedTest
	@CsvSource({ "gemini-2.5-flash, 2047, 0", "gemini-2.5-flash, 2048, 2048", "gemini-2.5-pro, 2111, 2048",
			"gemini-3.1-pro, 4095, 0", "gemini-3.1-pro, 4160, 4160" })
	void commonPrefixesAreReadFromAMinimumOn(String model, int tokens, int read) {
		send(model, request(tokens, "one"));
		assertThat(send(model, request(tokens, "two")).read()).isEqualTo(read);
	}

	@Test
	void prefixesAreForgottenAfterMinutes() {
		send("gemini-2.5-flash", request(3000, "one"));
		this.clock.advance(Duration.ofMinutes(4));
		assertThat(send("gemini-2.5-flash", request(3000, "two")).read()).isEqualTo(2944);
		this.clock.advance(Duration.ofMinutes(4));
		assertThat(send("gemini-2.5-flash", request(3000, "three")).read()).isEqualTo(2944);
		this.clock.advance(Duration.ofMinutes(5));
		assertThat(send("gemini-2.5-flash", request(3000, "four")).read()).isZero();
	}

	@Test
	void thereIsNoGuarantee() {
		this.simulator.close();
		this.simulator = start(0.7);
		this.client = new WireClient(this.simulator);
		send("gemini-2.5-flash", request(3000, "one"));
		int reads = 0;
		for (int times = 0; times < 100; times++) {
			reads += (send("gemini-2.5-flash", request(3000, "two")).read() > 0) ? 1 : 0;
		}
		assertThat(reads).isBetween(55, 85);
	}

	@Test
	void theUsageIncludesWhatWasReadAndLeavesThoughtsOutOfTheAnswer() {
		send("gemini-2.5-flash", request(3000, "one"));
		this.simulator.enqueue(Answer.builder().text("12345678").thinking("Hm, hmmm").thinkingTokens(7).build());
		JsonNode response = WireClient.json(this.client.gemini("gemini-2.5-flash", request(3000, "two").toString()));
		assertThat(response.at("/candidates/0/content/parts/0/thought").asBoolean()).isTrue();
		JsonNode usage = response.path("usageMetadata");
		assertThat(usage.path("promptTokenCount").asInt()).isEqualTo(3010);
		assertThat(usage.path("cachedContentTokenCount").asInt()).isEqualTo(2944);
		assertThat(usage.path("candidatesTokenCount").asInt()).isEqualTo(2);
		assertThat(usage.path("thoughtsTokenCount").asInt()).isEqualTo(7);
		assertThat(usage.path("totalTokenCount").asInt()).isEqualTo(3019);
	}

	@Test
	void streamsTellTheUsageInEachEvent() {
		this.simulator.enqueue(Answer.builder().text("12345678").piece(4).build());
		HttpResponse<String> response = this.client.post(Provider.GEMINI,
				"/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse", request(100, "one").toString());
		List<JsonNode> events = WireClient.events(response);
		assertThat(events).hasSize(3);
		assertThat(events).extracting((event) -> event.at("/usageMetadata/candidatesTokenCount").asInt())
			.containsExactly(1, 2, 2);
		assertThat(events.get(2).at("/candidates/0/finishReason").asString()).isEqualTo("STOP");
	}

	private void rejects(String body, int status, String reason, String message) {
		HttpResponse<String> response = this.client.gemini("gemini-2.5-flash", body.replace('\'', '"'));
		assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
		JsonNode error = WireClient.json(response).path("error");
		assertThat(error.path("code").asInt()).isEqualTo(status);
		assertThat(error.path("status").asString()).isEqualTo(reason);
		assertThat(error.path("message").asString()).contains(message);
		assertThat(this.simulator.bill().usd()).isZero();
	}

	@Test
	void rejectsWhatItDoesNotKnow() {
		rejects("{'contents': [{'parts': [{'text': 'Hi'}]}], 'cache_control': {}}", 400, "INVALID_ARGUMENT",
				"Unknown name \"cache_control\": Cannot find field.");
		rejects("{'contents': [{'parts': [{'txt': 'Hi'}]}]}", 400, "INVALID_ARGUMENT",
				"Unknown name \"txt\" at 'contents[0].parts[0]'");
		rejects("{'contents': []}", 400, "INVALID_ARGUMENT", "contents is not specified");
		rejects("{'contents': [{'parts': []}]}", 400, "INVALID_ARGUMENT", "must not be empty");
		rejects("{'contents': [{'role': 'assistant', 'parts': [{'text': 'Hi'}]}]}", 400, "INVALID_ARGUMENT",
				"Please use a valid role: user, model.");
		assertThat(this.client.gemini("gemini-9", "{}").statusCode()).isEqualTo(404);
	}

	@Test
	void rejectsCallsAndResponsesThatAreNoPairs() {
		String call = "{'role': 'model', 'parts': [{'functionCall': {'name': 'look', 'args': {}}}]}";
		String user = "{'role': 'user', 'parts': [{'text': 'Hi'}]}";
		String response = "{'role': 'user', 'parts': [{'functionResponse': {'name': 'look', 'response': {}}}]}";
		rejects("{'contents': [" + user + "," + response + "]}", 400, "INVALID_ARGUMENT",
				"function response turn comes immediately after a function call turn");
		rejects("{'contents': [" + user + "," + call + "," + user + "]}", 400, "INVALID_ARGUMENT",
				"number of function response parts is equal");
		rejects("{'contents': [" + call + "," + response + "]}", 400, "INVALID_ARGUMENT",
				"function call turn comes immediately after a user turn");
		assertThat(this.client
			.gemini("gemini-2.5-flash",
					("{'contents': [" + user + "," + call + "," + response + "]}").replace('\'', '"'))
			.statusCode()).isEqualTo(200);
	}

	@Test
	void whatIsKeptByNameGoesWithNoToolsAndNoSystemText() {
		ObjectNode content = ProviderWire.object().put("model", "models/gemini-2.5-flash").put("ttl", "3600s");
		content.set("contents", request(1, "x").get("contents"));
		ObjectNode part = (ObjectNode) content.at("/contents/0/parts/0");
		HttpResponse<String> small = this.client.post(Provider.GEMINI, "/v1beta/cachedContents", content.toString());
		assertThat(small.body()).contains("Cached content is too small. total_token_count=10");
		part.put("text", Texts.ofTokens("book", 5000));
		String name = WireClient.json(this.client.post(Provider.GEMINI, "/v1beta/cachedContents", content.toString()))
			.path("name")
			.asString();
		ObjectNode request = request(1, "one").put("cachedContent", name);
		rejects(request);
		request.remove("systemInstruction");
		assertThat(send("gemini-2.5-flash", request)).isEqualTo(new CacheTokens(10, 5000, 0, 0, 0));
		HttpResponse<String> other = this.client.gemini("gemini-2.5-pro", request.toString());
		assertThat(other.body()).contains("has to be the same");
		request.putArray("tools").addObject().putArray("functionDeclarations");
		rejects(request);
	}

	private void rejects(ObjectNode request) {
		HttpResponse<String> response = this.client.gemini("gemini-2.5-flash", request.toString());
		assertThat(response.statusCode()).isEqualTo(400);
		assertThat(response.body()).contains("CachedContent can not be used with GenerateContent request");
	}

	@Test
	void filtersAnswerWithoutCandidates() {
		this.simulator.enqueue(Answer.error(SimulatedError.Kind.CONTENT_FILTER));
		HttpResponse<String> response = this.client.gemini("gemini-2.5-flash", request(1, "one").toString());
		assertThat(response.statusCode()).isEqualTo(200);
		assertThat(WireClient.json(response).at("/promptFeedback/blockReason").asString()).isEqualTo("SAFETY");
	}

	@Test
	void limitsSayWhenToTryAgain() {
		this.simulator.enqueue(Answer.error(SimulatedError.rateLimited(Duration.ofSeconds(17))));
		HttpResponse<String> response = this.client.gemini("gemini-2.5-flash", request(1, "one").toString());
		assertThat(response.statusCode()).isEqualTo(429);
		assertThat(WireClient.json(response).at("/error/details/0/retryDelay").asString()).isEqualTo("17s");
	}

}

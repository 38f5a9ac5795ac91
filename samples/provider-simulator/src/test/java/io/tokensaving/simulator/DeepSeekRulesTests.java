package io.tokensaving.simulator;

import java.net.http.HttpResponse;
import java.time.Duration;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

import static org.assertj.core.api.Assertions.assertThat;

/** The rules of DeepSeek's prompt cache, one by one, and what it does not take. */
class DeepSeekRulesTests {

	private final ManualClock clock = ManualClock.standing();

	private final ProviderSimulator simulator = ProviderSimulator.builder().clock(this.clock).start();

	private final WireClient client = new WireClient(this.simulator);

	@AfterEach
	void close() {
		this.simulator.close();
	}

	private static ObjectNode request(String system, int systemTokens, String question, int tokens) {
		ObjectNode request = ProviderWire.object().put("model", "deepseek-v4-flash");
		ArrayNode messages = request.putArray("messages");
		messages.addObject().put("role", "system").put("content", Texts.ofTokens(system, systemTokens));
		messages.addObject().put("role", "user").put("content", Texts.ofTokens(question, tokens));
		return request;
	}

	private CacheTokens send(ObjectNode request) {
		HttpResponse<String> response = this.client.deepSeek(request.toString());
		assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
		return this.simulator.lastRequest().input();
	}

	@Test
	void theEndOfTheInputIsAUnit() {
		assertThat(send(request("rules", 1000, "one", 50)).read()).isZero();
		assertThat(send(request("rules", 1000, "one", 50))).isEqualTo(new CacheTokens(0, 1050, 0, 0, 0));
	}

	@Test
	void theEndOfTheOutputIsAUnit() {
		this.simulator.enqueue(Answer.text(Texts.ofTokens("answer", 70)));
		ObjectNode request = request("rules", 1000, "one", 50);
		send(request);
		((ArrayNode) request.get("messages")).addObject()
			.put("role", "assistant")
			.put("content", Texts.ofTokens("answer", 70));
		((ArrayNode) request.get("messages")).addObject().put("role", "user").put("content", Texts.ofTokens("two", 5));
		assertThat(send(request)).isEqualTo(new CacheTokens(5, 1120, 0, 0, 0));
	}

	@Test
	void theThirdRequestReadsWhatTheFirstTwoHaveInCommon() {
		assertThat(send(request("rules", 1000, "one", 50)).read()).isZero();
		assertThat(send(request("rules", 1000, "two", 50)).read()).isZero();
		// 1,000 in steps of 64, which is a guess
		assertThat(send(request("rules", 1000, "three", 50)).read()).isEqualTo(960);
	}

	@Test
	void longTextsHaveUnitsAtIntervals() {
		send(request("rules", 9000, "one", 50));
		assertThat(send(request("rules", 9000, "two", 50)).read()).isEqualTo(8192);
	}

	@Test
	void unitsAreMatchedWhole() {
		send(request("rules", 1000, "one", 50));
		ObjectNode longer = request("rules", 1000, "one", 50);
		ObjectNode question = (ObjectNode) longer.at("/messages/1");
		question.put("content", "+" + question.get("content").asString());
		assertThat(send(longer).read()).isZero();
	}

	@Test
	void unitsLiveForHours() {
		send(request("rules", 1000, "one", 50));
		this.clock.advance(Duration.ofHours(6).minusSeconds(1));
		assertThat(send(request("rules", 1000, "one", 50)).read()).isEqualTo(1050);
		this.clock.advance(Duration.ofHours(6));
		assertThat(send(request("rules", 1000, "one", 50)).read()).isZero();
	}

	@Test
	void theUsageIsHitsAndMisses() {
		ObjectNode request = request("rules", 1000, "one", 50);
		send(request);
		JsonNode usage = WireClient.json(this.client.deepSeek(request.toString())).path("usage");
		assertThat(usage.path("prompt_tokens").asInt()).isEqualTo(1050);
		assertThat(usage.path("prompt_cache_hit_tokens").asInt()).isEqualTo(1050);
		assertThat(usage.path("prompt_cache_miss_tokens").asInt()).isZero();
		assertThat(usage.at("/prompt_tokens_details/cached_tokens").asInt()).isEqualTo(1050);
		try (ProviderSimulator own = ProviderSimulator.builder().option(WireOption.DEEPSEEK_NO_DETAILS).start()) {
			JsonNode bare = WireClient.json(new WireClient(own).deepSeek(request.toString())).path("usage");
			assertThat(bare.has("prompt_tokens_details")).isFalse();
			assertThat(bare.path("prompt_cache_miss_tokens").asInt()).isEqualTo(1050);
		}
	}

	@Test
	void bothPathsAreAnswered() {
		String body = request("rules", 10, "one", 5).toString();
		assertThat(this.client.post(Provider.DEEPSEEK, "/v1/chat/completions", body).statusCode()).isEqualTo(200);
		assertThat(this.client.post(Provider.DEEPSEEK, "/chat/completions", body).statusCode()).isEqualTo(200);
		assertThat(this.client.post(Provider.DEEPSEEK, "/completions", body).statusCode()).isEqualTo(404);
	}

	@Test
	void fieldsThatAreNotKnownAreIgnored() {
		assertThat(send(request("rules", 10, "one", 5).put("prompt_cache_key", "k")).total()).isEqualTo(15);
	}

	@Test
	void rejectsRolesThatDoNotTakeTurnsWhereTheModelDemandsIt() {
		ObjectNode request = request("rules", 10, "one", 5);
		((ArrayNode) request.get("messages")).addObject().put("role", "user").put("content", "And?");
		assertThat(send(request).total()).isEqualTo(16);
		HttpResponse<String> response = this.client.deepSeek(request.put("model", "deepseek-reasoner").toString());
		assertThat(response.statusCode()).isEqualTo(400);
		assertThat(response.body()).contains("does not support successive user or assistant messages");
	}

	@Test
	void rejectsWhatItDoesNotKnow() {
		ObjectNode developer = request("rules", 10, "one", 5);
		((ObjectNode) developer.at("/messages/0")).put("role", "developer");
		assertThat(this.client.deepSeek(developer.toString()).body()).contains("unknown variant `developer`");
		assertThat(this.client.deepSeek(request("rules", 10, "one", 5).put("max_tokens", 0).toString()).body())
			.contains("Invalid max_tokens value");
		ObjectNode orphan = request("rules", 10, "one", 5);
		((ArrayNode) orphan.get("messages")).addObject()
			.put("role", "tool")
			.put("tool_call_id", "c")
			.put("content", "x");
		assertThat(this.client.deepSeek(orphan.toString()).statusCode()).isEqualTo(400);
	}

	@Test
	void whoHasNoMoneyGets402() {
		this.simulator.enqueue(Answer.error(SimulatedError.Kind.QUOTA));
		assertThat(this.client.deepSeek(request("rules", 10, "one", 5).toString()).statusCode()).isEqualTo(402);
	}

}

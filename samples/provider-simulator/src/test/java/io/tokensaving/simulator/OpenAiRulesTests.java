package io.tokensaving.simulator;

import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

import static org.assertj.core.api.Assertions.assertThat;

/** The rules of OpenAI's prompt caches, one by one, and what it does not take. */
class OpenAiRulesTests {

	private static final String OLD = "gpt-5.1";

	private static final String NEW = "gpt-5.6-terra";

	private final ManualClock clock = ManualClock.standing();

	private ProviderSimulator simulator = ProviderSimulator.builder().clock(this.clock).start();

	private WireClient client = new WireClient(this.simulator);

	@AfterEach
	void close() {
		this.simulator.close();
	}

	private void restart(CacheRules rules) {
		this.simulator.close();
		this.simulator = ProviderSimulator.builder().clock(this.clock).rules(rules).start();
		this.client = new WireClient(this.simulator);
	}

	private static ObjectNode request(String model) {
		ObjectNode request = ProviderWire.object().put("model", model);
		request.putArray("messages");
		return request;
	}

	private static ObjectNode add(ObjectNode request, String role, String name, int tokens) {
		((ArrayNode) request.get("messages")).addObject()
			.put("role", role)
			.put("content", Texts.ofTokens(name, tokens));
		return request;
	}

	private static ObjectNode marked(ObjectNode request, String role, String name, int tokens) {
		((ArrayNode) request.get("messages")).addObject()
			.put("role", role)
			.putArray("content")
			.addObject()
			.put("type", "text")
			.put("text", Texts.ofTokens(name, tokens))
			.putObject("prompt_cache_breakpoint")
			.put("mode", "explicit");
		return request;
	}

	private CacheTokens send(ObjectNode request) {
		HttpResponse<String> response = this.client.openAi(request.toString());
		assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
		return this.simulator.lastRequest().input();
	}

	private CacheTokens ask(String model, String question, int systemTokens) {
		return send(add(add(request(model), "system", "rules", systemTokens), "user", question, 10));
	}

	private static CacheTokens written(int uncached, int read, int written) {
		return new CacheTokens(uncached, read, 0, 0, written);
	}

	@ParameterizedTest
	@CsvSource({ "1013, 0", "1014, 1024", "1151, 1152", "1141, 1024", "5000, 4992" })
	void oldModelsReadInStepsOf128From1024On(int system, int read) {
		ask(OLD, "question", system);
		assertThat(ask(OLD, "question", system)).isEqualTo(new CacheTokens(system + 10 - read, read, 0, 0, 0));
	}

	@Test
	void oldModelsReadTheCommonPrefixWithinAMessageToo() {
		send(add(request(OLD), "user", "question", 3000));
		ObjectNode other = add(request(OLD), "user", "question", 3000);
		ObjectNode message = (ObjectNode) other.at("/messages/0");
		message.put("content", message.get("content").asString().substring(0, 4 * 2000) + "something else");
		assertThat(send(other).read()).isEqualTo(1920);
	}

	@Test
	void oldModelsForgetAfterTenMinutesAndAfterAnHour() {
		ask(OLD, "question", 2000);
		this.clock.advance(Duration.ofMinutes(10));
		assertThat(ask(OLD, "question", 2000).read()).isZero();
		for (int minutes = 9; minutes < 60; minutes += 9) {
			this.clock.advance(Duration.ofMinutes(9));
			assertThat(ask(OLD, "question", 2000).read()).as(minutes + " minutes").isEqualTo(1920);
		}
		this.clock.advance(Duration.ofMinutes(6));
		assertThat(ask(OLD, "question", 2000).read()).as("an hour").isZero();
	}

	@Test
	void oldModelsKeepForADayIfAsked() {
		ObjectNode request = add(request(OLD), "user", "question", 2000).put("prompt_cache_retention", "24h");
		send(request);
		this.clock.advance(Duration.ofHours(23));
		assertThat(send(request).read()).isEqualTo(1920);
		ObjectNode always = add(request("gpt-5.5"), "user", "question", 2000);
		send(always);
		this.clock.advance(Duration.ofHours(23));
		assertThat(send(always).read()).as("the default of GPT-5.5").isEqualTo(1920);
	}

	@Test
	void oldModelsOverflowToOtherMachinesAboveFifteenInAMinute() {
		List<Integer> reads = new ArrayList<>();
		for (int request = 0; request < 32; request++) {
			reads.add(ask(OLD, "question", 2000).read());
		}
		for (int request = 0; request < 32; request++) {
			assertThat(reads.get(request)).as("request " + request).isEqualTo((request % 15 == 0) ? 0 : 1920);
		}
		this.clock.advance(Duration.ofMinutes(1));
		assertThat(ask(OLD, "question", 2000).read()).isEqualTo(1920);
	}

	@Test
	void oldModelsRouteByKeyToo() {
		ObjectNode one = add(request(OLD), "user", "question", 2000).put("prompt_cache_key", "one");
		ObjectNode two = add(request(OLD), "user", "question", 2000).put("prompt_cache_key", "two");
		send(one);
		assertThat(send(two).read()).isZero();
		assertThat(send(one).read()).isEqualTo(1920);
	}

	@Test
	void toolsSchemasAndEffortArePartOfThePrefix() {
		ObjectNode plain = add(request(OLD), "user", "question", 2000);
		send(plain);
		ObjectNode effort = plain.deepCopy().put("reasoning_effort", "high");
		assertThat(send(effort).read()).isZero();
		ObjectNode tools = plain.deepCopy();
		tools.putArray("tools").addObject().put("type", "function").putObject("function").put("name", "look");
		assertThat(send(tools).read()).isZero();
		ObjectNode schema = plain.deepCopy();
		ObjectNode format = schema.putObject("response_format").put("type", "json_schema").putObject("json_schema");
		format.put("name", "s").putObject("schema").put("type", "object");
		assertThat(send(schema).read()).isZero();
		assertThat(send(plain).read()).isEqualTo(1920);
	}

	@Test
	void newModelsWriteAtTheLastMessageAndReadExactlyThere() {
		ObjectNode request = add(add(request(NEW), "system", "rules", 2000), "user", "question", 13)
			.put("prompt_cache_key", "k");
		assertThat(send(request)).isEqualTo(written(0, 0, 2013));
		assertThat(send(request)).isEqualTo(written(0, 2013, 0));
		add(add(request, "assistant", "answer", 50), "user", "next", 20);
		assertThat(send(request)).isEqualTo(written(0, 2013, 70));
	}

	@Test
	void newModelsDoNotFallBackToALongerPrefixThatNoBreakpointEnds() {
		ObjectNode first = add(add(request(NEW), "system", "rules", 500), "user", "question", 3000)
			.put("prompt_cache_key", "k");
		send(first);
		ObjectNode second = first.deepCopy();
		((ObjectNode) second.at("/messages/1")).put("content", first.at("/messages/1/content").asString() + "?");
		assertThat(send(second).read()).isZero();
	}

	@Test
	void newModelsReadTheSystemMessageWithoutKey() {
		assertThat(ask(NEW, "one", 2000)).isEqualTo(written(0, 0, 2010));
		assertThat(ask(NEW, "two", 2000)).isEqualTo(written(0, 2000, 10));
		assertThat(ask(NEW, "one", 2000)).as("the turn needs the key").isEqualTo(written(0, 2000, 10));
		restart(CacheRules.defaults().keyNeeded(false));
		ask(NEW, "one", 2000);
		assertThat(ask(NEW, "one", 2000)).isEqualTo(written(0, 2010, 0));
		restart(CacheRules.defaults().systemEndIsReadable(false));
		ask(NEW, "one", 2000);
		assertThat(ask(NEW, "two", 2000).read()).isZero();
	}

	@Test
	void newModelsKeepForHalfAnHour() {
		ask(NEW, "one", 2000);
		this.clock.advance(Duration.ofSeconds(1799));
		assertThat(ask(NEW, "two", 2000).read()).isEqualTo(2000);
		this.clock.advance(Duration.ofSeconds(1799));
		assertThat(ask(NEW, "three", 2000).read()).as("a read begins it anew").isEqualTo(2000);
		this.clock.advance(Duration.ofMinutes(30));
		assertThat(ask(NEW, "four", 2000).read()).isZero();
	}

	@Test
	void newModelsKeepForHalfAnHourWhateverIsReadIfSetSo() {
		restart(CacheRules.defaults().readRefreshes(false));
		ObjectNode request = add(add(request(NEW), "system", "rules", 2000), "user", "one", 10).put("prompt_cache_key",
				"k");
		send(request);
		this.clock.advance(Duration.ofMinutes(20));
		assertThat(send(request).read()).isEqualTo(2010);
		this.clock.advance(Duration.ofMinutes(10));
		assertThat(send(request).read()).isZero();
	}

	@Test
	void newModelsKeepForHalfAnHourAfterAReadOfATurn() {
		ObjectNode request = add(add(request(NEW), "system", "rules", 2000), "user", "one", 10).put("prompt_cache_key",
				"k");
		send(request);
		ObjectNode longer = add(add(request.deepCopy(), "assistant", "answer", 10), "user", "two", 10);
		this.clock.advance(Duration.ofMinutes(20));
		assertThat(send(longer).read()).isEqualTo(2010);
		this.clock.advance(Duration.ofMinutes(20));
		assertThat(send(request).read()).isEqualTo(2010);
	}

	@Test
	void newModelsWriteNothingBelowTheMinimum() {
		assertThat(ask(NEW, "one", 1013)).isEqualTo(CacheTokens.none(1023));
		assertThat(ask(NEW, "one", 1014)).isEqualTo(written(0, 0, 1024));
	}

	@Test
	void newModelsWriteAndReadNothingInExplicitModeWithoutBreakpoints() {
		ask(NEW, "one", 2000);
		ObjectNode request = add(add(request(NEW), "system", "rules", 2000), "user", "two", 10);
		request.putObject("prompt_cache_options").put("mode", "explicit");
		assertThat(send(request)).isEqualTo(CacheTokens.none(2010));
	}

	@Test
	void newModelsWriteAtExplicitBreakpoints() {
		ObjectNode request = add(marked(request(NEW), "system", "rules", 2000), "user", "one", 10)
			.put("prompt_cache_key", "k");
		request.putObject("prompt_cache_options").put("mode", "explicit").put("ttl", "30m");
		assertThat(send(request)).isEqualTo(written(10, 0, 2000));
		assertThat(send(request)).isEqualTo(written(10, 2000, 0));
	}

	@Test
	void newModelsWriteAtFourBreakpointsAtMost() {
		ObjectNode request = request(NEW).put("prompt_cache_key", "k");
		request.putObject("prompt_cache_options").put("mode", "explicit");
		for (int part = 0; part < 5; part++) {
			marked(request, "user", "part" + part, 2000);
		}
		assertThat(send(request)).isEqualTo(written(0, 0, 10_000));
		ObjectNode firstOnly = marked(request(NEW), "user", "part0", 2000).put("prompt_cache_key", "k");
		firstOnly.set("prompt_cache_options", request.get("prompt_cache_options"));
		assertThat(send(firstOnly).read()).as("the first of five was not written").isZero();
		ObjectNode firstTwo = marked(marked(request(NEW), "user", "part0", 2000), "user", "part1", 2000)
			.put("prompt_cache_key", "k");
		firstTwo.set("prompt_cache_options", request.get("prompt_cache_options"));
		assertThat(send(firstTwo).read()).isEqualTo(4000);
	}

	@Test
	void newModelsIgnoreBreakpointsOfTheAssistant() {
		ObjectNode request = marked(add(request(NEW), "user", "one", 2000), "assistant", "two", 100);
		add(request, "user", "three", 10).put("prompt_cache_key", "k");
		request.putObject("prompt_cache_options").put("mode", "explicit");
		assertThat(send(request)).isEqualTo(CacheTokens.none(2110));
	}

	@Test
	void newModelsLookAtTheLatestBreakpointsOnly() {
		for (boolean inReach : new boolean[] { true, false }) {
			restart(CacheRules.defaults().latestBreakpoints(inReach ? 6 : 5));
			ObjectNode request = add(request(NEW), "user", "first", 2000).put("prompt_cache_key", "k");
			send(request);
			for (int turn = 0; turn < 5; turn++) {
				add(add(request, "assistant", "answer", 10), "user", "turn" + turn, 10);
			}
			assertThat(send(request).read()).isEqualTo(inReach ? 2000 : 0);
		}
	}

	@Test
	void theUsageIncludesWhatWasReadAndWritten() {
		ObjectNode request = add(add(request(NEW), "system", "rules", 2000), "user", "one", 10).put("stream", true);
		request.putObject("stream_options").put("include_usage", true);
		send(request);
		List<JsonNode> events = WireClient.events(this.client.openAi(request.toString()));
		JsonNode last = events.get(events.size() - 1);
		assertThat(last.path("choices")).isEmpty();
		assertThat(last.at("/usage/prompt_tokens").asInt()).isEqualTo(2010);
		assertThat(last.at("/usage/prompt_tokens_details/cached_tokens").asInt()).isEqualTo(2000);
		assertThat(last.at("/usage/prompt_tokens_details/cache_write_tokens").asInt()).isEqualTo(10);
		assertThat(events.get(0).path("usage").isNull()).isTrue();
		request.remove("stream_options");
		HttpResponse<String> unasked = this.client.openAi(request.toString());
		assertThat(unasked.body()).doesNotContain("usage").endsWith("data: [DONE]\n\n");
	}

	@Test
	void severalChoicesAreBilledEach() {
		ObjectNode request = add(request(OLD), "user", "one", 100).put("n", 3);
		JsonNode response = WireClient.json(this.client.openAi(request.toString()));
		assertThat(response.path("choices")).hasSize(3);
		assertThat(this.simulator.lastRequest().bill().tokens(TokenKind.OUTPUT))
			.isEqualTo(response.at("/usage/completion_tokens").asInt())
			.isEqualTo(9);
		request.put("stream", true);
		send(request);
		assertThat(this.simulator.lastRequest().bill().tokens(TokenKind.OUTPUT)).isEqualTo(9);
	}

	@Test
	void answersAreCutToWhatIsAllowed() {
		this.simulator.enqueue(Answer.text("12345678901234567890"));
		ObjectNode request = add(request(OLD), "user", "one", 100).put("max_completion_tokens", 2);
		JsonNode response = WireClient.json(this.client.openAi(request.toString()));
		assertThat(response.at("/choices/0/message/content").asString()).isEqualTo("12345678");
		assertThat(response.at("/choices/0/finish_reason").asString()).isEqualTo("length");
		assertThat(response.at("/usage/completion_tokens").asInt()).isEqualTo(2);
	}

	private void rejects(String model, String fields, String param, String message) {
		HttpResponse<String> response = this.client
			.openAi(("{'model': '" + model + "', " + fields + "}").replace('\'', '"'));
		assertThat(response.statusCode()).as(response.body()).isEqualTo(400);
		JsonNode error = WireClient.json(response).path("error");
		assertThat(error.propertyNames()).containsExactlyInAnyOrder("message", "type", "param", "code");
		assertThat(error.path("type").asString()).isEqualTo("invalid_request_error");
		assertThat(error.path("param").asString("")).isEqualTo(param);
		assertThat(error.path("message").asString()).contains(message);
		assertThat(this.simulator.bill().requests()).isZero();
	}

	private static final String HI = "'messages': [{'role': 'user', 'content': 'Hi'}]";

	@Test
	void rejectsFieldsOfTheOtherGeneration() {
		rejects(NEW, "'prompt_cache_retention': '24h', " + HI, "prompt_cache_retention", "not supported");
		rejects(OLD, "'prompt_cache_options': {'mode': 'explicit'}, " + HI, "prompt_cache_options", "not supported");
		rejects(OLD,
				"'messages': [{'role': 'user', 'content': [{'type': 'text', 'text': 'Hi', 'prompt_cache_breakpoint': {'mode': 'explicit'}}]}]",
				"messages", "not supported");
		rejects("gpt-4o", "'prompt_cache_retention': '24h', " + HI, "prompt_cache_retention", "not supported");
		rejects("gpt-5.5", "'prompt_cache_retention': 'in_memory', " + HI, "prompt_cache_retention",
				"Invalid value: 'in_memory'");
		rejects(NEW, "'prompt_cache_options': {'mode': 'auto'}, " + HI, "prompt_cache_options.mode", "Invalid value");
		rejects(NEW, "'prompt_cache_options': {'ttl': '1h'}, " + HI, "prompt_cache_options.ttl", "Invalid value");
		rejects(NEW, "'prompt_cache_options': {'x': 1}, " + HI, "prompt_cache_options.x", "Unknown parameter");
	}

	@Test
	void rejectsFieldsThatAreNotKnown() {
		rejects(OLD, "'cache_control': {}, " + HI, "cache_control", "Unknown parameter: 'cache_control'.");
		rejects(OLD, "'messages': [{'role': 'user', 'content': 'Hi', 'x': 1}]", "messages[0].x", "Unknown parameter");
		rejects(OLD, "'max_tokens': 10, " + HI, "max_tokens", "Use 'max_completion_tokens' instead");
		rejects(OLD, "'stream_options': {'include_usage': true}, " + HI, "stream_options",
				"only allowed when 'stream' is enabled");
	}

	@Test
	void rejectsCallsAndResultsThatAreNoPairs() {
		String call = "{'role': 'assistant', 'content': null, 'tool_calls': [{'id': 'c1', 'type': 'function', 'function': {'name': 'look', 'arguments': '{}'}}]}";
		String begin = "'messages': [{'role': 'user', 'content': 'Hi'}, ";
		rejects(OLD, begin + "{'role': 'tool', 'tool_call_id': 'c1', 'content': 'x'}]", "messages.[1].role",
				"must be a response to a preceeding message with 'tool_calls'");
		rejects(OLD, begin + call + ", {'role': 'user', 'content': 'And?'}]", "messages.[1].tool_calls",
				"did not have response messages: c1");
		rejects(OLD, begin + call + "]", "messages.[1].tool_calls", "did not have response messages: c1");
		rejects(OLD, begin + call + ", {'role': 'tool', 'tool_call_id': 'c2', 'content': 'x'}]", "messages.[2].role",
				"must be a response");
	}

	@Test
	void rejectsMessagesAndToolsThatDoNotFit() {
		rejects(OLD, "'messages': []", "messages", "empty array");
		rejects(OLD, "'x': 1", "x", "Unknown parameter");
		rejects(OLD, "'store': true", "messages", "Missing required parameter: 'messages'");
		rejects(OLD, "'messages': [{'role': 'model', 'content': 'Hi'}]", "messages[0].role", "Invalid value: 'model'");
		rejects(OLD, "'messages': [{'role': 'user', 'content': null}]", "messages[0].content",
				"expected a string, got null");
		rejects(OLD, "'tool_choice': 'auto', " + HI, "tool_choice", "only allowed when 'tools' are specified");
		rejects(OLD, "'tools': [{'type': 'function', 'function': {'name': 'look here'}}], " + HI,
				"tools[0].function.name", "does not match pattern");
		rejects(OLD,
				"'response_format': {'type': 'json_schema', 'json_schema': {'name': 's', 'strict': true, 'schema': {'type': 'array'}}}, "
						+ HI,
				"response_format", "schema must be a JSON Schema of 'type: \"object\"'");
	}

	@Test
	void rejectsWhatIsTooLongAndWhatIsNotThere() {
		HttpResponse<String> tooLong = this.client.openAi(add(request("gpt-4o"), "user", "x", 128_001).toString());
		assertThat(tooLong.statusCode()).isEqualTo(400);
		assertThat(WireClient.json(tooLong).at("/error/code").asString()).isEqualTo("context_length_exceeded");
		HttpResponse<String> noModel = this.client.openAi(add(request("gpt-9"), "user", "x", 1).toString());
		assertThat(noModel.statusCode()).isEqualTo(404);
		assertThat(WireClient.json(noModel).at("/error/code").asString()).isEqualTo("model_not_found");
	}

}

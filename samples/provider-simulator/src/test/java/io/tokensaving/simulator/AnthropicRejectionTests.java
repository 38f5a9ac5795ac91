package io.tokensaving.simulator;

import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;

/** What Anthropic does not take. Quotes in the examples are single to be legible. */
class AnthropicRejectionTests {

	private final ProviderSimulator simulator = ProviderSimulator.builder().start();

	private final WireClient client = new WireClient(this.simulator);

	@AfterEach
	void close() {
		this.simulator.close();
	}

	private HttpResponse<String> send(String fields) {
		return this.client
			.anthropic(("{'model': 'claude-sonnet-5', 'max_tokens': 100, " + fields + "}").replace('\'', '"'));
	}

	private void accepts(String fields) {
		HttpResponse<String> response = send(fields);
		assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
	}

	private void rejects(String fields, String message) {
		HttpResponse<String> response = send(fields);
		assertThat(response.statusCode()).as(response.body()).isEqualTo(400);
		JsonNode body = WireClient.json(response);
		assertThat(body.path("type").asString()).isEqualTo("error");
		assertThat(body.at("/error/type").asString()).isEqualTo("invalid_request_error");
		assertThat(body.at("/error/message").asString()).contains(message);
		assertThat(this.simulator.lastRequest().outcome()).isEqualTo(SimulatedRequest.Outcome.REJECTED);
		assertThat(this.simulator.bill().requests()).isZero();
	}

	private static String user(String content) {
		return "'messages': [{'role': 'user', 'content': " + content + "}]";
	}

	private static String text(String text, String mark) {
		return "{'type': 'text', 'text': '" + text + "'" + (mark.isEmpty() ? "" : ", 'cache_control': " + mark) + "}";
	}

	private static final String MARK = "{'type': 'ephemeral'}";

	private static final String MARK_1H = "{'type': 'ephemeral', 'ttl': '1h'}";

	private static final String TOOLS = "'tools': [{'name': 'look', 'input_schema': {'type': 'object'}, 'cache_control': "
			+ MARK + "}], ";

	@Test
	void aFifthMark() {
		String four = "[" + text("a", MARK) + "," + text("b", MARK) + "," + text("c", MARK);
		rejects(TOOLS + user(four + "," + text("d", MARK) + "]"),
				"A maximum of 4 blocks with cache_control may be provided. Found 5.");
		rejects("'cache_control': " + MARK + ", 'system': [" + text("s", MARK) + "], "
				+ user(four + "," + text("d", "") + "]"), "Found 5");
		send(TOOLS + user(four + "]"));
		assertThat(this.simulator.lastRequest().status()).isEqualTo(200);
	}

	@Test
	void aMarkOfTheWholeRequestOnABlockThatIsMarked() {
		accepts("'cache_control': " + MARK + ", " + TOOLS
				+ user("[" + text("a", MARK) + "," + text("b", MARK) + "," + text("c", MARK) + "]"));
	}

	@Test
	void aLifetimeThatRises() {
		rejects(TOOLS + "'system': [" + text("rules", MARK_1H) + "], " + user("'Hi'"),
				"system.0.cache_control.ttl: a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block");
		rejects("'system': [" + text("rules", MARK) + "], " + user("[" + text("a", MARK_1H) + "]"),
				"messages.0.content.0.cache_control.ttl");
	}

	@Test
	void aLifetimeThatFalls() {
		accepts("'system': [" + text("rules", MARK_1H) + "], " + user("[" + text("a", MARK) + "]"));
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			{'type': 'ephemeral', 'ttl': '2h'} | cache_control.ttl: Input should be '5m' or '1h'
			{'type': 'lasting'}                | cache_control.type: Input should be 'ephemeral'
			{'type': 'ephemeral', 'x': 1}      | cache_control.x: Extra inputs are not permitted
			""", quoteCharacter = '`')
	void marksThatAreNone(String mark, String message) {
		rejects(user("[" + text("a", mark) + "]"), message);
	}

	@Test
	void marksOnEmptyTextAndThinking() {
		rejects(user("[" + text("", MARK) + "]"), "cache_control cannot be set for empty text blocks");
		rejects("'system': [" + text("", MARK) + "], " + user("'Hi'"), "system.0.text: cache_control cannot be set");
		rejects("'messages': [{'role': 'user', 'content': 'Hi'}, {'role': 'assistant', 'content': "
				+ "[{'type': 'thinking', 'thinking': 'Hm', 'signature': 's', 'cache_control': " + MARK + "}]}, "
				+ "{'role': 'user', 'content': 'And?'}]",
				"messages.1.content.0.thinking.cache_control: Extra inputs are not permitted");
	}

	@Test
	void textsWithNothingInThem() {
		rejects(user("[" + text("", "") + "]"), "text content blocks must be non-empty");
		rejects(user("[" + text("  ", "") + "]"), "text content blocks must contain non-whitespace text");
		rejects(user("'  '"), "text content blocks must contain non-whitespace text");
		rejects(user("''"), "all messages must have non-empty content");
		rejects(user("[]"), "all messages must have non-empty content");
		rejects("'messages': []", "at least one message is required");
	}

	@Test
	void rolesOutOfPlace() {
		rejects("'messages': [{'role': 'assistant', 'content': 'Hi'}]", "first message must use the \"user\" role");
		rejects("'messages': [{'role': 'user', 'content': 'Hi'}, {'role': 'system', 'content': 'Hi'}]",
				"Unexpected role \"system\"");
		rejects("'messages': [{'role': 'user', 'content': 'Hi'}, {'role': 'tool', 'content': 'Hi'}]",
				"messages.1.role: Input should be 'user' or 'assistant'");
		rejects("'messages': [{'role': 'user', 'content': 'Hi'}, {'role': 'assistant', 'content': 'I'}]",
				"does not support assistant message prefill");
		accepts("'messages': [{'role': 'user', 'content': 'Hi'}, {'role': 'user', 'content': 'there'}]");
	}

	@Test
	void prefillsOfModelsThatTakeThem() {
		String prefill = "{'model': 'claude-haiku-4-5', 'max_tokens': 9, 'messages': [{'role': 'user', 'content': 'Hi'}, {'role': 'assistant', 'content': 'I%s'}]}";
		assertThat(this.client.anthropic(prefill.formatted("").replace('\'', '"')).statusCode()).isEqualTo(200);
		HttpResponse<String> response = this.client.anthropic(prefill.formatted(" ").replace('\'', '"'));
		assertThat(response.statusCode()).isEqualTo(400);
		assertThat(response.body()).contains("cannot end with trailing whitespace");
	}

	private static final String CALL = "{'role': 'assistant', 'content': [{'type': 'tool_use', 'id': 't1', 'name': 'look', 'input': {}}, {'type': 'tool_use', 'id': 't2', 'name': 'look', 'input': {}}]}";

	private static String result(String id) {
		return "{'type': 'tool_result', 'tool_use_id': '" + id + "', 'content': 'Found'}";
	}

	@Test
	void callsAndResultsOfToolsThatAreNoPairs() {
		String begin = "'messages': [{'role': 'user', 'content': 'Hi'}, ";
		rejects(begin + "{'role': 'assistant', 'content': 'I'}, {'role': 'user', 'content': [" + result("t1") + "]}]",
				"messages.2.content.0: unexpected `tool_use_id` found in `tool_result` blocks: t1");
		rejects(begin + CALL + ", {'role': 'user', 'content': 'Well?'}]",
				"messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: t1, t2");
		rejects(begin + CALL + ", {'role': 'user', 'content': [" + result("t1") + "]}]", "immediately after: t2");
		rejects(begin + CALL + ", {'role': 'user', 'content': [" + result("t1") + "," + result("t1") + "]}]",
				"each tool_use must have a single result");
		rejects(begin + CALL + ", {'role': 'user', 'content': [" + text("So", "") + "," + result("t1") + ","
				+ result("t2") + "]}]", "must come first");
		accepts(begin + CALL + ", {'role': 'user', 'content': [" + result("t1") + "," + result("t2") + ","
				+ text("So", "") + "]}]");
		accepts(begin + CALL + ", {'role': 'user', 'content': [" + result("t2") + "]}, {'role': 'user', 'content': ["
				+ result("t1") + "]}]");
	}

	@Test
	void fieldsThatAreNotKnown() {
		rejects("'prompt_cache_key': 'k', " + user("'Hi'"), "prompt_cache_key: Extra inputs are not permitted");
		rejects(user("[{'type': 'text', 'text': 'Hi', 'x': 1}]"), "messages.0.content.0.text.x: Extra inputs");
		rejects("'tools': [{'name': 'look', 'input_schema': {'type': 'object'}, 'x': 1}], " + user("'Hi'"),
				"tools.0.custom.x: Extra inputs");
		rejects(user("[{'type': 'riddle'}]"), "Input tag 'riddle' found using 'type'");
	}

	@Test
	void fieldsThatAreNotKnownAreIgnoredIfSetSo() {
		try (ProviderSimulator lenient = ProviderSimulator.builder().option(WireOption.LENIENT).start()) {
			HttpResponse<String> response = new WireClient(lenient).anthropic(
					"{\"model\": \"claude-sonnet-5\", \"max_tokens\": 9, \"x\": 1, \"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}]}");
			assertThat(response.statusCode()).isEqualTo(200);
		}
	}

	@Test
	void toolsThatDoNotFit() {
		String tool = "{'name': 'look', 'input_schema': {'type': 'object'}}";
		rejects("'tools': [" + tool + "," + tool + "], " + user("'Hi'"), "Tool names must be unique");
		rejects("'tools': [{'name': 'look here', 'input_schema': {'type': 'object'}}], " + user("'Hi'"),
				"should match pattern");
		rejects("'tools': [{'name': 'look'}], " + user("'Hi'"), "input_schema: Field required");
		rejects("'tool_choice': {'type': 'tool', 'name': 'hear'}, 'tools': [" + tool + "], " + user("'Hi'"),
				"Tool 'hear' not found");
		rejects("'tool_choice': {'type': 'any'}, " + user("'Hi'"), "Tools must be provided");
	}

	@Test
	void thinkingThatDoesNotFit() {
		String thinking = "'thinking': {'type': 'enabled', 'budget_tokens': 2000}, ";
		rejects(thinking + user("'Hi'"), "`max_tokens` must be greater than `thinking.budget_tokens`");
		rejects("'thinking': {'type': 'enabled', 'budget_tokens': 9}, " + user("'Hi'"),
				"greater than or equal to 1024");
		String enough = "'max_tokens': 3000, " + thinking;
		assertThat(this.client
			.anthropic(("{'model': 'claude-sonnet-5', " + enough + "'temperature': 0.5, " + user("'Hi'") + "}")
				.replace('\'', '"'))
			.body()).contains("may only be set to 1 when thinking is enabled");
	}

	@Test
	void promptsThatAreTooLong() {
		String fields = "{'model': 'claude-haiku-4-5', 'max_tokens': %d, " + user("'" + "x".repeat(4 * 199_950) + "'")
				+ "}";
		HttpResponse<String> response = this.client.anthropic(fields.formatted(51).replace('\'', '"'));
		assertThat(response.statusCode()).isEqualTo(400);
		assertThat(response.body()).contains("exceed context limit: 199950 + 51 > 200000");
		assertThat(this.client.anthropic(fields.formatted(50).replace('\'', '"')).statusCode()).isEqualTo(200);
	}

	@Test
	void headersModelsAndBodies() {
		HttpResponse<String> noKey = this.client
			.send(HttpRequest.newBuilder(this.client.request(Provider.ANTHROPIC, "/v1/messages").build().uri())
				.header("anthropic-version", "2023-06-01")
				.POST(HttpRequest.BodyPublishers.ofString("{}"))
				.build());
		assertThat(noKey.statusCode()).isEqualTo(401);
		assertThat(noKey.body()).contains("authentication_error");
		HttpResponse<String> noVersion = this.client.send(HttpRequest.newBuilder(noKey.uri())
			.header("x-api-key", "key")
			.POST(HttpRequest.BodyPublishers.ofString("{}"))
			.build());
		assertThat(noVersion.body()).contains("anthropic-version: header is required");
		HttpResponse<String> noModel = this.client
			.anthropic("{\"model\": \"claude-9\", \"max_tokens\": 9, \"messages\": []}");
		assertThat(noModel.statusCode()).isEqualTo(404);
		assertThat(noModel.body()).contains("not_found_error");
		assertThat(this.client.anthropic("{").statusCode()).isEqualTo(400);
		assertThat(this.client.anthropic("{\"model\": \"claude-sonnet-5\", \"messages\": []}").body())
			.contains("max_tokens: Field required");
	}

	@Test
	void tokensAreCountedForNothing() {
		HttpResponse<String> response = this.client.post(Provider.ANTHROPIC, "/v1/messages/count_tokens",
				("{'model': 'claude-sonnet-5', " + user("'12345678'") + "}").replace('\'', '"'));
		assertThat(WireClient.json(response).path("input_tokens").asInt()).isEqualTo(2);
		assertThat(this.simulator.bill().usd()).isZero();
	}

}

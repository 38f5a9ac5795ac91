package io.tokensaving.simulator.schema;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

import io.tokensaving.simulator.Provider;
import io.tokensaving.simulator.ProviderSimulator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;

class SchemaResponderTests {

	private static final String TOOLS = """
			"tools": [{"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer", "maximum": 7}}, "required": ["city"]}}},
			 {"type": "function", "function": {"name": "get_time", "parameters": {"type": "object", "properties": {}}}}]""";

	private final ProviderSimulator simulator = ProviderSimulator.builder().respondWith(new SchemaResponder()).start();

	private final HttpClient client = HttpClient.newHttpClient();

	@AfterEach
	void close() {
		this.simulator.close();
	}

	@Test
	void callsToolsThatThePromptNamesWithItsNumbersAndQuotedWords() {
		JsonNode calls = chat("Weather of 'Bern' for 9 days, and the time", TOOLS).at("/choices/0/message/tool_calls");
		assertThat(calls).hasSize(2);
		assertThat(calls.at("/0/function/arguments").asString()).isEqualTo("{\"city\":\"Bern\",\"days\":7}");
		assertThat(calls.at("/1/function/arguments").asString()).isEqualTo("{}");
		assertThat(chat("Weather and time", TOOLS + ", \"parallel_tool_calls\": false")
			.at("/choices/0/message/tool_calls")).hasSize(1);
	}

	@Test
	void obeysToolChoice() {
		assertThat(chat("Hello", TOOLS).at("/choices/0/message/tool_calls").isMissingNode()).isTrue();
		assertThat(name(chat("Hello", TOOLS + ", \"tool_choice\": \"required\""))).isEqualTo("get_weather");
		assertThat(name(chat("Hello",
				TOOLS + ", \"tool_choice\": {\"type\": \"function\", \"function\": {\"name\": \"get_time\"}}")))
			.isEqualTo("get_time");
		assertThat(
				chat("The weather?", TOOLS + ", \"tool_choice\": \"none\"").at("/choices/0/finish_reason").asString())
			.isEqualTo("stop");
	}

	@Test
	void answersWithTextOnceAToolHasAnswered() {
		JsonNode answer = post(Provider.OPENAI, "/chat/completions",
				"""
						{"model": "gpt-4o", "messages": [{"role": "user", "content": "The weather?"},
						 {"role": "assistant", "content": null, "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}]},
						 {"role": "tool", "tool_call_id": "c1", "content": "sun"}], %s}"""
					.formatted(TOOLS));
		assertThat(answer.at("/choices/0/message/content").asString()).contains("after a tool: The weather?");
	}

	@Test
	void outputFitsItsSchema() {
		String format = """
				"response_format": {"type": "json_schema", "json_schema": {"name": "x", "strict": true, "schema": {"type": "object", "properties": {
				 "mood": {"enum": ["sad", "happy"]}, "count": {"anyOf": [{"type": "null"}, {"type": "integer"}]},
				 "list": {"type": "array", "minItems": 2, "items": {"$ref": "#/$defs/Node"}}, "on": {"type": ["boolean", "null"]},
				 "when": {"type": "string", "format": "date"}}, "$defs": {"Node": {"type": "object", "properties": {"name": {"type": "string", "maxLength": 4}, "next": {"$ref": "#/$defs/Node"}}, "required": ["name"]}}}}}""";
		JsonNode output = JsonMapper.shared()
			.readTree(chat("A happy 3", format).at("/choices/0/message/content").asString());
		assertThat(output.path("mood").asString()).isEqualTo("happy");
		assertThat(output.path("count").asInt()).isEqualTo(3);
		assertThat(output.path("list")).hasSize(2);
		assertThat(output.at("/list/0/name").asString()).hasSize(4);
		assertThat(output.path("on").asBoolean()).isTrue();
		assertThat(output.path("when").asString()).isEqualTo("2026-01-02");
	}

	@Test
	void jsonWithoutASchemaHasTheQuotedWordsAsKeys() {
		String format = "\"response_format\": {\"type\": \"json_object\"}";
		assertThat(JsonMapper.shared().readTree(text(chat("With 'setup' and `end`", format))).propertyNames())
			.containsExactly("setup", "end");
		assertThat(JsonMapper.shared().readTree(text(chat("Any", format))).propertyNames()).containsExactly("answer");
	}

	@Test
	void textTellsRequestsApartButNotTheirFormOrIds() {
		String one = text(chat("Hello", "\"temperature\": 1, \"seed\": 2"));
		assertThat(text(chat("Hello", "\"seed\": 2, \"temperature\": 1, \"user\": \"me\""))).isEqualTo(one);
		assertThat(text(chat("Hello", "\"seed\": 3, \"temperature\": 1"))).isNotEqualTo(one);
	}

	@Test
	void anthropicsToolsAndSchemasAreReadToo() {
		JsonNode called = post(Provider.ANTHROPIC, "/v1/messages",
				"""
						{"model": "claude-sonnet-5", "max_tokens": 99, "messages": [{"role": "user", "content": "Hello 5"}], "tool_choice": {"type": "any"},
						 "tools": [{"name": "add", "input_schema": {"type": "object", "properties": {"a": {"type": "integer"}}}}]}""");
		assertThat(called.at("/content/0/input/a").asInt()).isEqualTo(5);
		JsonNode thought = post(Provider.ANTHROPIC, "/v1/messages",
				"""
						{"model": "claude-sonnet-5", "max_tokens": 2000, "messages": [{"role": "user", "content": "Hello 5"}], "thinking": {"type": "enabled", "budget_tokens": 1024}}""");
		assertThat(thought.at("/content/0/type").asString()).isEqualTo("thinking");
	}

	@Test
	void responsesOfAModelThatThinksShowIt() {
		JsonNode answer = post(Provider.OPENAI, "/responses", """
				{"model": "gpt-5-mini", "input": "Hello", "reasoning": {"effort": "low", "summary": "auto"}}""");
		assertThat(answer.at("/output/0/type").asString()).isEqualTo("reasoning");
		assertThat(answer.at("/output/0/summary/0/text").asString()).startsWith("Asked ");
		assertThat(answer.at("/output/1/content/0/text").asString()).contains("Hello");
	}

	@Test
	void responsesAreReadToo() {
		JsonNode called = post(Provider.OPENAI, "/responses",
				"""
						{"model": "gpt-4o", "input": "Add 4", "tools": [{"type": "function", "name": "add", "parameters": {"type": "object", "properties": {"a": {"type": "integer"}}}}]}""");
		assertThat(called.at("/output/0/arguments").asString()).isEqualTo("{\"a\":4}");
	}

	private static String name(JsonNode answer) {
		return answer.at("/choices/0/message/tool_calls/0/function/name").asString();
	}

	private static String text(JsonNode answer) {
		return answer.at("/choices/0/message/content").asString();
	}

	private JsonNode chat(String prompt, String rest) {
		return post(Provider.OPENAI, "/chat/completions",
				"{\"model\": \"gpt-4o\", \"messages\": [{\"role\": \"user\", \"content\": \"" + prompt + "\"}], " + rest
						+ "}");
	}

	private JsonNode post(Provider provider, String path, String body) {
		HttpRequest request = HttpRequest.newBuilder(URI.create(this.simulator.baseUrl(provider) + path))
			.header("authorization", "Bearer key")
			.header("anthropic-version", "2023-06-01")
			.POST(HttpRequest.BodyPublishers.ofString(body))
			.build();
		try {
			HttpResponse<String> response = this.client.send(request, HttpResponse.BodyHandlers.ofString());
			assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
			return JsonMapper.shared().readTree(response.body());
		}
		catch (IOException ex) {
			throw new IllegalStateException(ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException(ex);
		}
	}

}

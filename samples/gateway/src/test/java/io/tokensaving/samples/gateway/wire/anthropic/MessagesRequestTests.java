package io.tokensaving.samples.gateway.wire.anthropic;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import io.tokensaving.promptcache.CacheInjection;
import io.tokensaving.promptcache.CacheKeys;
import io.tokensaving.promptcache.CacheRules;
import io.tokensaving.promptcache.CacheTarget;
import io.tokensaving.promptcache.CacheTtl;
import io.tokensaving.promptcache.PromptCacheSettings;
import io.tokensaving.samples.gateway.wire.WireException;
import io.tokensaving.samples.gateway.wire.WireOptions;
import io.tokensaving.samples.gateway.wire.WireRequest;
import io.tokensaving.samples.gateway.wire.json.AnswerJson;
import io.tokensaving.samples.gateway.wire.message.MessagePlaces;
import io.tokensaving.simulator.Provider;
import io.tokensaving.simulator.ProviderSimulator;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage.ToolResponse;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.tool.ToolCallback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for the requests of {@link AnthropicMessagesFormat}.
 */
class MessagesRequestTests {

	static final String CONVERSATION = """
			{ "model" : "claude-sonnet-4-5", "max_tokens": 100, "x_new": {"b":1.50,"a":"\\u00e9"},
			  "system": "Be brief", "temperature": 1,
			  "tools": [{"name":"b","description":"B","input_schema":{"type":"object","z":1,"a":2}},
			            {"name":"a","description":"A","input_schema":{"type":"object"}, "strict": true}],
			  "messages": [
			    {"role":"user","content":"First \\ud83d\\ude00 question"},
			    {"role":"assistant","content":[{"type":"text","text":"I look"},
			       {"type":"tool_use","id":"t1","name":"a","input":{ "n":1.0 }}]},
			    {"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"long result"},
			       {"type":"text","text":"and go on"}]},
			    {"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"c2ln"},
			       {"type":"text","text":"An answer"}]},
			    {"role":"user","content":[{"type":"text","text":"Second"},{"type":"text","text":"question"}]}
			  ], "stream" : false }""";

	private final AnthropicMessagesFormat format = new AnthropicMessagesFormat();

	@Test
	void writesTheSameBytesIfNothingChanges() {
		WireRequest request = read(CONVERSATION);
		assertThat(write(request, request.messages(), request.options())).isEqualTo(CONVERSATION);
	}

	@Test
	void projectsSystemTextQuestionsCallsAndResults() {
		List<Message> messages = read(CONVERSATION).messages();
		assertThat(messages).extracting(Message::getText)
			.containsExactly("Be brief", "First \ud83d\ude00 question", "I look", "", "and go on", "An answer",
					"Second\n\nquestion");
		assertThat(messages.get(0).getClass()).isEqualTo(SystemMessage.class);
		assertThat(messages.get(1).getClass()).isEqualTo(UserMessage.class);
		assertThat(messages.get(2).getClass()).isEqualTo(AssistantMessage.class);
		assertThat(((AssistantMessage) messages.get(2)).getToolCalls())
			.containsExactly(new AssistantMessage.ToolCall("t1", "function", "a", "{ \"n\":1.0 }"));
		assertThat(((ToolResponseMessage) messages.get(3)).getResponses())
			.containsExactly(new ToolResponse("t1", "a", "long result"));
		assertThat(messages.get(4).getClass()).isEqualTo(UserMessage.class);
		assertThat(messages.get(5).getClass()).isNotEqualTo(AssistantMessage.class);
		assertThat(messages.get(6).getClass()).isNotEqualTo(UserMessage.class);
		WireOptions options = read(CONVERSATION).options();
		assertThat(options.getModel()).isEqualTo("claude-sonnet-4-5");
		assertThat(options.getMaxTokens()).isEqualTo(100);
		assertThat(options.getTemperature()).isEqualTo(1.0);
		assertThat(options.getToolCallbacks()).extracting((tool) -> tool.getToolDefinition().inputSchema())
			.containsExactly("{\"type\":\"object\",\"z\":1,\"a\":2}", "{\"type\":\"object\"}");
	}

	@Test
	void cutsTheFieldsOfTheGatewayOutWhereverTheyStand() {
		String ours = "\"token_saving_plan_id\" : \"p\" , \"cache\":{\"ttl\":60,\"tags\":[\"a\"]},\"token_saving_feature\":\"f\", \"token_saving_tier\":\"t\"";
		String rest = "\"model\":\"c\",\"max_tokens\":1, \"messages\":[{\"role\":\"user\",\"content\":\"a\"}]";
		List<String> bodies = List.of("{" + ours + "," + rest + "}", "{ " + rest + " , " + ours + " }", "{" + rest
			.replace("\"max", ours + " , \"max") + "}", "{\"token_saving_tier\":\"t\", " + rest
					+ ", \"token_saving_plan_id\":\"p\",\"cache\":{\"ttl\":60,\"tags\":[\"a\"]},\"token_saving_feature\":\"f\"\n}");
		for (String body : bodies) {
			WireRequest request = read(body);
			assertThat(request.parameters())
				.isEqualTo(new WireRequest.Parameters("p", "f", "t", Map.of("ttl", 60L, "tags", List.of("a"))));
			String written = write(request, request.messages(), request.options());
			assertThat(AnswerJson.object(written)).as(body).isEqualTo(AnswerJson.object("{" + rest + "}"));
			assertThat(written).doesNotContain("token_saving").doesNotContain("cache");
		}
	}

	@Test
	void sendsACacheFieldThatIsNoObject() {
		WireRequest request = read("{\"model\":\"c\",\"cache\":true,\"messages\":[]}");
		assertThat(write(request, request.messages(), request.options())).contains("\"cache\":true");
		assertThat(request.options().getFields()).containsEntry("cache", true);
	}

	@Test
	void asksForAStreamOrNotAsItIsTold() {
		for (String stream : List.of("", ",\"stream\":true", ",\"stream\":null", ",\"stream\":false")) {
			WireRequest request = read("{\"model\":\"c\",\"messages\":[]" + stream + "}");
			assertThat(request.stream()).isEqualTo(stream.contains("true"));
			Prompt prompt = new Prompt(request.messages(), request.options());
			assertThat(AnswerJson.object(this.format.write(prompt, true)).path("stream").asBoolean(false)).isTrue();
			assertThat(AnswerJson.object(this.format.write(prompt, false)).path("stream").asBoolean(false)).isFalse();
		}
	}

	@Test
	void leavesOutDroppedMessagesAndPutsShorterTextsInPlace() {
		WireRequest request = read(CONVERSATION);
		List<Message> messages = new ArrayList<>(request.messages());
		ToolResponseMessage results = (ToolResponseMessage) messages.get(3);
		messages.set(3,
				ToolResponseMessage.builder()
					.responses(List.of(new ToolResponse("t1", "a", "short \"result\"")))
					.metadata(results.getMetadata())
					.build());
		messages.set(0, ((SystemMessage) messages.get(0)).mutate().text("Short").build());
		messages.remove(4);
		ObjectNode written = AnswerJson.object(write(request, messages, request.options()));
		ObjectNode expected = AnswerJson.object(CONVERSATION);
		expected.put("system", "Short");
		((ObjectNode) expected.at("/messages/2/content/0")).put("content", "short \"result\"");
		((tools.jackson.databind.node.ArrayNode) expected.at("/messages/2/content")).remove(1);
		assertThat(written).isEqualTo(expected);

		List<Message> few = List.of(messages.get(0), request.messages().get(1), request.messages().get(5),
				request.messages().get(6));
		written = AnswerJson.object(write(request, few, request.options()));
		((tools.jackson.databind.node.ArrayNode) expected.path("messages")).remove(1);
		((tools.jackson.databind.node.ArrayNode) expected.path("messages")).remove(1);
		assertThat(written).isEqualTo(expected);
	}

	@Test
	void keepsWhatIsPutInFrontOfAQuestionOfSeveralBlocks() {
		WireRequest request = read(CONVERSATION);
		List<Message> messages = new ArrayList<>(request.messages());
		UserMessage question = (UserMessage) messages.get(6);
		messages.set(6, question.mutate().text("Now: 12\n" + question.getText()).build());
		assertThat(AnswerJson.object(write(request, messages, request.options())).at("/messages/4/content").toString())
			.isEqualTo("[{\"type\":\"text\",\"text\":\"Now: 12\\nSecond\"},{\"type\":\"text\",\"text\":\"question\"}]");
	}

	@Test
	void addsMessagesThatAreNotOfTheDocument() {
		WireRequest request = read(CONVERSATION);
		List<Message> messages = new ArrayList<>(request.messages());
		messages.add(new AssistantMessage("Wrong"));
		messages.add(new UserMessage("Again"));
		messages.add(1, new SystemMessage("More"));
		JsonNode written = AnswerJson.object(write(request, messages, request.options()));
		assertThat(written.path("system").toString())
			.isEqualTo("[{\"type\":\"text\",\"text\":\"Be brief\"},{\"type\":\"text\",\"text\":\"More\"}]");
		assertThat(written.at("/messages/5").toString()).isEqualTo("{\"role\":\"assistant\",\"content\":\"Wrong\"}");
		assertThat(written.at("/messages/6").toString()).isEqualTo("{\"role\":\"user\",\"content\":\"Again\"}");
	}

	@Test
	void writesModelTokensToolOrderAndSchemasOfTheOptions() {
		WireRequest request = read(CONVERSATION);
		List<ToolCallback> tools = new ArrayList<>(request.options().getToolCallbacks());
		Collections.reverse(tools);
		WireOptions options = request.options()
			.mutate()
			.model("claude-haiku-4-5")
			.maxTokens(50)
			.toolCallbacks(tools)
			.build();
		ObjectNode written = AnswerJson.object(write(request, request.messages(), options));
		ObjectNode expected = AnswerJson.object(CONVERSATION).put("model", "claude-haiku-4-5").put("max_tokens", 50);
		JsonNode first = expected.at("/tools/0");
		expected.set("tools", expected.arrayNode().add(expected.at("/tools/1")).add(first));
		assertThat(written).isEqualTo(expected);
	}

	@Test
	void marksToolsSystemTextAndMessagesWithinTheRules() throws Exception {
		WireRequest request = read(CONVERSATION);
		CacheTtl hour = new CacheTtl(Duration.ofHours(1), 2);
		CacheTtl five = new CacheTtl(Duration.ofMinutes(5), 1.25);
		WireOptions options = options(request, five, hour, Map.of(1, five, 3, hour, 5, five, 6, hour));
		String body = write(request, request.messages(), options);
		JsonNode written = AnswerJson.object(body);
		String mark = "{\"type\":\"ephemeral\"}";
		assertThat(body.split("cache_control", -1)).hasSize(5);
		assertThat(written.at("/tools/1/cache_control").toString()).isEqualTo(mark);
		assertThat(written.at("/system/0/cache_control").toString()).isEqualTo(mark);
		assertThat(written.at("/system/0/text").stringValue()).isEqualTo("Be brief");
		assertThat(written.at("/messages/3/content/1/cache_control").toString()).isEqualTo(mark);
		assertThat(written.at("/messages/4/content/1/cache_control").toString()).isEqualTo(mark);
		assertThat(accepted(body)).isEqualTo(200);

		options = options(request, hour, hour, Map.of(1, hour, 3, five));
		body = write(request, request.messages(), options);
		written = AnswerJson.object(body);
		String longMark = "{\"type\":\"ephemeral\",\"ttl\":\"1h\"}";
		assertThat(written.at("/tools/1/cache_control").toString()).isEqualTo(longMark);
		assertThat(written.at("/messages/0/content").toString()).isEqualTo(
				"[{\"type\":\"text\",\"text\":\"First \ud83d\ude00 question\",\"cache_control\":" + longMark + "}]");
		assertThat(body).contains("First \\ud83d\\ude00 question");
		assertThat(written.at("/messages/2/content/0/cache_control").toString()).isEqualTo(mark);
		assertThat(accepted(body)).isEqualTo(200);
	}

	@Test
	void addsNoMarkIfTheClientHasItsOwn() {
		for (String body : List.of(
				CONVERSATION.replace("\"text\":\"and go on\"",
						"\"text\":\"and go on\",\"cache_control\":{\"type\":\"ephemeral\"}"),
				CONVERSATION.replace("\"strict\"", "\"cache_control\":{\"type\":\"ephemeral\"},\"strict\""),
				CONVERSATION.replace("\"temperature\"",
						"\"cache_control\":{\"type\":\"ephemeral\"},\"temperature\""))) {
			WireRequest request = read(body);
			CacheTtl hour = new CacheTtl(Duration.ofHours(1), 2);
			assertThat(write(request, request.messages(), options(request, hour, hour, Map.of(1, hour))))
				.isEqualTo(body);
		}
	}

	@Test
	void marksTheFirstOfTwoPartsOfASystemText() {
		WireRequest request = read(CONVERSATION);
		List<Message> messages = new ArrayList<>(request.messages());
		SystemMessage system = (SystemMessage) messages.get(0);
		messages.set(0, system.mutate().text("Be ").build());
		messages.add(1, system.mutate().text("brief").build());
		CacheTtl five = new CacheTtl(Duration.ofMinutes(5), 1.25);
		CacheInjection injection = injection(request.messages(), null, five, Map.of(), true);
		assertThat(AnswerJson
			.object(write(request, messages, request.options().mutate().cacheInjection(injection).build()))
			.path("system")
			.toString()).isEqualTo(
					"[{\"type\":\"text\",\"text\":\"Be \",\"cache_control\":{\"type\":\"ephemeral\"}},{\"type\":\"text\",\"text\":\"brief\"}]");
	}

	@Test
	void saysThatAMessageOfThinkingAloneCannotBeMarked() {
		WireRequest request = read("""
				{"model":"c","messages":[{"role":"user","content":"a"},{"role":"assistant","content":[\
				{"type":"thinking","thinking":"t","signature":"s"}]}]}""");
		assertThat(request.messages()).extracting(MessagePlaces::isMarkable).containsExactly(true, false);
	}

	@Test
	void storesNothingOfToolsWhoseResultsVaryOrBelongToAContainer() {
		String base = "{\"model\":\"c\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"}],";
		for (String varying : List.of("\"tools\":[{\"type\":\"web_search_20250305\",\"name\":\"web_search\"}]",
				"\"tools\":[{\"type\":\"code_execution_20250825\",\"name\":\"code_execution\"}]",
				"\"mcp_servers\":[{\"type\":\"url\"}]", "\"container\":\"c1\"")) {
			assertThat(read(base + varying + "}").allowed().sharing()).isFalse();
		}
		for (String fixed : List.of("\"tools\":[{\"type\":\"bash_20250124\",\"name\":\"bash\"}]", "\"mcp_servers\":[]",
				"\"container\":null")) {
			assertThat(read(base + fixed + "}").allowed()).isEqualTo(WireRequest.Allowed.ALL);
		}
	}

	@Test
	void simulatorAcceptsWhatIsLeftOfAConversation() throws Exception {
		WireRequest request = read(CONVERSATION);
		List<Message> all = request.messages();
		assertThat(accepted(write(request, all, request.options()))).isEqualTo(200);
		assertThat(accepted(write(request, List.of(all.get(1), all.get(5), all.get(6)), request.options())))
			.isEqualTo(200);
		assertThat(accepted(write(request,
				List.of(all.get(0), all.get(1), all.get(2), all.get(3), all.get(5), all.get(6)), request.options())))
			.isEqualTo(200);
		assertThat(accepted(write(request, all.subList(6, 7), request.options()))).isEqualTo(200);
	}

	@Test
	void refusesWhatIsNoRequestByTheNameOfTheField() {
		Map<String, String> bodies = new HashMap<>();
		bodies.put("{\"messages\":[]}", "model");
		bodies.put("{\"model\":5,\"messages\":[]}", "model");
		bodies.put("{\"model\":\"c\"}", "messages");
		bodies.put("{\"model\":\"c\",\"messages\":{}}", "messages");
		bodies.put("{\"model\":\"c\",\"messages\":[1]}", "messages.0");
		bodies.put("{\"model\":\"c\",\"messages\":[],\"stream\":1}", "stream");
		bodies.put("{\"model\":\"c\",\"messages\":[],\"cache\":{\"ttl\":-1}}", "cache.ttl");
		bodies.put("{\"model\":\"c\",\"messages\":[],\"cache\":{\"similarity-threshold\":1e-400}}",
				"cache.similarity-threshold");
		bodies.put("{\"model\":\"c\",\"messages\":[],\"cache\":{\"x\":1}}", "cache.x");
		bodies.put("{\"model\":\"c\",\"messages\":[],\"token_saving_plan_id\":3}", "token_saving_plan_id");
		bodies.put("{\"model\":\"c\",\"messages\":[],\"token_saving_x\":3}", "token_saving_x");
		bodies.forEach((body, param) -> assertThatExceptionOfType(WireException.class).isThrownBy(() -> read(body))
			.extracting(WireException::param)
			.isEqualTo(param));
		for (String body : List.of("", "[]", "{\"model\":\"c\",\"messages\":[]} {}",
				"{\"model\":\"c\",\"model\":\"d\"}")) {
			assertThatExceptionOfType(WireException.class).isThrownBy(() -> read(body));
		}
	}

	private static WireOptions options(WireRequest request, CacheTtl tools, CacheTtl system,
			Map<Integer, CacheTtl> behind) {
		return request.options()
			.mutate()
			.cacheInjection(injection(request.messages(), tools, system, behind, false))
			.build();
	}

	private static CacheInjection injection(List<Message> messages, @org.jspecify.annotations.Nullable CacheTtl tools,
			CacheTtl system, Map<Integer, CacheTtl> behind, boolean split) {
		return new CacheInjection(new CacheTarget("anthropic", "", false, List.of(), List.of()), CacheRules.NONE,
				PromptCacheSettings.DEFAULTS, messages, tools, system, behind, new CacheKeys() {

					@Override
					public String shared() {
						return "shared";
					}

					@Override
					public String conversation() {
						return "conversation";
					}

				}, split);
	}

	private static int accepted(String body) throws IOException, InterruptedException {
		try (ProviderSimulator simulator = ProviderSimulator.builder().start()) {
			// The simulator knows no field of the future
			ObjectNode known = AnswerJson.object(body);
			known.remove("x_new");
			HttpRequest request = HttpRequest
				.newBuilder(URI.create(simulator.baseUrl(Provider.ANTHROPIC) + "/v1/messages"))
				.header("x-api-key", "k")
				.header("anthropic-version", "2023-06-01")
				.POST(HttpRequest.BodyPublishers.ofString(known.toString()))
				.build();
			HttpResponse<String> response = HttpClient.newHttpClient()
				.send(request, HttpResponse.BodyHandlers.ofString());
			assertThat(response.body()).doesNotContain("\"error\"");
			return response.statusCode();
		}
	}

	private WireRequest read(String body) {
		return this.format.read(body.getBytes(StandardCharsets.UTF_8));
	}

	private String write(WireRequest request, List<Message> messages, WireOptions options) {
		return new String(this.format.write(new Prompt(messages, options), request.stream()), StandardCharsets.UTF_8);
	}

}

package io.tokensaving.samples.gateway.wire.responses;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import io.tokensaving.promptcache.CacheInjection;
import io.tokensaving.promptcache.CacheKeys;
import io.tokensaving.promptcache.CacheRulesTable;
import io.tokensaving.promptcache.PromptCacheSettings;
import io.tokensaving.provider.Dialect;
import io.tokensaving.samples.gateway.wire.WireException;
import io.tokensaving.samples.gateway.wire.WireOptions;
import io.tokensaving.samples.gateway.wire.WireRequest;
import io.tokensaving.samples.gateway.wire.cache.GatewayPromptCacheInjector;
import io.tokensaving.samples.gateway.wire.cache.GatewayPromptCacheInjector.Target;
import io.tokensaving.samples.gateway.wire.message.ClientTool;
import io.tokensaving.samples.gateway.wire.message.WireAssistantMessage;
import io.tokensaving.samples.gateway.wire.message.WireUserMessage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.AssistantMessage.ToolCall;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage.ToolResponse;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.tool.ToolCallback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.mock;

/**
 * Tests for requests that are read and written.
 */
class ResponsesRequestTests {

	private static final String ODD = "{ \"x\":[1.0e2,{\"\\u0061\":null}],\n\"model\" : \"m\",\"input\":[{\"content\":"
			+ "[{\"text\":\"\\u00e4\\/\",\"type\":\"input_text\"},{\"type\":\"input_image\",\"image_url\":"
			+ "\"https://x/\",\"detail\":\"low\"},7],\"role\":\"user\",\"more\":1E400}, 5, {\"type\":\"of_the_future\"}]"
			+ ",\"temperature\":0.70,\"store\":false }\n";

	private static final String REASONING = "{\"id\":\"rs_1\",\"type\":\"reasoning\",\"summary\":[],"
			+ "\"encrypted_content\":\"eA==\"}";

	@ParameterizedTest
	@ValueSource(strings = { ODD, "{\"model\":\"m\",\"input\":\"\"}", "{\"model\":\"m\"}",
			"{\"model\":\"m\",\"input\":null,\"stream\":null}", "{\"model\":\"m\",\"input\":{\"a\":1},\"tools\":5}",
			"{\"model\":\"m\",\"input\":[]}", "{\"model\":\"m\",\"store\":false,\"input\":[],\"instructions\":7}",
			"{\"model\":\"m\",\"store\":false,\"input\":\"a\",\"text\":{},\"tools\":[],\"instructions\":\"\"}" })
	void keepsBytesOfWhatIsNotChanged(String body) {
		assertThat(Responses.write(body)).isEqualTo(body);
	}

	@Test
	void cutsOutItsOwnFieldsOnly() {
		WireRequest request = Responses
			.read("{\"token_saving_plan_id\":\"p\",\"model\":\"m\", \"cache\":{\"ttl\":60},\"input\":\"Hi\","
					+ "\"store\":false,\"token_saving_feature\":\"f\"}");
		assertThat(request.parameters()).isEqualTo(new WireRequest.Parameters("p", "f", null, Map.of("ttl", 60L)));
		assertThat(Responses.text(Responses.FORMAT.write(Responses.prompt(request), false)))
			.isEqualTo("{\"model\":\"m\", \"input\":\"Hi\",\"store\":false}");
		assertThat(Responses.write(Responses.input(",\"cache\":\"theirs\"")))
			.isEqualTo(Responses.input(",\"cache\":\"theirs\""));
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "[]", "{\"input\":\"a\"}", "{\"model\":7}", "{\"model\":\"\"}",
			"{\"model\":\"m\",\"stream\":\"yes\"}", "{\"model\":\"m\",\"model\":\"n\"}",
			"{\"model\":\"m\",\"token_saving_x\":1}" })
	void refusesWhatIsNoRequest(String body) {
		assertThatExceptionOfType(WireException.class).isThrownBy(() -> Responses.read(body));
	}

	@ParameterizedTest
	@ValueSource(strings = { "{\"model\":\"m\",\"input\":\"Hi\"}", "{\"model\":\"m\",\"input\":\"Hi\",\"store\":true}",
			"{\"model\":\"m\",\"input\":\"Hi\",\"store\":null}", "{\"model\":\"m\",\"store\":false}",
			"{\"model\":\"m\",\"store\":false,\"input\":[]}", "{\"model\":\"m\",\"store\":false,\"input\":7}",
			"{\"model\":\"m\",\"store\":false,\"input\":[7]}" })
	void sharesNoAnswerOfARequestThatTheProviderKeepsOrThatHasNoInput(String body) {
		assertThat(Responses.read(body).allowed()).isEqualTo(new WireRequest.Allowed(false, false));
	}

	@ParameterizedTest
	@ValueSource(strings = { "\"previous_response_id\":\"resp_1\"", "\"conversation\":\"conv_1\"",
			"\"conversation\":{\"id\":\"conv_1\"}", "\"prompt\":{\"id\":\"pmpt_1\"}", "\"background\":true",
			"\"context_management\":[{\"type\":\"compaction\"}]", "\"tools\":[{\"type\":\"web_search\"}]",
			"\"tools\":[{\"type\":\"web_search_preview\"}]", "\"tools\":[{\"type\":\"file_search\"}]",
			"\"tools\":[{\"type\":\"code_interpreter\",\"container\":{\"type\":\"auto\"}}]",
			"\"tools\":[{\"type\":\"computer_use_preview\"}]", "\"tools\":[{\"type\":\"mcp\",\"server_url\":\"u\"}]",
			"\"tools\":[{\"type\":\"image_generation\"}]", "\"tools\":[{\"type\":\"local_shell\"}]",
			"\"tools\":[{\"type\":\"shell\"}]", "\"tools\":[{\"type\":\"function\",\"name\":\"f\"},{\"type\":\"x\"}]",
			"\"tools\":[{}]", "\"tools\":[null]", "\"tools\":{}" })
	void sharesNoAnswerThatDependsOnMoreThanTheRequest(String member) {
		WireRequest request = Responses.read(Responses.input("," + member));
		assertThat(request.allowed()).isEqualTo(new WireRequest.Allowed(false, false));
		assertThat(Responses.write(Responses.input("," + member))).isEqualTo(Responses.input("," + member));
	}

	@ParameterizedTest
	@ValueSource(strings = { "{\"type\":\"item_reference\",\"id\":\"msg_1\"}", "{\"id\":\"msg_1\",\"type\":null}",
			"{\"type\":\"web_search_call\",\"id\":\"ws_1\"}", "{\"type\":\"computer_call_output\",\"call_id\":\"c\"}",
			"{\"type\":\"of_the_future\"}", "{\"type\":\"mcp_approval_response\"}", "{}",
			"{\"type\":\"function_call_output\",\"call_id\":\"c\",\"output\":\"no call\"}",
			"{\"type\":\"function_call\",\"call_id\":\"c\",\"name\":\"f\",\"arguments\":\"{}\"}" })
	void changesNothingOfARequestWithAnItemThatItDoesNotUnderstand(String item) {
		String body = Responses.items(Responses.user("a"), item, Responses.user("b"));
		WireRequest request = Responses.read(body);
		assertThat(request.allowed()).isEqualTo(new WireRequest.Allowed(false, false));
		assertThat(request.messages()).hasSize(1).hasOnlyElementsOfType(WireUserMessage.class);
		assertThat(request.messages().get(0).getText()).contains("a").contains("b");
		assertThat(Responses.write(body)).isEqualTo(body);
	}

	@Test
	void showsNobodyWhatCouldBeChangedOfARequestThatIsSentAsItIs() {
		WireRequest request = Responses
			.read("{\"model\":\"m\",\"input\":\"Hi\",\"instructions\":\"s\",\"text\":{\"format\":"
					+ "{\"type\":\"json_schema\",\"name\":\"n\",\"schema\":{}}},\"tools\":[{\"type\":\"function\",\"name\":\"f\"}],"
					+ "\"service_tier\":\"flex\",\"max_output_tokens\":20}");
		WireOptions options = request.options();
		assertThat(options.getOutputSchema()).isNull();
		assertThat(options.getToolCallbacks()).isEmpty();
		assertThat(Responses.DIALECTS.of(options).asksForJson(options)).isFalse();
		assertThat(options.getServiceTier()).isEqualTo("flex");
		assertThat(options.getMaxTokens()).isEqualTo(20);
		assertThat(((ResponsesDocument) options.getDocument()).isCacheManaged()).isTrue();
	}

	@Test
	void knowsWhatOnlyOneUpstreamHas() {
		assertThat(bound(Responses.input(",\"previous_response_id\":\"r\""))).isTrue();
		assertThat(bound(Responses.input(",\"conversation\":\"c\""))).isTrue();
		assertThat(bound(Responses.items("{\"type\":\"item_reference\",\"id\":\"i\"}"))).isTrue();
		assertThat(bound(Responses.input(",\"previous_response_id\":null"))).isFalse();
		assertThat(bound("{\"model\":\"m\",\"input\":\"Hi\"}")).isFalse();
	}

	private static boolean bound(String body) {
		return ((ResponsesDocument) Responses.read(body).options().getDocument()).isBound();
	}

	@ParameterizedTest
	@ValueSource(strings = { "\"previous_response_id\":null", "\"background\":false", "\"background\":null",
			"\"conversation\":null", "\"prompt\":null", "\"tools\":null", "\"tools\":[]",
			"\"tools\":[{\"type\":\"function\",\"name\":\"f\"},{\"type\":\"custom\",\"name\":\"c\"}]",
			"\"truncation\":\"auto\"", "\"include\":[\"message.output_text.logprobs\"]", "\"of_the_future\":1" })
	void sharesAnswersOfRequestsThatSayAll(String member) {
		assertThat(Responses.read(Responses.input("," + member)).allowed()).isEqualTo(WireRequest.Allowed.ALL);
	}

	@Test
	void routesNothingWhoseReasoningOnlyOneModelUnderstands() {
		WireRequest.Allowed allowed = new WireRequest.Allowed(true, false);
		assertThat(Responses.read(Responses.input(",\"include\":[\"reasoning.encrypted_content\"]")).allowed())
			.isEqualTo(allowed);
		assertThat(Responses
			.read(Responses.items(Responses.user("a"), REASONING, Responses.call("c"), Responses.result("c", "\"r\"")))
			.allowed()).isEqualTo(allowed);
	}

	@Test
	void makesOneMessageOfWhatAModelHasMadeInOneTurn() {
		WireRequest request = Responses
			.read("{\"model\":\"m\",\"store\":false,\"instructions\":\"Be brief.\",\"input\":[" + String.join(",",
					Responses.user("a"), REASONING,
					"{\"type\":\"message\",\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\",\"text\":"
							+ "\"Wait\"}]}",
					Responses.call("c1"), Responses.call("c2"), Responses.result("c2", "\"two\""),
					Responses.result("c1", "[{\"type\":\"input_text\",\"text\":\"one\"}]"), Responses.call("c3"),
					Responses.result("c3", "\"three\""), Responses.user("b")) + "]}");
		List<Message> messages = request.messages();
		assertThat(messages).hasSize(7);
		assertThat(messages.get(0)).isInstanceOf(SystemMessage.class);
		assertThat(messages.get(1).getClass()).isEqualTo(UserMessage.class);
		assertThat(messages.get(2)).isInstanceOf(WireAssistantMessage.class);
		assertThat(messages.get(2).getText()).isEqualTo("Wait");
		assertThat(((AssistantMessage) messages.get(2)).getToolCalls()).extracting(ToolCall::id)
			.containsExactly("c1", "c2");
		assertThat(((ToolResponseMessage) messages.get(3)).getResponses())
			.containsExactly(new ToolResponse("c2", "f", "two"), new ToolResponse("c1", "f", "one"));
		assertThat(messages.get(4).getClass()).isEqualTo(AssistantMessage.class);
		assertThat(((ToolResponseMessage) messages.get(5)).getResponses()).hasSize(1);
		assertThat(request.allowed().sharing()).isTrue();
	}

	@Test
	void writesOnlyItemsThatAreLeft() {
		WireRequest request = Responses.read(Responses.items(Responses.user("a"), REASONING, Responses.call("c"),
				Responses.result("c", "\"r\""), Responses.user("\\u00e4"), "{\"role\":\"user\",  \"content\":\"b\"}"));
		List<Message> left = List.of(request.messages().get(1), request.messages().get(2), request.messages().get(4));
		assertThat(Responses.write(left, request.options(), false))
			.isEqualTo(Responses.items(REASONING, Responses.call("c"), Responses.result("c", "\"r\""))
				.replace("]}", ",{\"role\":\"user\",  \"content\":\"b\"}]}"));
	}

	@Test
	void changesTextsWhereTheyStand() {
		WireRequest request = Responses.read("{\"model\":\"m\",\"store\":false,\"instructions\":\"old\",\"input\":["
				+ "{\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"a\"}]},"
				+ "{\"role\":\"assistant\",\"content\":\"b\"}," + Responses.call("c") + ","
				+ Responses.result("c", "[{\"type\":\"input_text\",\"text\":\"r\"}]") + "," + Responses.user("d")
				+ "]}");
		List<Message> given = request.messages();
		ToolResponseMessage results = ToolResponseMessage.builder()
			.responses(List.of(new ToolResponse("c", "f", "R")))
			.metadata(given.get(3).getMetadata())
			.build();
		List<Message> changed = List.of(
				SystemMessage.builder().text("new").metadata(given.get(0).getMetadata()).build(),
				UserMessage.builder().text("A").metadata(given.get(1).getMetadata()).build(), given.get(2), results,
				UserMessage.builder().text("D\u00e4").metadata(given.get(4).getMetadata()).build());
		assertThat(Responses.write(changed, request.options(), false))
			.isEqualTo("{\"model\":\"m\",\"store\":false,\"instructions\":\"new\",\"input\":["
					+ "{\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"A\"}]},"
					+ "{\"role\":\"assistant\",\"content\":\"b\"}," + Responses.call("c") + ","
					+ Responses.result("c", "[{\"type\":\"input_text\",\"text\":\"R\"}]") + ","
					+ Responses.user("D\u00e4") + "]}");
	}

	@Test
	void makesItemsOfMessagesThatNoClientHasSent() {
		WireRequest request = Responses.read(Responses.input(""));
		List<Message> more = new ArrayList<>(request.messages());
		more.add(AssistantMessage.builder()
			.content("No")
			.toolCalls(List.of(new ToolCall("c", "function", "f", "{}")))
			.build());
		more.add(ToolResponseMessage.builder().responses(List.of(new ToolResponse("c", "f", "r"))).build());
		more.add(new UserMessage("Again"));
		assertThat(Responses.write(more, request.options(), false))
			.isEqualTo("{\"model\":\"m\",\"store\":false,\"input\":["
					+ "{\"role\":\"user\",\"content\":\"Hi\"},{\"role\":\"assistant\",\"content\":\"No\"},"
					+ Responses.call("c") + "," + Responses.result("c", "\"r\"") + "," + Responses.user("Again")
					+ "]}");
		WireRequest whole = Responses.read("{\"model\":\"m\",\"input\":[" + Responses.user("Hi") + "]}");
		assertThat(Responses.write(List.of(whole.messages().get(0), new UserMessage("Again")), whole.options(), false))
			.isEqualTo("{\"model\":\"m\",\"input\":[" + Responses.user("Hi") + "," + Responses.user("Again") + "]}");
	}

	@Test
	void changesModelLimitAndStream() {
		WireRequest request = Responses
			.read(Responses.input(",\"stream\":true,\"stream_options\":{\"include_obfuscation\":false}"));
		WireOptions options = (WireOptions) request.options().mutate().model("n").maxTokens(9).build();
		assertThat(Responses.write(request.messages(), options, false))
			.isEqualTo("{\"model\":\"n\",\"store\":false,\"input\":\"Hi\",\"max_output_tokens\":9}");
		assertThat(Responses.write(request.messages(), request.options(), true))
			.isEqualTo(Responses.input(",\"stream\":true,\"stream_options\":{\"include_obfuscation\":false}"));
		WireRequest called = Responses.read(Responses.input(",\"max_output_tokens\":5"));
		assertThat(Responses.write(called.messages(), called.options(), true))
			.isEqualTo(Responses.input(",\"max_output_tokens\":5,\"stream\":true"));
		assertThat(called.options().getMaxTokens()).isEqualTo(5);
	}

	@Test
	void knowsTheSchemaOfTheOutput() {
		String format = "{\"type\":\"json_schema\",\"name\":\"n\",\"schema\":{\"type\": \"object\"},\"strict\":true}";
		WireRequest request = Responses
			.read(Responses.input(",\"text\":{\"verbosity\":\"low\",\"format\":" + format + "}"));
		WireOptions options = request.options();
		assertThat(options.getOutputSchema()).isEqualTo("{\"type\":\"object\"}");
		assertThat(Responses.write(request.messages(), options.mutate().outputSchema("{}").build(), false))
			.isEqualTo(Responses.input(",\"text\":{\"verbosity\":\"low\",\"format\":"
					+ format.replace("{\"type\": \"object\"}", "{}") + "}"));
		assertThat(Responses.write(request.messages(), options.mutate().outputSchema(null).build(), false))
			.isEqualTo(Responses.input(",\"text\":{\"verbosity\":\"low\",\"format\":{\"type\":\"text\"}}"));
		String made = "\"format\":{\"type\":\"json_schema\",\"name\":\"answer\",\"strict\":true,\"schema\":{}}";
		for (String without : List.of("", ",\"text\":null", ",\"text\":{}", ",\"text\":{\"verbosity\":\"low\"}",
				",\"text\":{\"format\":{\"type\":\"text\"}}")) {
			WireRequest plain = Responses.read(Responses.input(without));
			String written = Responses.write(plain.messages(), plain.options().mutate().outputSchema("{}").build(),
					false);
			assertThat(written).contains(made);
			assertThat(Responses.read(written).options().getOutputSchema()).isEqualTo("{}");
		}
		Dialect dialect = Responses.DIALECTS.of(options);
		assertThat(dialect.asksForJson(options)).isTrue();
		assertThat(dialect.asksForJson(
				Responses.read(Responses.input(",\"text\":{\"format\":{\"type\":\"json_object\"}}")).options()))
			.isTrue();
		assertThat(dialect.asksForJson(Responses.read(Responses.input(",\"text\":{\"verbosity\":\"low\"}")).options()))
			.isFalse();
	}

	@Test
	void tellsTheProviderAboutItsPromptCacheUnlessTheClientDoes() {
		GatewayPromptCacheInjector injector = new GatewayPromptCacheInjector(
				(options) -> new Target("openai", "https://example.com"), (failure) -> false);
		WireRequest request = Responses.read("{\"model\":\"gpt-4.1\",\"store\":false,\"instructions\":\"s\",\"input\":["
				+ String.join(",", Responses.user("a"), Responses.call("c"), Responses.result("c", "\"r\""),
						Responses.user(""), Responses.user("b"))
				+ "]}");
		assertThat(injector.supports(request.options())).isTrue();
		assertThat(List.of(0, 1, 2, 3, 4, 5)).map((index) -> injector.isMarkable(request.messages(), index))
			.containsExactly(true, true, false, true, false, true);
		CacheKeys keys = mock(CacheKeys.class);
		given(keys.shared()).willReturn("shared");
		CacheInjection injection = new CacheInjection(injector.target(request.options(), request.messages()),
				CacheRulesTable.builtIn().find("openai", "gpt-4.1"),
				new PromptCacheSettings(true, true, true, true, PromptCacheSettings.VolatileText.REPORT),
				request.messages(), null, null, Map.of(), keys, false);
		WireOptions told = (WireOptions) injector.inject(request.options(), injection).options();
		assertThat(Responses.write(request.messages(), told, false))
			.endsWith("],\"prompt_cache_key\":\"shared\",\"prompt_cache_retention\":\"24h\"}");
		for (String managed : List.of(Responses.input(",\"prompt_cache_options\":{}"),
				"{\"model\":\"m\",\"input\":\"Hi\"}",
				Responses.items("{\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"a\","
						+ "\"prompt_cache_breakpoint\":{}}]}"))) {
			WireRequest own = Responses.read(managed);
			assertThat(injector.target(own.options(), own.messages()).managed()).as(managed).isTrue();
		}
	}

	@Test
	void arrangesToolsAsTheyAreLeft() {
		String f = "{\"type\":\"function\",\"name\":\"f\",\"description\":\"d\",\"parameters\":{ }}";
		String custom = "{\"type\":\"custom\",\"name\":\"c\"}";
		String g = "{\"type\":\"function\",\"name\":\"g\",\"strict\":true,\"parameters\":{\"a\":1.0}}";
		WireRequest request = Responses.read(Responses.input(",\"tools\":[" + String.join(",", f, custom, g) + "]"));
		List<ToolCallback> tools = request.options().getToolCallbacks();
		assertThat(tools).extracting((tool) -> tool.getToolDefinition().name()).containsExactly("f", "g");
		assertThat(tools(request, List.of(tools.get(1), tools.get(0))))
			.contains("[" + String.join(",", g, custom, f) + "]");
		assertThat(tools(request, List.of(new ClientTool("f", "d", "{\"b\":2}"), new ClientTool("h", "", "{}"))))
			.contains("[" + String.join(",", f.replace("{ }", "{\"b\":2}"), custom,
					"{\"type\":\"function\",\"name\":\"h\",\"parameters\":{}}") + "]");
		WireRequest without = Responses.read(Responses.input(""));
		assertThat(tools(without, List.of(new ClientTool("h", "", "{}"))))
			.isEqualTo(Responses.input(",\"tools\":[{\"type\":\"function\",\"name\":\"h\",\"parameters\":{}}]"));
		WireRequest one = Responses.read(Responses.input(",\"tools\":[" + f + "]"));
		assertThat(tools(one, List.of())).isEqualTo(Responses.input(""));
	}

	private static String tools(WireRequest request, List<ToolCallback> tools) {
		return Responses.write(request.messages(), request.options().mutate().toolCallbacks(tools).build(), false);
	}

	@Test
	void readsAndWritesALargeBodyWithoutTouchingIt() {
		String image = "{\"role\":\"user\",\"content\":[{\"type\":\"input_image\",\"image_url\":\"data:image/png;base64,"
				+ "A".repeat(1 << 20) + "\"},{\"type\":\"input_text\",\"text\":\"\\u00e4" + "b".repeat(1 << 20)
				+ "\"}]}";
		String body = Responses.items(image, Responses.user("What?"));
		assertThat(Responses.write(body)).isEqualTo(body);
		assertThat(Responses.read(body).messages().get(0)).isInstanceOf(WireUserMessage.class)
			.satisfies((message) -> assertThat(((UserMessage) message).getMedia()).hasSize(1));
	}

	@Test
	void asksForItsOwnStreamOptionsOnlyWhereTheProviderTakesThem() {
		WireRequest request = Responses.read(Responses.input(",\"stream_options\":{\"include_obfuscation\":false}"));
		assertThat(Responses.text(Responses.FORMAT.write(Responses.prompt(request), false)))
			.isEqualTo(Responses.input(",\"stream_options\":{\"include_obfuscation\":false}"));
	}

}

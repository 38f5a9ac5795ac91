package io.tokensaving.samples.gateway.wire.openai;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

import io.tokensaving.samples.gateway.wire.WireException;
import io.tokensaving.samples.gateway.wire.WireOptions;
import io.tokensaving.samples.gateway.wire.WireRequest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.tool.ToolCallback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for requests that are read, changed by advisors and written.
 */
class ChatRequestTests {

	private static final String ODD = "{ \"model\" : \"gpt-5\",\n\t\"x\":[1.0e2, 1E400, -0, 1.50],  \"messages\": [ "
			+ "{\"role\":\"system\",\"content\":\"B\\u00e4r \\ud83d\\ude00\\/\"} , {\"content\":\"Hi\",\"role\":\"user\","
			+ "\"name\":\"n\", \"q\":{\"a\":null}} ] , \"temperature\": 0.70, \"metadata\":{\"b\":1,\"a\":2} }\n";

	@Test
	void writesSameBytesIfNothingChanged() {
		assertThat(Chats.write(ODD)).isEqualTo(ODD);
	}

	@ParameterizedTest
	@ValueSource(strings = { "\"token_saving_plan_id\":\"p\"", "\"token_saving_feature\":\"f\"",
			"\"token_saving_tier\":\"t\"", "\"cache\":{\"no-store\":true}" })
	void cutsOwnMembersOutWhereverTheyStand(String own) {
		String model = "\"model\":\"m\"";
		String messages = "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]";
		assertThat(Chats.write("{" + own + "," + model + "," + messages + "}"))
			.isEqualTo("{" + model + "," + messages + "}");
		assertThat(Chats.write("{ " + own + " , " + model + "," + messages + "}"))
			.isEqualTo("{ " + model + "," + messages + "}");
		assertThat(Chats.write("{" + model + "," + own + "," + messages + "}"))
			.isEqualTo("{" + model + "," + messages + "}");
		assertThat(Chats.write("{" + model + "," + messages + " , " + own + " }"))
			.isEqualTo("{" + model + "," + messages + " }");
	}

	@Test
	void readsOwnMembers() {
		WireRequest request = Chats.read(Chats.user(",\"token_saving_plan_id\":\"p\",\"token_saving_feature\":\"f\","
				+ "\"token_saving_tier\":\"t\",\"cache\":{\"ttl\":60,\"similarity-threshold\":0.9,\"tags\":[\"a\"]}"));
		assertThat(request.parameters().plan()).isEqualTo("p");
		assertThat(request.parameters().feature()).isEqualTo("f");
		assertThat(request.parameters().tier()).isEqualTo("t");
		assertThat(request.parameters().cache()).containsEntry("ttl", 60L).containsEntry("tags", List.of("a"));
		assertThat(request.options().getFields()).isEmpty();
	}

	@Test
	void forwardsCacheThatIsNoObject() {
		String body = Chats.user(",\"cache\":true");
		assertThat(Chats.write(body)).isEqualTo(body);
		assertThat(Chats.fingerprint(body)).isNotEqualTo(Chats.fingerprint(Chats.user("")));
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "[]", "1", "{", "{}", "{\"model\":\"m\"}", "{\"model\":\"m\",\"messages\":[]}",
			"{\"model\":\"m\",\"messages\":{}}", "{\"model\":1,\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}",
			"{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}",
			"{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]} x",
			"{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}{}",
			"{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"\\ud800\"}]}",
			"{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"\\udc00\\ud800\"}]}",
			"{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"a\",\"content\":\"b\"}]}",
			"{\"model\":\"m\",\"model\":\"n\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}",
			"{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"}],\"x\":{\"y\":[{\"z\":1,\"z\":1}]}}",
			"{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"}],\"temperature\":NaN}",
			"{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"}],\"temperature\":\"0\"}",
			"{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"}],\"stream\":\"yes\"}",
			"{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"}],\"max_tokens\":1.5}",
			"{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"}],\"tools\":{}}",
			"{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"}],\"stop\":[1]}",
			"{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":1}]}",
			"{\"model\":\"m\",\"messages\":[{\"role\":1,\"content\":\"a\"}]}",
			"{\"model\":\"m\",\"messages\":[{\"content\":\"a\"}]}", "{\"model\":\"m\",\"messages\":[\"a\"]}",
			"{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"}],}",
			"{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"}],\"cache\":{\"no-stor\":true}}",
			"{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"}],\"cache\":{\"ttl\":-1}}",
			"{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"}],\"token_saving_plan_id\":1}" })
	void refusesWhatIsNoRequest(String body) {
		assertThatExceptionOfType(WireException.class).isThrownBy(() -> Chats.read(body));
	}

	@Test
	void refusesAFieldOfTheGatewayThatItDoesNotKnow() {
		assertThatExceptionOfType(WireException.class)
			.isThrownBy(() -> Chats.read(Chats.user(",\"token_saving_plan\":\"p\"")))
			.extracting(WireException::param)
			.isEqualTo("token_saving_plan");
	}

	@Test
	void refusesOtherEncodingsAndByteOrderMark() {
		String body = Chats.user("");
		assertThatExceptionOfType(WireException.class)
			.isThrownBy(() -> Chats.FORMAT.read(body.getBytes(StandardCharsets.UTF_16LE)));
		assertThatExceptionOfType(WireException.class).isThrownBy(() -> Chats.read("\uFEFF" + body));
		for (int[] malformed : new int[][] { { 0xC0, 0xAF }, { 0xED, 0xA0, 0x80 }, { 0xF4, 0x90, 0x80, 0x80 },
				{ 0xE2, 0x82 }, { 0x80 }, { 0xFF } }) {
			byte[] bytes = Chats.bytes(Chats.user(",\"x\":\"????\""));
			int start = Chats.text(bytes).indexOf("????");
			for (int i = 0; i < malformed.length; i++) {
				bytes[start + i] = (byte) malformed[i];
			}
			assertThatExceptionOfType(WireException.class).isThrownBy(() -> Chats.FORMAT.read(bytes))
				.satisfies((ex) -> assertThat(ex.code()).isEqualTo("invalid_utf8"));
		}
	}

	@Test
	void refusesDepthOverLimitAndNamesDuplicates() {
		assertThat(Chats.read(Chats.user(",\"x\":" + "[".repeat(100) + "]".repeat(100))).messages()).hasSize(1);
		assertThatExceptionOfType(WireException.class)
			.isThrownBy(() -> Chats.read(Chats.user(",\"x\":" + "[".repeat(200) + "]".repeat(200))));
		assertThatExceptionOfType(WireException.class)
			.isThrownBy(() -> Chats.read(Chats.user(",\"x\":{\"secret\":1,\"secret\":2}")))
			.satisfies((ex) -> assertThat(ex.code()).isEqualTo("duplicate_key"))
			.withMessageNotContaining("secret");
	}

	@Test
	void namesUnknownDirectiveOfCache() {
		assertThatExceptionOfType(WireException.class)
			.isThrownBy(() -> Chats.read(Chats.user(",\"cache\":{\"no-stor\":true}")))
			.satisfies((ex) -> assertThat(ex.param()).isEqualTo("cache.no-stor"))
			.withMessageContaining("no-store");
	}

	@Test
	void makesPlainMessagesOfPlainOnesOnly() {
		List<Message> messages = Chats
			.read(Chats.messages("{\"role\":\"system\",\"content\":\"s\"},{\"role\":\"user\",\"content\":\"u\"},"
					+ "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"p\"}]},"
					+ "{\"role\":\"assistant\",\"content\":null,\"refusal\":null,\"tool_calls\":[{\"id\":\"1\",\"type\":"
					+ "\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}},{\"id\":\"2\",\"type\":"
					+ "\"function\",\"function\":{\"name\":\"g\",\"arguments\":\"{}\"}}]},"
					+ "{\"role\":\"tool\",\"tool_call_id\":\"1\",\"content\":\"r1\"},"
					+ "{\"role\":\"tool\",\"tool_call_id\":\"2\",\"content\":\"r2\"},"
					+ "{\"role\":\"user\",\"name\":\"n\",\"content\":\"u\"},{\"role\":\"developer\",\"content\":\"d\"}"))
			.messages();
		assertThat(messages).extracting(Object::getClass)
			.startsWith(SystemMessage.class, UserMessage.class, UserMessage.class, AssistantMessage.class,
					ToolResponseMessage.class)
			.hasSize(7);
		assertThat(messages.get(5).getClass()).isNotEqualTo(UserMessage.class);
		assertThat(messages.get(6)).isInstanceOf(SystemMessage.class);
		ToolResponseMessage results = (ToolResponseMessage) messages.get(4);
		assertThat(results.getResponses()).extracting(ToolResponseMessage.ToolResponse::name).containsExactly("f", "g");
	}

	@Test
	void writesWhatAdvisorsLeftOfMessages() {
		WireRequest request = Chats
			.read(Chats.messages("{\"role\":\"system\",\"content\":\"s\"}, {\"role\":\"user\",\"content\":\"long\"},  "
					+ "{\"role\":\"assistant\",\"content\":\"a\",\"x\":1}, {\"role\":\"user\",\"content\":\"q\"}"));
		List<Message> left = new ArrayList<>(request.messages());
		left.remove(1);
		assertThat(Chats.write(left, request.options()))
			.isEqualTo(Chats.messages("{\"role\":\"system\",\"content\":\"s\"},"
					+ "{\"role\":\"assistant\",\"content\":\"a\",\"x\":1}, {\"role\":\"user\",\"content\":\"q\"}"));
		List<Message> changed = new ArrayList<>(request.messages());
		changed.set(1, ((UserMessage) changed.get(1)).mutate().text("sh\"ort\n").build());
		assertThat(Chats.write(changed, request.options())).isEqualTo(Chats
			.messages("{\"role\":\"system\",\"content\":\"s\"}, {\"role\":\"user\",\"content\":\"sh\\\"ort\\n\"},  "
					+ "{\"role\":\"assistant\",\"content\":\"a\",\"x\":1}, {\"role\":\"user\",\"content\":\"q\"}"));
		List<Message> more = new ArrayList<>(request.messages());
		more.add(1, new SystemMessage("made"));
		assertThat(Chats.write(more, request.options())).isEqualTo(
				Chats.messages("{\"role\":\"system\",\"content\":\"s\"},{\"role\":\"system\",\"content\":\"made\"},"
						+ "{\"role\":\"user\",\"content\":\"long\"},  "
						+ "{\"role\":\"assistant\",\"content\":\"a\",\"x\":1}, {\"role\":\"user\",\"content\":\"q\"}"));
	}

	@Test
	void writesShortenedResultsOfTools() {
		WireRequest request = Chats
			.read(Chats.messages("{\"role\":\"tool\",\"tool_call_id\":\"1\",\"content\":\"long 1\"},"
					+ "{\"role\":\"tool\",\"content\":[{\"type\":\"text\",\"text\":\"long 2\",\"y\":1}],\"tool_call_id\":\"2\"}"));
		ToolResponseMessage results = (ToolResponseMessage) request.messages().get(0);
		ToolResponseMessage shorter = ToolResponseMessage.builder()
			.responses(results.getResponses()
				.stream()
				.map((each) -> new ToolResponseMessage.ToolResponse(each.id(), each.name(),
						each.responseData().substring(5)))
				.toList())
			.metadata(results.getMetadata())
			.build();
		assertThat(Chats.write(List.of(shorter), request.options()))
			.isEqualTo(Chats.messages("{\"role\":\"tool\",\"tool_call_id\":\"1\",\"content\":\"1\"},"
					+ "{\"role\":\"tool\",\"content\":[{\"type\":\"text\",\"text\":\"2\",\"y\":1}],\"tool_call_id\":\"2\"}"));
	}

	@Test
	void writesSystemTextInTwoParts() {
		WireRequest request = Chats.read(Chats
			.messages("{\"role\":\"system\",\"content\":\"one two\"}," + "{\"role\":\"user\",\"content\":\"q\"}"));
		SystemMessage system = (SystemMessage) request.messages().get(0);
		List<Message> split = List.of(system.mutate().text("one ").build(), system.mutate().text("two").build(),
				request.messages().get(1));
		assertThat(Chats.write(split, request.options()))
			.isEqualTo(Chats.messages("{\"role\":\"system\",\"content\":\"one \"},"
					+ "{\"role\":\"system\",\"content\":\"two\"},{\"role\":\"user\",\"content\":\"q\"}"));
	}

	@Test
	void putsTextInFrontOfSeveralParts() {
		String image = "{\"type\":\"image_url\",\"image_url\":{\"url\":\"https://example.com/a.png\",\"detail\":\"low\"}}";
		WireRequest request = Chats
			.read(Chats.messages("{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"}," + image
					+ ",{\"type\":\"text\",\"text\":\"b\"}]}"));
		UserMessage user = (UserMessage) request.messages().get(0);
		assertThat(user.getText()).isEqualTo("a\nb");
		assertThat(user.getMedia()).hasSize(1);
		assertThat(Chats.write(List.of(user.mutate().text("x " + user.getText()).build()), request.options()))
			.isEqualTo(Chats.messages("{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"x a\"}," + image
					+ ",{\"type\":\"text\",\"text\":\"b\"}]}"));
		assertThat(Chats.write(List.of(user.mutate().text("new").build()), request.options())).isEqualTo(
				Chats.messages("{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"new\"}," + image + "]}"));
	}

	@Test
	void writesChangedOptions() {
		WireRequest request = Chats.read(Chats.user(",\"max_completion_tokens\":100,\"temperature\":0.5,\"seed\":1"));
		WireOptions options = request.options();
		assertThat(options.getMaxTokens()).isEqualTo(100);
		ChatOptions changed = options.mutate().model("other").maxTokens(10).serviceTier("flex").build();
		assertThat(Chats.write(request.messages(), changed)).isEqualTo("{\"model\":\"other\",\"messages\":[{\"role\":"
				+ "\"user\",\"content\":\"Hi\"}],\"max_completion_tokens\":10,\"temperature\":0.5,\"seed\":1,"
				+ "\"service_tier\":\"flex\"}");
	}

	@Test
	void renamesLimitForModelThatThinks() {
		WireRequest request = Chats.read(Chats.user(",\"max_tokens\":100"));
		assertThat(Chats.write(request.messages(), request.options().mutate().model("gpt-5").build()))
			.endsWith(",\"max_completion_tokens\":100}")
			.doesNotContain("\"max_tokens\"");
	}

	@Test
	void asksForUsageOfEveryStream() {
		assertThat(Chats.write(Chats.user(",\"stream\":true")))
			.isEqualTo(Chats.user(",\"stream\":true,\"stream_options\":{\"include_usage\":true}"));
		assertThat(Chats.write(Chats.user(",\"stream\":true,\"stream_options\":{\"include_obfuscation\":false}")))
			.isEqualTo(Chats.user(
					",\"stream\":true,\"stream_options\":{\"include_obfuscation\":false," + "\"include_usage\":true}"));
		assertThat(Chats.write(Chats.user(",\"stream\":true,\"stream_options\":{\"include_usage\":false}")))
			.isEqualTo(Chats.user(",\"stream\":true,\"stream_options\":{\"include_usage\":true}"));
		assertThat(Chats.write(Chats.user(",\"stream\":true,\"stream_options\":null")))
			.isEqualTo(Chats.user(",\"stream\":true,\"stream_options\":{\"include_usage\":true}"));
		String asked = Chats.user(",\"stream\":true,\"stream_options\":{\"include_usage\": true}");
		assertThat(Chats.write(asked)).isEqualTo(asked);
		WireRequest request = Chats.read(asked);
		assertThat(Chats.write(request.messages(), request.options())).isEqualTo(Chats.user(""));
	}

	@Test
	void followsOrderOfTools() {
		String b = "{\"type\":\"function\",\"function\":{\"name\":\"b\",\"description\":\"B\",\"parameters\":{\"type\":"
				+ " \"object\"}}}";
		String custom = "{\"type\":\"custom\",\"custom\":{\"name\":\"c\"}}";
		String a = "{\"type\":\"function\",\"function\":{\"name\":\"a\",\"parameters\":{},\"strict\":true}}";
		WireRequest request = Chats.read(Chats.user(",\"tools\":[" + b + ", " + custom + "," + a + "]"));
		List<ToolCallback> tools = new ArrayList<>(request.options().getToolCallbacks());
		assertThat(tools).hasSize(2);
		Collections.reverse(tools);
		assertThat(Chats.write(request.messages(), request.options().mutate().toolCallbacks(tools).build()))
			.isEqualTo(Chats.user(",\"tools\":[" + a + "," + custom + "," + b + "]"));
	}

	@Test
	void writesPromptThatNoClientSent() {
		byte[] body = Chats.FORMAT.write(new Prompt(List.of(new SystemMessage("s"), new UserMessage("q")),
				ChatOptions.builder().model("gpt-4o").maxTokens(5).temperature(0.0).build()), false);
		assertThat(Chats.text(body))
			.isEqualTo("{\"model\":\"gpt-4o\",\"messages\":[{\"role\":\"system\",\"content\":\"s\"},"
					+ "{\"role\":\"user\",\"content\":\"q\"}],\"max_tokens\":5,\"temperature\":0.0}");
	}

	@Test
	void keepsEveryByteOfLargeDocument() {
		StringBuilder body = new StringBuilder("{\"model\":\"m\",\"messages\":[");
		String image = "A".repeat(1_000_000);
		for (int i = 0; i < 5; i++) {
			body.append((i > 0) ? ",\n" : "")
				.append("{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"\\u00fc\"},{\"type\":\"image_url\","
						+ "\"image_url\":{\"url\":\"data:image/png;base64,")
				.append(image)
				.append("\"}}]}");
		}
		String large = body.append("]}").toString();
		assertThat(Chats.write(large).equals(large)).isTrue();
	}

	@Test
	void keysRolesAndShapesApart() {
		List<String> messages = List.of("{\"role\":\"user\",\"content\":\"a\"}",
				"{\"role\":\"system\",\"content\":\"a\"}", "{\"role\":\"developer\",\"content\":\"a\"}",
				"{\"role\":\"assistant\",\"content\":\"a\"}", "{\"role\":\"critic\",\"content\":\"a\"}",
				"{\"role\":\"user\",\"content\":null}", "{\"role\":\"user\",\"content\":\"\"}",
				"{\"role\":\"user\",\"content\":[]}", "{\"role\":\"user\",\"content\":\"a\",\"name\":\"n\"}",
				"{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"text\",\"text\":\"b\"}]}",
				"{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\\nb\"}]}",
				"{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\",\"x\":1}]}",
				"{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":\"a\"}}]}",
				"{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":\"b\"}}]}",
				"{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{}}]}",
				"{\"role\":\"tool\",\"tool_call_id\":\"1\",\"content\":\"a\"}",
				"{\"role\":\"tool\",\"tool_call_id\":\"2\",\"content\":\"a\"}",
				"{\"role\":\"tool\",\"tool_call_id\":\"1\",\"content\":[{\"type\":\"text\",\"text\":\"a\",\"x\":1}]}",
				"{\"role\":\"function\",\"name\":\"1\",\"content\":\"a\"}",
				"{\"role\":\"assistant\",\"content\":\"a\",\"reasoning_content\":\"r\"}",
				"{\"role\":\"assistant\",\"content\":\"a\",\"reasoning_content\":\"s\"}");
		assertThat(messages.stream().map((each) -> Chats.fingerprint(Chats.messages(each)))).doesNotHaveDuplicates();
	}

	@Test
	void keysImagesOfAllRoles() {
		for (String role : List.of("system", "developer", "user", "assistant", "tool", "critic")) {
			assertThat(List.of("a", "b")
				.stream()
				.map((url) -> Chats.fingerprint(Chats.messages("{\"content\":[{\"type\":\"image_url\",\"image_url\":"
						+ "{\"url\":\"" + url + "\"}}],\"role\":\"" + role + "\"}"))))
				.as(role)
				.doesNotHaveDuplicates();
		}
	}

	@Test
	void keysTwoImagesInTheirOrder() {
		String with = "{\"type\":\"image_url\",\"image_url\":{\"url\":\"a\"}}";
		String without = "{\"type\":\"image_url\",\"image_url\":{}}";
		assertThat(Chats.fingerprint(Chats.messages("{\"role\":\"user\",\"content\":[" + with + "," + without + "]}")))
			.isNotEqualTo(Chats
				.fingerprint(Chats.messages("{\"role\":\"user\",\"content\":[" + without + "," + with + "]}")));
	}

	@Test
	void asksForSeveralAndForJsonAsTheDocumentDoes() {
		WireOptions options = Chats
			.read(Chats.user(",\"n\":2,\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"x\","
					+ "\"schema\":{\"type\":\"object\",\"properties\":{\"b\":{},\"a\":{}}}}}"))
			.options();
		assertThat(Chats.DIALECTS.of(options).asksForSeveral(options)).isTrue();
		assertThat(Chats.DIALECTS.of(options).asksForJson(options)).isTrue();
		assertThat(options.getOutputSchema()).isEqualTo("{\"type\":\"object\",\"properties\":{\"b\":{},\"a\":{}}}");
		WireOptions text = Chats.read(Chats.user(",\"response_format\":{\"type\":\"text\"}")).options();
		assertThat(Chats.DIALECTS.of(text).asksForJson(text)).isFalse();
	}

	@Test
	void writesErrorWithAllMembers() {
		assertThat(Chats.text(Chats.FORMAT.error(400, "invalid_request_error", "m", null, "c"))).isEqualTo(
				"{\"error\":{\"message\":\"m\",\"type\":\"invalid_request_error\",\"param\":null,\"code\":\"c\"}}");
	}

}

package io.tokensaving.samples.gateway.wire.openai;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

import io.tokensaving.provider.ServiceTier;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.request.ResponseAssembler;
import io.tokensaving.samples.gateway.wire.GatewayDialect;
import io.tokensaving.samples.gateway.wire.ServerSentEvent;
import io.tokensaving.samples.gateway.wire.WireException;
import io.tokensaving.samples.gateway.wire.WireMetadata;
import io.tokensaving.samples.gateway.wire.WireOptions;
import io.tokensaving.samples.gateway.wire.WireStream;
import io.tokensaving.samples.gateway.wire.json.JsonReader;
import org.junit.jupiter.api.Test;

import org.springframework.ai.chat.model.ChatResponse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for answers and streams that are read and cut.
 */
class ChatAnswerTests {

	private static final WireOptions PLAIN = Chats.read(Chats.user(",\"stream\":true")).options();

	private static final WireOptions ASKED = Chats
		.read(Chats.user(",\"stream\":true,\"stream_options\":{\"include_usage\":true}"))
		.options();

	private static final String ANSWER = "{\"id\":\"c1\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"m-1\","
			+ "\"x\":1.50,\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"Hi \\u00e4\","
			+ "\"refusal\":null,\"annotations\":[],\"reasoning_content\":\"hm\"},\"logprobs\":{\"content\":[{\"token\":"
			+ "\"Hi\",\"logprob\":-0.10,\"top_logprobs\":[]}],\"refusal\":null},\"finish_reason\":\"stop\"},"
			+ "{\"index\":1,\"message\":{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":\"t1\",\"type\":"
			+ "\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"a\\\":1}\"}},{\"id\":\"t2\",\"type\":"
			+ "\"function\",\"function\":{\"name\":\"g\",\"arguments\":\"{}\"}}],\"refusal\":null},\"logprobs\":null,"
			+ "\"finish_reason\":\"tool_calls\",\"stop_reason\":7}],\"usage\":{\"prompt_tokens\":100,"
			+ "\"completion_tokens\":20,\"total_tokens\":120,\"prompt_tokens_details\":{\"cached_tokens\":64,"
			+ "\"cache_write_tokens\":10},\"completion_tokens_details\":{\"reasoning_tokens\":5},\"cost\":0.5},"
			+ "\"service_tier\":\"flex\"}";

	@Test
	void readsAnswerAndKeepsItsBody() {
		ChatResponse response = Chats.FORMAT.readAnswer(Chats.bytes(ANSWER), PLAIN);
		assertThat(response.getMetadata().<Object>get(WireMetadata.BODY)).isEqualTo(ANSWER);
		assertThat(response.getMetadata().getId()).isEqualTo("c1");
		assertThat(response.getMetadata().getModel()).isEqualTo("m-1");
		assertThat(response.getResults()).hasSize(2);
		assertThat(response.getResults().get(0).getOutput().getText()).isEqualTo("Hi ä");
		assertThat(response.getResults().get(0).getMetadata().getFinishReason()).isEqualTo("stop");
		assertThat(response.getResults().get(1).getOutput().getToolCalls()).hasSize(2);
		TokenUsage usage = new GatewayDialect().usage(response.getMetadata().getUsage());
		assertThat(usage).isEqualTo(new TokenUsage(100, 20, 64, 10, 0, 5, ServiceTier.FLEX, false));
	}

	@Test
	void keepsBodyThatIsNotUtf8AsBytes() {
		byte[] body = ANSWER.getBytes(java.nio.charset.StandardCharsets.ISO_8859_1);
		String text = ANSWER.replace("\\u00e4", "ä");
		body = text.getBytes(java.nio.charset.StandardCharsets.ISO_8859_1);
		ChatResponse response = Chats.FORMAT.readAnswer(body, PLAIN);
		assertThat(response.getMetadata().<Object>get(WireMetadata.BODY)).isEqualTo(body);
	}

	@Test
	void refusesAnswersThatAreErrorsOrNone() {
		for (String body : List.of("{\"error\":{\"message\":\"m\",\"code\":429}}", "[]", "{}", "x",
				"{\"choices\":[1]}")) {
			assertThatExceptionOfType(WireException.class)
				.isThrownBy(() -> Chats.FORMAT.readAnswer(Chats.bytes(body), PLAIN));
		}
	}

	@Test
	void cutsAnswerIntoStreamThatSaysTheSame() {
		List<ServerSentEvent> events = Chats.FORMAT.cut(ANSWER, ASKED);
		assertThat(events.get(0).data()).contains("\"delta\":{\"role\":\"assistant\",\"content\":\"\"");
		assertThat(events.get(events.size() - 1).data()).isEqualTo("[DONE]");
		assertThat(events.get(events.size() - 2).data()).contains("\"choices\":[]").contains("\"prompt_tokens\":100");
		assertThat(events.get(0).data()).contains("\"usage\":null");
		assertThat(String.join("\n", events.stream().map(ServerSentEvent::data).toList()))
			.contains("{\"index\":0,\"id\":\"t1\"", "{\"index\":1,\"id\":\"t2\"");
		ChatResponse end = read(events, ASKED, new ArrayList<>());
		assertThat(tree(end.getMetadata().<Object>get(WireMetadata.BODY))).isEqualTo(tree(ANSWER));
		assertThat(end.getMetadata().getUsage().getPromptTokens()).isEqualTo(100);
	}

	@Test
	void cutsUsageOffIfTheClientDidNotAsk() {
		List<ServerSentEvent> events = Chats.FORMAT.cut(ANSWER, PLAIN);
		assertThat(events).noneMatch((event) -> event.data().contains("usage"))
			.noneMatch((event) -> event.data().contains("\"choices\":[]"));
	}

	@Test
	void assemblesStreamWithoutLoss() {
		List<ChatResponse> elements = new ArrayList<>();
		ChatResponse end = read(Chats.FORMAT.cut(ANSWER, ASKED), PLAIN, elements);
		ResponseAssembler assembler = new ResponseAssembler(Chats.DIALECTS.of(PLAIN));
		elements.forEach(assembler::add);
		assembler.add(end);
		assertThat(assembler.isLossless()).isTrue();
		ChatResponse whole = assembler.assemble();
		ChatResponse called = Chats.FORMAT.readAnswer(Chats.bytes(ANSWER), PLAIN);
		assertThat(whole.getResults()).hasSize(2);
		assertThat(whole.getResults().get(0).getOutput().getText()).isEqualTo("Hi ä");
		assertThat(whole.getResults().get(1).getOutput().getToolCalls())
			.isEqualTo(called.getResults().get(1).getOutput().getToolCalls());
		assertThat(whole.getResults().get(1).getMetadata().getFinishReason()).isEqualTo("tool_calls");
		assertThat(tree(whole.getMetadata().<Object>get(WireMetadata.BODY))).isEqualTo(tree(ANSWER));
	}

	@Test
	void hidesUsageThatOnlyTheGatewayAskedFor() {
		WireStream stream = Chats.FORMAT.readStream(PLAIN);
		assertThat(event(stream,
				"{\"id\":\"1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"},"
						+ "\"finish_reason\":null}],\"usage\":null}"))
			.isEqualTo("{\"id\":\"1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"},"
					+ "\"finish_reason\":null}]}");
		assertThat(event(stream, "{ \"usage\":null , \"id\":\"1\",\"choices\":[]}"))
			.isEqualTo("{ \"id\":\"1\",\"choices\":[]}");
		assertThat(event(stream, "{\"id\":\"1\", \"usage\" : null ,\"choices\":[]}"))
			.isEqualTo("{\"id\":\"1\" ,\"choices\":[]}");
		assertThat(event(stream, "{\"usage\":null}")).isEqualTo("{}");
		assertThat(event(stream, "{\"id\":\"1\",\"choices\":[],\"usage\":{\"prompt_tokens\":1}}")).isNull();
		assertThat(
				event(Chats.FORMAT.readStream(ASKED), "{\"id\":\"1\",\"choices\":[],\"usage\":{\"prompt_tokens\":1}}"))
			.isEqualTo("{\"id\":\"1\",\"choices\":[],\"usage\":{\"prompt_tokens\":1}}");
	}

	@Test
	void endsWithoutBodyIfTheStreamWasCut() {
		List<ServerSentEvent> events = Chats.FORMAT.cut(ANSWER, ASKED);
		for (int length = 0; length < events.size(); length++) {
			WireStream stream = Chats.FORMAT.readStream(ASKED);
			events.subList(0, length).forEach(stream::next);
			assertThat(stream.isComplete()).isFalse();
			assertThat(stream.end()).isNull();
		}
	}

	@Test
	void throwsOnEventsThatReportErrors() {
		assertThatExceptionOfType(WireException.class)
			.isThrownBy(() -> Chats.FORMAT.readStream(PLAIN)
				.next(new ServerSentEvent(null, "{\"error\":{\"message\":\"broken\",\"code\":\"c\"}}")))
			.withMessage("broken")
			.satisfies((ex) -> assertThat(ex.code()).isEqualTo("c"));
		assertThatExceptionOfType(WireException.class)
			.isThrownBy(
					() -> Chats.FORMAT.readStream(PLAIN).next(new ServerSentEvent("error", "{\"message\":\"broken\"}")))
			.withMessage("broken");
	}

	@Test
	void putsInterleavedCallsTogether() {
		WireStream stream = Chats.FORMAT.readStream(PLAIN);
		List<ChatResponse> elements = new ArrayList<>();
		for (String calls : List.of(
				"{\"index\":0,\"id\":\"a\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"\"}}",
				"{\"index\":1,\"id\":\"b\",\"type\":\"function\",\"function\":{\"name\":\"g\",\"arguments\":\"\"}}",
				"{\"index\":0,\"function\":{\"arguments\":\"{\\\"x\\\"\"}},{\"index\":1,\"function\":{\"arguments\":\"{}\"}}",
				"{\"index\":0,\"function\":{\"arguments\":\":1}\"}}")) {
			elements.add(stream.next(new ServerSentEvent(null,
					"{\"id\":\"1\",\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":["
							+ calls + "]}}]}")));
		}
		elements.add(stream.next(new ServerSentEvent(null,
				"{\"id\":\"1\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"tool_calls\"}]}")));
		elements.add(stream.next(new ServerSentEvent(null, "[DONE]")));
		ChatResponse end = Objects.requireNonNull(stream.end());
		ResponseAssembler assembler = new ResponseAssembler(Chats.DIALECTS.of(PLAIN));
		elements.forEach(assembler::add);
		assembler.add(end);
		assertThat(assembler.isLossless()).isTrue();
		assertThat(assembler.assemble().getResults().get(0).getOutput().getToolCalls())
			.extracting((call) -> call.arguments())
			.containsExactly("{\"x\":1}", "{}");
		assertThat(end.getMetadata().<String>get(WireMetadata.BODY)).isEqualTo("{\"id\":\"1\",\"object\":"
				+ "\"chat.completion\",\"choices\":[{\"index\":0,\"message\":{\"tool_calls\":[{\"id\":\"a\",\"type\":"
				+ "\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"x\\\":1}\"}},{\"id\":\"b\",\"type\":"
				+ "\"function\",\"function\":{\"name\":\"g\",\"arguments\":\"{}\"}}],\"role\":\"assistant\",\"content\":null,"
				+ "\"refusal\":null},\"finish_reason\":\"tool_calls\",\"logprobs\":null}]}");
	}

	private static String event(WireStream stream, String data) {
		return stream.next(new ServerSentEvent(null, data)).getMetadata().get(WireMetadata.EVENT);
	}

	static ChatResponse read(List<ServerSentEvent> events, WireOptions options, List<ChatResponse> elements) {
		WireStream stream = Chats.FORMAT.readStream(options);
		events.forEach((event) -> elements.add(stream.next(event)));
		assertThat(stream.isComplete()).isTrue();
		return Objects.requireNonNull(stream.end());
	}

	static Map<?, ?> tree(Object body) {
		return (Map<?, ?>) Objects.requireNonNull(JsonReader.read(Chats.bytes((String) body)));
	}

}

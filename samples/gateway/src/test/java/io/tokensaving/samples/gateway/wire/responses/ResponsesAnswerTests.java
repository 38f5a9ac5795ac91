package io.tokensaving.samples.gateway.wire.responses;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import io.tokensaving.cache.CacheEligibility;
import io.tokensaving.provider.Dialect;
import io.tokensaving.provider.ServiceTier;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.request.ResponseAssembler;
import io.tokensaving.samples.gateway.wire.GatewayDialect;
import io.tokensaving.samples.gateway.wire.ServerSentEvent;
import io.tokensaving.samples.gateway.wire.WireException;
import io.tokensaving.samples.gateway.wire.WireMetadata;
import io.tokensaving.samples.gateway.wire.WireStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.ai.chat.messages.AssistantMessage.ToolCall;
import org.springframework.ai.chat.model.ChatResponse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for answers and streams that are read and cut.
 */
class ResponsesAnswerTests {

	private static final Dialect DIALECT = Responses.DIALECTS.of(Responses.OPTIONS);

	private static ChatResponse read(String body) {
		return Responses.FORMAT.readAnswer(Responses.bytes(body), Responses.OPTIONS);
	}

	@Test
	void readsAnswerAndKeepsItsBody() {
		ChatResponse response = read(Responses.RICH);
		assertThat(response.getMetadata().<Object>get(WireMetadata.BODY)).isEqualTo(Responses.RICH);
		assertThat(response.getMetadata().getId()).isEqualTo("resp_1");
		assertThat(response.getMetadata().getModel()).isEqualTo("gpt-x");
		assertThat(response.getResult().getOutput().getText()).isEqualTo("Paris, \u00fcber alles");
		assertThat(response.getResult().getOutput().getToolCalls()).containsExactly(
				new ToolCall("call_1", "function", "f", "{\"a\":[1,2.50]}"),
				new ToolCall("call_2", "function", "g", "{}"));
		assertThat(new GatewayDialect().usage(response.getMetadata().getUsage()))
			.isEqualTo(new TokenUsage(100, 20, 64, 10, 0, 5, ServiceTier.FLEX, false));
		assertThat(CacheEligibility.isStorable(response, DIALECT)).isTrue();
	}

	@ParameterizedTest
	@ValueSource(strings = { "\"incomplete\",\"incomplete_details\":{\"reason\":\"max_output_tokens\"}",
			"\"incomplete\",\"incomplete_details\":{\"reason\":\"content_filter\"}", "\"incomplete\"",
			"\"failed\",\"error\":{\"code\":\"server_error\",\"message\":\"m\"}", "\"cancelled\"", "\"queued\"",
			"\"in_progress\"", "\"of_the_future\"" })
	void storesNothingThatIsNotCompleted(String status) {
		String body = "{\"object\":\"response\",\"status\":" + status
				+ ",\"output\":[{\"type\":\"message\",\"content\":"
				+ "[{\"type\":\"output_text\",\"text\":\"Par\"}]}]}";
		ChatResponse response = read(body);
		assertThat(response.getMetadata().<Object>get(WireMetadata.BODY)).isEqualTo(body);
		assertThat(CacheEligibility.isStorable(response, DIALECT)).isFalse();
		assertThat(CacheEligibility.isStorable(read(body.replace("\"status\":" + status, "\"status\":\"completed\"")),
				DIALECT))
			.isTrue();
	}

	@Test
	void storesNoRefusal() {
		ChatResponse response = read("{\"object\":\"response\",\"status\":\"completed\",\"output\":[{\"type\":"
				+ "\"message\",\"content\":[{\"type\":\"refusal\",\"refusal\":\"No\"}]}]}");
		assertThat(response.getResult().getOutput().getMetadata()).containsEntry("refusal", "No");
		assertThat(CacheEligibility.isStorable(response, DIALECT)).isFalse();
	}

	@Test
	void knowsWhatGoesOnWithoutItsClient() {
		String body = "{\"object\":\"response\",\"background\":true,\"status\":\"queued\",\"output\":[]}";
		assertThat(read(body).getMetadata().<Object>get(WireMetadata.GOES_ON)).isEqualTo(true);
		assertThat(read(body.replace("queued", "completed")).getMetadata().<Object>get(WireMetadata.GOES_ON))
			.isEqualTo(false);
		assertThat(read(body.replace("true", "false")).getMetadata().<Object>get(WireMetadata.GOES_ON)).isNull();
	}

	@ParameterizedTest
	@ValueSource(strings = { "{\"error\":{\"message\":\"m\",\"code\":\"c\"}}", "[]", "{}", "x", "",
			"{\"object\":\"chat.completion\"}" })
	void refusesAnswersThatAreErrorsOrNone(String body) {
		assertThatExceptionOfType(WireException.class).isThrownBy(() -> read(body));
	}

	@Test
	void cutsAnswerIntoTheEventsOfAStream() {
		List<ServerSentEvent> events = Responses.FORMAT.cut(Responses.RICH, Responses.OPTIONS);
		assertThat(events).extracting(ServerSentEvent::name)
			.containsExactly("response.created", "response.in_progress", "response.output_item.added",
					"response.reasoning_summary_part.added", "response.reasoning_summary_text.delta",
					"response.reasoning_summary_text.done", "response.reasoning_summary_part.done",
					"response.reasoning_summary_part.added", "response.reasoning_summary_text.done",
					"response.reasoning_summary_part.done", "response.content_part.added",
					"response.reasoning_text.delta", "response.reasoning_text.done", "response.content_part.done",
					"response.output_item.done", "response.output_item.added", "response.content_part.added",
					"response.output_text.delta", "response.output_text.annotation.added", "response.output_text.done",
					"response.content_part.done", "response.content_part.added", "response.output_text.delta",
					"response.output_text.done", "response.content_part.done", "response.output_item.done",
					"response.output_item.added", "response.function_call_arguments.delta",
					"response.function_call_arguments.done", "response.output_item.done", "response.output_item.added",
					"response.function_call_arguments.delta", "response.function_call_arguments.done",
					"response.output_item.done", "response.completed");
		for (int i = 0; i < events.size(); i++) {
			assertThat((Map<String, Object>) Responses.tree(events.get(i).data()))
				.containsEntry("type", events.get(i).name())
				.containsEntry("sequence_number", (long) i);
		}
		assertThat(events.get(0).data()).contains("\"status\":\"in_progress\"", "\"output\":[]", "\"usage\":null");
		assertThat(events.get(15).data()).contains("\"content\":[]", "\"phase\":\"commentary\"");
		assertThat(events.get(26).data()).contains("\"arguments\":\"\"", "\"call_id\":\"call_1\"");
		assertThat(events.get(34).data())
			.isEqualTo("{\"type\":\"response.completed\",\"sequence_number\":34,\"response\":" + Responses.RICH + "}");
	}

	@Test
	void keepsBytesOfTheResponseFromItsLastEvent() {
		List<ChatResponse> elements = new ArrayList<>();
		ChatResponse end = Responses.read(Responses.FORMAT.cut(Responses.RICH, Responses.OPTIONS), elements);
		assertThat(end.getMetadata().<Object>get(WireMetadata.BODY)).isEqualTo(Responses.RICH);
		ResponseAssembler assembler = new ResponseAssembler(DIALECT);
		elements.forEach(assembler::add);
		assembler.add(end);
		assertThat(assembler.isLossless()).isTrue();
		ChatResponse whole = assembler.assemble();
		ChatResponse called = read(Responses.RICH);
		assertThat(whole.getResult().getOutput().getText()).isEqualTo(called.getResult().getOutput().getText());
		assertThat(whole.getResult().getOutput().getToolCalls())
			.isEqualTo(called.getResult().getOutput().getToolCalls());
		assertThat(whole.getMetadata().getUsage().getPromptTokens()).isEqualTo(100);
		assertThat(CacheEligibility.isStorableFromStream(whole, DIALECT)).isTrue();
	}

	@Test
	void passesEventsOnAsTheyCame() {
		WireStream stream = Responses.FORMAT.readStream(Responses.OPTIONS);
		for (String data : List.of("{\"type\":\"of_the_future\" , \"x\":1E400}",
				"{\"type\":\"response.output_text.delta\",\"delta\":\"\\u00e4\",\"obfuscation\":\"xyz\"}",
				"{ \"type\":\"response.completed\",\"response\":{\"output\":[]} }", "[DONE]")) {
			ChatResponse element = stream.next(new ServerSentEvent("n", data));
			assertThat(element.getMetadata().<Object>get(WireMetadata.EVENT)).isEqualTo(data);
			assertThat(element.getMetadata().<Object>get(WireMetadata.EVENT_NAME)).isEqualTo("n");
		}
	}

	@Test
	void hasNoBodyIfTheLastEventLeavesOutWhatTheOthersSaid() {
		WireStream stream = Responses.FORMAT.readStream(Responses.OPTIONS);
		stream.next(new ServerSentEvent(null, "{\"type\":\"response.output_text.delta\",\"delta\":\"Paris\"}"));
		stream.next(new ServerSentEvent(null,
				"{\"type\":\"response.completed\",\"response\":{\"status\":\"completed\",\"output\":[]}}"));
		assertThat(stream.isComplete()).isTrue();
		assertThat(stream.end()).isNull();
	}

	@Test
	void endsWithoutBodyIfTheStreamWasCut() {
		List<ServerSentEvent> events = Responses.FORMAT.cut(Responses.RICH, Responses.OPTIONS);
		for (int length = 0; length < events.size(); length++) {
			WireStream stream = Responses.FORMAT.readStream(Responses.OPTIONS);
			events.subList(0, length).forEach(stream::next);
			assertThat(stream.isComplete()).isFalse();
			assertThat(stream.end()).isNull();
		}
	}

	@Test
	void cutsAnAnswerThatIsWrittenOverSeveralLines() {
		String body = "{\r\n \"object\": \"response\",\n \"status\": \"failed\", \"error\": {\"code\": \"c\"}, \"output\": []\n}\n";
		List<ServerSentEvent> events = Responses.FORMAT.cut(body, Responses.OPTIONS);
		ServerSentEvent last = events.get(events.size() - 1);
		assertThat(last.name()).isEqualTo("response.failed");
		assertThat(last.data()).doesNotContain("\n").doesNotContain("\r").contains("\"code\": \"c\"");
		assertThat(events.get(0).data()).contains("\"error\":null");
	}

	@Test
	void throwsOnEventsThatReportErrors() {
		for (String data : List.of(
				"{\"type\":\"error\",\"code\":\"c\",\"message\":\"broken\",\"param\":null,\"sequence_number\":1}",
				"{\"type\":\"error\",\"error\":{\"code\":\"c\",\"message\":\"broken\"}}",
				"{\"error\":{\"code\":\"c\",\"message\":\"broken\"}}")) {
			assertThatExceptionOfType(WireException.class)
				.isThrownBy(
						() -> Responses.FORMAT.readStream(Responses.OPTIONS).next(new ServerSentEvent("error", data)))
				.withMessage("broken")
				.satisfies((ex) -> assertThat(ex.code()).isEqualTo("c"));
		}
	}

	@Test
	void writesErrorsOfStreamsForThoseWhoReadTheEventAndForThoseWhoReadItsError() {
		String error = Responses.text(Responses.FORMAT.error(502, "api_error", "broken", null, "c"));
		assertThat(error)
			.isEqualTo("{\"error\":{\"message\":\"broken\",\"type\":\"api_error\",\"param\":null,\"code\":\"c\"}}");
		assertThat(Responses.FORMAT.errorEvent(error, 7)).isEqualTo(new ServerSentEvent("error",
				"{\"type\":\"error\",\"sequence_number\":7,\"code\":\"c\",\"message\":\"broken\",\"param\":null,"
						+ "\"error\":{\"message\":\"broken\",\"type\":\"api_error\",\"param\":null,\"code\":\"c\"}}"));
		String own = "{\"type\":\"error\",\"code\":\"c\",\"message\":\"m\"}";
		assertThat(Responses.FORMAT.errorEvent(own, 7)).isEqualTo(new ServerSentEvent("error", own));
		assertThat(Responses.FORMAT.errorEvent("{broken", 7).data()).contains("\"message\":\"The upstream");
	}

}

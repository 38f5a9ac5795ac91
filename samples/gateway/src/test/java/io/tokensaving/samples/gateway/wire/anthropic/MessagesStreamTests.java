package io.tokensaving.samples.gateway.wire.anthropic;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

import com.anthropic.core.ObjectMappers;
import com.anthropic.helpers.MessageAccumulator;
import com.anthropic.models.messages.Message;
import com.anthropic.models.messages.RawMessageStreamEvent;
import io.tokensaving.cache.CacheEligibility;
import io.tokensaving.provider.Dialect;
import io.tokensaving.provider.Dialects;
import io.tokensaving.provider.ServiceTier;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.request.ResponseAssembler;
import io.tokensaving.samples.gateway.wire.GatewayDialect;
import io.tokensaving.samples.gateway.wire.ServerSentEvent;
import io.tokensaving.samples.gateway.wire.WireException;
import io.tokensaving.samples.gateway.wire.WireMetadata;
import io.tokensaving.samples.gateway.wire.WireOptions;
import io.tokensaving.samples.gateway.wire.json.AnswerJson;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import org.springframework.ai.chat.model.ChatResponse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for the answers of {@link AnthropicMessagesFormat}: calls, streams, cut streams.
 */
class MessagesStreamTests {

	private static final WireOptions OPTIONS = WireOptions.builder().format("messages").model("claude-x").build();

	private static final Dialect DIALECT = new Dialects(List.of(new GatewayDialect())).of(OPTIONS);

	private final AnthropicMessagesFormat format = new AnthropicMessagesFormat();

	@Provide
	Arbitrary<String> answers() {
		return Answers.any();
	}

	@Property(tries = 500)
	void streamOfAnAnswerIsPutTogetherToTheSameAnswerWhereverItIsCut(@ForAll("answers") String body,
			@ForAll Random random) {
		List<ServerSentEvent> events = Answers.smaller(this.format.cut(body, OPTIONS), random);
		Reading reading = read(events);
		assertThat(reading.body()).isNotNull();
		assertThat(AnswerJson.object(reading.body())).isEqualTo(AnswerJson.object(body));
	}

	@Property(tries = 500)
	void streamTellsTheLibraryWhatTheCallTells(@ForAll("answers") String body, @ForAll Random random) {
		ChatResponse call = this.format.readAnswer(body.getBytes(StandardCharsets.UTF_8), OPTIONS);
		Reading reading = read(Answers.smaller(this.format.cut(body, OPTIONS), random));
		ChatResponse stream = reading.assembler().assemble();
		assertThat(reading.assembler().isLossless()).isTrue();
		assertThat(stream.getResult().getOutput().getText()).isEqualTo(call.getResult().getOutput().getText());
		assertThat(stream.getResult().getMetadata().getFinishReason())
			.isEqualTo(call.getResult().getMetadata().getFinishReason());
		assertThat(stream.getMetadata().getUsage()).isEqualTo(call.getMetadata().getUsage());
		assertThat(stream.getMetadata().getId()).isEqualTo(call.getMetadata().getId());
		assertThat(stream.getMetadata().getModel()).isEqualTo(call.getMetadata().getModel());
	}

	@Test
	void storesStreamWithToolCallsThinkingAndCitationsLikeTheCall() {
		ChatResponse call = this.format.readAnswer(Answers.RICH.getBytes(StandardCharsets.UTF_8), OPTIONS);
		Reading reading = read(Answers.smaller(this.format.cut(Answers.RICH, OPTIONS), new Random(7)));
		ChatResponse stream = reading.assembler().assemble();
		assertThat(reading.assembler().isLossless()).isTrue();
		assertThat(CacheEligibility.isStorable(call, DIALECT)).isTrue();
		assertThat(CacheEligibility.isStorableFromStream(stream, DIALECT)).isTrue();
		assertThat(stream.getResult().getOutput().getToolCalls())
			.isEqualTo(call.getResult().getOutput().getToolCalls());
		assertThat(call.getResult().getOutput().getToolCalls()).extracting("name").containsExactly("weather", "now");
		assertThat(AnswerJson.object((String) stream.getMetadata().get(WireMetadata.BODY)))
			.isEqualTo(AnswerJson.object(Answers.RICH));
	}

	@Test
	void clientOfAnthropicAccumulatesTheCutStreamToTheSameMessage() throws Exception {
		for (String body : List.of(Answers.PLAIN, Answers.RICH)) {
			MessageAccumulator accumulator = MessageAccumulator.create();
			for (ServerSentEvent event : Answers.smaller(this.format.cut(body, OPTIONS), new Random(3))) {
				if (!"ping".equals(event.name())) {
					RawMessageStreamEvent read = ObjectMappers.jsonMapper()
						.readValue(event.data(), RawMessageStreamEvent.class);
					// The SDK calls the name of its own constant invalid
					if (!event.data().contains("\"server_tool_use\",\"id\"")) {
						read.validate();
					}
					accumulator.accumulate(read);
				}
			}
			Message message = ObjectMappers.jsonMapper().readValue(body, Message.class);
			assertThat(AnswerJson.object(ObjectMappers.jsonMapper().writeValueAsString(accumulator.message())))
				.isEqualTo(AnswerJson.object(ObjectMappers.jsonMapper().writeValueAsString(message)));
		}
	}

	@Test
	void eventsComeInTheOrderAndWithTheNamesThatClientsExpect() {
		assertThat(this.format.cut(Answers.PLAIN, OPTIONS)).extracting(ServerSentEvent::name)
			.containsExactly("message_start", "content_block_start", "content_block_delta", "content_block_stop",
					"message_delta", "message_stop");
		assertThat(this.format.cut(Answers.PLAIN, OPTIONS))
			.allSatisfy((event) -> assertThat(AnswerJson.object(event.data()).path("type").stringValue())
				.isEqualTo(event.name()));
	}

	@Test
	void countsInputWithWhatIsReadFromAndWrittenToTheCache() {
		ChatResponse response = this.format.readAnswer(Answers.PLAIN.getBytes(StandardCharsets.UTF_8), OPTIONS);
		assertThat(tokens(response)).isEqualTo(new TokenUsage(35, 7, 20, 5, 3, 4, ServiceTier.PRIORITY, false));
	}

	@Test
	void usageOfTheLastDeltaReplacesWhatTheStreamBeganWithAndLeavesTheRest() {
		Reading reading = read(List.of(
				event("""
						{"type":"message_start","message":{"id":"m","type":"message","role":"assistant","model":"c","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":3,"cache_read_input_tokens":8,"output_tokens":1,"service_tier":"standard"}}}"""),
				event("{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}"),
				event("{\"type\":\"ping\"}"),
				event("{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Hi\"}}"),
				event("{\"type\":\"content_block_stop\",\"index\":0}"),
				event("{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":2,\"cache_read_input_tokens\":null}}"),
				event("{\"type\":\"message_stop\"}")));
		assertThat(reading.body()).isEqualTo(
				"""
						{"id":"m","type":"message","role":"assistant","model":"c","content":[{"type":"text","text":"Hi"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":3,"cache_read_input_tokens":8,"output_tokens":2,"service_tier":"standard"}}""");
		assertThat(tokens(reading.assembler().assemble())).isEqualTo(new TokenUsage(11, 2, 8, 0, false));
	}

	@Test
	void eachElementHoldsItsEventAsItCame() {
		List<ServerSentEvent> events = this.format.cut(Answers.RICH, OPTIONS);
		Reading reading = read(events);
		assertThat(reading.elements().subList(0, events.size()))
			.extracting((response) -> new ServerSentEvent(response.getMetadata().get(WireMetadata.EVENT_NAME),
					response.getMetadata().get(WireMetadata.EVENT)))
			.isEqualTo(events);
	}

	@Test
	void doesNotPutTogetherWhatItDoesNotKnowOrWhatIsCutOff() {
		List<ServerSentEvent> events = this.format.cut(Answers.PLAIN, OPTIONS);
		for (int i = 0; i < events.size(); i++) {
			assertThat(read(events.subList(0, i)).body()).isNull();
			List<ServerSentEvent> without = new ArrayList<>(events);
			without.remove(i);
			// Without its only delta the stream is one of an empty text
			assertThat(read(without).body() == null).as(events.get(i).data()).isEqualTo(i != 2);
			List<ServerSentEvent> more = new ArrayList<>(events);
			more.add(i, event("{\"type\":\"of_the_future\"}"));
			assertThat(read(more).body()).isNull();
			more.set(i, event(
					"{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"a\",\"new\":1}}"));
			assertThat(read(more).body()).isNull();
		}
	}

	@Test
	void throwsWhatTheUpstreamReportsInTheStream() {
		assertThatExceptionOfType(WireException.class)
			.isThrownBy(() -> this.format.readStream(OPTIONS)
				.next(new ServerSentEvent("error",
						"{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}")))
			.withMessage("Overloaded")
			.extracting(WireException::code)
			.isEqualTo("overloaded_error");
	}

	@Test
	void keepsABodyThatIsNotUtf8AsBytes() {
		byte[] body = Answers.PLAIN.replace("\\u00fc", "\u00fc").getBytes(StandardCharsets.UTF_8);
		assertThat((String) this.format.readAnswer(body, OPTIONS).getMetadata().get(WireMetadata.BODY))
			.isEqualTo(new String(body, StandardCharsets.UTF_8));
	}

	@Test
	void refusesWhatIsNoMessage() {
		for (String body : List.of("", "[]", "{", "{} {}", "{\"type\":\"error\"}", "{\"type\":\"message\"}")) {
			assertThatExceptionOfType(WireException.class)
				.isThrownBy(() -> this.format.readAnswer(body.getBytes(StandardCharsets.UTF_8), OPTIONS));
		}
	}

	@Test
	void errorHasTheShapeOfAnthropic() {
		assertThat(new String(this.format.error(401, "invalid_request_error", "No \"key\"", null, "invalid_api_key"),
				StandardCharsets.UTF_8))
			.isEqualTo(
					"{\"type\":\"error\",\"error\":{\"type\":\"authentication_error\",\"message\":\"No \\\"key\\\"\"},\"request_id\":null}");
		assertThat(
				new String(this.format.error(429, "insufficient_quota", "Spent", null, null), StandardCharsets.UTF_8))
			.contains("\"rate_limit_error\"");
		assertThat(new String(this.format.error(400, "invalid_request_error", "Wrong", "max_tokens", null),
				StandardCharsets.UTF_8))
			.contains("\"invalid_request_error\"")
			.contains("max_tokens: Wrong");
	}

	@Test
	void writesToThePromptCacheCountAsOfOneHourIfTheRequestAsksForThatAndTheAnswerDoesNotSay() {
		String body = """
				{"id":"m","type":"message","content":[],"stop_reason":"end_turn","usage":{"input_tokens":1,\
				"cache_creation_input_tokens":9,"output_tokens":1}}""";
		byte[] request = """
				{"model":"c","max_tokens":9,"messages":[{"role":"user","content":[{"type":"text","text":"a",\
				"cache_control":{"type":"ephemeral","ttl":"1h"}}]}]}""".getBytes(StandardCharsets.UTF_8);
		WireOptions options = this.format.read(request).options();
		assertThat(tokens(this.format.readAnswer(body.getBytes(StandardCharsets.UTF_8), options)))
			.isEqualTo(new TokenUsage(10, 1, 0, 9, 9, 0, ServiceTier.STANDARD, false));
		assertThat(tokens(this.format.readAnswer(body.getBytes(StandardCharsets.UTF_8), OPTIONS)))
			.isEqualTo(new TokenUsage(10, 1, 0, 9, false));
	}

	private static @Nullable TokenUsage tokens(ChatResponse response) {
		return new Dialects(List.of(new GatewayDialect())).usage(response.getMetadata().getUsage(), OPTIONS);
	}

	private static ServerSentEvent event(String data) {
		return new ServerSentEvent(AnswerJson.object(data).path("type").stringValue(), data);
	}

	private Reading read(List<ServerSentEvent> events) {
		var stream = this.format.readStream(OPTIONS);
		List<ChatResponse> elements = new ArrayList<>();
		events.forEach((event) -> elements.add(stream.next(event)));
		ChatResponse end = stream.end();
		if (end != null) {
			elements.add(end);
		}
		ResponseAssembler assembler = new ResponseAssembler(DIALECT);
		elements.forEach(assembler::add);
		return new Reading(elements, assembler, (end != null) ? end.getMetadata().get(WireMetadata.BODY) : null);
	}

	private record Reading(List<ChatResponse> elements, ResponseAssembler assembler, @Nullable String body) {

	}

}

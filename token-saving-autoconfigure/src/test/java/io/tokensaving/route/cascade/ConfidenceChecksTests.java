package io.tokensaving.route.cascade;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

import io.tokensaving.provider.Dialects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.ai.anthropic.AnthropicChatOptions;
import org.springframework.ai.chat.client.ChatClientAttributes;
import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.AssistantMessage.ToolCall;
import org.springframework.ai.chat.metadata.ChatGenerationMetadata;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.content.Media;
import org.springframework.ai.openai.OpenAiChatOptions;
import org.springframework.core.io.ByteArrayResource;
import org.springframework.util.MimeTypeUtils;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for the built-in checks, {@link ConfidenceChecks} and {@link Cascade}.
 */
class ConfidenceChecksTests {

	private static final String SCHEMA = """
			{"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}""";

	private static final ChatOptions ONE = OpenAiChatOptions.builder().build();

	private static final ChatOptions TWO = OpenAiChatOptions.builder().n(2).build();

	private final List<String> failed = new ArrayList<>();

	@ParameterizedTest
	@CsvSource(nullValues = "null", value = { "STOP, null", "stop, null", "tool_calls, null", "null, null", "'', null",
			"unknown, null", "length, unfinished", "MAX_TOKENS, unfinished", "pause_turn, unfinished",
			"content_filter, filtered", "SAFETY, filtered", "refusal, filtered", "guardrail_intervened, filtered" })
	void finishReasonMustSayThatTheAnswerIsComplete(@Nullable String finishReason, @Nullable String reason) {
		assertThat(judge("finish", ONE, generation("An answer", finishReason))).isEqualTo(reason);
		assertThat(judge("finish", TWO, generation("An answer", "stop"), generation("An answer", finishReason)))
			.isEqualTo(reason);
	}

	@Test
	void contentFiltersAreNoFinish() {
		Generation filtered = new Generation(new AssistantMessage("An answer"),
				ChatGenerationMetadata.builder().finishReason("stop").contentFilter("violence").build());
		assertThat(judge("finish", ONE, filtered)).isEqualTo("filtered");
		assertThat(judge("refusal", ONE, filtered)).isEqualTo("refusal");
	}

	@Test
	void refusalIsFoundInMetadataFinishReasonAndWords() {
		Generation told = new Generation(
				AssistantMessage.builder().content("").properties(Map.of("refusal", "I will not.")).build());
		assertThat(judge("refusal", ONE, told)).isEqualTo("refusal");
		assertThat(judge("refusal", AnthropicChatOptions.builder().build(), generation("Well", "refusal")))
			.isEqualTo("refusal");
		assertThat(judge("refusal", ONE, generation("I'm sorry, I can't help with that.", "stop")))
			.isEqualTo("refusal");
		assertThat(judge("refusal", ONE, generation("The answer is 4.", "stop"))).isNull();
		assertThat(judge("refusal", TWO, generation("The answer is 4.", "stop"),
				generation("I'm sorry, I can't help with that.", "stop")))
			.isEqualTo("refusal");
	}

	@Test
	void translatedRefusalIsNone() {
		ChatClientRequest request = StreamElements
			.request("Translate into English: Es tut mir leid, aber dabei kann ich nicht helfen.");
		assertThat(judge("refusal", request, generation("I'm sorry, but I can't help with that.", "stop"))).isNull();
	}

	@Test
	void wordsWithToolCallOrMediaAreNoRefusal() {
		String words = "I can't do that.";
		assertThat(judge("refusal", ONE, toolCall(words, "lookup", "{}"))).isNull();
		assertThat(judge("refusal", ONE, media(words))).isNull();
		assertThat(judge("refusal", ONE, generation(words, null))).isEqualTo("refusal");
	}

	@ParameterizedTest
	@CsvSource(nullValues = "null", delimiter = '|', value = { "{\"city\": \"Ghent\"} | null", "{\"city\": 3} | schema",
			"{} | schema", "{\"city\": \"Gh | schema", "Ghent | schema" })
	void answerMustSatisfyTheSchema(String answer, @Nullable String reason) {
		ChatClientRequest request = StreamElements.request("Where?");
		request.context().put(ChatClientAttributes.STRUCTURED_OUTPUT_SCHEMA.getKey(), SCHEMA);
		assertThat(judge("schema", request, generation(answer, "stop"))).isEqualTo(reason);
		assertThat(judge("schema", ONE, generation(answer, "stop"))).isNull();
	}

	@Test
	void schemaThatCannotBeUnderstoodAsksForJsonOnly() {
		for (String broken : List.of("no schema", "{\"$ref\": \"https://example.com/schema\"}",
				"{\"pattern\": \"(\"}")) {
			ChatClientRequest request = StreamElements.request("Where?");
			request.context().put(ChatClientAttributes.STRUCTURED_OUTPUT_SCHEMA.getKey(), broken);
			assertThat(judge("schema", request, generation("{\"city\": 3}", "stop"))).as(broken).isNull();
			assertThat(judge("schema", request, generation("Ghent", "stop"))).as(broken).isEqualTo("schema");
		}
	}

	@Test
	void textInFrontOfToolCallNeedsNoSchema() {
		ChatClientRequest request = StreamElements.request("Where?");
		request.context().put(ChatClientAttributes.STRUCTURED_OUTPUT_SCHEMA.getKey(), SCHEMA);
		assertThat(judge("schema", request, generation("Let me see.", null), toolCall("", "lookup", "{}"))).isNull();
	}

	@Test
	void blocksOfOneAnswerAreReadTogetherAndAlternativesEachForItself() {
		assertThat(judge("min_length", ONE, generation("Ghent", null), generation(" and Bruges", null))).isNull();
		assertThat(judge("min_length", TWO, generation("Ghent", null), generation(" and Bruges", null)))
			.isEqualTo("too_short");
		assertThat(judge("min_length", TWO, generation("Ghent and Bruges", null), generation("", null)))
			.isEqualTo("empty");
	}

	@Test
	void shortAnswerIsFoundUnlessItNeedsNoText() {
		assertThat(judge("min_length", ONE, generation("  Ghent \n", "stop"))).isEqualTo("too_short");
		assertThat(judge("min_length", ONE, generation("Ghent, Gand", "stop"))).isNull();
		// Ten characters of two units each
		assertThat(judge("min_length", ONE, generation("\uD83D\uDE82".repeat(9), "stop"))).isEqualTo("too_short");
		assertThat(judge("min_length", ONE, generation("\uD83D\uDE82".repeat(10), "stop"))).isNull();
		assertThat(judge("min_length", ONE, toolCall("", "lookup", "{}"))).isNull();
		assertThat(judge("min_length", ONE, media(""))).isNull();
	}

	@ParameterizedTest
	@ValueSource(strings = { "finish", "refusal", "schema", "tool_arguments", "min_length" })
	void emptyAnswerIsNeverGoodEnough(String check) {
		assertThat(judge(check, ONE)).isEqualTo("empty");
		assertThat(judge(check, ONE, generation("", "stop"))).isEqualTo("empty");
		assertThat(judge(check, ONE, generation("  ", null))).isEqualTo("empty");
		assertThat(Cascade.judge(checks(check), StreamElements.request("Where?"), null, Dialects.builtIn().of(ONE),
				this::fail))
			.isEqualTo("empty");
		Generation thought = new Generation(
				AssistantMessage.builder().content("Hm").properties(Map.of("isThought", true)).build());
		assertThat(judge(check, ONE, thought)).isEqualTo("empty");
		assertThat(judge(check, ONE, thought, generation("A whole answer", "stop"))).isNull();
	}

	@Test
	void toolCallsNeedIdsOfTheirOwn() {
		assertThat(judge("tool_arguments", ONE, toolCall("", "lookup", "{}"))).isNull();
		AssistantMessage twice = AssistantMessage.builder()
			.toolCalls(List.of(new ToolCall("a", "function", "lookup", "{}"),
					new ToolCall("a", "function", "lookup", "{}")))
			.build();
		assertThat(judge("tool_arguments", ONE, new Generation(twice))).isEqualTo("tool_arguments");
		assertThat(judge("tool_arguments", ONE, toolCall("", "lookup", "[]"))).isEqualTo("tool_arguments");
		assertThat(judge("tool_arguments", ONE, toolCall("", "lookup", ""))).isNull();
		assertThat(judge("tool_arguments", ONE, generation("No call", null))).isNull();
	}

	@Test
	void unfinishedToolCallAtTheEndOfABeginningIsNotJudged() {
		AssistantMessage message = AssistantMessage.builder()
			.toolCalls(List.of(new ToolCall("a", "function", "lookup", "{}"),
					new ToolCall("b", "function", "lookup", "{\"ci")))
			.build();
		ChatResponse response = new ChatResponse(List.of(new Generation(message)));
		ChatClientRequest request = StreamElements.request("Where?", ONE);
		assertThat(Cascade.judge(checks("tool_arguments"),
				CheckedAnswer.of(request, response, Dialects.builtIn().of(ONE), false), this::fail))
			.isNull();
		assertThat(Cascade.judge(checks("tool_arguments"),
				CheckedAnswer.of(request, response, Dialects.builtIn().of(ONE), true), this::fail))
			.isEqualTo("tool_arguments");
	}

	@Test
	void firstReasonCounts() {
		Generation cut = generation("I can't do that.", "length");
		assertThat(Cascade.judge(checks("finish", "refusal"), StreamElements.request("Where?"),
				new ChatResponse(List.of(cut)), Dialects.builtIn().of(ONE), this::fail))
			.isEqualTo("unfinished");
		assertThat(Cascade.judge(checks("refusal", "finish"), StreamElements.request("Where?"),
				new ChatResponse(List.of(cut)), Dialects.builtIn().of(ONE), this::fail))
			.isEqualTo("refusal");
		assertThat(Cascade.judge(List.of(), StreamElements.request("Where?"), null, Dialects.builtIn().of(ONE),
				this::fail))
			.isNull();
	}

	@Test
	void checkThatThrowsIsLeftOut() {
		ConfidenceChecks checks = new ConfidenceChecks(Map.of("broken", (ConfidenceCheck) (answer) -> {
			throw new IllegalStateException("made up");
		}));
		assertThat(Cascade.judge(checks.find(List.of("broken", "refusal"), 1), StreamElements.request("Where?"),
				new ChatResponse(List.of(generation("I can't do that.", null))), Dialects.builtIn().of(ONE),
				this::fail))
			.isEqualTo("refusal");
		assertThat(this.failed).containsExactly("broken");
	}

	@Test
	void checkOfTheApplicationIsFoundByItsNameAndMayReplaceABuiltInOne() {
		ConfidenceChecks checks = new ConfidenceChecks(Map.of("refusal",
				(ConfidenceCheck) (answer) -> answer.texts().get(0).contains("nope") ? "nope" : null));
		assertThat(checks.names()).containsExactlyInAnyOrder("finish", "refusal", "schema", "tool_arguments",
				"min_length");
		List<NamedCheck> found = checks.find(List.of("refusal"), 1);
		assertThat(Cascade.judge(found, answer("nope"), this::fail)).isEqualTo("nope");
		assertThat(Cascade.judge(found, answer("I can't do that."), this::fail)).isNull();
		assertThatIllegalArgumentException().isThrownBy(() -> checks.find(List.of("finsh"), 1))
			.withMessageContaining("'finsh'")
			.withMessageContaining("finish, refusal");
		assertThatIllegalArgumentException().isThrownBy(() -> checks.find(List.of("min_length"), 0));
	}

	@Test
	void reasonsOfTheApplicationStayFew() {
		ConfidenceChecks checks = new ConfidenceChecks(
				Map.of("texts", (ConfidenceCheck) (answer) -> answer.texts().get(0)));
		List<NamedCheck> found = checks.find(List.of("texts"), 1);
		assertThat(Cascade.judge(found, answer("Not in snake case"), this::fail)).isEqualTo("other");
		for (int i = 0; i < ReportedCheck.MAX_REASONS; i++) {
			assertThat(Cascade.judge(found, answer("reason_" + i), this::fail)).isEqualTo("reason_" + i);
		}
		assertThat(Cascade.judge(found, answer("reason_more"), this::fail)).isEqualTo("other");
		assertThat(Cascade.judge(found, answer("reason_1"), this::fail)).isEqualTo("reason_1");
	}

	private static CheckedAnswer answer(String text) {
		return CheckedAnswer.of(StreamElements.request("Where?"), new ChatResponse(List.of(generation(text, "stop"))));
	}

	private @Nullable String judge(String check, ChatOptions options, Generation... generations) {
		return judge(check, StreamElements.request("Where?", options), generations);
	}

	private @Nullable String judge(String check, ChatClientRequest request, Generation... generations) {
		String reason = Cascade.judge(checks(check), request, new ChatResponse(Arrays.asList(generations)),
				Dialects.builtIn().of(request.prompt().getOptions()), this::fail);
		assertThat(this.failed).isEmpty();
		return reason;
	}

	private static List<NamedCheck> checks(String... names) {
		return new ConfidenceChecks(Map.of()).find(List.of(names), 10);
	}

	private void fail(String check, Throwable failure) {
		this.failed.add(check);
	}

	private static Generation generation(String text, @Nullable String finishReason) {
		return new Generation(new AssistantMessage(text),
				ChatGenerationMetadata.builder().finishReason(finishReason).build());
	}

	private static Generation toolCall(String text, String name, String arguments) {
		return new Generation(AssistantMessage.builder()
			.content(text)
			.toolCalls(List.of(new ToolCall("call-1", "function", name, arguments)))
			.build());
	}

	private static Generation media(String text) {
		return new Generation(AssistantMessage.builder()
			.content(text)
			.media(List.of(new Media(MimeTypeUtils.IMAGE_PNG, new ByteArrayResource(new byte[8]))))
			.build());
	}

}

package io.tokensaving.request;

import java.util.List;
import java.util.Map;

import io.tokensaving.provider.Dialects;
import org.junit.jupiter.api.Test;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.AssistantMessage.ToolCall;
import org.springframework.ai.chat.metadata.ChatGenerationMetadata;
import org.springframework.ai.chat.metadata.ChatResponseMetadata;
import org.springframework.ai.chat.metadata.DefaultUsage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ResponseAssembler}.
 */
class ResponseAssemblerTests {

	private final ResponseAssembler assembler = new ResponseAssembler(Dialects.builtIn().of(null));

	@Test
	void keepsGenerationsApartByTheirIndex() {
		add(generation("a1 ", 0L, null), generation("b1 ", 1L, null));
		add(generation("b2", 1, "STOP"));
		add(generation("a2", 0, "LENGTH"));
		ChatResponse response = this.assembler.assemble();
		assertThat(response.getResults()).extracting((generation) -> generation.getOutput().getText())
			.containsExactly("a1 a2", "b1 b2");
		assertThat(response.getResults()).extracting((generation) -> generation.getMetadata().getFinishReason())
			.containsExactly("LENGTH", "STOP");
		assertThat(this.assembler.text()).isEqualTo("a1 a2b1 b2");
	}

	@Test
	void keepsGenerationsWithoutIndexApartByTheirPosition() {
		add(generation("a", null, null), generation("b", null, null));
		add(generation("a", null, null), generation("b", null, null));
		assertThat(this.assembler.assemble().getResults()).extracting((generation) -> generation.getOutput().getText())
			.containsExactly("aa", "bb");
	}

	@Test
	void keepsIdModelAndUsageOfWhicheverElementHasThem() {
		this.assembler.add(new ChatResponse(List.of(generation("x", null, null)),
				ChatResponseMetadata.builder().id("id-1").model("m").usage(new DefaultUsage(5, 1)).build()));
		this.assembler.add(new ChatResponse(List.of(generation("", null, "_UNKNOWN"))));
		assertThat(this.assembler.isFinished()).isFalse();
		this.assembler.add(new ChatResponse(List.of(generation("", null, "STOP"))));
		assertThat(this.assembler.isFinished()).isTrue();
		this.assembler.add(new ChatResponse(List.of(),
				ChatResponseMetadata.builder().usage(new DefaultUsage(7, 3)).keyValue("created", 1L).build()));
		this.assembler.add(new ChatResponse(List.of()));
		ChatResponse response = this.assembler.assemble();
		assertThat(response.getMetadata().getId()).isEqualTo("id-1");
		assertThat(response.getMetadata().getModel()).isEqualTo("m");
		assertThat(response.getMetadata().getUsage().getTotalTokens()).isEqualTo(10);
		assertThat(response.getMetadata().<Long>get("created")).isEqualTo(1L);
		assertThat(response.getResult().getMetadata().getFinishReason()).isEqualTo("STOP");
	}

	@Test
	void collectsToolCalls() {
		ToolCall first = new ToolCall("1", "function", "a", "{}");
		ToolCall second = new ToolCall("2", "function", "b", "{}");
		add(new Generation(AssistantMessage.builder().content("").toolCalls(List.of(first)).build()));
		add(new Generation(AssistantMessage.builder().content("").toolCalls(List.of(second)).build()));
		assertThat(this.assembler.assemble().getResult().getOutput().getToolCalls()).containsExactly(first, second);
	}

	@Test
	void putsDeltasOfToolCallsTogether() {
		String[][] forms = { { "", "" }, { null, null }, { "1", "" }, { "1", "a" }, { "1", null } };
		for (String[] later : forms) {
			ResponseAssembler calls = new ResponseAssembler(Dialects.builtIn().of(null));
			for (ToolCall delta : List.of(new ToolCall("1", "function", "a", ""),
					new ToolCall(later[0], "function", later[1], "{\"x\":"),
					new ToolCall(later[0], "function", later[1], "\"}\\\"{\"}"),
					new ToolCall("2", "function", "b", "{"), new ToolCall("2", "function", "", "}"))) {
				calls.add(new ChatResponse(List
					.of(new Generation(AssistantMessage.builder().content("").toolCalls(List.of(delta)).build()))));
			}
			assertThat(calls.isLossless()).isTrue();
			assertThat(calls.assemble().getResult().getOutput().getToolCalls()).containsExactly(
					new ToolCall("1", "function", "a", "{\"x\":\"}\\\"{\"}"), new ToolCall("2", "function", "b", "{}"));
		}
	}

	@Test
	void doesNotGuessWhichOfTwoToolCallsIsMeant() {
		for (ToolCall again : List.of(new ToolCall("1", "function", "a", "{}"), new ToolCall("1", "function", "b", ""),
				new ToolCall("", "function", "", "{}"))) {
			ResponseAssembler calls = new ResponseAssembler(Dialects.builtIn().of(null));
			for (ToolCall delta : List.of(new ToolCall("1", "function", "a", "{}"), again)) {
				calls.add(new ChatResponse(List
					.of(new Generation(AssistantMessage.builder().content("").toolCalls(List.of(delta)).build()))));
			}
			assertThat(calls.isLossless()).as(again.toString()).isFalse();
		}
	}

	@Test
	void callsWithoutIdButWithNameAreCallsOfTheirOwn() {
		ToolCall call = new ToolCall("", "function", "a", "{}");
		add(new Generation(AssistantMessage.builder().content("").toolCalls(List.of(call, call)).build()));
		add(new Generation(AssistantMessage.builder().content("").toolCalls(List.of(call)).build()));
		assertThat(this.assembler.assemble().getResult().getOutput().getToolCalls()).containsExactly(call, call, call);
		assertThat(this.assembler.isLossless()).isTrue();
	}

	@Test
	void emptyMetadataDoNotHideEarlierOnes() {
		for (Object empty : List.of("", List.of(), Map.of())) {
			ResponseAssembler refused = new ResponseAssembler(Dialects.builtIn().of(null));
			for (Object value : List.of("I cannot", empty)) {
				refused.add(new ChatResponse(
						List.of(new Generation(
								AssistantMessage.builder().content("x").properties(Map.of("refusal", value)).build(),
								ChatGenerationMetadata.builder().metadata("key", value).build())),
						ChatResponseMetadata.builder().keyValue("key", value).build()));
			}
			ChatResponse response = refused.assemble();
			assertThat(response.getResult().getOutput().getMetadata()).containsEntry("refusal", "I cannot");
			assertThat(response.getResult().getMetadata().<Object>get("key")).isEqualTo("I cannot");
			assertThat(response.getMetadata().<Object>get("key")).isEqualTo("I cannot");
		}
	}

	@Test
	void isNotLosslessIfACollectionIsReplacedByAnotherOne() {
		List<List<Object>> replaced = List.of(List.of(List.of(1), List.of(2)), List.of(List.of(1, 2), List.of(1)),
				List.of(Map.of("a", 1), Map.of("b", 1)), List.of(new byte[] { 1 }, new byte[] { 2 }));
		List<List<Object>> grown = List.of(List.of(List.of(1), List.of(1, 2)),
				List.of(Map.of("a", 1), Map.of("a", 1, "b", 2)), List.of(new byte[] { 1 }, new byte[] { 1 }),
				List.of("then", "now"), List.of(1, 2));
		for (List<Object> values : replaced) {
			assertThat(assembled(values).isLossless()).as(values.toString()).isFalse();
		}
		for (List<Object> values : grown) {
			assertThat(assembled(values).isLossless()).as(values.toString()).isTrue();
		}
	}

	private static ResponseAssembler assembled(List<Object> values) {
		ResponseAssembler assembler = new ResponseAssembler(Dialects.builtIn().of(null));
		values.forEach((value) -> assembler
			.add(new ChatResponse(List.of(), ChatResponseMetadata.builder().keyValue("key", value).build())));
		return assembler;
	}

	@Test
	void isNotLosslessOnceTheModelThinksAloud() {
		for (Map<String, Object> metadata : List.<Map<String, Object>>of(Map.of("thinking", true),
				Map.of("isThought", true), Map.of("reasoningContent", "Hmm"), Map.of("signature", "x"))) {
			ResponseAssembler thinking = new ResponseAssembler(Dialects.builtIn().of(null));
			thinking.add(new ChatResponse(
					List.of(new Generation(AssistantMessage.builder().content("x").properties(metadata).build()))));
			assertThat(thinking.isLossless()).as(metadata.toString()).isFalse();
		}
		add(new Generation(AssistantMessage.builder()
			.content("x")
			.properties(Map.of("reasoningContent", "", "isThought", false, "finishReason", "stop"))
			.build()));
		assertThat(this.assembler.isLossless()).isTrue();
	}

	private void add(Generation... generations) {
		this.assembler.add(new ChatResponse(List.of(generations)));
	}

	private static Generation generation(String text, Number index, String finishReason) {
		return new Generation(AssistantMessage.builder()
			.content(text)
			.properties((index != null) ? Map.of("index", index) : Map.of())
			.build(), ChatGenerationMetadata.builder().finishReason(finishReason).build());
	}

}

package io.tokensaving.ledger;

import java.util.List;
import java.util.Map;
import java.util.Random;

import com.knuddels.jtokkit.api.EncodingType;
import io.tokensaving.provider.Dialects;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.ai.anthropic.AnthropicChatOptions;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.openai.OpenAiChatOptions;
import org.springframework.ai.tokenizer.JTokkitTokenCountEstimator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.withinPercentage;

/**
 * Tests for {@link TokenCounter}.
 */
class TokenCounterTests {

	private static final TokenCounter COUNTER = new TokenCounter();

	@Property(tries = 2_000)
	void neverSaysWithinOfRequestThatIsOver(@ForAll @Size(max = 5) List<String> texts,
			@ForAll @IntRange(min = 0, max = 500) int limit) {
		List<Message> messages = texts.stream().<Message>map(UserMessage::new).toList();
		for (TokenScale scale : List.of(scale("o200k_base", 1), scale("o200k_base", 1.2), scale("cl100k_base", 0.7))) {
			if (COUNTER.isSurelyWithin(new Prompt(messages), limit, scale)) {
				assertThat(messages.stream().mapToLong((message) -> COUNTER.count(message, scale)).sum())
					.isLessThanOrEqualTo(limit);
			}
		}
	}

	@ParameterizedTest
	@CsvSource({ "gpt-4o, 1", "openai/gpt-5-mini, 1", "o3, 1", "o4-mini, 1", "chatgpt-4o-latest, 1",
			"claude-sonnet-4-5, 1.2", "llama3.2, 1.2", "mistral-large, 1.2", ", 1.2" })
	void hasFactorForModelsOfOthers(String model, double factor) {
		assertThat(COUNTER.factor(model)).isEqualTo(factor);
	}

	private static TokenScale scale(String encoding, double factor) {
		return new TokenScale(encoding, factor, Dialects.builtIn().of(null));
	}

	@ParameterizedTest
	@CsvSource({ "gpt-4, cl100k_base", "gpt-4-turbo-2024-04-09, cl100k_base", "gpt-3.5-turbo, cl100k_base",
			"openai/gpt-4-turbo, cl100k_base", "gpt-4o-mini, o200k_base", "gpt-4.1, o200k_base", "gpt-5, o200k_base",
			"o3, o200k_base", "claude-sonnet-4-5, o200k_base", ", o200k_base" })
	void tokenisesAsTheModelDoes(String model, String encoding) {
		String text = "\u8BA1\u7B97\u673A\u79D1\u5B66\u4E0E\u4EBA\u5DE5\u667A\u80FD\u7684\u7814\u7A76".repeat(20);
		TokenScale scale = COUNTER.scale(ChatOptions.builder().model(model).build());
		EncodingType type = EncodingType.fromName(encoding).orElseThrow();
		assertThat(scale.encoding()).isEqualTo(encoding);
		assertThat(COUNTER.count(text, scale))
			.isEqualTo((int) Math.ceil(new JTokkitTokenCountEstimator(type).estimate(text) * scale.factor()));
	}

	@Test
	void countsReasoningThatIsSentBack() {
		String reasoning = "Let me think about this step by step. ".repeat(200);
		int tokens = COUNTER.count(reasoning, 1);
		AssistantMessage openAi = AssistantMessage.builder()
			.content("Yes")
			.properties(Map.of("reasoningContent", reasoning, "other", reasoning))
			.build();
		TokenScale sent = COUNTER.scale(OpenAiChatOptions.builder().model("gpt-5").build());
		assertThat(COUNTER.count(openAi, sent)).isEqualTo(TokenCounter.MESSAGE_OVERHEAD + 1 + tokens);
		assertThat(COUNTER.count(openAi, COUNTER.scale(AnthropicChatOptions.builder().model("claude-x").build())))
			.isLessThan(10);
		assertThat(COUNTER.count(openAi, 1)).isEqualTo(TokenCounter.MESSAGE_OVERHEAD + 1 + tokens);
		assertThat(COUNTER.isSurelyWithin(new Prompt(openAi), tokens / 2, sent)).isFalse();
		AssistantMessage signed = AssistantMessage.builder()
			.content("Yes")
			.toolCalls(List.of(new AssistantMessage.ToolCall("1", "function", "f", "{}")))
			.properties(Map.of("thoughtSignatures", List.of(new byte[3000], new byte[9])))
			.build();
		AssistantMessage thought = AssistantMessage.builder()
			.content("Yes")
			.properties(Map.of("anthropicThinkingContents", List.of(new Thinking(reasoning, "sig", null))))
			.build();
		assertThat(COUNTER.count(signed, 1)).isBetween(1000, 1030);
		assertThat(COUNTER.count(thought, 1)).isBetween(tokens, tokens + 10);
		assertThat(COUNTER.count(new ReasoningMessage(reasoning), 1)).isBetween(tokens, tokens + 10);
	}

	@Test
	void countsNamesOfSpecialTokensAsText() {
		assertThat(COUNTER.count("<|endoftext|> is what I typed <|im_start|>", 1)).isBetween(10, 25);
	}

	@Test
	void countsUnpairedSurrogatesAndEmptyTexts() {
		assertThat(COUNTER.count("\uD800 and \uDC00", 1)).isPositive();
		assertThat(COUNTER.count("", 1)).isZero();
		assertThat(COUNTER.count((String) null, 1)).isZero();
		assertThat(COUNTER.count(AssistantMessage.builder().content(null).build(), 1))
			.isEqualTo(TokenCounter.MESSAGE_OVERHEAD);
	}

	@Test
	void samplesVeryLongText() {
		Random random = new Random(1);
		StringBuilder text = new StringBuilder();
		while (text.length() < 2 * TokenCounter.SAMPLED_LENGTH) {
			text.append(Integer.toString(random.nextInt(100_000), 36))
				.append(random.nextBoolean() ? " the " : ", and ");
		}
		int exact = new JTokkitTokenCountEstimator(EncodingType.O200K_BASE).estimate(text.toString());
		assertThat(COUNTER.count(text.toString(), 1)).isCloseTo(exact, withinPercentage(3));
	}

	@Test
	void refusesFactorThatIsNone() {
		assertThatIllegalArgumentException().isThrownBy(() -> new TokenCounter(0)).withMessageContaining("is 0.0");
		assertThatIllegalArgumentException().isThrownBy(() -> new TokenCounter(Double.NaN));
	}

	/**
	 * As Spring AI's from 2.0.1 on, which is not public.
	 */
	private record Thinking(@Nullable String thinking, @Nullable String signature, @Nullable String redactedData) {

	}

	/**
	 * As Spring AI's message of DeepSeek.
	 */
	private static final class ReasoningMessage extends AssistantMessage {

		private final String reasoning;

		ReasoningMessage(String reasoning) {
			super("Yes");
			this.reasoning = reasoning;
		}

		@SuppressWarnings("unused") // read by reflection
		public String getReasoningContent() {
			return this.reasoning;
		}

	}

}

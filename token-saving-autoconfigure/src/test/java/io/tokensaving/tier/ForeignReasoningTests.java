package io.tokensaving.tier;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import io.tokensaving.provider.Dialects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.AssistantMessage.ToolCall;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.UserMessage;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ForeignReasoning}.
 */
class ForeignReasoningTests {

	private final ForeignReasoning reasoning = new ForeignReasoning(Dialects.builtIn());

	@Test
	void aConversationWithoutReasoningStaysTheSame() {
		List<Message> messages = List.of(new SystemMessage("Be brief"), new UserMessage("Hello"),
				message("Hello", Map.of("id", "1", "finishReason", "STOP")));
		assertThat(this.reasoning.strip(messages, (message) -> false)).isSameAs(messages);
	}

	@ParameterizedTest
	@ValueSource(strings = { "reasoningContent", "thoughtSignatures", "anthropicThinkingContents",
			"openai.tool_calls.additional_properties", "serverSideToolInvocations" })
	void takesOffWhatOnlyItsModelMaySee(String key) {
		ToolCall call = new ToolCall("1", "function", "look_up", "{}");
		AssistantMessage foreign = AssistantMessage.builder()
			.content("Let me see")
			.properties(Map.of(key, List.of("secret"), "mine", "kept"))
			.toolCalls(List.of(call))
			.build();
		Message question = new UserMessage("Hello");
		Message plain = message("Well", Map.of("mine", 1));
		List<Message> stripped = this.reasoning.strip(List.of(question, foreign, plain), (message) -> false);
		assertThat(stripped).hasSize(3);
		assertThat(stripped.get(0)).isSameAs(question);
		assertThat(stripped.get(2)).isSameAs(plain);
		AssistantMessage left = (AssistantMessage) stripped.get(1);
		assertThat(left.getText()).isEqualTo("Let me see");
		assertThat(left.getToolCalls()).containsExactly(call);
		assertThat(left.getMetadata()).containsEntry("mine", "kept").doesNotContainKey(key);
		assertThat(foreign.getMetadata()).as("the message of the caller").containsKey(key);
	}

	@Test
	void whatTheTierHasWrittenStays() {
		AssistantMessage own = message("a", new HashMap<>(Map.of("thoughtSignatures", new ArrayList<>(), "tier", "t")));
		AssistantMessage other = message("b", Map.of("reasoningContent", "r"));
		List<Message> stripped = this.reasoning.strip(List.of(own, other),
				(message) -> "t".equals(message.getMetadata().get("tier")));
		assertThat(stripped.get(0)).isSameAs(own);
		assertThat(stripped.get(1).getMetadata()).doesNotContainKey("reasoningContent");
	}

	@Test
	void messagesThatAreThoughtsAndNothingElseAreLeftOut() {
		List<Message> messages = List.of(new UserMessage("Hello"), message("I think", Map.of("signature", "s")),
				message("", Map.of("data", "redacted")), message("I think", Map.of("isThought", true)),
				message("Hello", Map.of("isThought", false)));
		assertThat(this.reasoning.strip(messages, (message) -> false)).extracting(Message::getText)
			.containsExactly("Hello", "Hello");
	}

	@Test
	void theTextOfAStreamThatWasPutTogetherStays() {
		AssistantMessage together = message("The answer", Map.of("thinking", true, "signature", "s"));
		List<Message> stripped = this.reasoning.strip(List.of(together), (message) -> false);
		assertThat(stripped).extracting(Message::getText).containsExactly("The answer");
		assertThat(stripped.get(0).getMetadata()).doesNotContainKeys("thinking", "signature");
	}

	@Test
	void aMessageOfAProvidersClassBecomesAPlainOneIfItHoldsReasoning() {
		List<Message> stripped = this.reasoning.strip(List.of(new Reasoned("Hello", "because")), (message) -> false);
		assertThat(stripped.get(0).getClass()).isEqualTo(AssistantMessage.class);
		assertThat(stripped.get(0).getText()).isEqualTo("Hello");
		Message without = new Reasoned("Hello", null);
		assertThat(this.reasoning.strip(List.of(without), (message) -> false).get(0)).isSameAs(without);
	}

	private static AssistantMessage message(String text, Map<String, Object> metadata) {
		return AssistantMessage.builder().content(text).properties(metadata).build();
	}

	/**
	 * A message with reasoning in a field, as DeepSeek's.
	 */
	public static final class Reasoned extends AssistantMessage {

		private final String reasoning;

		Reasoned(String text, String reasoning) {
			super(text, Map.of(), List.of(), List.of());
			this.reasoning = reasoning;
		}

		public String getReasoningContent() {
			return this.reasoning;
		}

	}

}

package io.tokensaving.route.log;

import java.util.List;
import java.util.Map;

import io.tokensaving.backend.KeyNames;
import org.junit.jupiter.api.Test;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.UserMessage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link PromptHash}.
 */
class PromptHashTests {

	private static final List<Message> YES = List.of(new UserMessage("yes"));

	private final PromptHash hash = PromptHash.withKey("0123456789abcdef".getBytes());

	@Test
	void equalPromptsOfAWorkspaceHaveEqualHashes() {
		assertThat(this.hash.of("a", YES)).matches("[0-9a-f]{32}")
			.isEqualTo(PromptHash.withKey("0123456789abcdef".getBytes()).of("a", List.of(new UserMessage("yes"))));
	}

	@Test
	void whatDiffersHasAnotherHash() {
		assertThat(List.of(this.hash.of("a", YES), this.hash.of("b", YES),
				this.hash.of("a", List.of(new SystemMessage("yes"))),
				this.hash.of("a", List.of(new UserMessage("y"), new UserMessage("es"))),
				this.hash.of("a", List.of(new UserMessage("yes"), new UserMessage("yes"))),
				this.hash.of("a",
						List.of(AssistantMessage.builder()
							.content("yes")
							.toolCalls(List.of(new AssistantMessage.ToolCall("1", "function", "f", "{}")))
							.build())),
				this.hash.of("a",
						List.of(AssistantMessage.builder()
							.content("yes")
							.toolCalls(List.of(new AssistantMessage.ToolCall("1", "function", "f", "{\"a\":1}")))
							.build())),
				this.hash.of("a",
						List.of(ToolResponseMessage.builder()
							.responses(List.of(new ToolResponseMessage.ToolResponse("1", "f", "yes")))
							.metadata(Map.of())
							.build())),
				PromptHash.random().of("a", YES), PromptHash.random().of("a", YES),
				PromptHash.derivedFrom("0123456789abcdef".getBytes()).of("a", YES)))
			.doesNotHaveDuplicates();
	}

	// A dictionary of short prompts finds nothing without the key
	@Test
	void aShortPromptIsNotFoundByItsDigest() {
		assertThat(this.hash.of("a", YES)).isNotIn(KeyNames.hash("yes"), KeyNames.hash("a" + "yes"));
	}

	@Test
	void aShortKeyIsRefused() {
		assertThatIllegalArgumentException().isThrownBy(() -> PromptHash.withKey(new byte[15]))
			.withMessageContaining("16");
	}

}

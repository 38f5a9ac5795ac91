package io.tokensaving.tier;

import java.net.URI;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.tokensaving.tier.TierNeeds.Need;
import org.junit.jupiter.api.Test;

import org.springframework.ai.chat.client.ChatClientAttributes;
import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.content.Media;
import org.springframework.ai.ollama.api.OllamaChatOptions;
import org.springframework.ai.openai.OpenAiChatOptions;
import org.springframework.ai.tool.function.FunctionToolCallback;
import org.springframework.util.MimeTypeUtils;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link TierNeeds}.
 */
class TierNeedsTests {

	private static final Tier.Limits NOTHING = new Tier.Limits(100, false, false, false, Set.of("eu"));

	private final Message question = new UserMessage("Hello");

	@Test
	void aTierWithoutLimitsServesEverything() {
		Message picture = UserMessage.builder()
			.text("What is it?")
			.media(new Media(MimeTypeUtils.IMAGE_PNG, URI.create("https://example.com/a.png")))
			.build();
		TierNeeds needs = TierNeeds.of(request(OpenAiChatOptions.builder().outputSchema("{}").build(), picture),
				1_000_000, Set.of());
		assertThat(needs.lacking(Tier.Limits.NONE)).isEmpty();
		assertThat(needs.lacking(NOTHING)).containsExactly(Need.CONTEXT_WINDOW, Need.MEDIA, Need.NATIVE_SCHEMA);
		assertThat(needs.served(List.of(tier("a", NOTHING), tier("b", Tier.Limits.NONE)))).extracting(Tier::name)
			.containsExactly("b");
	}

	@Test
	void theContextWindowHoldsTheInputAndTheLargestOutput() {
		ChatOptions options = OpenAiChatOptions.builder().maxCompletionTokens(40).build();
		assertThat(TierNeeds.of(request(options, this.question), 60, Set.of()).lacking(NOTHING)).isEmpty();
		assertThat(TierNeeds.of(request(options, this.question), 61, Set.of()).lacking(NOTHING))
			.containsExactly(Need.CONTEXT_WINDOW);
		assertThat(TierNeeds.of(request(null, this.question), 101, Set.of()).lacking(NOTHING))
			.containsExactly(Need.CONTEXT_WINDOW);
	}

	@Test
	void toolsAreNeededToCallThemAndToReadWhatWasCalled() {
		ChatOptions tools = OpenAiChatOptions.builder()
			.toolCallbacks(FunctionToolCallback.builder("a", (String text) -> text).inputType(String.class).build())
			.build();
		assertThat(TierNeeds.of(request(tools, this.question), 1, Set.of()).lacking(NOTHING))
			.containsExactly(Need.TOOLS);
		Message call = AssistantMessage.builder()
			.content("")
			.toolCalls(List.of(new AssistantMessage.ToolCall("1", "function", "a", "{}")))
			.build();
		assertThat(TierNeeds.of(request(null, this.question, call), 1, Set.of()).lacking(NOTHING))
			.containsExactly(Need.TOOLS);
	}

	@Test
	void aSchemaIsNeededWhereTheProviderIsToEnforceIt() {
		Map<String, Object> context = new HashMap<>(
				Map.of(ChatClientAttributes.STRUCTURED_OUTPUT_SCHEMA.getKey(), "{}"));
		ChatClientRequest request = new ChatClientRequest(new Prompt(this.question), context);
		assertThat(TierNeeds.of(request, 1, Set.of()).nativeSchema()).isFalse();
		context.put(ChatClientAttributes.STRUCTURED_OUTPUT_NATIVE.getKey(), true);
		assertThat(TierNeeds.of(request, 1, Set.of()).nativeSchema()).isTrue();
		assertThat(TierNeeds.of(request(OllamaChatOptions.builder().format("json").build(), this.question), 1, Set.of())
			.nativeSchema()).as("a format is no schema").isFalse();
	}

	@Test
	void allTagsAreRequired() {
		assertThat(TierNeeds.of(request(null, this.question), 1, Set.of("eu")).lacking(NOTHING)).isEmpty();
		assertThat(TierNeeds.of(request(null, this.question), 1, Set.of("eu", "own")).lacking(NOTHING))
			.containsExactly(Need.TAG);
	}

	@Test
	void needsHaveNamesForFigures() {
		assertThat(Need.values()).extracting(Need::code)
			.containsExactly("context_window", "tools", "media", "native_schema", "tag");
	}

	private static ChatClientRequest request(ChatOptions options, Message... messages) {
		return new ChatClientRequest(new Prompt(List.of(messages), options), Map.of());
	}

	private static Tier tier(String name, Tier.Limits limits) {
		return new Tier(name, null, "m", limits, "d");
	}

}

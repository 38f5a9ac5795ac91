package io.tokensaving.promptcache;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import io.tokensaving.ledger.TokenCounter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.ai.chat.client.ChatClientAttributes;
import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.model.tool.ToolCallingChatOptions;
import org.springframework.ai.openai.OpenAiChatOptions;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link PromptSegments}.
 */
class PromptSegmentsTests {

	private static final PromptCacheInjector INJECTOR = new PromptCacheInjector() {

		@Override
		public boolean supports(ChatOptions options) {
			return true;
		}

		@Override
		public CacheTarget target(ChatOptions options, List<Message> messages) {
			return CacheTarget.UNKNOWN;
		}

		@Override
		public boolean isMarkable(List<Message> messages, int index) {
			return true;
		}

		@Override
		public Injected inject(ChatOptions options, CacheInjection injection) {
			return new Injected(options, false);
		}

	};

	private final TokenCounter counter = new TokenCounter();

	private PromptSegments segments(List<Message> messages, ChatOptions options) {
		return PromptSegments.of(options, messages, null, CacheTarget.UNKNOWN, INJECTOR, this.counter.scale(options),
				0);
	}

	@ParameterizedTest
	@ValueSource(longs = { 1, 2, 3, 4, 5, 6, 7, 8 })
	void aConversationThatGoesOnKeepsItsPrefixes(long seed) {
		MadeUpPrompts prompts = new MadeUpPrompts(seed, true);
		List<Message> messages = new ArrayList<>(prompts.messages());
		ChatOptions options = ToolCallingChatOptions.builder().toolCallbacks(prompts.tools((int) seed % 3)).build();
		PromptSegments first = segments(messages, options);
		List<PrefixBoundary> before = first.boundaries();
		messages.add(new AssistantMessage("Because."));
		messages.add(new UserMessage("And then?"));
		PromptSegments second = segments(messages, options);
		List<PrefixBoundary> after = second.boundaries();
		assertThat(after).hasSize(before.size() + 2);
		for (int i = 0; i < before.size(); i++) {
			assertThat(after.get(i).high()).isEqualTo(before.get(i).high());
			assertThat(after.get(i).low()).isEqualTo(before.get(i).low());
			assertThat(after.get(i).tokens()).isEqualTo(before.get(i).tokens());
		}
		assertThat(before.get(before.size() - 1).segment()).isEqualTo(Segment.TAIL);
		assertThat(after).filteredOn((boundary) -> boundary.segment() == Segment.TAIL).hasSize(1);
		assertThat(after).isSortedAccordingTo((one, other) -> Integer.compare(one.tokens(), other.tokens()));
		assertThat(after.stream().map(PrefixBoundary::high).distinct()).hasSameSizeAs(after);
		assertThat(second.conversationDigest(this.counter.scale(options)))
			.isEqualTo(first.conversationDigest(this.counter.scale(options)));
	}

	@Test
	void adjacentTextsDoNotRunIntoEachOther() {
		ChatOptions options = ToolCallingChatOptions.builder().build();
		List<List<Message>> different = List.of(List.of(new SystemMessage("ab"), new UserMessage("c")),
				List.of(new SystemMessage("a"), new UserMessage("bc")),
				List.of(new SystemMessage("a"), new SystemMessage("b"), new UserMessage("c")),
				List.of(new UserMessage("ab"), new UserMessage("c")),
				List.of(new UserMessage("ab"), new AssistantMessage("c")));
		assertThat(different.stream().map((messages) -> segments(messages, options).boundaries()).map((boundaries) -> {
			PrefixBoundary last = boundaries.get(boundaries.size() - 1);
			return last.high();
		}).distinct()).hasSameSizeAs(different);
	}

	@Test
	void whatIsAppendedBehindTheAdvisorsCounts() {
		ChatOptions options = OpenAiChatOptions.builder().model("gpt-5").build();
		Prompt prompt = new Prompt(List.of(new SystemMessage("Be brief."), new UserMessage("Why?"),
				new AssistantMessage("What?"), new UserMessage("This."), new AssistantMessage("Hm.")), options);
		Map<String, Object> context = new HashMap<>();
		ChatClientRequest plain = new ChatClientRequest(prompt, context);
		assertThat(PromptSegments.sent(plain, false)).isSameAs(prompt.getInstructions());
		context.put(ChatClientAttributes.OUTPUT_FORMAT.getKey(), "As JSON.");
		List<Message> sent = PromptSegments.sent(plain, false);
		assertThat(sent.get(3).getText()).isEqualTo("This." + System.lineSeparator() + "As JSON.");
		assertThat(sent).hasSize(5).doesNotContainSequence(prompt.getInstructions());
		assertThat(prompt.getInstructions().get(3).getText()).isEqualTo("This.");
		assertThat(PromptSegments.sent(plain, true)).as("streams get none").isSameAs(prompt.getInstructions());
		context.put(ChatClientAttributes.STRUCTURED_OUTPUT_SCHEMA.getKey(), "{}");
		assertThat(PromptSegments.nativeSchema(plain, false)).as("not asked for").isNull();
		context.put(ChatClientAttributes.STRUCTURED_OUTPUT_NATIVE.getKey(), true);
		assertThat(PromptSegments.nativeSchema(plain, false)).isEqualTo("{}");
		assertThat(PromptSegments.sent(plain, false)).isSameAs(prompt.getInstructions());
		assertThat(PromptSegments.nativeSchema(plain, true)).isNull();
	}

}

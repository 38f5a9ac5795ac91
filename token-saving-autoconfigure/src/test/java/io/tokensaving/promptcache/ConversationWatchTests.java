package io.tokensaving.promptcache;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

import org.junit.jupiter.api.Test;

import org.springframework.ai.chat.memory.ChatMemory;
import org.springframework.ai.chat.memory.MessageWindowChatMemory;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.UserMessage;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ConversationWatch}, with the memory of Spring AI.
 */
class ConversationWatchTests {

	private static final List<String> TOOLS = List.of("search", "order");

	private final ConversationWatch watch = new ConversationWatch();

	private final Conversation conversation = new Conversation(100);

	@Test
	void aConversationThatGrowsBreaksNothing() {
		for (int turn = 0; turn < 30; turn++) {
			assertThat(this.conversation.turn(turn, "", "rules", TOOLS, false)).isEmpty();
		}
	}

	@Test
	void aToolLoopBreaksNothing() {
		List<Message> messages = new ArrayList<>(List.of(new SystemMessage("rules"), new UserMessage("question")));
		for (int round = 0; round < 5; round++) {
			assertThat(this.watch.observe("c", messages, TOOLS, true)).isEmpty();
			messages.add(AssistantMessage.builder()
				.content("")
				.toolCalls(List.of(new AssistantMessage.ToolCall("id" + round, "function", "search", "{}")))
				.build());
			messages.add(ToolResponseMessage.builder()
				.responses(List.of(new ToolResponseMessage.ToolResponse("id" + round, "search", "found " + round)))
				.build());
		}
	}

	@Test
	void anotherConversationBreaksNothing() {
		for (int i = 0; i < 10; i++) {
			assertThat(this.watch.observe("c" + i, List.of(new UserMessage("question " + i)), TOOLS, true)).isEmpty();
		}
	}

	@Test
	void knowsASlidingWindow() {
		Conversation window = new Conversation(10);
		for (int turn = 0; turn < 4; turn++) {
			assertThat(window.turn(turn, "", "rules", TOOLS, false)).isEmpty();
		}
		for (int turn = 5; turn < 12; turn++) {
			window.turn(turn, "", "rules", TOOLS, false);
			assertThat(window.turn(100 + turn, "", "rules", TOOLS, false)).containsExactly(PrefixBreak.SLIDING_WINDOW);
		}
	}

	@Test
	void knowsDocumentsThatTheMemoryDoesNotKeep() {
		this.conversation.turn(0, "\nContext: text 0", "rules", TOOLS, false);
		for (int turn = 1; turn < 5; turn++) {
			assertThat(this.conversation.turn(turn, "\nContext: text " + turn, "rules", TOOLS, false))
				.containsExactly(PrefixBreak.RETRIEVAL_OUTSIDE_MEMORY);
		}
	}

	@Test
	void knowsDocumentsInASlidingWindow() {
		Conversation window = new Conversation(10);
		Set<PrefixBreak> breaks = Set.of();
		for (int turn = 0; turn < 12; turn++) {
			breaks = window.turn(turn, "\nContext: text " + turn, "rules", TOOLS, false);
		}
		assertThat(breaks).containsExactlyInAnyOrder(PrefixBreak.SLIDING_WINDOW, PrefixBreak.RETRIEVAL_OUTSIDE_MEMORY);
	}

	@Test
	void knowsMemoriesInTheSystemText() {
		this.conversation.turn(0, "", "rules\nLONG_TERM_MEMORY:\nlikes tea\n", TOOLS, false);
		assertThat(this.conversation.turn(1, "", "rules\nLONG_TERM_MEMORY:\nlikes tea\nand cake\n", TOOLS, false))
			.containsExactly(PrefixBreak.MEMORY_IN_SYSTEM_TEXT);
	}

	@Test
	void knowsToolsThatAreSearchedFor() {
		this.conversation.turn(0, "", "rules", List.of("toolSearchTool"), false);
		assertThat(this.conversation.turn(1, "", "rules", List.of("toolSearchTool", "weather"), false))
			.containsExactly(PrefixBreak.TOOL_SEARCH);
	}

	@Test
	void knowsToolsThatChange() {
		this.conversation.turn(0, "", "rules", List.of("b", "a"), false);
		assertThat(this.conversation.turn(1, "", "rules", List.of("a", "b"), false)).isEmpty();
		assertThat(this.conversation.turn(2, "", "rules", List.of("a"), false))
			.containsExactly(PrefixBreak.TOOLS_CHANGE);
	}

	@Test
	void knowsAFormatThatIsAppended() {
		this.conversation.turn(0, "", "rules", TOOLS, true);
		assertThat(this.conversation.turn(1, "", "rules", TOOLS, true))
			.containsExactly(PrefixBreak.OUTPUT_FORMAT_IN_MESSAGE);
	}

	private final class Conversation {

		private final ChatMemory memory;

		Conversation(int maxMessages) {
			this.memory = MessageWindowChatMemory.builder().maxMessages(maxMessages).build();
		}

		Set<PrefixBreak> turn(int turn, String documents, String system, List<String> tools, boolean formatAppended) {
			this.memory.add("c", new UserMessage("question " + turn));
			List<Message> messages = new ArrayList<>(List.of(new SystemMessage(system)));
			messages.addAll(this.memory.get("c"));
			messages.set(messages.size() - 1, new UserMessage("question " + turn + documents));
			this.memory.add("c", new AssistantMessage("answer " + turn));
			return ConversationWatchTests.this.watch.observe("c", messages, tools, formatAppended);
		}

	}

}

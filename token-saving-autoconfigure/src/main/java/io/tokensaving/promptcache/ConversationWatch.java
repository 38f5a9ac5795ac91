package io.tokensaving.promptcache;

import java.util.Arrays;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.UserMessage;

/**
 * Compares each request of a conversation with the one before and tells why the beginning
 * of the prompt was not the same. Thread-safe. Keeps digests of at most
 * {@value #MAX_CONVERSATIONS} conversations, 4 MB.
 */
final class ConversationWatch {

	static final int MAX_CONVERSATIONS = 500;

	private static final int MAX_MESSAGES = 1000;

	// So many messages must have moved up until a window is seen to slide
	private static final int MIN_MOVED = 2;

	// The section that VectorStoreChatMemoryAdvisor writes
	private static final String MEMORY_SECTION = "LONG_TERM_MEMORY";

	// The tool of ToolSearchToolCallingAdvisor
	private static final String TOOL_SEARCH_TOOL = "toolSearchTool";

	private final Cache<String, Request> conversations = Caffeine.newBuilder().maximumSize(MAX_CONVERSATIONS).build();

	/**
	 * Note a request.
	 * @param conversation the conversation within its workspace and plan
	 * @param messages the messages that are sent
	 * @param tools the names of the tools that are declared
	 * @param formatAppended whether the format of the answer is appended to the last
	 * message behind us
	 * @return what broke the prefix since the request before; empty if nothing did, or if
	 * there was none
	 */
	Set<PrefixBreak> observe(String conversation, List<Message> messages, Collection<String> tools,
			boolean formatAppended) {
		Request request = Request.of(messages, tools, formatAppended);
		Request[] before = new Request[1];
		this.conversations.asMap().compute(conversation, (key, last) -> {
			before[0] = last;
			return request;
		});
		return (before[0] != null) ? request.breaksOf(before[0]) : EnumSet.noneOf(PrefixBreak.class);
	}

	private static long digest(Message message) {
		long digest = 31L * message.getMessageType().ordinal() + digest(message.getText());
		if (message instanceof AssistantMessage assistant && assistant.hasToolCalls()) {
			for (AssistantMessage.ToolCall call : assistant.getToolCalls()) {
				digest = 31 * (31 * digest + digest(call.id())) + digest(call.arguments());
			}
		}
		if (message instanceof ToolResponseMessage tool) {
			for (ToolResponseMessage.ToolResponse response : tool.getResponses()) {
				digest = 31 * (31 * digest + digest(response.id())) + digest(response.responseData());
			}
		}
		return digest;
	}

	// Two hashes of different kinds, as one alone is only 32 bits
	private static long digest(@Nullable String text) {
		return (text != null) ? ((long) text.hashCode() << 32) ^ text.length() * 0x9E3779B97F4A7C15L : 0;
	}

	/**
	 * What is kept of a request.
	 *
	 * @param messages digests of the messages that are no system text
	 * @param system a digest of the system text
	 * @param memory whether the system text holds memories
	 * @param tools the names of the tools
	 * @param questionAt where the last question stands among the messages
	 * @param questions how many questions there are
	 * @param formatAppended whether the format of the answer is appended
	 */
	private record Request(long[] messages, long system, boolean memory, Set<String> tools, int questionAt,
			int questions, boolean formatAppended) {

		static Request of(List<Message> messages, Collection<String> tools, boolean formatAppended) {
			long[] digests = new long[Math.min(messages.size(), MAX_MESSAGES)];
			int count = 0;
			long system = 1;
			boolean memory = false;
			int questionAt = -1;
			int questions = 0;
			for (Message message : messages) {
				if (message instanceof SystemMessage) {
					system = 31 * system + digest(message.getText());
					memory |= message.getText() != null && message.getText().contains(MEMORY_SECTION);
				}
				else if (count < digests.length) {
					if (message instanceof UserMessage) {
						questionAt = count;
						questions++;
					}
					digests[count++] = digest(message);
				}
			}
			return new Request(Arrays.copyOf(digests, count), system, memory, new TreeSet<>(tools), questionAt,
					questions, formatAppended);
		}

		Set<PrefixBreak> breaksOf(Request before) {
			Set<PrefixBreak> breaks = EnumSet.noneOf(PrefixBreak.class);
			if (!this.tools.equals(before.tools)) {
				breaks.add((this.tools.contains(TOOL_SEARCH_TOOL) || before.tools.contains(TOOL_SEARCH_TOOL))
						? PrefixBreak.TOOL_SEARCH : PrefixBreak.TOOLS_CHANGE);
			}
			if (this.system != before.system && this.memory && before.memory) {
				breaks.add(PrefixBreak.MEMORY_IN_SYSTEM_TEXT);
			}
			int dropped = dropped(before);
			if (dropped > 0) {
				breaks.add(PrefixBreak.SLIDING_WINDOW);
			}
			int at = before.questionAt - Math.max(dropped, 0);
			boolean nextTurn = before.questionAt >= 0 && this.questionAt > at;
			if (nextTurn && before.formatAppended) {
				breaks.add(PrefixBreak.OUTPUT_FORMAT_IN_MESSAGE);
			}
			if (nextTurn && dropped >= 0 && this.messages[at] != before.messages[before.questionAt]) {
				breaks.add(PrefixBreak.RETRIEVAL_OUTSIDE_MEMORY);
			}
			return breaks;
		}

		/**
		 * Return how many of the first messages are gone while those up to the last
		 * question have moved up.
		 * @param before the request before
		 * @return the number, or -1 if messages differ in another way
		 */
		private int dropped(Request before) {
			for (int dropped = 0; dropped <= Math.max(0, before.questionAt - MIN_MOVED); dropped++) {
				int kept = Math.max(0, before.questionAt) - dropped;
				if (kept <= this.messages.length
						&& Arrays.equals(before.messages, dropped, dropped + kept, this.messages, 0, kept)) {
					return dropped;
				}
			}
			return -1;
		}

	}

}

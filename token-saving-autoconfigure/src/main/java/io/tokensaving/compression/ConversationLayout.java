package io.tokensaving.compression;

import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

import io.tokensaving.material.MessageParts;
import io.tokensaving.material.Span;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.util.StringUtils;

/**
 * What the messages of a request are to each other: which one asks, which ones are the
 * newest, which results belong to which calls. Immutable.
 */
final class ConversationLayout {

	private static final Set<Span.Source> MATERIAL = withParagraphs();

	private final List<Message> messages;

	private final Collection<String> documents;

	private final int question;

	private final int[] groups;

	private final int firstProtected;

	private final @Nullable MessageParts parts;

	/**
	 * Look at the messages of a request.
	 * @param messages the messages
	 * @param documents texts that may stand in a message as material
	 * @param keepLast the number of newest messages to protect
	 */
	ConversationLayout(List<Message> messages, Collection<String> documents, int keepLast) {
		this.messages = messages;
		this.documents = documents;
		this.question = lastUserMessage(messages);
		this.groups = groups(messages);
		this.firstProtected = firstProtected(keepLast);
		String text = (this.question >= 0) ? messages.get(this.question).getText() : null;
		this.parts = StringUtils.hasText(text) ? MessageParts.of(text, documents, MATERIAL) : null;
	}

	private static Set<Span.Source> withParagraphs() {
		Set<Span.Source> sources = EnumSet.copyOf(MessageParts.CLEAR);
		sources.add(Span.Source.PARAGRAPH);
		return sources;
	}

	private static int lastUserMessage(List<Message> messages) {
		int last = messages.size() - 1;
		while (last >= 0 && !(messages.get(last) instanceof UserMessage)) {
			last--;
		}
		return last;
	}

	// Results belong to the calls before them, even where a system message stands between
	private static int[] groups(List<Message> messages) {
		int[] groups = new int[messages.size()];
		int calls = -1;
		for (int i = 0; i < groups.length; i++) {
			Message message = messages.get(i);
			groups[i] = i;
			if (message instanceof ToolResponseMessage) {
				groups[i] = (calls >= 0) ? calls : i;
			}
			else if (!(message instanceof SystemMessage)) {
				calls = isToolCall(message) ? i : -1;
			}
		}
		return groups;
	}

	private int firstProtected(int keepLast) {
		int first = this.messages.size();
		int newest = 0;
		for (int i = this.messages.size() - 1; i >= 0; i--) {
			if (this.messages.get(i) instanceof SystemMessage) {
				continue;
			}
			if (newest >= keepLast && (this.question < 0 || i < this.question)) {
				break;
			}
			newest++;
			first = i;
		}
		return (first < this.groups.length) ? this.groups[first] : first;
	}

	static boolean isToolCall(Message message) {
		return message instanceof AssistantMessage assistant && assistant.hasToolCalls();
	}

	boolean isSystem(int index) {
		return this.messages.get(index) instanceof SystemMessage;
	}

	/**
	 * Return the message that asks.
	 * @return the index of the last user message, or -1
	 */
	int question() {
		return this.question;
	}

	/**
	 * Return what is asked.
	 * @return the last user message without its material; empty if there is none
	 */
	String questionText() {
		if (this.parts == null) {
			return "";
		}
		boolean question = this.parts.hasMaterial() && !this.parts.question().isBlank();
		return question ? this.parts.question() : text(this.question);
	}

	/**
	 * Return the group of a message: calls and their results have the same one.
	 * @param index the index of the message
	 * @return the index of the first message of its group
	 */
	int group(int index) {
		return this.groups[index];
	}

	/**
	 * Return where the messages begin that are the newest, or that follow the question.
	 * @return the index of the first of them
	 */
	int firstProtected() {
		return this.firstProtected;
	}

	/**
	 * Return the material in a message that is not material as a whole.
	 * @param index the index of the message
	 * @param paragraphs whether long paragraphs count, which may be a part of the
	 * question
	 * @return its material, in order; empty if there is none
	 */
	List<Span> material(int index, boolean paragraphs) {
		if (index == this.question && this.parts != null) {
			return material(this.parts, paragraphs);
		}
		String text = this.messages.get(index).getText();
		if (!isSystem(index) || this.documents.isEmpty() || !StringUtils.hasText(text)) {
			return List.of();
		}
		return material(MessageParts.of(text, this.documents, Set.of(Span.Source.DOCUMENT)), false);
	}

	private static List<Span> material(MessageParts parts, boolean paragraphs) {
		return parts.spans()
			.stream()
			.filter((span) -> span.kind() == Span.Kind.MATERIAL)
			.filter((span) -> paragraphs || span.source() != Span.Source.PARAGRAPH)
			.toList();
	}

	private String text(int index) {
		String text = this.messages.get(index).getText();
		return (text != null) ? text : "";
	}

}

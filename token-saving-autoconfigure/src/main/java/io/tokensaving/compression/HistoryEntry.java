package io.tokensaving.compression;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage.ToolResponse;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.content.MediaContent;
import org.springframework.util.Assert;

/**
 * What a message becomes: unchanged, or with other texts. Holds no message, so that the
 * cached result of one conversation can be applied to another one with the same content.
 * Immutable by convention.
 *
 * @param index the index of the message in the conversation
 * @param tokens the tokens of the message after compression
 * @param texts the new tool results of a message with tool results, the new text of
 * another one, or {@code null} to keep what it has
 * @param kept the parts that were kept of each of the texts, or {@code null} if they are
 * all kept, or if only a piece of the text was divided
 */
record HistoryEntry(int index, int tokens, @Nullable List<String> texts, @Nullable List<BitSet> kept) {

	static HistoryEntry unchanged(int index, int tokens) {
		return new HistoryEntry(index, tokens, null, null);
	}

	Message apply(List<Message> conversation) {
		Message message = conversation.get(this.index);
		return (this.texts != null) ? withTexts(message, this.texts) : message;
	}

	static Message withTexts(Message message, List<String> texts) {
		return (message instanceof ToolResponseMessage tool) ? withResults(tool, texts)
				: withText(message, texts.get(0));
	}

	/**
	 * Whether the text of a message can be replaced without losing anything else. A
	 * subclass may hold more than is known here, and a text may refer to an attachment.
	 * @param message the message
	 * @return whether it is a plain message with a text and nothing else
	 */
	static boolean canChangeText(Message message) {
		boolean attachments = message instanceof MediaContent content && content.getMedia() != null
				&& !content.getMedia().isEmpty();
		return !attachments && (message.getClass() == UserMessage.class || message.getClass() == AssistantMessage.class)
				&& message.getText() != null && !message.getText().isBlank();
	}

	/**
	 * Whether the results of a message can be replaced without losing anything else. A
	 * subclass may hold more than is known here.
	 * @param message the message
	 * @return whether it is a plain message with the results of tools
	 */
	static boolean canChangeResults(Message message) {
		return message.getClass() == ToolResponseMessage.class;
	}

	static Message withText(Message message, String text) {
		if (message instanceof SystemMessage system) {
			return system.mutate().text(text).build();
		}
		if (message instanceof UserMessage user) {
			return user.mutate().text(text).build();
		}
		AssistantMessage assistant = (AssistantMessage) message;
		return AssistantMessage.builder().content(text).properties(assistant.getMetadata()).build();
	}

	static ToolResponseMessage withResults(ToolResponseMessage message, List<String> results) {
		List<ToolResponse> responses = message.getResponses();
		Assert.state(responses.size() == results.size(), "There must be a result for each tool call");
		List<ToolResponse> changed = new ArrayList<>(results.size());
		for (int i = 0; i < results.size(); i++) {
			changed.add(new ToolResponse(responses.get(i).id(), responses.get(i).name(), results.get(i)));
		}
		return ToolResponseMessage.builder().responses(changed).metadata(message.getMetadata()).build();
	}

}

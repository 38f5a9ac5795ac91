package io.tokensaving.compression;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage.ToolResponse;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.content.MediaContent;
import org.springframework.util.Assert;

/**
 * What becomes of a message: nothing, or another text in place of its own. Holds no
 * message, so that what is remembered of one conversation can be applied to another that
 * says the same. Immutable by convention.
 *
 * @param index the index of the message in the conversation
 * @param tokens the tokens of what becomes of it
 * @param text the text in place of its own, or {@code null}
 * @param results the tool results in place of its own, or {@code null}
 * @param analysed the analysed text if sentences of it were left out, or {@code null}
 * @param kept the sentences that are kept of the analysed text
 */
record HistoryEntry(int index, int tokens, @Nullable String text, @Nullable List<String> results,
		@Nullable AnalysedText analysed, @Nullable BitSet kept) {

	static HistoryEntry unchanged(int index, int tokens) {
		return new HistoryEntry(index, tokens, null, null, null, null);
	}

	Message apply(List<Message> conversation) {
		Message message = conversation.get(this.index);
		if (this.results != null) {
			return withResults((ToolResponseMessage) message, this.results);
		}
		return (this.text != null) ? withText(message, this.text) : message;
	}

	/**
	 * Whether another text can be put in place of a message's own without losing anything
	 * else that it holds. A subclass may hold what is not known here, and a text may be
	 * about an attachment.
	 * @param message the message
	 * @return whether it is a plain message with a text and nothing else
	 */
	static boolean canChangeText(Message message) {
		boolean attachments = message instanceof MediaContent content && content.getMedia() != null
				&& !content.getMedia().isEmpty();
		return !attachments && (message.getClass() == UserMessage.class || message.getClass() == AssistantMessage.class)
				&& message.getText() != null && !message.getText().isBlank();
	}

	static Message withText(Message message, String text) {
		if (message instanceof UserMessage user) {
			return UserMessage.builder().text(text).metadata(user.getMetadata()).build();
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

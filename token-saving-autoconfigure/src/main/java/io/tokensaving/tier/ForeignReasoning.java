package io.tokensaving.tier;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

import io.tokensaving.provider.Dialects;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;

/**
 * Takes off a conversation what only the model that wrote it may see again: reasoning,
 * signatures of it, hidden thoughts. Another provider rejects them, or another model does
 * not understand them. Text and tool calls stay. Thread-safe.
 */
public final class ForeignReasoning {

	private final Dialects dialects;

	/**
	 * Create it.
	 * @param dialects know where providers keep reasoning
	 */
	public ForeignReasoning(Dialects dialects) {
		this.dialects = dialects;
	}

	/**
	 * Strip the messages that the model they are sent to has not written.
	 * @param messages the messages of a request
	 * @param own whether the model has written a message; such ones stay as they are
	 * @return the same list if there is nothing to strip, else a new one in which
	 * messages without anything to strip are the same. Messages that are a thought and
	 * nothing else are left out
	 */
	public List<Message> strip(List<Message> messages, Predicate<AssistantMessage> own) {
		List<Message> stripped = null;
		for (int i = 0; i < messages.size(); i++) {
			Message message = messages.get(i);
			Message kept = (message instanceof AssistantMessage assistant && !own.test(assistant)) ? strip(assistant)
					: message;
			if (kept != message && stripped == null) {
				stripped = new ArrayList<>(messages.subList(0, i));
			}
			if (kept != null && stripped != null) {
				stripped.add(kept);
			}
		}
		return (stripped != null) ? stripped : messages;
	}

	private @Nullable AssistantMessage strip(AssistantMessage message) {
		if (this.dialects.isThought(message)) {
			return null;
		}
		Map<String, Object> metadata = message.getMetadata();
		boolean hasPrivate = false;
		for (String key : this.dialects.privateMetadata()) {
			hasPrivate = hasPrivate || metadata.containsKey(key);
		}
		if (!hasPrivate && !this.dialects.hasReasoning(message)) {
			return message;
		}
		Map<String, Object> rest = new HashMap<>(metadata);
		rest.keySet().removeAll(this.dialects.privateMetadata());
		// Of no class of a provider, which may hold reasoning of its own
		return AssistantMessage.builder()
			.content(message.getText())
			.properties(rest)
			.toolCalls(message.getToolCalls())
			.media(message.getMedia())
			.build();
	}

}

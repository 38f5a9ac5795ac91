package io.tokensaving.cache.semantic;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

import io.tokensaving.cache.CacheHistory;
import io.tokensaving.cache.CacheSettings;
import io.tokensaving.cache.semantic.guard.Question;
import io.tokensaving.material.MessageParts;
import io.tokensaving.material.RetrievedDocuments;
import io.tokensaving.request.CallState;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.content.MediaContent;
import org.springframework.util.CollectionUtils;

/**
 * The question of a request, and the partition within which it may be compared.
 * Immutable.
 *
 * @param text the text that is embedded
 * @param partition the fingerprint of the request without the question
 */
record SemanticRequest(String text, String partition) {

	/**
	 * Extract the question from a request.
	 * @param request the request
	 * @param call the state of its call
	 * @param settings the cache settings of its plan
	 * @return the question, or {@code null} if the request is not eligible for a semantic
	 * cache: its last question has media, no words or too many characters, or something
	 * follows it
	 */
	static @Nullable SemanticRequest of(ChatClientRequest request, CallState call, CacheSettings settings) {
		List<Message> messages = request.prompt().getInstructions();
		UserMessage asking = asking(messages);
		String text = (asking != null) ? asking.getText() : null;
		if (asking == null || text == null) {
			return null;
		}
		MessageParts parts = MessageParts.of(text, RetrievedDocuments.texts(request.context()), MessageParts.CLEAR);
		String question = parts.hasMaterial() ? parts.question() : text;
		if (question.length() > settings.maxQuestionLength()
				|| question.codePoints().noneMatch(Character::isLetterOrDigit)) {
			return null;
		}
		// Questions are compared only if they are asked about the same
		String material = parts.hasMaterial() ? "-" + parts.digestWithoutQuestion() : "";
		CacheHistory history = settings.history();
		return switch (history.mode()) {
			case PARTITION -> new SemanticRequest(question, call.fingerprint(request).partition() + material);
			case WINDOW -> {
				String window = window(messages, history.messages(), question);
				yield (window.length() <= settings.maxQuestionLength())
						? new SemanticRequest(window, call.partitionWithoutHistory(request) + "-"
								+ Integer.toHexString(history.messages()) + material)
						: null;
			}
			case STANDALONE -> new SemanticRequest(question,
					(StandaloneQuestion.test(Question.of(question), earlier(messages, asking))
							? call.partitionWithoutHistory(request) : call.fingerprint(request).partition())
							+ material);
		};
	}

	private static List<String> earlier(List<Message> messages, UserMessage asking) {
		List<String> texts = new ArrayList<>();
		for (Message message : messages) {
			boolean turn = message instanceof UserMessage || message instanceof AssistantMessage;
			if (turn && message != asking && message.getText() != null) {
				texts.add(message.getText());
			}
		}
		return texts;
	}

	/**
	 * Return the partition of the embedded question.
	 * @param embedded the embedding of the question
	 * @return the name of the partition, which also covers the embedding space
	 */
	String partition(EmbeddedText embedded) {
		return this.partition + "-" + embedded.space();
	}

	// The last user message, unless it has media, no words, or something follows it
	private static @Nullable UserMessage asking(List<Message> messages) {
		UserMessage asking = null;
		for (int i = messages.size() - 1; i >= 0; i--) {
			Message message = messages.get(i);
			if (message instanceof MediaContent content && !CollectionUtils.isEmpty(content.getMedia())) {
				return null;
			}
			if (asking == null) {
				if (message instanceof AssistantMessage || message instanceof ToolResponseMessage) {
					return null;
				}
				if (message instanceof UserMessage user) {
					asking = user;
				}
			}
		}
		return asking;
	}

	private static String window(List<Message> messages, int size, String question) {
		List<String> texts = new ArrayList<>();
		for (int i = messages.size() - 1; i >= 0 && texts.size() < size; i--) {
			if (messages.get(i) instanceof UserMessage user) {
				texts.add(texts.isEmpty() ? question : user.getText());
			}
		}
		Collections.reverse(texts);
		return String.join("\n", texts);
	}

}

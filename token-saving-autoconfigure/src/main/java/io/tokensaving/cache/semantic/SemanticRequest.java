package io.tokensaving.cache.semantic;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

import io.tokensaving.cache.semantic.guard.Question;
import io.tokensaving.plan.CacheHistory;
import io.tokensaving.plan.CacheSettings;
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
 * What a request asks, and within what its question may be compared with others.
 *
 * @param text the text that is embedded
 * @param partition what the question is asked in
 */
record SemanticRequest(String text, String partition) {

	/**
	 * Take the question out of a request.
	 * @param request the request
	 * @param call the state of its call
	 * @param settings how its plan caches
	 * @return the question, or {@code null} if the request is none for a semantic cache
	 */
	static @Nullable SemanticRequest of(ChatClientRequest request, CallState call, CacheSettings settings) {
		List<Message> messages = request.prompt().getInstructions();
		String question = question(messages);
		if (question == null || question.length() > settings.maxQuestionLength()) {
			return null;
		}
		CacheHistory history = settings.history();
		return switch (history.mode()) {
			case PARTITION -> new SemanticRequest(question, call.fingerprint(request).partition());
			case WINDOW -> {
				String window = window(messages, history.messages());
				yield (window.length() <= settings.maxQuestionLength())
						? new SemanticRequest(window,
								call.partitionWithoutHistory(request) + "-" + Integer.toHexString(history.messages()))
						: null;
			}
			case STANDALONE -> new SemanticRequest(question, StandaloneQuestion.test(Question.of(question))
					? call.partitionWithoutHistory(request) : call.fingerprint(request).partition());
		};
	}

	/**
	 * Return what the embedding of the question may be compared with.
	 * @param embedded the embedding
	 * @return the name of the partition
	 */
	String partition(EmbeddedText embedded) {
		return this.partition + "-" + embedded.space();
	}

	// The last user message, unless it has media, no words, or something follows it
	private static @Nullable String question(List<Message> messages) {
		String question = null;
		for (int i = messages.size() - 1; i >= 0; i--) {
			Message message = messages.get(i);
			if (message instanceof MediaContent content && !CollectionUtils.isEmpty(content.getMedia())) {
				return null;
			}
			if (question == null) {
				if (message instanceof AssistantMessage || message instanceof ToolResponseMessage) {
					return null;
				}
				if (message instanceof UserMessage user) {
					question = user.getText();
				}
			}
		}
		return (question != null && question.codePoints().anyMatch(Character::isLetterOrDigit)) ? question : null;
	}

	private static String window(List<Message> messages, int size) {
		List<String> texts = new ArrayList<>();
		for (int i = messages.size() - 1; i >= 0 && texts.size() < size; i--) {
			if (messages.get(i) instanceof UserMessage user) {
				texts.add(user.getText());
			}
		}
		Collections.reverse(texts);
		return String.join("\n", texts);
	}

}

package io.tokensaving.route;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import io.tokensaving.TokenSaving;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;

/**
 * Marks an answer with the tier that has given it, so that the next request of the
 * conversation can be sent to the same tier.
 */
final class MarkedAnswer {

	private MarkedAnswer() {
	}

	/**
	 * Mark an answer.
	 * @param response the answer, or an element of a stream; it is not changed
	 * @param tier the name of the tier
	 * @return the marked answer; the same one if it holds no message, or classes whose
	 * copies would lose something
	 */
	static ChatClientResponse of(ChatClientResponse response, String tier) {
		ChatResponse given = response.chatResponse();
		if (given == null || given.getClass() != ChatResponse.class || given.getResults().isEmpty()) {
			return response;
		}
		List<Generation> marked = new ArrayList<>(given.getResults().size());
		for (Generation generation : given.getResults()) {
			Generation copy = copy(generation, tier);
			if (copy == null) {
				return response;
			}
			marked.add(copy);
		}
		return new ChatClientResponse(new ChatResponse(marked, given.getMetadata()), response.context());
	}

	private static @Nullable Generation copy(Generation generation, String tier) {
		AssistantMessage message = generation.getOutput();
		if (generation.getClass() != Generation.class || message == null
				|| message.getClass() != AssistantMessage.class) {
			return null;
		}
		Map<String, Object> properties = new HashMap<>(message.getMetadata());
		properties.put(TokenSaving.TIER, tier);
		AssistantMessage copy = AssistantMessage.builder()
			.content(message.getText())
			.properties(properties)
			.toolCalls(message.getToolCalls())
			.media(message.getMedia())
			.build();
		return new Generation(copy, generation.getMetadata());
	}

	/**
	 * Whether an element of a stream should be marked: it may be the only one that a
	 * history keeps.
	 * @param response the element
	 * @return whether it holds a tool call
	 */
	static boolean holdsToolCall(ChatClientResponse response) {
		ChatResponse given = response.chatResponse();
		return given != null && given.getResults()
			.stream()
			.anyMatch((generation) -> generation.getOutput() != null && generation.getOutput().hasToolCalls());
	}

}

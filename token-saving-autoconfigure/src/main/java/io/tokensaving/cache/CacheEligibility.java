package io.tokensaving.cache;

import io.tokensaving.request.FinishReason;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.util.StringUtils;

/**
 * Which answers may be stored: those that are finished. Not those that are empty, cut
 * off, filtered or refused, in any of their generations.
 */
public final class CacheEligibility {

	private CacheEligibility() {
	}

	/**
	 * Whether the response of a call may be stored. A model that gives no finish reason
	 * at all is taken at its word.
	 * @param response the response
	 * @return {@code true} if it may be stored
	 */
	public static boolean isStorable(@Nullable ChatResponse response) {
		return isStorable(response, false);
	}

	/**
	 * Whether the response assembled from a stream may be stored. Without a finish reason
	 * nobody knows whether the stream was cut off.
	 * @param response the response
	 * @return {@code true} if it may be stored
	 */
	public static boolean isStorableFromStream(@Nullable ChatResponse response) {
		return isStorable(response, true);
	}

	private static boolean isStorable(@Nullable ChatResponse response, boolean reasonRequired) {
		if (response == null || response.getResults().isEmpty()) {
			return false;
		}
		return response.getResults().stream().allMatch((generation) -> isStorable(generation, reasonRequired));
	}

	private static boolean isStorable(Generation generation, boolean reasonRequired) {
		AssistantMessage message = generation.getOutput();
		// A subclass holds more than can be replayed
		if (message == null || message.getClass() != AssistantMessage.class) {
			return false;
		}
		boolean empty = !StringUtils.hasText(message.getText()) && !message.hasToolCalls()
				&& message.getMedia().isEmpty();
		String reason = generation.getMetadata().getFinishReason();
		boolean finished = FinishReason.isComplete(reason) || (!reasonRequired && !StringUtils.hasText(reason));
		boolean refused = message.getMetadata().get("refusal") instanceof String refusal
				&& StringUtils.hasText(refusal);
		return !empty && finished && !refused && generation.getMetadata().getContentFilters().isEmpty();
	}

}

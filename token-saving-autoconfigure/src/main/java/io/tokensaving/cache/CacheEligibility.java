package io.tokensaving.cache;

import io.tokensaving.provider.Dialect;
import io.tokensaving.request.RequestedOutput;
import io.tokensaving.request.RequestedTools;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.util.StringUtils;

/**
 * Decides which answers may be stored. An answer is storable if each of its generations
 * is finished, and none is empty, truncated, filtered or refused; if its tool calls can
 * be executed; and if it satisfies the output format that the request asks for.
 * Thread-safe.
 */
public final class CacheEligibility {

	private CacheEligibility() {
	}

	/**
	 * Whether the response of a call is complete. A missing finish reason counts as
	 * finished, because some models never report one.
	 * @param response the response
	 * @param dialect reads the finish reason
	 * @return {@code true} if it may be stored, whatever the request asked for
	 */
	public static boolean isStorable(@Nullable ChatResponse response, Dialect dialect) {
		return check(response, dialect, false) == null;
	}

	/**
	 * Whether the response assembled from a stream is complete. A finish reason is
	 * required, because without one a truncated stream looks like a complete one.
	 * @param response the response
	 * @param dialect reads the finish reason
	 * @return {@code true} if it may be stored, whatever the request asked for
	 */
	public static boolean isStorableFromStream(@Nullable ChatResponse response, Dialect dialect) {
		return check(response, dialect, true) == null;
	}

	/**
	 * Check whether the answer to a request may be stored.
	 * @param answer the answer
	 * @param request the request
	 * @param dialect reads both
	 * @param streamed whether the answer was assembled from a stream
	 * @return the reason, or {@code null} if it may be stored
	 */
	static @Nullable NotStored check(ChatResponse answer, ChatClientRequest request, Dialect dialect,
			boolean streamed) {
		NotStored reason = check(answer, dialect, streamed);
		if (reason != null) {
			return reason;
		}
		ChatOptions options = request.prompt().getOptions();
		RequestedOutput output = RequestedOutput.of(request, dialect);
		for (Generation generation : answer.getResults()) {
			AssistantMessage message = generation.getOutput();
			if (message.hasToolCalls()) {
				// A replayed call is executed again, and its result is sent back under
				// its id
				if (!RequestedTools.of(options).areExecutable(message.getToolCalls(), dialect)) {
					return NotStored.TOOL_CALL;
				}
			}
			else if (output.isJson() && !dialect.isThought(generation) && !output.accepts(message.getText())) {
				return NotStored.SCHEMA;
			}
		}
		return null;
	}

	private static @Nullable NotStored check(@Nullable ChatResponse response, Dialect dialect, boolean streamed) {
		if (response == null || response.getResults().isEmpty()) {
			return NotStored.EMPTY;
		}
		boolean empty = true;
		for (Generation generation : response.getResults()) {
			NotStored reason = check(generation, dialect, streamed);
			if (reason != null) {
				return reason;
			}
			if (!dialect.isThought(generation)) {
				if (isEmpty(generation.getOutput())) {
					return NotStored.EMPTY;
				}
				empty = false;
			}
		}
		return empty ? NotStored.EMPTY : null;
	}

	private static @Nullable NotStored check(Generation generation, Dialect dialect, boolean reasonRequired) {
		AssistantMessage message = generation.getOutput();
		// A subclass may hold data that a replay would lose
		if (message == null || message.getClass() != AssistantMessage.class) {
			return NotStored.CONTENT;
		}
		if (dialect.hasRefusal(generation)) {
			return NotStored.REFUSED;
		}
		String reason = generation.getMetadata().getFinishReason();
		boolean finished = dialect.isComplete(reason) || (!reasonRequired && !StringUtils.hasText(reason));
		return (finished && generation.getMetadata().getContentFilters().isEmpty()) ? null : NotStored.UNFINISHED;
	}

	private static boolean isEmpty(AssistantMessage message) {
		return !StringUtils.hasText(message.getText()) && !message.hasToolCalls() && message.getMedia().isEmpty();
	}

}

package io.tokensaving.request;

import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

import io.tokensaving.InternalContext;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.ToolResponseMessage;

/**
 * What one question of the application is: all rounds of its tool loop, and all attempts
 * to get an answer that is accepted, belong to it. Thread-safe.
 */
final class Task {

	static final String CONTEXT_KEY = InternalContext.PREFIX + "task";

	private final AtomicBoolean begun = new AtomicBoolean();

	/**
	 * Whether a request is the first one of its task. The question is asked once for each
	 * request.
	 * @param request the request
	 * @return {@code false} for a later round of a tool loop and a later attempt
	 */
	static boolean begins(ChatClientRequest request) {
		boolean first = !(request.context().get(CONTEXT_KEY) instanceof Task task)
				|| task.begun.compareAndSet(false, true);
		// Streams have no task in the context, and an application may run the tools
		// itself
		List<Message> messages = request.prompt().getInstructions();
		return first && (messages.isEmpty() || !(messages.get(messages.size() - 1) instanceof ToolResponseMessage));
	}

	/**
	 * Whether a request is a later attempt of its task: because an answer was not
	 * accepted, or the model failed. To be asked before {@link #begins}.
	 * @param request the request
	 * @return {@code false} for the first request of a task and for one that brings the
	 * results of tools
	 */
	static boolean isRetry(ChatClientRequest request) {
		List<Message> messages = request.prompt().getInstructions();
		return request.context().get(CONTEXT_KEY) instanceof Task task && task.begun.get()
				&& (messages.isEmpty() || !(messages.get(messages.size() - 1) instanceof ToolResponseMessage));
	}

}

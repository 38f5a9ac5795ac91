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
	 * Say what a request is in its task. The question is asked once for each request.
	 * @param request the request
	 * @return its part
	 */
	static Part part(ChatClientRequest request) {
		// Streams have no task in the context, and an application may run the tools
		// itself
		boolean first = !(request.context().get(CONTEXT_KEY) instanceof Task task)
				|| task.begun.compareAndSet(false, true);
		List<Message> messages = request.prompt().getInstructions();
		if (!messages.isEmpty() && messages.get(messages.size() - 1) instanceof ToolResponseMessage) {
			return Part.ROUND;
		}
		return first ? Part.FIRST : Part.RETRY;
	}

	/**
	 * What a request is in its task.
	 */
	enum Part {

		/**
		 * The first request.
		 */
		FIRST,

		/**
		 * A later round of the tool loop, which brings the results of tools.
		 */
		ROUND,

		/**
		 * A later attempt, because an answer was not accepted or the model failed.
		 */
		RETRY

	}

}

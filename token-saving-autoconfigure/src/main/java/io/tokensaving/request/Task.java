package io.tokensaving.request;

import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

import io.tokensaving.InternalContext;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.util.AlternativeJdkIdGenerator;
import org.springframework.util.IdGenerator;

/**
 * What one question of the application is: all rounds of its tool loop, and all attempts
 * to get an answer that is accepted, belong to it. Thread-safe.
 */
final class Task {

	static final String CONTEXT_KEY = InternalContext.PREFIX + "task";

	// A task is given an id for each question, and SecureRandom would make them wait for
	// each other
	private static final IdGenerator IDS = new AlternativeJdkIdGenerator();

	private final String id = newId();

	private final AtomicBoolean begun = new AtomicBoolean();

	private static String newId() {
		return IDS.generateId().toString();
	}

	/**
	 * Return what a request is of its task. To be called once for each request.
	 * @param request the request
	 * @param named the id that the request names, or {@code null}
	 * @return the part
	 */
	static Part of(ChatClientRequest request, @Nullable String named) {
		Task task = (request.context().get(CONTEXT_KEY) instanceof Task known) ? known : null;
		boolean first = task == null || task.begun.compareAndSet(false, true);
		// Streams have no task in the context, nor do tools that the application runs
		List<Message> messages = request.prompt().getInstructions();
		boolean toolResults = !messages.isEmpty() && messages.get(messages.size() - 1) instanceof ToolResponseMessage;
		boolean begins = first && !toolResults;
		boolean retry = !first && !toolResults;
		if (named != null) {
			return new Part(named, true, begins, retry);
		}
		if (task != null) {
			return new Part(task.id, false, begins, retry);
		}
		// A later round has no id rather than one that its first round does not have
		return new Part(begins ? newId() : null, false, begins, retry);
	}

	/**
	 * What a request is of its task.
	 *
	 * @param id the id of the task, or {@code null} if it is not known
	 * @param named whether the request itself names it
	 * @param begins whether the request may be the first one of the task: {@code false}
	 * for a later round of a tool loop and a later attempt
	 * @param retry whether it is a later attempt: because an answer was not accepted, or
	 * the model failed
	 */
	record Part(@Nullable String id, boolean named, boolean begins, boolean retry) {

	}

}

package io.tokensaving.request;

import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

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

	private final AtomicInteger retries = new AtomicInteger();

	// How often an advisor asks again for an answer that does not satisfy its schema
	private final int validations;

	/**
	 * Create a task.
	 * @param validations how often it is asked again, at most, where the answer is not
	 * valid
	 */
	Task(int validations) {
		this.validations = validations;
	}

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
		int retries = (task != null) ? task.retries.addAndGet(retry ? 1 : 0) : 0;
		int left = (task != null) ? Math.max(0, task.validations - retries) : 0;
		if (named != null) {
			return new Part(named, true, begins, retry, left);
		}
		if (task != null) {
			return new Part(task.id, false, begins, retry, left);
		}
		// A later round has no id rather than one that its first round does not have
		return new Part(begins ? newId() : null, false, begins, retry, left);
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
	 * @param validationsLeft how often it is asked again, at most, if its answer is not
	 * valid
	 */
	record Part(@Nullable String id, boolean named, boolean begins, boolean retry, int validationsLeft) {

	}

}

package io.tokensaving.request;

import java.time.Duration;
import java.util.function.Consumer;

import io.tokensaving.Outcome;
import io.tokensaving.SavingTechnique;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.model.ChatResponse;

/**
 * Where the answer to a request is kept: the exact cache that it passed, for advisors
 * that do not know that cache. Thread-safe.
 */
public interface AnswerSource {

	/**
	 * Whether other instances of the application put their answers there.
	 * @return whether it is shared
	 */
	boolean isShared();

	/**
	 * Look for the answer; may block.
	 * @param outcome the outcome to write down if it is found
	 * @param technique what is to be credited
	 * @param timeout for how long it may block at most, above zero
	 * @return the answer, or {@code null} if it is not there
	 */
	@Nullable ChatClientResponse find(Outcome outcome, SavingTechnique technique, Duration timeout);

	/**
	 * Store the answer, if it may be stored. Does not block.
	 * @param answer the answer
	 * @param streamed whether it was put together from a stream
	 * @param whenDone is told whether it was stored, once it can be found or never will
	 * be; must not throw
	 */
	void store(ChatResponse answer, boolean streamed, Consumer<Boolean> whenDone);

}

package io.tokensaving.request;

import io.tokensaving.Outcome;
import io.tokensaving.SavingTechnique;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.client.ChatClientResponse;

/**
 * Where the answer to a request may turn up while it is in flight: the exact cache that
 * it passed, for advisors that do not know that cache. Thread-safe.
 */
public interface AnswerSource {

	/**
	 * Whether other instances of the application put their answers there.
	 * @return whether it is shared
	 */
	boolean isShared();

	/**
	 * Look for the answer; may block, but not longer than a look-up may.
	 * @param outcome the outcome to write down if it is found
	 * @param technique what is to be credited
	 * @return the answer, or {@code null} if it is not there
	 */
	@Nullable ChatClientResponse find(Outcome outcome, SavingTechnique technique);

}

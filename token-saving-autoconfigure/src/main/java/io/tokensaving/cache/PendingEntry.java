package io.tokensaving.cache;

import io.tokensaving.request.PendingAnswer;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.client.ChatClientRequest;

/**
 * A pending answer of an outer cache. An inner cache reports the answer that it found,
 * and the owner of the pending answer stores that: with the same age, tags and expiry as
 * in the inner cache. Thread-safe.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public abstract class PendingEntry extends PendingAnswer {

	private volatile @Nullable CachedResponse found;

	/**
	 * Report to the outer cache of a request, if there is one, the answer that an inner
	 * cache found.
	 * @param request the request
	 * @param found the answer that was found
	 */
	public static void reportFound(ChatClientRequest request, CachedResponse found) {
		if (PendingAnswer.of(request) instanceof PendingEntry pending) {
			pending.found = found;
		}
	}

	/**
	 * Return the answer that an inner cache found.
	 * @return the answer, or {@code null} if none was found
	 */
	protected final @Nullable CachedResponse found() {
		return this.found;
	}

}

package io.tokensaving.promptcache;

import java.time.Instant;
import java.util.Collections;
import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * Decides which prefixes of a request are worth being kept by the provider, from what it
 * has seen of earlier requests. Thread-safe; holds digests only, and a bounded number of
 * them.
 */
public final class CachePlanner {

	/**
	 * Create a planner that has seen nothing.
	 */
	public CachePlanner() {
	}

	/**
	 * Decide what a request marks. What is decided counts as sent until
	 * {@link #failed(CacheDecision)} says otherwise.
	 * @param scope within which prefixes are shared
	 * @param rules the rules of provider and model
	 * @param boundaries all boundaries of the prompt, from its beginning on; tokens never
	 * fall
	 * @param now the time
	 * @return the decision
	 * @throws IllegalArgumentException if the tokens of the boundaries fall
	 */
	public CacheDecision plan(CacheScope scope, CacheRules rules, List<PrefixBoundary> boundaries, Instant now) {
		return new CacheDecision(List.of(), Collections.nCopies(boundaries.size(), MarkReason.NO_REUSE));
	}

	/**
	 * Tell that the response to a request has begun, before its usage is known: what the
	 * request has written can be read from now on. Only the first call counts.
	 * @param decision the decision for the request
	 * @param at when the response began
	 */
	public void begun(CacheDecision decision, Instant at) {
	}

	/**
	 * Tell what the provider reported for a request. Only the first call counts.
	 * @param decision the decision for the request
	 * @param usage what was reported
	 * @return why less was read than an earlier request would have let the provider read,
	 * or {@code null} if there was nothing to read or it was read
	 */
	public @Nullable MissCause observed(CacheDecision decision, CacheUsage usage) {
		return null;
	}

	/**
	 * Tell that a request never went through: nothing was read or written for it. Only
	 * the first call counts, and none after {@link #observed}.
	 * @param decision the decision for the request
	 */
	public void failed(CacheDecision decision) {
	}

}

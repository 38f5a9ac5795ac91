package io.tokensaving.simulator;

import java.time.Instant;
import java.util.function.Consumer;

/**
 * What a prompt cache decided for a request when it came in, and what is still to be
 * done: nothing that the request writes can be read before its response begins.
 *
 * @param tokens what is read and written
 * @param atBegin makes the writes readable from the given time on
 */
public record CacheDecision(CacheTokens tokens, Consumer<Instant> atBegin) {

	static CacheDecision none(int tokens) {
		return new CacheDecision(CacheTokens.none(tokens), (instant) -> {
		});
	}

}

package io.tokensaving.simulator;

import org.jspecify.annotations.Nullable;

/**
 * What a provider answers to one line of a batch.
 *
 * @param number of the request, for ids
 * @param model the model's name in the line
 * @param status what a live request would have got
 * @param body of the response or of the error, JSON
 * @param problem what the provider had against it, or null
 * @param input what the cache did with the input
 * @param bill what it costs
 */
record LineAnswer(long number, String model, int status, String body, @Nullable String problem, CacheTokens input,
		RequestBill bill) {

	boolean isDone() {
		return this.problem == null;
	}

}

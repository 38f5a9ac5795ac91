package io.tokensaving.simulator;

/**
 * Answers requests for which no answer was queued. It runs on the threads of the server
 * and must be safe for use by several.
 */
@FunctionalInterface
public interface Responder {

	/**
	 * Answers a request that the provider takes.
	 * @param request what came in; its input is not decided yet
	 * @return the answer
	 */
	Answer answer(SimulatedRequest request);

}

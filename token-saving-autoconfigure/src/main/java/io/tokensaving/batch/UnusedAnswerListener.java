package io.tokensaving.batch;

/**
 * Is told of answers that were paid and that nobody gets: they came after the request had
 * been asked live, or nobody asked for them as long as they were kept. Called once for an
 * answer, except that a crash may lose the call.
 */
@FunctionalInterface
public interface UnusedAnswerListener {

	/**
	 * Book an answer as spent.
	 * @param workspace the workspace of the request
	 * @param plan the id of its plan
	 * @param target where it went
	 * @param body the JSON body of the response
	 */
	void unused(String workspace, String plan, BatchTarget target, byte[] body);

}

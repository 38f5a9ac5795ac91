package io.tokensaving.batch;

/**
 * Ends a piece of work whose answer is not there yet. {@link TokenSavingBatch} runs the
 * work again once it is; work that catches this exception is run again all the same. Has
 * no stack trace.
 */
public final class DeferredAnswerException extends RuntimeException {

	/**
	 * Create the exception.
	 */
	DeferredAnswerException() {
		super("The answer comes with a batch; the work is run again then", null, false, false);
	}

}

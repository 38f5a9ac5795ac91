package io.tokensaving.batch;

/**
 * A piece of work made another request when it was run again, so that the answer that was
 * bought for the first one is of no use.
 */
public class NotRepeatableException extends RuntimeException {

	/**
	 * Create the exception.
	 * @param message which request of which work differs in what, without its text
	 */
	public NotRepeatableException(String message) {
		super(message);
	}

}

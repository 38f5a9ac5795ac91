package io.tokensaving.batch;

/**
 * A provider did not accept a request of a batch.
 */
public class RejectedRequestException extends RuntimeException {

	/**
	 * Create the exception.
	 * @param message what the provider said
	 */
	public RejectedRequestException(String message) {
		super(message);
	}

}

package io.tokensaving.request;

/**
 * Something in a request has no canonical encoding, so that two requests could not be
 * told apart. Such a request is never looked up nor stored.
 */
public class FingerprintException extends RuntimeException {

	/**
	 * Create a new exception.
	 * @param message what could not be encoded, without its content
	 */
	public FingerprintException(String message) {
		super(message);
	}

}

package io.tokensaving.request;

/**
 * Something in a request has no canonical encoding, so the request could not be told
 * apart from others. Such a request is neither looked up nor stored.
 * <p>
 * Internal: not part of the API, may change at any time.
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

package io.tokensaving.dashboard;

/**
 * A request is not accepted.
 */
final class InvalidRequestException extends RuntimeException {

	private final int status;

	/**
	 * Create a new exception.
	 * @param status the status of HTTP
	 * @param message what is accepted, a sentence that is shown
	 */
	InvalidRequestException(int status, String message) {
		super(message);
		this.status = status;
	}

	int status() {
		return this.status;
	}

}

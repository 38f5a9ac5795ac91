package io.tokensaving.batch;

import org.jspecify.annotations.Nullable;

/**
 * A provider could not be reached, or did not do what it was asked.
 */
public class BatchTransportException extends RuntimeException {

	private final Kind kind;

	/**
	 * Create the exception.
	 * @param kind what is known of the failure
	 * @param message what went wrong, without text of requests
	 * @param cause the failure, or {@code null}
	 */
	public BatchTransportException(Kind kind, String message, @Nullable Throwable cause) {
		super(message, cause);
		this.kind = kind;
	}

	/**
	 * Return what is known of the failure.
	 * @return the kind
	 */
	public Kind kind() {
		return this.kind;
	}

	/**
	 * What can be known of a failure.
	 */
	public enum Kind {

		/**
		 * The provider refused for now, by a limit of rate or of what may wait: nothing
		 * was created.
		 */
		LATER,

		/**
		 * The provider refuses the request as it is: nothing was created.
		 */
		REFUSED,

		/**
		 * It is not known whether the provider did what it was asked.
		 */
		UNKNOWN

	}

}

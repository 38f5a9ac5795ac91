package io.tokensaving.plan;

import org.jspecify.annotations.Nullable;

/**
 * The store of plans cannot be reached, so a plan could not be written. If the connection
 * broke during the write, the change may have been made nevertheless.
 */
public class PlanStoreUnavailableException extends RuntimeException {

	/**
	 * Create a new exception.
	 * @param message what happened
	 * @param cause the cause, or {@code null}
	 */
	public PlanStoreUnavailableException(String message, @Nullable Throwable cause) {
		super(message, cause);
	}

}

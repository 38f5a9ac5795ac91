package io.tokensaving.samples.gateway.door;

import org.jspecify.annotations.Nullable;

/**
 * Thrown if nobody is there any more who would read the answer.
 */
final class ClientLeftException extends RuntimeException {

	ClientLeftException(@Nullable Throwable cause) {
		super("The client has closed the connection", cause, false, false);
	}

}

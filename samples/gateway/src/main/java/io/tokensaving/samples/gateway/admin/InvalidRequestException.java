package io.tokensaving.samples.gateway.admin;

import org.jspecify.annotations.Nullable;

/**
 * Thrown if a request to the management API is not accepted; answered with the status 400
 * and an {@link ErrorBody}.
 */
public class InvalidRequestException extends RuntimeException {

	private final String field;

	private final @Nullable String value;

	private final String accepted;

	/**
	 * Create an exception.
	 * @param field the field or parameter that is wrong
	 * @param value its value, or {@code null} if it is missing
	 * @param accepted what is accepted, in words
	 */
	public InvalidRequestException(String field, @Nullable String value, String accepted) {
		super((value != null) ? "'%s' has the value '%s', accepted is %s".formatted(field, shortened(value), accepted)
				: "'%s' is missing, accepted is %s".formatted(field, accepted));
		this.field = field;
		this.value = value;
		this.accepted = accepted;
	}

	/**
	 * Return what the client is told.
	 * @return the body of the response
	 */
	public ErrorBody body() {
		return new ErrorBody(String.valueOf(getMessage()), this.field,
				(this.value != null) ? shortened(this.value) : null, this.accepted);
	}

	private static String shortened(String value) {
		return (value.length() > ErrorBody.MAX_VALUE) ? value.substring(0, ErrorBody.MAX_VALUE) + "..." : value;
	}

}

package io.tokensaving.samples.gateway.wire;

import org.jspecify.annotations.Nullable;

/**
 * Thrown if a request or an answer is not of a format.
 */
public class WireException extends RuntimeException {

	private final @Nullable String param;

	private final @Nullable String code;

	/**
	 * Create an exception.
	 * @param message what is wrong and what is accepted, without text of the request
	 * @param param the field that is wrong, or {@code null}
	 * @param code the code, such as {@code invalid_type}, or {@code null}
	 */
	public WireException(String message, @Nullable String param, @Nullable String code) {
		super(message);
		this.param = param;
		this.code = code;
	}

	/**
	 * Return the field that is wrong.
	 * @return the path of the field, or {@code null}
	 */
	public @Nullable String param() {
		return this.param;
	}

	/**
	 * Return the code.
	 * @return the code, or {@code null}
	 */
	public @Nullable String code() {
		return this.code;
	}

}

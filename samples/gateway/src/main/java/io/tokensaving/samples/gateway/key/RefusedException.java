package io.tokensaving.samples.gateway.key;

import java.util.Map;

import org.jspecify.annotations.Nullable;

/**
 * Thrown if a request is refused before any upstream is asked.
 */
public class RefusedException extends RuntimeException {

	private final int status;

	private final String type;

	private final String code;

	private final @Nullable String param;

	private final Map<String, String> headers;

	/**
	 * Create an exception.
	 * @param status the HTTP status
	 * @param type the type of the error, such as {@code insufficient_quota}
	 * @param code the code of the error, such as {@code invalid_api_key}
	 * @param message why it is refused and what helps, for the client to read
	 * @param headers headers of the response, such as {@code retry-after}
	 */
	public RefusedException(int status, String type, String code, String message, Map<String, String> headers) {
		this(status, type, code, message, null, headers);
	}

	/**
	 * Create an exception.
	 * @param status the HTTP status
	 * @param type the type of the error, such as {@code permission_error}
	 * @param code the code of the error, such as {@code model_not_allowed}
	 * @param message why it is refused and what helps, for the client to read
	 * @param param the field of the request that is refused, or {@code null}
	 * @param headers headers of the response, such as {@code retry-after}
	 */
	public RefusedException(int status, String type, String code, String message, @Nullable String param,
			Map<String, String> headers) {
		// Who asks with a wrong key can ask often, and a stack trace would say nothing
		super(message, null, false, false);
		this.status = status;
		this.type = type;
		this.code = code;
		this.param = param;
		this.headers = Map.copyOf(headers);
	}

	public int status() {
		return this.status;
	}

	public String type() {
		return this.type;
	}

	public String code() {
		return this.code;
	}

	public @Nullable String param() {
		return this.param;
	}

	public Map<String, String> headers() {
		return this.headers;
	}

}

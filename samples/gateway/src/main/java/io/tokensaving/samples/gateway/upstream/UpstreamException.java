package io.tokensaving.samples.gateway.upstream;

import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;

/**
 * Thrown if an upstream did not answer as it was asked to: with what it answered instead,
 * or with what went wrong on the way to it. The message holds no text of requests or
 * answers, and no key.
 */
public class UpstreamException extends RuntimeException {

	private static final int BAD_REQUEST = 400;

	private static final int UNPROCESSABLE = 422;

	private static final int MAX_CAUSES = 20;

	private final int status;

	private final String upstream;

	private final @Nullable String code;

	private final Map<String, List<String>> headers;

	private final byte @Nullable [] body;

	/**
	 * Create an exception for what an upstream answered.
	 * @param upstream the name of the upstream
	 * @param status the HTTP status
	 * @param headers the headers that clients may see, by name in lower case
	 * @param body the body
	 */
	public UpstreamException(String upstream, int status, Map<String, List<String>> headers, byte[] body) {
		this(upstream, status, ErrorBodies.code(body), headers, body, null);
	}

	private UpstreamException(String upstream, int status, @Nullable String code, Map<String, List<String>> headers,
			byte[] body, @Nullable Throwable cause) {
		// The library reads status and filters from the message, too
		super("HTTP %d from upstream '%s'%s".formatted(status, upstream, (code != null) ? " (" + code + ")" : ""),
				cause);
		this.status = status;
		this.upstream = upstream;
		this.code = code;
		this.headers = Map.copyOf(headers);
		this.body = body.clone();
	}

	/**
	 * Create an exception for an upstream that gave no answer.
	 * @param upstream the name of the upstream
	 * @param status the HTTP status that clients are told
	 * @param code what went wrong, such as {@code upstream_timeout}
	 * @param message what went wrong, for clients to read
	 * @param headers headers that clients may see, by name in lower case
	 * @param cause the cause, or {@code null}
	 */
	public UpstreamException(String upstream, int status, String code, String message,
			Map<String, List<String>> headers, @Nullable Throwable cause) {
		super(message, cause);
		this.status = status;
		this.upstream = upstream;
		this.code = code;
		this.headers = Map.copyOf(headers);
		this.body = null;
	}

	/**
	 * Return the HTTP status.
	 * @return that of the upstream, or the one that tells best what went wrong
	 */
	public int status() {
		return this.status;
	}

	/**
	 * Return the name of the upstream.
	 * @return the name, which need not concern clients
	 */
	public String upstream() {
		return this.upstream;
	}

	/**
	 * Return a short name of what went wrong.
	 * @return the code, or {@code null} if the upstream gave none
	 */
	public @Nullable String code() {
		return this.code;
	}

	/**
	 * Return the headers that clients may see.
	 * @return the values by name in lower case
	 */
	public Map<String, List<String>> headers() {
		return this.headers;
	}

	/**
	 * Return what the upstream answered.
	 * @return the body, or {@code null} if there is none and the message is to be shown
	 */
	public byte @Nullable [] body() {
		return (this.body != null) ? this.body.clone() : null;
	}

	/**
	 * Whether an upstream refused a request itself as malformed, so that it may accept
	 * another form of it.
	 * @param failure what was thrown, or what has it as its cause
	 * @return whether it did
	 */
	public static boolean isRejection(Throwable failure) {
		@Nullable Throwable cause = failure;
		for (int depth = 0; cause != null && depth < MAX_CAUSES; depth++) {
			if (cause instanceof UpstreamException ex) {
				return ex.body != null && (ex.status == BAD_REQUEST || ex.status == UNPROCESSABLE);
			}
			cause = cause.getCause();
		}
		return false;
	}

}

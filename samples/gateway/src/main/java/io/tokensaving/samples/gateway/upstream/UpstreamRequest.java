package io.tokensaving.samples.gateway.upstream;

import java.util.List;
import java.util.Map;
import java.util.function.Function;

import org.jspecify.annotations.Nullable;

/**
 * A request for an upstream. Knows whether it may have cost something. Thread-safe if its
 * parts are.
 */
public final class UpstreamRequest {

	private final String method;

	private final String path;

	private final Map<String, List<String>> headers;

	private final @Nullable Function<UpstreamTarget, byte[]> body;

	private final String contentType;

	private final boolean stream;

	private volatile boolean unanswered;

	private UpstreamRequest(String method, String path, Map<String, List<String>> headers,
			@Nullable Function<UpstreamTarget, byte[]> body, String contentType, boolean stream) {
		if (!path.startsWith("/") || path.contains("..")) {
			throw new IllegalArgumentException("'path' must begin with a slash and have no '..'");
		}
		this.method = method;
		this.path = path;
		this.headers = headers;
		this.body = body;
		this.contentType = contentType;
		this.stream = stream;
	}

	/**
	 * Make a request without a body.
	 * @param path the path behind the base URL, with the query if there is one
	 * @param headers the headers of the client by name in lower case, of which those are
	 * sent that {@link UpstreamHeaders#isForwarded} lets pass
	 * @return the request
	 */
	public static UpstreamRequest get(String path, Map<String, List<String>> headers) {
		return new UpstreamRequest("GET", path, headers, null, "", false);
	}

	/**
	 * Make a request with JSON.
	 * @param path the path behind the base URL
	 * @param headers the headers of the client by name in lower case, of which those are
	 * sent that {@link UpstreamHeaders#isForwarded} lets pass
	 * @param stream whether a stream of events is asked for
	 * @param body makes the body for an upstream
	 * @return the request
	 */
	public static UpstreamRequest post(String path, Map<String, List<String>> headers, boolean stream,
			Function<UpstreamTarget, byte[]> body) {
		return new UpstreamRequest("POST", path, headers, body, "application/json", stream);
	}

	/**
	 * Make a request with a body of any type.
	 * @param path the path behind the base URL
	 * @param headers the headers of the client by name in lower case, of which those are
	 * sent that {@link UpstreamHeaders#isForwarded} lets pass
	 * @param contentType the type of the body
	 * @param body the body
	 * @return the request
	 */
	public static UpstreamRequest post(String path, Map<String, List<String>> headers, String contentType,
			byte[] body) {
		return new UpstreamRequest("POST", path, headers, (target) -> body, contentType, false);
	}

	String method() {
		return this.method;
	}

	String path() {
		return this.path;
	}

	Map<String, List<String>> headers() {
		return this.headers;
	}

	@Nullable Function<UpstreamTarget, byte[]> body() {
		return this.body;
	}

	String contentType() {
		return this.contentType;
	}

	boolean isStream() {
		return this.stream;
	}

	/**
	 * Whether an upstream was sent the request and has not refused it.
	 * @return {@code false} if it certainly costs nothing
	 */
	public boolean mayHaveCost() {
		return this.unanswered;
	}

	void sent() {
		this.unanswered = true;
	}

	void refused(boolean before) {
		this.unanswered = before;
	}

}

package io.tokensaving.samples.gateway.door;

import java.util.List;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.jspecify.annotations.Nullable;

/**
 * Lets pages of other origins ask, if they may. Credentials of browsers are never sent,
 * as keys are in a header. Thread-safe.
 */
final class Cors {

	private static final String ANY = "*";

	private final List<String> origins;

	Cors(List<String> origins) {
		this.origins = origins;
	}

	/**
	 * Answer the question of a browser whether a page may ask, and allow a page to read
	 * the answer.
	 * @param request the request
	 * @param response the response
	 * @param method the method of the route, or {@code null} if there is none
	 * @return whether the request is answered
	 */
	boolean answer(HttpServletRequest request, HttpServletResponse response, @Nullable String method) {
		if (this.origins.isEmpty()) {
			return false;
		}
		String origin = request.getHeader("origin");
		if (origin == null || !(this.origins.contains(ANY) || this.origins.contains(origin))) {
			return false;
		}
		response.setHeader("access-control-allow-origin", this.origins.contains(ANY) ? ANY : origin);
		response.setHeader("vary", "origin");
		response.setHeader("access-control-expose-headers", ANY);
		if (method == null || !request.getMethod().equals("OPTIONS")
				|| request.getHeader("access-control-request-method") == null) {
			return false;
		}
		response.setHeader("access-control-allow-methods", method);
		String headers = request.getHeader("access-control-request-headers");
		if (headers != null) {
			response.setHeader("access-control-allow-headers", headers);
		}
		response.setHeader("access-control-max-age", "600");
		response.setStatus(HttpServletResponse.SC_NO_CONTENT);
		return true;
	}

}

package io.tokensaving.samples.gateway.door;

import jakarta.servlet.http.HttpServletRequest;
import org.jspecify.annotations.Nullable;

/**
 * Finds the key in a request.
 */
final class ApiKeys {

	private static final String BEARER = "Bearer ";

	private ApiKeys() {
	}

	/**
	 * Find the key where clients of one of the formats put it.
	 * @param request the request
	 * @return the key, or {@code null} if there is none
	 */
	static @Nullable String of(HttpServletRequest request) {
		String authorization = request.getHeader("authorization");
		if (authorization != null && authorization.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
			return authorization.substring(BEARER.length()).strip();
		}
		String key = request.getHeader("x-api-key");
		return (key != null) ? key : request.getHeader("api-key");
	}

}

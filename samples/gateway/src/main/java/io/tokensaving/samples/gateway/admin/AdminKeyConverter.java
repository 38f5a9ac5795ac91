package io.tokensaving.samples.gateway.admin;

import jakarta.servlet.http.HttpServletRequest;
import org.jspecify.annotations.Nullable;

import org.springframework.http.HttpHeaders;
import org.springframework.security.authentication.UsernamePasswordAuthenticationToken;
import org.springframework.security.core.Authentication;
import org.springframework.security.web.authentication.AuthenticationConverter;

/**
 * Reads an admin key from {@code Authorization: Bearer}. Thread-safe.
 */
final class AdminKeyConverter implements AuthenticationConverter {

	private static final String SCHEME = "Bearer ";

	@Override
	public @Nullable Authentication convert(HttpServletRequest request) {
		String header = request.getHeader(HttpHeaders.AUTHORIZATION);
		if (header == null || !header.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
			return null;
		}
		return UsernamePasswordAuthenticationToken.unauthenticated(AdminAuthenticationProvider.KEY,
				header.substring(SCHEME.length()).strip());
	}

}

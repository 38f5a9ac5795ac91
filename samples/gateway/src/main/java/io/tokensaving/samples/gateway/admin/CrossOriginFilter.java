package io.tokensaving.samples.gateway.admin;

import java.io.IOException;
import java.net.URI;
import java.util.Set;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.jspecify.annotations.Nullable;

import org.springframework.http.HttpHeaders;
import org.springframework.security.access.AccessDeniedException;
import org.springframework.security.web.access.AccessDeniedHandler;
import org.springframework.web.filter.OncePerRequestFilter;

/**
 * Refuses writes that a browser makes for a page of another site. A browser that knows
 * the password sends it with these too, so a password is no proof of the user's intent.
 * Takes the place of a CSRF token, which a client without a session has nowhere to keep.
 * Clients that are no browsers send neither of the headers. Thread-safe.
 */
final class CrossOriginFilter extends OncePerRequestFilter {

	private static final Set<String> SAFE_METHODS = Set.of("GET", "HEAD", "OPTIONS", "TRACE");

	private static final Set<String> OWN_SITES = Set.of("same-origin", "none");

	private final AccessDeniedHandler refusal;

	CrossOriginFilter(AccessDeniedHandler refusal) {
		this.refusal = refusal;
	}

	@Override
	protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
			throws ServletException, IOException {
		if (SAFE_METHODS.contains(request.getMethod()) || isOwnSite(request)) {
			chain.doFilter(request, response);
			return;
		}
		this.refusal.handle(request, response,
				new AccessDeniedException("A page of another origin must not write here"));
	}

	private static boolean isOwnSite(HttpServletRequest request) {
		String site = request.getHeader("Sec-Fetch-Site");
		if (site != null) {
			return OWN_SITES.contains(site);
		}
		String origin = request.getHeader(HttpHeaders.ORIGIN);
		return origin == null || isHost(origin, request.getHeader(HttpHeaders.HOST));
	}

	private static boolean isHost(String origin, @Nullable String host) {
		try {
			return host != null && host.equalsIgnoreCase(URI.create(origin).getAuthority());
		}
		catch (IllegalArgumentException ex) {
			return false;
		}
	}

}

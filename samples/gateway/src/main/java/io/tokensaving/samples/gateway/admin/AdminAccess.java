package io.tokensaving.samples.gateway.admin;

import java.util.regex.Pattern;

import org.springframework.security.access.AccessDeniedException;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.context.SecurityContextHolder;

/**
 * What the administrator of the present request may do. Every operation of the management
 * API asks here for the workspace that it is about.
 */
public final class AdminAccess {

	/**
	 * The workspace of requests that name none.
	 */
	public static final String DEFAULT_WORKSPACE = "default";

	private static final Pattern WORKSPACE = Pattern.compile("[A-Za-z0-9._-]{1,100}");

	private AdminAccess() {
	}

	/**
	 * Return who asks.
	 * @return the administrator
	 * @throws AccessDeniedException if nobody is authenticated
	 */
	public static AdminPrincipal principal() {
		Authentication authentication = SecurityContextHolder.getContext().getAuthentication();
		if (authentication != null && authentication.getPrincipal() instanceof AdminPrincipal principal) {
			return principal;
		}
		throw new AccessDeniedException("Nobody is authenticated");
	}

	/**
	 * Check that the administrator may manage a workspace. The error is the same whether
	 * the workspace exists or not.
	 * @param workspace the workspace
	 * @return the workspace
	 * @throws AccessDeniedException if it may not
	 * @throws InvalidRequestException if it is no name of a workspace
	 */
	public static String checkWorkspace(String workspace) {
		if (!WORKSPACE.matcher(workspace).matches()) {
			throw new InvalidRequestException("workspace", workspace,
					"1 to 100 letters, digits, points, hyphens and underscores");
		}
		if (!principal().manages(workspace)) {
			throw new AccessDeniedException("This admin key does not manage the workspace");
		}
		return workspace;
	}

}

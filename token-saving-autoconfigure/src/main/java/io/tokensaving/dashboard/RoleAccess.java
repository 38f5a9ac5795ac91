package io.tokensaving.dashboard;

import java.security.Principal;
import java.util.Collection;
import java.util.List;
import java.util.Locale;

import org.jspecify.annotations.Nullable;

/**
 * Lets users see the dashboard by their roles. Thread-safe.
 */
public final class RoleAccess implements DashboardAccess {

	// A proxy on the same machine would let everybody in
	private static final List<String> FORWARDED = List.of("Forwarded", "X-Forwarded-For", "X-Forwarded-Host",
			"X-Real-IP");

	private final Anonymous anonymous;

	private final List<String> readRoles;

	private final List<String> writeRoles;

	private final boolean writes;

	/**
	 * Create access by roles.
	 * @param anonymous whether somebody who has not logged in may see the dashboard
	 * @param readRoles the roles one of which a user needs to read; none needed if empty
	 * @param writeRoles the roles one of which a user needs to write; those to read
	 * suffice if empty
	 * @param writes whether anybody may write
	 */
	public RoleAccess(Anonymous anonymous, Collection<String> readRoles, Collection<String> writeRoles,
			boolean writes) {
		this.anonymous = anonymous;
		this.readRoles = List.copyOf(readRoles);
		this.writeRoles = List.copyOf(writeRoles);
		this.writes = writes;
	}

	@Override
	public Viewer viewer(DashboardRequest request) {
		Principal user = request.user();
		if (user == null && this.anonymous == Anonymous.REFUSED) {
			throw new DeniedException("Only users who have logged in may see this page", false);
		}
		if (this.anonymous == Anonymous.LOCAL && !isLocal(request)) {
			throw new DeniedException("Without a login, only clients on the same machine may see this page", false);
		}
		boolean mayWrite = hasOneOf(this.writeRoles, request);
		if (!hasOneOf(this.readRoles, request) && (this.writeRoles.isEmpty() || !mayWrite)) {
			throw new DeniedException("This page needs a role that you do not have", user != null);
		}
		return new Viewer((user != null) ? user.getName() : null, this.writes && mayWrite, true, null, null);
	}

	private static boolean hasOneOf(List<String> roles, DashboardRequest request) {
		return roles.isEmpty() || roles.stream().anyMatch(request::hasRole);
	}

	// The name that was asked for must be local too: a page of another host can resolve
	// its own name to this machine
	private static boolean isLocal(DashboardRequest request) {
		String host = request.host().toLowerCase(Locale.ROOT);
		boolean local = host.equals("localhost") || host.endsWith(".localhost") || host.equals("[::1]")
				|| host.equals("::1") || host.equals("0:0:0:0:0:0:0:1") || host.equals("[0:0:0:0:0:0:0:1]")
				|| host.matches("127\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}");
		return local && request.local() && FORWARDED.stream().map(request::header).allMatch(RoleAccess::isMissing);
	}

	private static boolean isMissing(@Nullable String header) {
		return header == null;
	}

	/**
	 * Whether somebody who has not logged in may see the dashboard.
	 */
	public enum Anonymous {

		/**
		 * Nobody may.
		 */
		REFUSED,

		/**
		 * Clients may that ask this machine by a local name, without a proxy.
		 */
		LOCAL,

		/**
		 * Everybody may.
		 */
		ALLOWED

	}

}

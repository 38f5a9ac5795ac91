package io.tokensaving.dashboard;

import java.io.IOException;
import java.security.Principal;
import java.util.List;
import java.util.Locale;
import java.util.Map;

import org.jspecify.annotations.Nullable;

/**
 * A request to the dashboard, whatever the web framework.
 */
public interface DashboardRequest {

	/**
	 * Return the method.
	 * @return the name in upper case
	 */
	String method();

	/**
	 * Return the path below the dashboard.
	 * @return the decoded segments; one that is empty for the dashboard with a slash at
	 * its end, none for it without one
	 */
	List<String> path();

	/**
	 * Return the last segment of the path to the dashboard.
	 * @return the segment as it is in the URL
	 */
	String name();

	/**
	 * Return the parameters of the query.
	 * @return the values by name, in the order of the query
	 */
	Map<String, List<String>> parameters();

	/**
	 * Return a header.
	 * @param name the name, in any case
	 * @return the first value, or {@code null} if there is none
	 */
	@Nullable String header(String name);

	/**
	 * Return the host that the client has asked.
	 * @return a name or an address, without the port
	 */
	String host();

	/**
	 * Whether the client is on the same machine.
	 * @return whether its address is a loopback address
	 */
	boolean local();

	/**
	 * Return the language that the client prefers.
	 * @return the locale
	 */
	Locale locale();

	/**
	 * Return who asks.
	 * @return the user, or {@code null} if nobody has logged in
	 */
	@Nullable Principal user();

	/**
	 * Whether the user has a role.
	 * @param role the name of the role, without a prefix
	 * @return whether the user has it
	 */
	boolean hasRole(String role);

	/**
	 * Return the token that requests which write must carry.
	 * @return the token, or {@code null} if the application uses none
	 */
	@Nullable CsrfToken csrfToken();

	/**
	 * Read the body.
	 * @param maxBytes the number of bytes after which reading may stop
	 * @return up to one byte more than that
	 * @throws IOException if it cannot be read
	 */
	byte[] body(int maxBytes) throws IOException;

	/**
	 * A token against forged requests.
	 *
	 * @param header the header that carries it
	 * @param token its value
	 */
	record CsrfToken(String header, String token) {

		@Override
		public String toString() {
			return "CsrfToken[header=" + this.header + "]";
		}

	}

}

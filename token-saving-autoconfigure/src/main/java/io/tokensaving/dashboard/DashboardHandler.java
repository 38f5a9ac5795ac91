package io.tokensaving.dashboard;

import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.Principal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.jspecify.annotations.Nullable;

import org.springframework.http.server.PathContainer;
import org.springframework.util.ClassUtils;
import org.springframework.util.StringUtils;
import org.springframework.web.HttpRequestHandler;
import org.springframework.web.util.ServletRequestPathUtils;

/**
 * Serves the dashboard in an application with Spring MVC. Thread-safe.
 */
public final class DashboardHandler implements HttpRequestHandler {

	private static final boolean SECURITY = ClassUtils.isPresent("org.springframework.security.web.csrf.CsrfToken",
			DashboardHandler.class.getClassLoader());

	private final Dashboard dashboard;

	private final int depth;

	/**
	 * Create a handler.
	 * @param dashboard answers the requests
	 * @param path the path of the dashboard within the application, such as
	 * {@code /tokensaving}
	 */
	public DashboardHandler(Dashboard dashboard, String path) {
		this.dashboard = dashboard;
		this.depth = StringUtils.countOccurrencesOf(path, "/");
	}

	@Override
	public void handleRequest(HttpServletRequest request, HttpServletResponse response) throws IOException {
		DashboardReply reply;
		try {
			reply = this.dashboard.handle(new ServletRequest(request, this.depth));
		}
		catch (IllegalArgumentException ex) {
			// The query cannot be decoded
			response.sendError(HttpServletResponse.SC_BAD_REQUEST);
			return;
		}
		response.setStatus(reply.status());
		reply.headers().forEach(response::setHeader);
		response.setContentLength(reply.body().length);
		if (!request.getMethod().equals("HEAD")) {
			response.getOutputStream().write(reply.body());
		}
	}

	/**
	 * A request of a servlet container.
	 */
	private static final class ServletRequest implements DashboardRequest {

		private final HttpServletRequest request;

		private final List<PathContainer.Element> segments;

		private final List<String> path;

		private final Map<String, List<String>> parameters;

		ServletRequest(HttpServletRequest request, int depth) {
			this.request = request;
			PathContainer whole = ServletRequestPathUtils.getParsedRequestPath(request).pathWithinApplication();
			this.segments = whole.elements();
			this.path = below(whole, depth);
			this.parameters = parameters(request.getQueryString());
		}

		// An element is a separator or a segment; one of the dashboard is after a
		// separator, even if it is empty
		private static List<String> below(PathContainer whole, int depth) {
			List<String> below = new ArrayList<>();
			int separators = 0;
			boolean ended = true;
			for (PathContainer.Element element : whole.elements()) {
				if (element instanceof PathContainer.PathSegment segment) {
					if (separators > depth) {
						below.add(segment.valueToMatch());
					}
					ended = true;
				}
				else {
					separators++;
					ended = false;
				}
			}
			if (!ended && separators > depth) {
				below.add("");
			}
			return below;
		}

		private static Map<String, List<String>> parameters(@Nullable String query) {
			Map<String, List<String>> parameters = new LinkedHashMap<>();
			if (StringUtils.hasLength(query)) {
				for (String parameter : query.split("&")) {
					int end = parameter.indexOf('=');
					String name = decode((end >= 0) ? parameter.substring(0, end) : parameter);
					parameters.computeIfAbsent(name, (added) -> new ArrayList<>())
						.add((end >= 0) ? decode(parameter.substring(end + 1)) : "");
				}
			}
			return parameters;
		}

		private static String decode(String text) {
			return URLDecoder.decode(text, StandardCharsets.UTF_8);
		}

		@Override
		public String method() {
			return this.request.getMethod();
		}

		@Override
		public List<String> path() {
			return this.path;
		}

		@Override
		public String name() {
			return this.segments.get(this.segments.size() - 1).value();
		}

		@Override
		public Map<String, List<String>> parameters() {
			return this.parameters;
		}

		@Override
		public @Nullable String header(String name) {
			return this.request.getHeader(name);
		}

		@Override
		public String host() {
			return this.request.getServerName();
		}

		@Override
		public boolean local() {
			String address = this.request.getRemoteAddr();
			// Never looked up, as the container gives an address
			return address != null && (address.startsWith("127.") || address.equals("0:0:0:0:0:0:0:1")
					|| address.equals("::1") || address.equals("[::1]"));
		}

		@Override
		public Locale locale() {
			return (this.request.getHeader("Accept-Language") != null) ? this.request.getLocale() : Locale.ENGLISH;
		}

		@Override
		public @Nullable Principal user() {
			return this.request.getUserPrincipal();
		}

		@Override
		public boolean hasRole(String role) {
			return this.request.isUserInRole(role);
		}

		@Override
		public @Nullable CsrfToken csrfToken() {
			return SECURITY ? SecurityToken.of(this.request) : null;
		}

		@Override
		public byte[] body(int maxBytes) throws IOException {
			return this.request.getInputStream().readNBytes(maxBytes + 1);
		}

	}

	/**
	 * Reads the token of Spring Security.
	 */
	private static final class SecurityToken {

		static DashboardRequest.@Nullable CsrfToken of(HttpServletRequest request) {
			Object token = request.getAttribute(org.springframework.security.web.csrf.CsrfToken.class.getName());
			return (token instanceof org.springframework.security.web.csrf.CsrfToken csrf)
					? new DashboardRequest.CsrfToken(csrf.getHeaderName(), csrf.getToken()) : null;
		}

	}

}

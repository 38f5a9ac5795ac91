package io.tokensaving.dashboard;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

import io.tokensaving.actuate.EndpointOperations;
import io.tokensaving.actuate.EndpointOperations.PlanPage;
import io.tokensaving.actuate.EndpointOperations.Result;
import io.tokensaving.dashboard.DashboardAccess.DeniedException;
import io.tokensaving.dashboard.DashboardAccess.Viewer;
import io.tokensaving.dashboard.DashboardAssets.Asset;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.StreamWriteFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The dashboard: answers requests for its page, for the JSON that the page reads, and for
 * what it writes. What it shows and writes is that of the endpoint. Thread-safe.
 */
public final class Dashboard {

	/**
	 * The header that every request which writes must have, besides the token of the
	 * application if it uses one. A page of another origin cannot send it.
	 */
	static final String WRITE_HEADER = "X-Requested-With";

	/**
	 * The value of {@link #WRITE_HEADER}.
	 */
	static final String WRITE_VALUE = "token-saving";

	private static final Log logger = LogFactory.getLog(Dashboard.class);

	private static final String API = "api";

	private static final String WORKSPACE = "workspace";

	private static final String FIELDS = "fields";

	private static final String PLANS = "plans";

	private static final String PLAN = "plan";

	private static final String JSON = "application/json";

	private static final int OK = 200;

	private static final int NO_CONTENT = 204;

	private static final int MOVED = 302;

	private static final int NOT_MODIFIED = 304;

	private static final int BAD_REQUEST = 400;

	private static final int UNAUTHORIZED = 401;

	private static final int FORBIDDEN = 403;

	private static final int NOT_FOUND = 404;

	private static final int METHOD_NOT_ALLOWED = 405;

	private static final int UNAVAILABLE = 503;

	private static final int MAX_BODY_BYTES = 64 * 1024;

	private static final int MAX_PAGE_SIZE = 200;

	private static final int DEFAULT_PAGE_SIZE = 25;

	// Shorter answers would hardly become shorter
	private static final int MIN_COMPRESSED_BYTES = 1024;

	/**
	 * What is shown of all workspaces together.
	 */
	private static final Set<String> OF_ALL_WORKSPACES = Set.of("totals", "cache-engines", "batches");

	private static final Map<String, String> SAFE = Map.of("Content-Security-Policy",
			"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
					+ "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
			"X-Content-Type-Options", "nosniff", "Referrer-Policy", "same-origin", "X-Frame-Options", "DENY",
			"Cross-Origin-Opener-Policy", "same-origin", "Cross-Origin-Resource-Policy", "same-origin");

	private final EndpointOperations operations;

	private final DashboardAccess access;

	private final LiveRequests requests;

	private final DashboardReviews reviews;

	private final int refreshSeconds;

	private final DashboardAssets assets;

	private final DashboardMessages messages;

	private final String instance = HexFormat.of().toHexDigits((short) ThreadLocalRandom.current().nextInt());

	// Fixed, as the page does not know how the application has configured its own
	private final JsonMapper json = JsonMapper.builder().enable(StreamWriteFeature.WRITE_BIGDECIMAL_AS_PLAIN).build();

	/**
	 * Create the dashboard.
	 * @param operations reads and writes what is shown
	 * @param access decides who may see it
	 * @param requests the latest calls
	 * @param reviews the pairs for a verdict by hand
	 * @param refreshSeconds the seconds after which the page reads anew, at least 1
	 * @param classLoader finds the files of the page
	 */
	public Dashboard(EndpointOperations operations, DashboardAccess access, LiveRequests requests,
			DashboardReviews reviews, int refreshSeconds, @Nullable ClassLoader classLoader) {
		this.operations = operations;
		this.access = access;
		this.requests = requests;
		this.reviews = reviews;
		this.refreshSeconds = refreshSeconds;
		this.assets = new DashboardAssets(classLoader);
		this.messages = new DashboardMessages(classLoader);
	}

	/**
	 * Answer a request. May block.
	 * @param request the request
	 * @return the reply
	 * @throws IOException if the body of the request cannot be read
	 */
	DashboardReply handle(DashboardRequest request) throws IOException {
		try {
			Viewer viewer = this.access.viewer(request);
			return compressed(request, handle(request, viewer));
		}
		catch (DeniedException ex) {
			return error(ex.isKnown() ? FORBIDDEN : UNAUTHORIZED, ex.getMessage());
		}
		catch (InvalidRequestException ex) {
			return error(ex.status(), ex.getMessage());
		}
		catch (RuntimeException ex) {
			// Its message may quote what must not be shown
			logger.warn("The dashboard could not answer: " + ex.getClass().getName());
			logger.debug("The dashboard could not answer", ex);
			return error(UNAVAILABLE, "What was asked for cannot be read or written now");
		}
	}

	private DashboardReply handle(DashboardRequest request, Viewer viewer) throws IOException {
		List<String> path = request.path();
		boolean reads = request.method().equals("GET") || request.method().equals("HEAD");
		if (path.size() > 1 && path.get(0).equals(API)) {
			List<String> below = path.subList(1, path.size());
			return reads ? read(request, viewer, below) : write(request, viewer, below);
		}
		if (!reads) {
			DashboardReply refused = error(METHOD_NOT_ALLOWED, "There is nothing to write at this path");
			refused.headers().put("Allow", "GET, HEAD");
			return refused;
		}
		return asset(request, path);
	}

	private DashboardReply asset(DashboardRequest request, List<String> path) {
		if (path.isEmpty()) {
			// Everything is relative to the page, wherever a proxy has put it
			return new DashboardReply(MOVED, with(Map.of("Location", request.name() + "/")), new byte[0]);
		}
		String name = path.get(0).isEmpty() ? DashboardAssets.PAGE : path.get(0);
		Asset asset = (path.size() == 1) ? this.assets.find(name) : null;
		if (asset == null) {
			return error(NOT_FOUND, "There is nothing at this path");
		}
		Map<String, String> headers = with(Map.of("Cache-Control", "private, no-cache", "ETag", asset.tag(), "Vary",
				"Accept-Encoding", DashboardReply.CONTENT_TYPE, asset.type()));
		if (asset.tag().equals(request.header("If-None-Match"))) {
			return new DashboardReply(NOT_MODIFIED, headers, new byte[0]);
		}
		if (!acceptsGzip(request)) {
			return new DashboardReply(OK, headers, asset.content());
		}
		headers.put("Content-Encoding", "gzip");
		return new DashboardReply(OK, headers, asset.compressed());
	}

	private DashboardReply read(DashboardRequest request, Viewer viewer, List<String> path) {
		Map<String, String> parameters = parameters(request);
		String workspace = workspace(viewer, parameters);
		FieldSelection fields = fields(parameters.remove(FIELDS));
		Object own = (path.size() > 1) ? null : switch (path.get(0)) {
			case "session" -> session(request, viewer, parameters);
			case "messages" -> accepted(parameters, Set.of(), this.messages.texts(request.locale()));
			case "requests" -> requests(workspace, parameters);
			case "reviews" -> reviews(viewer, workspace, parameters);
			default -> null;
		};
		if (own != null) {
			return json(OK, own, fields);
		}
		if (viewer.workspaces() != null && path.size() == 1 && OF_ALL_WORKSPACES.contains(path.get(0))) {
			throw new InvalidRequestException(FORBIDDEN, "This is shown to those only who may see all workspaces");
		}
		if (path.equals(List.of(PLANS))) {
			return json(OK, plans(workspace, parameters), fields);
		}
		return reply(this.operations.read(workspace, path, parameters), fields);
	}

	private Map<String, Object> session(DashboardRequest request, Viewer viewer, Map<String, String> parameters) {
		accepted(parameters, Set.of(), "");
		Map<String, Object> session = new LinkedHashMap<>();
		session.put("user", viewer.name());
		session.put("writable", viewer.writes());
		DashboardRequest.CsrfToken token = request.csrfToken();
		session.put("csrf", (token != null) ? Map.of("header", token.header(), "token", token.token()) : null);
		session.put(WORKSPACE, defaultWorkspace(viewer));
		session.put("show_text", this.reviews.showsText() && viewer.reviews());
		session.put("refresh_seconds", this.refreshSeconds);
		session.put("instance", this.instance);
		return session;
	}

	private Map<String, Object> requests(String workspace, Map<String, String> parameters) {
		accepted(parameters, Set.of("after", PLAN), "");
		long after = number(parameters, "after", 0, Long.MAX_VALUE, 0);
		Map<String, Object> shown = new LinkedHashMap<>();
		shown.put("instance", this.instance);
		List<Map<String, Object>> requests = this.requests.describe(workspace, parameters.get(PLAN), after);
		shown.put("latest", requests.isEmpty() ? after : requests.get(0).get("seq"));
		shown.put("size", LiveRequests.SIZE);
		shown.put("requests", requests);
		return shown;
	}

	private Object reviews(Viewer viewer, String workspace, Map<String, String> parameters) {
		accepted(parameters, Set.of(PLAN, "page", "size"), "");
		return this.reviews.describe(viewer, workspace, needed(parameters, PLAN),
				(int) number(parameters, "page", 0, Integer.MAX_VALUE / MAX_PAGE_SIZE, 0),
				(int) number(parameters, "size", 1, MAX_PAGE_SIZE, DEFAULT_PAGE_SIZE));
	}

	private PlanPage plans(String workspace, Map<String, String> parameters) {
		accepted(parameters, Set.of("q", "page", "size"), "");
		return this.operations.plans(workspace, parameters.getOrDefault("q", ""),
				(int) number(parameters, "page", 0, Integer.MAX_VALUE / MAX_PAGE_SIZE, 0),
				(int) number(parameters, "size", 1, MAX_PAGE_SIZE, DEFAULT_PAGE_SIZE));
	}

	private DashboardReply write(DashboardRequest request, Viewer viewer, List<String> path) throws IOException {
		if (!viewer.writes()) {
			throw new InvalidRequestException(FORBIDDEN, "You may read here, and not write");
		}
		String site = request.header("Sec-Fetch-Site");
		if (!WRITE_VALUE.equals(request.header(WRITE_HEADER)) || !(site == null || site.equals("same-origin"))) {
			throw new InvalidRequestException(FORBIDDEN,
					"Only the page itself may write, with the header '%s: %s'".formatted(WRITE_HEADER, WRITE_VALUE));
		}
		Map<String, String> parameters = parameters(request);
		String workspace = workspace(viewer, parameters);
		switch (request.method()) {
			case "POST" -> {
				if (path.size() == 2 && path.get(0).equals("reviews")) {
					accepted(parameters, Set.of(PLAN), "");
					return json(OK, this.reviews.judge(viewer, workspace, needed(parameters, PLAN), path.get(1),
							verdict(request.body(MAX_BODY_BYTES))), null);
				}
				accepted(parameters, Set.of(), "");
				return reply(this.operations.write(workspace, path, request.body(MAX_BODY_BYTES)), null);
			}
			case "DELETE" -> {
				return reply(this.operations.delete(workspace, path, parameters), null);
			}
			default -> throw new InvalidRequestException(METHOD_NOT_ALLOWED, "Accepted are 'GET', 'POST' and 'DELETE'");
		}
	}

	private String verdict(byte[] body) {
		try {
			JsonNode verdict = this.json.readTree(body).path("verdict");
			return verdict.isString() ? verdict.stringValue() : "";
		}
		catch (RuntimeException ex) {
			throw new InvalidRequestException(BAD_REQUEST, "The body must be a JSON object with 'verdict'");
		}
	}

	private String defaultWorkspace(Viewer viewer) {
		return (viewer.workspace() != null) ? viewer.workspace() : this.operations.workspace();
	}

	private String workspace(Viewer viewer, Map<String, String> parameters) {
		String named = parameters.remove(WORKSPACE);
		String workspace = (named != null && !named.isBlank()) ? named : defaultWorkspace(viewer);
		if (!viewer.sees(workspace)) {
			throw new InvalidRequestException(FORBIDDEN, "You may not see this workspace");
		}
		return workspace;
	}

	private static Map<String, String> parameters(DashboardRequest request) {
		Map<String, String> parameters = new LinkedHashMap<>();
		request.parameters().forEach((name, values) -> {
			if (values.size() != 1) {
				throw new InvalidRequestException(BAD_REQUEST,
						"The parameter '%s' must have one value".formatted(name));
			}
			parameters.put(name, values.get(0));
		});
		return parameters;
	}

	private static @Nullable FieldSelection fields(@Nullable String text) {
		if (text == null || text.isBlank()) {
			return null;
		}
		if (text.length() > FieldSelection.MAX_LENGTH) {
			throw new InvalidRequestException(BAD_REQUEST,
					"'%s' must have at most %d characters".formatted(FIELDS, FieldSelection.MAX_LENGTH));
		}
		return FieldSelection.of(text);
	}

	private static <T> T accepted(Map<String, String> parameters, Set<String> accepted, T value) {
		for (String name : parameters.keySet()) {
			if (!accepted.contains(name)) {
				throw new InvalidRequestException(BAD_REQUEST, "There is no parameter '%s'".formatted(name));
			}
		}
		return value;
	}

	private static String needed(Map<String, String> parameters, String name) {
		String value = parameters.get(name);
		if (value == null || value.isBlank()) {
			throw new InvalidRequestException(BAD_REQUEST, "The parameter '%s' is missing".formatted(name));
		}
		return value;
	}

	private static long number(Map<String, String> parameters, String name, long min, long max, long fallback) {
		String value = parameters.get(name);
		if (value == null || value.isBlank()) {
			return fallback;
		}
		try {
			long number = Long.parseLong(value);
			if (number >= min && number <= max) {
				return number;
			}
		}
		catch (NumberFormatException ex) {
			// Refused below
		}
		throw new InvalidRequestException(BAD_REQUEST,
				"'%s' must be a whole number from %d to %d but was '%s'".formatted(name, min, max, value));
	}

	private DashboardReply reply(Result result, @Nullable FieldSelection fields) {
		Object body = result.body();
		if (result.contentType() != null && body != null) {
			return new DashboardReply(result.status(),
					with(Map.of("Cache-Control", "no-store", DashboardReply.CONTENT_TYPE, result.contentType())),
					body.toString().getBytes(StandardCharsets.UTF_8));
		}
		if (body == null) {
			return new DashboardReply((result.status() == OK) ? NO_CONTENT : result.status(),
					with(Map.of("Cache-Control", "no-store")), new byte[0]);
		}
		return json(result.status(), body, fields);
	}

	private DashboardReply json(int status, Object body, @Nullable FieldSelection fields) {
		JsonNode tree = this.json.valueToTree(body);
		if (fields != null && status == OK) {
			fields.reduce(tree);
		}
		return new DashboardReply(status, with(Map.of("Cache-Control", "no-store", DashboardReply.CONTENT_TYPE, JSON)),
				this.json.writeValueAsBytes(tree));
	}

	private DashboardReply error(int status, @Nullable String message) {
		return json(status, Map.of("error", Objects.requireNonNullElse(message, "")), null);
	}

	private static Map<String, String> with(Map<String, String> headers) {
		Map<String, String> all = new LinkedHashMap<>(SAFE);
		all.putAll(headers);
		return all;
	}

	// The length of what holds a secret, such as the token of the session, must not tell
	// of it
	private static DashboardReply compressed(DashboardRequest request, DashboardReply reply) {
		if (reply.body().length < MIN_COMPRESSED_BYTES || reply.headers().containsKey("Content-Encoding")
				|| !acceptsGzip(request)) {
			return reply;
		}
		Map<String, String> headers = new LinkedHashMap<>(reply.headers());
		headers.put("Content-Encoding", "gzip");
		headers.put("Vary", "Accept-Encoding");
		return new DashboardReply(reply.status(), headers, DashboardAssets.compress(reply.body()));
	}

	private static boolean acceptsGzip(DashboardRequest request) {
		String accepted = request.header("Accept-Encoding");
		return accepted != null && accepted.contains("gzip");
	}

}

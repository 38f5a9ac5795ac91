package io.tokensaving.samples.gateway.door;

import java.io.IOException;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Collectors;

import io.tokensaving.samples.gateway.key.Caller;
import io.tokensaving.samples.gateway.key.KeyGuard;
import io.tokensaving.samples.gateway.wire.WireFormat;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * The door for clients: finds the route, lets in who has a key, and answers. Every route
 * goes through the same check. Thread-safe.
 */
final class DoorServlet extends HttpServlet {

	private static final long serialVersionUID = 1L;

	private static final Log logger = LogFactory.getLog(DoorServlet.class);

	private static final String REQUEST_ID = "x-request-id";

	// Clients of Anthropic look for the same here
	private static final String OTHER_REQUEST_ID = "request-id";

	// The status that is counted for clients that have left; nobody sees it
	private static final int CLIENT_LEFT = 499;

	private final transient KeyGuard guard;

	private final transient Collection<WireFormat> formats;

	private final transient RequestBody bodies;

	private final transient Conversations conversations;

	private final transient PassThrough passThrough;

	private final transient Models models;

	private final transient Cors cors;

	private final transient DoorMetrics metrics;

	private final transient Drain drain;

	private final int maxRunning;

	DoorServlet(KeyGuard guard, Collection<WireFormat> formats, RequestBody bodies, Conversations conversations,
			PassThrough passThrough, Models models, Cors cors, DoorMetrics metrics, Drain drain, int maxRunning) {
		this.guard = guard;
		this.formats = List.copyOf(formats);
		this.bodies = bodies;
		this.conversations = conversations;
		this.passThrough = passThrough;
		this.models = models;
		this.cors = cors;
		this.metrics = metrics;
		this.drain = drain;
		this.maxRunning = maxRunning;
	}

	@Override
	protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
		long start = System.nanoTime();
		int running = this.drain.begin();
		String path = (request.getPathInfo() != null) ? request.getPathInfo() : request.getServletPath();
		Route route = Route.of(path);
		WireFormat format = (route != null) ? format(route) : null;
		Exchange.Record record = new Exchange.Record();
		record.status(HttpServletResponse.SC_OK);
		identify(response, newRequestId());
		if (this.drain.isDraining()) {
			response.setHeader("connection", "close");
		}
		try {
			if (!this.cors.answer(request, response, (route != null) ? route.method() : null)) {
				if (running > this.maxRunning) {
					throw new DoorException(
							new Failure(503, Failure.API_ERROR, "Too many requests at once, please ask again", null,
									"gateway_busy")
								.withHeaders(Map.of("retry-after", "1")));
				}
				answer(route, format, path, request, response, record);
			}
			else {
				record.status(response.getStatus());
			}
		}
		catch (ClientLeftException ex) {
			left(response, record);
		}
		catch (IOException ex) {
			// What fails on the way to upstreams is no IOException any more
			left(response, record);
		}
		catch (Throwable ex) {
			fail(Failures.of(ex, requestId(response)), format, response, record);
		}
		finally {
			this.drain.end();
			this.metrics.record(route, record, System.nanoTime() - start);
		}
	}

	private void answer(@Nullable Route route, @Nullable WireFormat format, String path, HttpServletRequest request,
			HttpServletResponse response, Exchange.Record record) throws IOException {
		if (route == null || (route.kind() != Route.Kind.LOCAL && format == null)) {
			throw new DoorException(new Failure(404, Failure.INVALID_REQUEST, nothingAt(path), null, "not_found"));
		}
		if (!isMethod(route, request.getMethod())) {
			throw new DoorException(new Failure(405, Failure.INVALID_REQUEST,
					"The method must be " + route.method() + " but was another one", null, "method_not_allowed")
				.withHeaders(Map.of("allow", route.method())));
		}
		Caller caller = this.guard.authenticate(ApiKeys.of(request));
		Exchange exchange = new Exchange(route, path, format, caller, request, response, record);
		if (route.kind() == Route.Kind.LOCAL || format == null) {
			local(exchange);
			return;
		}
		try (KeyGuard.Admission admission = this.guard.admit(caller);
				RequestBody.Memory memory = this.bodies.memory()) {
			byte[] body = this.bodies.read(request, memory);
			if (route.kind() == Route.Kind.CONVERSATION) {
				this.conversations.answer(exchange, format, body);
			}
			else {
				this.passThrough.answer(exchange, format, body);
			}
		}
	}

	// Responses that a provider keeps belong to its account, and not to a key: by their
	// ids, keys could read what others have asked
	private static String nothingAt(String path) {
		String known = Route.all().stream().map((route) -> "/v1" + route.path()).collect(Collectors.joining(", "));
		return path.startsWith(Route.RESPONSES.path() + "/")
				? "The gateway does not know whose responses are, so it neither shows nor changes them; there are "
						+ known
				: "There is nothing at this path; there are " + known;
	}

	private static boolean isMethod(Route route, String method) {
		return method.equals(route.method()) || (method.equals("HEAD") && route.method().equals("GET"));
	}

	private void local(Exchange exchange) throws IOException {
		if (exchange.route() == Route.MODEL) {
			this.models.show(exchange);
		}
		else {
			this.models.list(exchange);
		}
	}

	private @Nullable WireFormat format(Route route) {
		for (WireFormat format : this.formats) {
			if (route.isOfFormat(format.path())) {
				return format;
			}
		}
		return null;
	}

	private void left(HttpServletResponse response, Exchange.Record record) {
		record.status(CLIENT_LEFT);
		record.outcome("client_left");
		if (!response.isCommitted()) {
			response.reset();
			response.setStatus(CLIENT_LEFT);
			response.setHeader("connection", "close");
		}
	}

	private void fail(Failure failure, @Nullable WireFormat format, HttpServletResponse response,
			Exchange.Record record) {
		record.status(failure.status());
		record.outcome("error");
		if (response.isCommitted()) {
			// Nothing can be taken back: the client must not take the rest for an end
			throw new IllegalStateException("The answer was cut off");
		}
		String id = requestId(response);
		response.reset();
		identify(response, id);
		response.setStatus(failure.status());
		response.setContentType("application/json");
		failure.headers().forEach(response::setHeader);
		byte[] body = failure.write(format);
		response.setContentLength(body.length);
		try {
			response.getOutputStream().write(body);
			response.flushBuffer();
		}
		catch (IOException ex) {
			logger.debug("The client has left before it was told of an error", ex);
		}
	}

	/**
	 * Return the id of a request.
	 * @param response its response
	 * @return the id
	 */
	static String requestId(HttpServletResponse response) {
		return String.valueOf(response.getHeader(REQUEST_ID));
	}

	static void identify(HttpServletResponse response, String id) {
		response.setHeader(REQUEST_ID, id);
		response.setHeader(OTHER_REQUEST_ID, id);
	}

	static String newRequestId() {
		ThreadLocalRandom random = ThreadLocalRandom.current();
		HexFormat hex = HexFormat.of();
		return "req_" + hex.toHexDigits(random.nextLong()) + hex.toHexDigits(random.nextInt());
	}

}

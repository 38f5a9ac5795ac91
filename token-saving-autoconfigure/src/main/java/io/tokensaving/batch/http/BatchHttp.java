package io.tokensaving.batch.http;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

import io.tokensaving.batch.BatchTransportException.Kind;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.MissingNode;

/**
 * Sends requests to a provider and tells from a failure what may have happened.
 * Thread-safe.
 */
public final class BatchHttp {

	private static final int LONGEST_ERROR = 1 << 16;

	private final HttpExchange exchange;

	/**
	 * Create the client.
	 * @param exchange sends a request
	 */
	public BatchHttp(HttpExchange exchange) {
		this.exchange = exchange;
	}

	/**
	 * Send a request and read the JSON of its response.
	 * @param call the request
	 * @return the JSON
	 * @throws HttpFailure if there is no response, or one that says that it failed
	 */
	public JsonNode json(HttpCall call) {
		JsonNode[] json = new JsonNode[1];
		read(call, (body) -> json[0] = JsonBytes.read(body));
		JsonNode read = json[0];
		return (read != null) ? read : MissingNode.getInstance();
	}

	/**
	 * Send a request of which the response does not matter, unless it says that it
	 * failed.
	 * @param call the request
	 * @throws HttpFailure if there is no response, or one that says that it failed
	 */
	public void send(HttpCall call) {
		read(call, (body) -> {
		});
	}

	/**
	 * Send a request and read its response.
	 * @param call the request
	 * @param reader reads the body
	 * @throws HttpFailure if there is no response, or one that says that it failed, or
	 * its body cannot be read to its end
	 */
	public void read(HttpCall call, Reader reader) {
		try (HttpReply reply = this.exchange.send(call)) {
			int status = reply.status();
			if (status / 100 != 2) {
				throw failure(call, status, reply);
			}
			reader.read(reply.body());
		}
		catch (UncheckedIOException ex) {
			IOException cause = ex.getCause();
			throw noResponse(call, (cause != null) ? cause : ex);
		}
		catch (IOException | JacksonException ex) {
			throw noResponse(call, ex);
		}
	}

	private static HttpFailure noResponse(HttpCall call, Exception cause) {
		// The message of a parser's exception may hold text of an answer
		String what = (cause instanceof JacksonException) ? "the response is not complete JSON"
				: cause.getClass().getSimpleName();
		return new HttpFailure(Kind.UNKNOWN, 0, "%s %s: %s".formatted(call.method(), path(call), what),
				(cause instanceof JacksonException) ? null : cause);
	}

	private static HttpFailure failure(HttpCall call, int status, HttpReply reply) {
		JsonNode error = MissingNode.getInstance();
		try {
			error = JsonBytes.read(reply.body().readNBytes(LONGEST_ERROR)).path("error");
		}
		catch (IOException | JacksonException ex) {
			// The status says enough
		}
		return new HttpFailure(HttpErrors.kind(status, error), status,
				"%s %s: %s".formatted(call.method(), path(call), HttpErrors.describe(status, error)), null);
	}

	private static String path(HttpCall call) {
		return String.join("/", call.path());
	}

	/**
	 * Reads the body of a response.
	 */
	@FunctionalInterface
	public interface Reader {

		/**
		 * Read the body.
		 * @param body the body; not closed
		 * @throws IOException if it cannot be read
		 */
		void read(InputStream body) throws IOException;

	}

}

package io.tokensaving;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.function.Function;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;

/**
 * A server on this machine that answers requests as it is told, and remembers them.
 */
public final class LoopbackServer implements AutoCloseable {

	private final HttpServer server;

	private final List<String> requests = new CopyOnWriteArrayList<>();

	private volatile Function<String, Reply> answers;

	public LoopbackServer(Function<String, Reply> answers) {
		this.answers = answers;
		try {
			this.server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		this.server.setExecutor(Executors.newCachedThreadPool());
		this.server.createContext("/", this::answer);
		this.server.start();
	}

	/**
	 * Answer from now on in another way.
	 * @param answers makes the reply to the body of a request
	 */
	public void answer(Function<String, Reply> answers) {
		this.answers = answers;
	}

	public String url() {
		return "http://localhost:" + this.server.getAddress().getPort();
	}

	/**
	 * Return what was asked.
	 * @return the bodies of the requests, in order
	 */
	public List<String> requests() {
		return this.requests;
	}

	private void answer(HttpExchange exchange) throws IOException {
		String request = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
		this.requests.add(request);
		Reply reply = this.answers.apply(request);
		exchange.getResponseHeaders().add("Content-Type", reply.type());
		exchange.sendResponseHeaders(reply.status(), 0);
		try (OutputStream body = exchange.getResponseBody()) {
			body.write(reply.body().getBytes(StandardCharsets.UTF_8));
		}
	}

	@Override
	public void close() {
		this.server.stop(0);
	}

	/**
	 * What the server replies.
	 *
	 * @param status the status
	 * @param type the type of the content
	 * @param body the content
	 */
	public record Reply(int status, String type, String body) {

		public static Reply json(String body) {
			return new Reply(200, "application/json", body);
		}

		public static Reply events(String... data) {
			StringBuilder events = new StringBuilder();
			for (String element : data) {
				events.append("data: ").append(element).append("\n\n");
			}
			return new Reply(200, "text/event-stream", events.toString());
		}

		public static Reply namedEvents(String... namesAndData) {
			StringBuilder events = new StringBuilder();
			for (int i = 0; i < namesAndData.length; i += 2) {
				events.append("event: ")
					.append(namesAndData[i])
					.append("\ndata: ")
					.append(namesAndData[i + 1])
					.append("\n\n");
			}
			return new Reply(200, "text/event-stream", events.toString());
		}

		public static Reply rejected(String message) {
			return new Reply(400, "application/json",
					"{\"error\":{\"code\":400,\"type\":\"invalid_request_error\",\"message\":\"" + message
							+ "\",\"status\":\"INVALID_ARGUMENT\"}}");
		}

	}

}

package io.tokensaving.actuate;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.function.Supplier;

import org.springframework.test.json.JsonContent;
import org.springframework.test.json.JsonContentAssert;

/**
 * Sends bytes to the endpoint and shows what comes back, whatever its status.
 */
public final class EndpointClient {

	private static final Duration TIMEOUT = Duration.ofSeconds(30);

	private final Supplier<HttpClient> clients;

	private final String base;

	public EndpointClient(String base) {
		HttpClient client = HttpClient.newHttpClient();
		this.clients = () -> client;
		this.base = base;
	}

	private EndpointClient(String base, Supplier<HttpClient> clients) {
		this.clients = clients;
		this.base = base;
	}

	/**
	 * Create a client that opens a connection for each request. A server on Reactor Netty
	 * 1.3.6 may stop reading a connection that it keeps alive
	 * (<a href="https://github.com/reactor/reactor-netty/issues/4361">issue 4361</a>).
	 * @param base the URL that paths are appended to
	 * @return the client
	 */
	static EndpointClient connectingAnew(String base) {
		return new EndpointClient(base, HttpClient::newHttpClient);
	}

	public static EndpointClient of(int port) {
		return new EndpointClient("http://localhost:" + port + "/actuator/tokensaving");
	}

	public Answer get(String path) {
		return send(request(path).GET());
	}

	public Answer delete(String path) {
		return send(request(path).DELETE());
	}

	public Answer post(String path) {
		return send(request(path).POST(HttpRequest.BodyPublishers.noBody()));
	}

	public Answer post(String path, String json) {
		return post(path, json.getBytes(StandardCharsets.UTF_8), "application/json");
	}

	public Answer post(String path, byte[] body, String contentType) {
		return send(
				request(path).header("Content-Type", contentType).POST(HttpRequest.BodyPublishers.ofByteArray(body)));
	}

	public Answer send(String method, String path, String json) {
		return send(request(path).header("Content-Type", "application/json")
			.method(method, HttpRequest.BodyPublishers.ofString(json)));
	}

	private HttpRequest.Builder request(String path) {
		return HttpRequest.newBuilder(URI.create(this.base + path)).timeout(TIMEOUT);
	}

	private Answer send(HttpRequest.Builder request) {
		try {
			HttpResponse<String> response = this.clients.get()
				.send(request.build(), HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
			return new Answer(response.statusCode(), response.body());
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException(ex);
		}
	}

	/**
	 * What came back.
	 *
	 * @param status the status
	 * @param body the body
	 */
	public record Answer(int status, String body) {

		public JsonContentAssert json() {
			return new JsonContentAssert(new JsonContent(this.body));
		}

	}

}

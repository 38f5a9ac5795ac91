package io.tokensaving.dashboard;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.CookieManager;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;

import org.springframework.test.json.JsonContent;
import org.springframework.test.json.JsonContentAssert;

/**
 * Asks the dashboard as a browser does, with cookies and the headers of the page.
 */
final class PageClient {

	private final HttpClient http = HttpClient.newBuilder()
		.cookieHandler(new CookieManager())
		.followRedirects(HttpClient.Redirect.NEVER)
		.build();

	private final String base;

	private final Map<String, String> headers = new LinkedHashMap<>();

	PageClient(String base) {
		this.base = base;
	}

	PageClient user(String name) {
		return header("Authorization",
				"Basic " + Base64.getEncoder().encodeToString((name + ":secret").getBytes(StandardCharsets.UTF_8)));
	}

	PageClient header(String name, String value) {
		this.headers.put(name, value);
		return this;
	}

	/**
	 * Send what writes with all that the page sends with it.
	 * @return this client
	 */
	PageClient writing() {
		header("X-Requested-With", "token-saving");
		String session = get("api/session").text();
		JsonContentAssert json = new JsonContentAssert(new JsonContent(session));
		json.extractingPath("$.csrf.token").satisfies((token) -> header("X-CSRF-TOKEN", token.toString()));
		return this;
	}

	Reply get(String path) {
		return send("GET", path, null);
	}

	Reply post(String path, String json) {
		return send("POST", path, json.replace('\'', '"'));
	}

	Reply delete(String path) {
		return send("DELETE", path, null);
	}

	Reply send(String method, String path, String body) {
		HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(this.base + path))
			.timeout(Duration.ofSeconds(30))
			.method(method,
					(body != null) ? HttpRequest.BodyPublishers.ofString(body) : HttpRequest.BodyPublishers.noBody());
		this.headers.forEach(request::header);
		if (body != null) {
			request.header("Content-Type", "application/json");
		}
		try {
			HttpResponse<byte[]> response = this.http.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
			return new Reply(response.statusCode(), response.headers(), response.body());
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException(ex);
		}
	}

	record Reply(int status, java.net.http.HttpHeaders headers, byte[] body) {

		String header(String name) {
			return this.headers.firstValue(name).orElse("");
		}

		String text() {
			return new String(this.body, StandardCharsets.UTF_8);
		}

		JsonContentAssert json() {
			return new JsonContentAssert(new JsonContent(text()));
		}

	}

}

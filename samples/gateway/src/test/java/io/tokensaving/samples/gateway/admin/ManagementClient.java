package io.tokensaving.samples.gateway.admin;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.ArrayList;
import java.util.List;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Sends requests to the gateway. Immutable.
 *
 * @param port the port
 * @param authorization the header, or {@code null}
 * @param headers other headers, names and values in turn
 */
record ManagementClient(int port, @Nullable String authorization, List<String> headers) {

	private static final HttpClient HTTP = HttpClient.newHttpClient();

	static ManagementClient of(int port) {
		return new ManagementClient(port, null, List.of());
	}

	ManagementClient key(String key) {
		return new ManagementClient(this.port, "Bearer " + key, this.headers);
	}

	ManagementClient authorization(String authorization) {
		return new ManagementClient(this.port, authorization, this.headers);
	}

	ManagementClient header(String name, String value) {
		List<String> all = new ArrayList<>(this.headers);
		all.add(name);
		all.add(value);
		return new ManagementClient(this.port, this.authorization, all);
	}

	Answer get(String path) {
		return send("GET", path, null, null);
	}

	Answer delete(String path) {
		return send("DELETE", path, null, null);
	}

	// In these bodies ' stands for "
	Answer post(String path, String json) {
		return send("POST", path, "application/json", json.replace('\'', '"'));
	}

	Answer patch(String path, String json) {
		return send("PATCH", path, "application/merge-patch+json", json.replace('\'', '"'));
	}

	/**
	 * Send a request.
	 * @param method the method
	 * @param path the path and the query
	 * @param type the type of the body, or {@code null}
	 * @param json the body, or {@code null} for none
	 * @return the answer
	 */
	Answer send(String method, String path, @Nullable String type, @Nullable String json) {
		HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://localhost:" + this.port + path))
			.method(method, (json != null) ? BodyPublishers.ofString(json) : BodyPublishers.noBody());
		if (this.authorization != null) {
			request.header("Authorization", this.authorization);
		}
		if (type != null) {
			request.header("Content-Type", type);
		}
		for (int i = 0; i < this.headers.size(); i += 2) {
			request.header(this.headers.get(i), this.headers.get(i + 1));
		}
		try {
			return new Answer(HTTP.send(request.build(), BodyHandlers.ofString()));
		}
		catch (IOException ex) {
			throw new IllegalStateException(ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException(ex);
		}
	}

	/**
	 * An answer.
	 *
	 * @param response the response
	 */
	record Answer(HttpResponse<String> response) {

		int status() {
			return this.response.statusCode();
		}

		String body() {
			return this.response.body();
		}

		JsonNode json() {
			return JsonMapper.shared().readTree(body());
		}

		String text(String field) {
			return json().path(field).asString("");
		}

		@Override
		public String toString() {
			return status() + " " + body();
		}

	}

}

package io.tokensaving.simulator;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Sends JSON as it stands, without any provider's client. */
final class WireClient {

	private final HttpClient client = HttpClient.newHttpClient();

	private final ProviderSimulator simulator;

	WireClient(ProviderSimulator simulator) {
		this.simulator = simulator;
	}

	HttpResponse<String> post(Provider provider, String path, String body) {
		return send(request(provider, path).POST(HttpRequest.BodyPublishers.ofString(body)).build());
	}

	HttpResponse<String> send(HttpRequest request) {
		try {
			return this.client.send(request, HttpResponse.BodyHandlers.ofString());
		}
		catch (IOException ex) {
			throw new IllegalStateException(ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException(ex);
		}
	}

	HttpRequest.Builder request(Provider provider, String path) {
		return HttpRequest.newBuilder(URI.create(this.simulator.baseUrl(provider) + path))
			.header("content-type", "application/json")
			.header("x-api-key", "key")
			.header("x-goog-api-key", "key")
			.header("anthropic-version", "2023-06-01")
			.header("authorization", "Bearer key");
	}

	HttpResponse<String> anthropic(String body) {
		return post(Provider.ANTHROPIC, "/v1/messages", body);
	}

	HttpResponse<String> openAi(String body) {
		return post(Provider.OPENAI, "/chat/completions", body);
	}

	HttpResponse<String> deepSeek(String body) {
		return post(Provider.DEEPSEEK, "/chat/completions", body);
	}

	HttpResponse<String> gemini(String model, String body) {
		return post(Provider.GEMINI, "/v1beta/models/" + model + ":generateContent", body);
	}

	static JsonNode json(HttpResponse<String> response) {
		return JsonMapper.shared().readTree(response.body());
	}

	/** The data of the events of a stream, {@code [DONE]} left out. */
	static List<JsonNode> events(HttpResponse<String> response) {
		List<JsonNode> events = new ArrayList<>();
		response.body()
			.lines()
			.filter((line) -> line.startsWith("data: {"))
			.forEach((line) -> events.add(JsonMapper.shared().readTree(line.substring("data: ".length()))));
		return events;
	}

}

package io.tokensaving.samples.gateway.door;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import io.tokensaving.Outcome;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.samples.gateway.GatewayApplication;
import io.tokensaving.samples.gateway.wire.json.AnswerJson;
import io.tokensaving.simulator.Answer;
import io.tokensaving.simulator.Provider;
import io.tokensaving.simulator.ProviderSimulator;
import io.tokensaving.simulator.SimulatedError;
import io.tokensaving.statistics.SavingsStatistics;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for OpenAI's responses through the whole gateway.
 */
@SpringBootTest(classes = GatewayApplication.class, webEnvironment = WebEnvironment.RANDOM_PORT)
class ResponsesEndToEndTests {

	@TempDir
	static Path directory;

	private static ProviderSimulator simulator;

	// Accepts requests and does not answer by itself
	private static ServerSocket silent;

	private final HttpClient client = HttpClient.newHttpClient();

	@LocalServerPort
	private int port;

	@Autowired
	private SavingsStatistics statistics;

	private String key = "";

	@DynamicPropertySource
	static void properties(DynamicPropertyRegistry registry) throws IOException {
		simulator = ProviderSimulator.builder().start();
		silent = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
		registry.add("gateway.upstreams.silent.base-url", () -> "http://127.0.0.1:" + silent.getLocalPort());
		registry.add("gateway.upstreams.silent.models", () -> "silent");
		registry.add("gateway.upstreams.silent.formats", () -> "responses");
		registry.add("gateway.upstreams.silent.max-retries", () -> "0");
		registry.add("GATEWAY_DATA", directory::toString);
		registry.add("OPENAI_API_KEY", () -> "sk-provider");
		registry.add("gateway.upstreams.openai.base-url", () -> simulator.baseUrl(Provider.OPENAI));
		registry.add("gateway.upstreams.openai.max-retries", () -> "0");
	}

	@BeforeEach
	void readKey() throws IOException {
		this.key = Files.readString(directory.resolve("first-api-key")).strip();
	}

	@AfterAll
	static void stop() throws IOException {
		simulator.close();
		silent.close();
	}

	@Test
	void answersACallAgainFromTheCacheAlsoAsAStreamAndTheOtherWayRound() throws Exception {
		String called = body("\"store\":false");
		HttpResponse<String> first = post(called);
		HttpResponse<String> again = post(called);
		HttpResponse<String> streamed = post(streaming(called));
		assertThat(first.headers().firstValue("x-token-saving-outcome")).hasValue("miss");
		assertThat(again.headers().firstValue("x-token-saving-outcome")).hasValue("exact_hit");
		assertThat(again.body()).isEqualTo(first.body());
		assertThat(streamed.headers().firstValue("x-token-saving-outcome")).hasValue("exact_hit");
		assertThat(events(streamed)).last().satisfies((event) -> {
			assertThat(event.path("type").stringValue()).isEqualTo("response.completed");
			assertThat(event.path("response").toString()).isEqualTo(first.body());
		});

		String other = body("\"store\":false");
		HttpResponse<String> live = post(streaming(other));
		HttpResponse<String> hit = post(other);
		assertThat(hit.headers().firstValue("x-token-saving-outcome")).hasValue("exact_hit");
		assertThat(events(live).get(events(live).size() - 1).path("response").toString()).isEqualTo(hit.body());
		assertThat(events(post(streaming(other)))).extracting((event) -> event.path("type").stringValue())
			.containsSubsequence("response.created", "response.in_progress", "response.output_item.added",
					"response.content_part.added", "response.output_text.delta", "response.output_text.done",
					"response.content_part.done", "response.output_item.done", "response.completed");
	}

	@ParameterizedTest
	@ValueSource(strings = { "\"store\":true", "\"user\":\"u\"", "\"store\":false,\"background\":true",
			"\"store\":false,\"context_management\":[{\"type\":\"compaction\"}]" })
	void asksAgainForWhatMustNotBeShared(String members) throws Exception {
		String body = body(members);
		long before = requests();
		HttpResponse<String> first = post(body);
		HttpResponse<String> second = post(body);
		assertThat(first.statusCode()).as(first.body()).isEqualTo(200);
		assertThat(first.headers().firstValue("x-token-saving-outcome")).hasValue("bypass");
		assertThat(second.headers().firstValue("x-token-saving-outcome")).hasValue("bypass");
		assertThat(simulator.lastRequest().body()).isEqualTo(body);
		assertThat(requests()).isEqualTo(before + 2);
	}

	// As the statistics of the plan count them
	private long requests() {
		return this.statistics.plan(new PlanKey("default", "default")).snapshot().requests(Outcome.BYPASS);
	}

	@Test
	void letsNoHeaderOfTheClientShareWhatMustNotBeShared() throws Exception {
		String body = body("\"store\":true");
		for (int i = 0; i < 2; i++) {
			HttpResponse<String> response = post(body, "x-token-saving-cache", "ttl=60", "x-token-saving-tier", "off");
			assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
			assertThat(response.headers().firstValue("x-token-saving-outcome")).hasValue("bypass");
		}
	}

	@Test
	void passesErrorsOfTheProviderOnUnchanged() throws Exception {
		simulator.enqueue(Answer.error(SimulatedError.of(SimulatedError.Kind.RATE_LIMITED)));
		HttpResponse<String> response = post(body("\"store\":false"));
		assertThat(response.statusCode()).isEqualTo(429);
		assertThat(AnswerJson.object(response.body()).path("error").isObject()).isTrue();
		HttpResponse<String> unknown = post(body("\"previous_response_id\":\"resp_none\""));
		assertThat(unknown.statusCode()).isEqualTo(400);
		assertThat(unknown.body()).contains("previous_response_not_found");
		HttpResponse<String> wrong = post("{\"model\":\"gpt-4o-mini\"}");
		assertThat(wrong.statusCode()).isEqualTo(400);
		assertThat(wrong.body()).contains("Missing required parameter: 'input'.");
	}

	@Test
	void endsAStreamThatBreaksWithAnEventThatSaysSo() throws Exception {
		CompletableFuture<HttpResponse<String>> answer = this.client.sendAsync(request("/v1/responses")
			.POST(HttpRequest.BodyPublishers.ofString(streaming(body("")).replace("gpt-4o-mini", "silent")))
			.build(), HttpResponse.BodyHandlers.ofString());
		String begun = "event: response.created\ndata: {\"type\":\"response.created\",\"sequence_number\":0}\n\n";
		try (Socket connection = silent.accept()) {
			connection.getOutputStream()
				.write(("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n" + begun)
					.getBytes(StandardCharsets.US_ASCII));
			connection.shutdownOutput();
			// What was sent must be read, or it takes back what was answered
			connection.setSoTimeout(20_000);
			connection.getInputStream().readAllBytes();
		}
		HttpResponse<String> response = answer.get(20, TimeUnit.SECONDS);
		assertThat(response.statusCode()).isEqualTo(200);
		assertThat(response.body())
			.startsWith(begun
					+ "event: error\ndata: {\"type\":\"error\",\"sequence_number\":1,\"code\":\"upstream_broken\"")
			.doesNotContain("response.completed");
	}

	@Test
	void passesOnWhatCountsTokensOfTheSameFormat() throws Exception {
		HttpResponse<String> response = this.client.send(request("/v1/responses/input_tokens")
			.POST(HttpRequest.BodyPublishers.ofString(body("\"token_saving_feature\":\"f\"")))
			.build(), HttpResponse.BodyHandlers.ofString());
		// The simulator has no such path
		assertThat(response.statusCode()).isEqualTo(404);
		assertThat(response.body()).contains("unknown_url", "/v1/responses/input_tokens");
	}

	@Test
	void goesOnWithToolsWhereItBegan() throws Exception {
		String tools = "\"tools\":[{\"type\":\"function\",\"name\":\"f\",\"parameters\":{\"type\":\"object\"}}]";
		simulator.enqueue(Answer.builder().thinking("Hm.").toolCall("f", "{}").build(), Answer.text("Sunny."));
		String question = "{\"role\":\"user\",\"content\":\"" + UUID.randomUUID() + "\"}";
		String include = ",\"store\":false,\"include\":[\"reasoning.encrypted_content\"]," + tools;
		HttpResponse<String> first = post("{\"model\":\"gpt-5-mini\",\"input\":[" + question + "]" + include + "}");
		JsonNode output = AnswerJson.object(first.body()).path("output");
		assertThat(output).extracting((item) -> item.path("type").stringValue())
			.containsExactly("reasoning", "function_call");
		String next = "{\"model\":\"gpt-5-mini\",\"input\":[" + question + "," + output.get(0) + "," + output.get(1)
				+ ",{\"type\":\"function_call_output\",\"call_id\":\"" + output.get(1).path("call_id").stringValue()
				+ "\",\"output\":\"sun\"}]" + include + "}";
		HttpResponse<String> second = post(next);
		assertThat(second.body()).contains("Sunny.");
		HttpResponse<String> hit = post(next);
		assertThat(hit.headers().firstValue("x-token-saving-outcome")).hasValue("exact_hit");
		assertThat(hit.body()).isEqualTo(second.body());
	}

	@ParameterizedTest
	@ValueSource(strings = { "GET /v1/responses/resp_1", "DELETE /v1/responses/resp_1",
			"POST /v1/responses/resp_1/cancel", "GET /v1/responses/resp_1/input_items" })
	void showsNobodyWhatTheProviderKeeps(String line) throws Exception {
		String[] parts = line.split(" ");
		HttpResponse<String> response = this.client.send(
				request(parts[1]).method(parts[0], HttpRequest.BodyPublishers.noBody()).build(),
				HttpResponse.BodyHandlers.ofString());
		assertThat(response.statusCode()).isEqualTo(404);
		assertThat(AnswerJson.object(response.body()).at("/error/type").stringValue())
			.isEqualTo("invalid_request_error");
		assertThat(response.body()).contains("does not know whose responses are");
	}

	private static String body(String members) {
		return "{\"model\":\"gpt-4o-mini\"," + (members.isEmpty() ? "" : members + ", ") + "\"input\":\""
				+ UUID.randomUUID() + "\"}";
	}

	private static String streaming(String body) {
		return body.replace("\"model\"", "\"stream\":true,\"model\"");
	}

	private static List<JsonNode> events(HttpResponse<String> response) {
		List<JsonNode> events = new ArrayList<>();
		for (String event : response.body().split("\n\n")) {
			events.add(AnswerJson.object(event.substring(event.indexOf("data: ") + 6)));
		}
		return events;
	}

	private HttpRequest.Builder request(String path) {
		return HttpRequest.newBuilder(URI.create("http://localhost:" + this.port + path))
			.header("authorization", "Bearer " + this.key);
	}

	private HttpResponse<String> post(String body, String... headers) throws Exception {
		HttpRequest.Builder request = request("/v1/responses").POST(HttpRequest.BodyPublishers.ofString(body));
		return this.client.send(((headers.length > 0) ? request.headers(headers) : request).build(),
				HttpResponse.BodyHandlers.ofString());
	}

}

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
import java.util.UUID;

import io.tokensaving.samples.gateway.GatewayApplication;
import io.tokensaving.simulator.Answer;
import io.tokensaving.simulator.Provider;
import io.tokensaving.simulator.ProviderSimulator;
import io.tokensaving.simulator.SimulatedError;
import org.awaitility.Awaitility;
import org.hamcrest.Matchers;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the whole gateway in front of a provider.
 */
@SpringBootTest(classes = GatewayApplication.class, webEnvironment = WebEnvironment.RANDOM_PORT)
class EndToEndTests {

	@TempDir
	static Path directory;

	private static ProviderSimulator simulator;

	// Accepts requests and does not answer by itself
	private static ServerSocket silent;

	private final HttpClient client = HttpClient.newHttpClient();

	@LocalServerPort
	private int port;

	@Autowired
	private ClientWatch watch;

	private String key = "";

	@DynamicPropertySource
	static void properties(DynamicPropertyRegistry registry) throws IOException {
		simulator = ProviderSimulator.builder().start();
		silent = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
		registry.add("gateway.upstreams.silent.base-url", () -> "http://127.0.0.1:" + silent.getLocalPort());
		registry.add("gateway.upstreams.silent.models", () -> "silent");
		registry.add("GATEWAY_DATA", directory::toString);
		registry.add("OPENAI_API_KEY", () -> "sk-provider");
		registry.add("gateway.upstreams.openai.base-url", () -> simulator.baseUrl(Provider.OPENAI));
		registry.add("gateway.upstreams.openai.max-retries", () -> "0");
		registry.add("token-saving.plans.strict.cache.backend", () -> "in_memory");
		registry.add("token-saving.plans.strict.structured.repair", () -> "true");
		registry.add("gateway.door.watch-interval", () -> "20ms");
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
	void answersFromTheProviderAndThenFromTheCache() throws Exception {
		String body = body("", unique());

		HttpResponse<String> first = post("/v1/chat/completions", body);
		HttpResponse<String> second = post("/v1/chat/completions", body);

		assertThat(first.statusCode()).as(first.body()).isEqualTo(200);
		assertThat(first.headers().firstValue("x-token-saving-outcome")).hasValue("miss");
		assertThat(second.headers().firstValue("x-token-saving-outcome")).hasValue("exact_hit");
		assertThat(second.body()).isEqualTo(first.body());
	}

	@Test
	void sendsTheProviderTheBodyWithoutTheFieldsOfTheGateway() throws Exception {
		String text = unique();
		HttpResponse<String> response = post("/v1/chat/completions",
				"{\"token_saving_plan_id\": \"default\", \"model\":\"gpt-5-mini\",  \"seed\" :\t42,"
						+ "\"cache\": {\"ttl\": 60}, \"messages\":[{\"role\":\"user\",\"content\":\"\\u0041 " + text
						+ "\"}]}");

		assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
		assertThat(simulator.lastRequest().body()).contains("\"seed\" :\t42", "\\u0041 " + text)
			.doesNotContain("token_saving", "ttl");
	}

	@Test
	void streamsWhatTheProviderStreamsAndCutsItAgainOnAHit() throws Exception {
		String body = body("\"stream\":true,\"stream_options\":{\"include_usage\":true},", unique());
		HttpResponse<String> first = post("/v1/chat/completions", body);
		HttpResponse<String> second = post("/v1/chat/completions", body);

		assertThat(first.body()).startsWith("data: {").endsWith("data: [DONE]\n\n").contains("\"usage\":{");
		assertThat(second.headers().firstValue("x-token-saving-outcome")).hasValue("exact_hit");
		assertThat(second.body()).startsWith("data: {").endsWith("data: [DONE]\n\n").contains("\"usage\":{");
	}

	@Test
	void showsNoUsageThatWasNotAskedFor() throws Exception {
		String body = body("\"stream\":true,", unique());

		assertThat(post("/v1/chat/completions", body).body()).endsWith("data: [DONE]\n\n").doesNotContain("usage");
		assertThat(post("/v1/chat/completions", body).body()).endsWith("data: [DONE]\n\n").doesNotContain("usage");
	}

	@Test
	void givesTheClientTheRepairedTextAndAllElseAsItWas() throws Exception {
		simulator.enqueue(Answer.text("Sure: {\"city\": \"Zürich\",}"));
		String body = body("\"response_format\":{\"type\":\"json_object\"},\"token_saving_plan_id\":\"strict\",",
				unique());

		HttpResponse<String> first = post("/v1/chat/completions", body);
		HttpResponse<String> second = post("/v1/chat/completions", body);

		assertThat(first.statusCode()).as(first.body()).isEqualTo(200);
		JsonNode answer = JsonMapper.shared().readTree(first.body());
		String content = answer.at("/choices/0/message/content").asString();
		assertThat(JsonMapper.shared().readTree(content).path("city").asString()).isEqualTo("Zürich");
		assertThat(answer.path("id").asString()).isNotEmpty();
		assertThat(second.headers().firstValue("x-token-saving-outcome")).hasValue("exact_hit");
		assertThat(second.body()).isEqualTo(first.body());
	}

	@Test
	void passesAnErrorOfTheProviderOnUnchanged() throws Exception {
		simulator.enqueue(Answer.error(SimulatedError.of(SimulatedError.Kind.RATE_LIMITED)));
		HttpResponse<String> direct = direct(body("", unique()));
		simulator.enqueue(Answer.error(SimulatedError.of(SimulatedError.Kind.RATE_LIMITED)));

		HttpResponse<String> through = post("/v1/chat/completions", body("", unique()));

		assertThat(through.statusCode()).isEqualTo(direct.statusCode());
		assertThat(through.body()).isEqualTo(direct.body());
	}

	@Test
	void closesTheConnectionToTheUpstreamWhenTheOnlyClientLeaves() throws Exception {
		Socket connection;
		try (RawClient client = new RawClient(this.port)) {
			ask(client, body("", unique()));
			connection = silent.accept();
		}
		try (connection) {
			connection.setSoTimeout(20_000);
			assertThat(connection.getInputStream().readAllBytes()).isNotEmpty();
		}
		Awaitility.await().until(this.watch::size, Matchers.equalTo(0));
	}

	@Test
	void keepsTheConnectionToTheUpstreamWhenAnotherClientWaits() throws Exception {
		String body = body("", unique());
		try (RawClient staying = new RawClient(this.port)) {
			Socket connection;
			try (RawClient leaving = new RawClient(this.port)) {
				ask(leaving, body);
				connection = silent.accept();
				ask(staying, body);
				Awaitility.await().until(this.watch::size, Matchers.equalTo(2));
			}
			try (connection) {
				Awaitility.await().until(this.watch::size, Matchers.equalTo(1));
				String answer = "{\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"Hi\"},"
						+ "\"finish_reason\":\"stop\"}]}";
				connection.getOutputStream()
					.write(("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: " + answer.length()
							+ "\r\n\r\n" + answer)
						.getBytes(StandardCharsets.US_ASCII));
				assertThat(staying.read().body()).isEqualTo(answer);
			}
		}
	}

	private void ask(RawClient client, String body) throws IOException {
		client.post("/v1/chat/completions", body.replace("gpt-5-mini", "silent"), "Authorization: Bearer " + this.key);
	}

	@Test
	void refusesAKeyThatItDoesNotKnow() throws Exception {
		HttpResponse<String> response = this.client
			.send(request("/v1/chat/completions").setHeader("authorization", "Bearer ts-unknown")
				.POST(HttpRequest.BodyPublishers.ofString(body("", unique())))
				.build(), HttpResponse.BodyHandlers.ofString());

		assertThat(response.statusCode()).isEqualTo(401);
		assertThat(response.body()).contains("\"code\":\"invalid_api_key\"").doesNotContain("ts-unknown");
	}

	@Test
	void keepsTheManagementBehindSpringSecurity() throws Exception {
		for (String path : new String[] { "/admin/api-keys", "/token-saving/plans", "/actuator/tokensaving",
				"/actuator/prometheus", "/actuator/env", "/v3/api-docs", "/other" }) {
			HttpResponse<String> response = this.client.send(request(path).build(),
					HttpResponse.BodyHandlers.ofString());
			assertThat(response.statusCode()).as(path).isEqualTo(401);
		}
	}

	private static String unique() {
		return UUID.randomUUID().toString();
	}

	private static String body(String fields, String text) {
		return "{\"model\":\"gpt-5-mini\"," + fields + "\"messages\":[{\"role\":\"user\",\"content\":\"" + text
				+ "\"}]}";
	}

	private HttpRequest.Builder request(String path) {
		return HttpRequest.newBuilder(URI.create("http://localhost:" + this.port + path))
			.header("authorization", "Bearer " + this.key);
	}

	private HttpResponse<String> post(String path, String body) throws Exception {
		return this.client.send(request(path).POST(HttpRequest.BodyPublishers.ofString(body)).build(),
				HttpResponse.BodyHandlers.ofString());
	}

	private HttpResponse<String> direct(String body) throws Exception {
		return this.client
			.send(HttpRequest.newBuilder(URI.create(simulator.baseUrl(Provider.OPENAI) + "/chat/completions"))
				.header("authorization", "Bearer sk-provider")
				.POST(HttpRequest.BodyPublishers.ofString(body))
				.build(), HttpResponse.BodyHandlers.ofString());
	}

}

package io.tokensaving.samples.gateway.door;

import java.util.UUID;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Sinks;

import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for what the door does only if it is told to.
 */
@SpringBootTest(classes = StubGateway.class, webEnvironment = WebEnvironment.RANDOM_PORT,
		properties = { "spring.datasource.url=jdbc:h2:mem:options", "gateway.door.keep-alive=20ms",
				"gateway.door.hit-pacing=1ms", "gateway.door.unknown-plan=pass" })
class DoorOptionsTests {

	@LocalServerPort
	private int port;

	@Autowired
	private ScriptedUpstream upstream;

	@BeforeEach
	void reset() {
		this.upstream.reset();
	}

	@Test
	void sendsCommentsWhileAStreamIsSilent() throws Exception {
		Sinks.Many<ChatResponse> sink = Sinks.many().unicast().onBackpressureBuffer();
		this.upstream.stream = sink::asFlux;
		try (RawClient client = new RawClient(this.port)) {
			client.ask(body(UUID.randomUUID().toString()));
			while (!client.line().startsWith(": keep-alive")) {
				// Headers, and the size of the chunk
				assertThat(this.upstream.released).hasValue(0);
			}
			StubFormat.stream("Hel", "lo").forEach(sink::tryEmitNext);
			sink.tryEmitComplete();
			String line = client.line();
			while (!line.startsWith("data:")) {
				line = client.line();
			}
			assertThat(line).isEqualTo("data: " + StubFormat.delta("Hel"));
		}
	}

	@Test
	void tellsOfAFailureInAnEventOnceACommentWasSent() throws Exception {
		Sinks.Many<ChatResponse> sink = Sinks.many().unicast().onBackpressureBuffer();
		this.upstream.stream = sink::asFlux;
		try (RawClient client = new RawClient(this.port)) {
			client.ask(body(UUID.randomUUID().toString()));
			String line = client.line();
			assertThat(line).startsWith("HTTP/1.1 200");
			while (!line.startsWith(": keep-alive")) {
				line = client.line();
			}
			sink.tryEmitError(new IllegalStateException("Broken"));
			while (!line.startsWith("data:")) {
				line = client.line();
			}
			assertThat(line).startsWith("data: {\"error\":{\"message\":");
		}
	}

	@Test
	void pacesTheEventsOfAHit() throws Exception {
		String body = body(UUID.randomUUID().toString());
		this.upstream.stream = () -> Flux.fromIterable(StubFormat.stream("Hel", "lo"));
		try (RawClient client = new RawClient(this.port)) {
			client.ask(body).read();
			assertThat(client.ask(body).read().body())
				.isEqualTo("data: " + StubFormat.delta("Hello") + "\n\ndata: [DONE]\n\n");
		}
	}

	@Test
	void letsARequestWithAnUnknownPlanPass() throws Exception {
		try (RawClient client = new RawClient(this.port)) {
			RawClient.Reply reply = client
				.post("/v1/chat/completions", body("a").replace("true", "false"), "Authorization: Bearer secret",
						"x-token-saving-plan: nowhere")
				.read();
			assertThat(reply.status()).isEqualTo(200);
			assertThat(reply.headers()).doesNotContainKey("x-token-saving-outcome");
		}
	}

	private static String body(String text) {
		return "{\"model\":\"gpt-5-mini\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"" + text
				+ "\"}]}";
	}

}

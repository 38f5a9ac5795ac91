package io.tokensaving.samples.gateway.door;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;

import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for a gateway that stops.
 */
class DrainTests {

	@Test
	void takesReadinessDownFirstAndLetsARunningRequestEnd() throws Exception {
		ConfigurableApplicationContext context = start("gateway.door.drain-delay=5m");
		ScriptedUpstream upstream = context.getBean(ScriptedUpstream.class);
		CountDownLatch held = new CountDownLatch(1);
		upstream.held = held;
		int port = port(context);
		try (RawClient running = new RawClient(port)) {
			running.ask(body(false));
			assertThat(upstream.waiting.tryAcquire(20, TimeUnit.SECONDS)).isTrue();
			Thread closing = new Thread(context::close);
			closing.start();
			Awaitility.await().until(() -> ready(port) == 503);
			// Still taken, as load balancers may not have noticed yet
			upstream.held = null;
			try (RawClient late = new RawClient(port)) {
				RawClient.Reply reply = late.ask(body(false)).read();
				assertThat(reply.status()).isEqualTo(200);
				assertThat(reply.headers()).containsEntry("connection", "close");
			}
			closing.interrupt();

			held.countDown();
			assertThat(running.read().status()).isEqualTo(200);
			closing.join(TimeUnit.SECONDS.toMillis(30));
			assertThat(closing.isAlive()).isFalse();
		}
	}

	@Test
	void cutsWhatStillRunsWhenTheTimeIsOver() throws Exception {
		ConfigurableApplicationContext context = start("spring.lifecycle.timeout-per-shutdown-phase=300ms");
		ScriptedUpstream upstream = context.getBean(ScriptedUpstream.class);
		upstream.stream = () -> Flux.concat(Flux.just(StubFormat.stream("Hel").get(0)), Flux.<ChatResponse>never());
		upstream.held = new CountDownLatch(1);
		try (RawClient call = new RawClient(port(context)); RawClient stream = new RawClient(port(context))) {
			call.ask(body(false));
			stream.ask(body(true));
			assertThat(upstream.waiting.tryAcquire(20, TimeUnit.SECONDS)).isTrue();
			assertThat(stream.line()).startsWith("HTTP/1.1 200");
			CompletableFuture<Void> closed = CompletableFuture.runAsync(context::close);

			assertThat(call.read().status()).isEqualTo(503);
			StringBuilder rest = new StringBuilder();
			String line = "";
			while (!line.contains("shutting_down")) {
				line = stream.line();
				rest.append(line);
			}
			assertThat(rest).contains("data: {\"error\":").doesNotContain("[DONE]");
			closed.get(30, TimeUnit.SECONDS);
		}
		assertThat(upstream.released).hasValue(2);
		assertThat(upstream.cancelled).hasValue(1);
	}

	private static int ready(int port) throws IOException {
		try (RawClient client = new RawClient(port)) {
			return client.send("GET /ready HTTP/1.1\r\nHost: localhost\r\n\r\n").read().status();
		}
	}

	private static ConfigurableApplicationContext start(String... properties) {
		List<String> arguments = new ArrayList<>(List.of("--server.port=0", "--spring.datasource.url=jdbc:h2:mem:drain",
				"--spring.main.register-shutdown-hook=false"));
		for (String property : properties) {
			arguments.add("--" + property);
		}
		return new SpringApplicationBuilder(StubGateway.class).run(arguments.toArray(String[]::new));
	}

	private static int port(ConfigurableApplicationContext context) {
		return ((WebServerApplicationContext) context).getWebServer().getPort();
	}

	private static String body(boolean stream) {
		return "{\"model\":\"gpt-5-mini\",\"stream\":" + stream + ",\"messages\":[{\"role\":\"user\",\"content\":\""
				+ UUID.randomUUID() + "\"}]}";
	}

}

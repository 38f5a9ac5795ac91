package io.tokensaving.samples.gateway.door;

import java.io.IOException;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

import io.micrometer.core.instrument.MeterRegistry;
import org.awaitility.Awaitility;
import org.hamcrest.Matchers;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Sinks;

import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for clients that close their connection while they wait.
 */
@SpringBootTest(classes = StubGateway.class, webEnvironment = WebEnvironment.RANDOM_PORT,
		properties = { "spring.datasource.url=jdbc:h2:mem:leaving", "gateway.door.watch-interval=20ms" })
class LeavingClientTests {

	@LocalServerPort
	private int port;

	@Autowired
	private ScriptedUpstream upstream;

	@Autowired
	private ClientWatch watch;

	@Autowired
	private MeterRegistry meters;

	@BeforeEach
	void reset() {
		this.upstream.reset();
	}

	@AfterEach
	void nothingLeaks() {
		Awaitility.await().until(this.watch::size, Matchers.equalTo(0));
		this.upstream.awaitReleased(this.upstream.admitted.get());
	}

	// With the plan, the model is called on a thread of its own; without, on the
	// servlet's
	@ParameterizedTest
	@ValueSource(strings = { "default", "none" })
	void endsTheCallOfTheUpstreamWhenTheOnlyClientLeaves(String plan) throws Exception {
		this.upstream.held = new CountDownLatch(1);
		try (RawClient client = new RawClient(this.port)) {
			ask(client, body(unique(), false), plan);
			awaitWaiting();
		}

		assertThat(this.upstream.interrupted.tryAcquire(20, TimeUnit.SECONDS)).isTrue();
		Awaitility.await()
			.untilAsserted(() -> assertThat(this.meters.find(DoorMetrics.REQUESTS).tag("status", "499").timers())
				.isNotEmpty());
	}

	@Test
	void goesOnForAnotherClientThatWaitsForTheSameAnswer() throws Exception {
		CountDownLatch held = new CountDownLatch(1);
		this.upstream.held = held;
		String body = body(unique(), false);
		try (RawClient staying = new RawClient(this.port)) {
			try (RawClient leaving = new RawClient(this.port)) {
				ask(leaving, body, "default");
				awaitWaiting();
				ask(staying, body, "default");
				Awaitility.await().until(this.watch::size, Matchers.equalTo(2));
			}
			Awaitility.await().until(this.watch::size, Matchers.equalTo(1));
			assertThat(this.upstream.interrupted.availablePermits()).isZero();
			held.countDown();

			assertThat(staying.read().body()).isEqualTo(StubFormat.body("Hello"));
			assertThat(this.upstream.calls).hasValue(1);
		}
	}

	@Test
	void isNotFooledByARequestThatIsPipelined() throws Exception {
		CountDownLatch held = new CountDownLatch(1);
		this.upstream.held = held;
		try (RawClient client = new RawClient(this.port)) {
			client.ask(body(unique(), false)).ask(body(unique(), false));
			awaitWaiting();
			// Looks at least once at the bytes of the second request
			assertThat(this.upstream.interrupted.tryAcquire(200, TimeUnit.MILLISECONDS)).isFalse();
			held.countDown();
			assertThat(client.read().status()).isEqualTo(200);
			assertThat(client.read().status()).isEqualTo(200);
		}
	}

	@Test
	void interruptsNoLaterRequestOfTheSameThread() throws Exception {
		for (int round = 0; round < 30; round++) {
			this.upstream.held = new CountDownLatch(1);
			try (RawClient client = new RawClient(this.port)) {
				ask(client, body(unique(), false), "none");
				awaitWaiting();
			}
			assertThat(this.upstream.interrupted.tryAcquire(20, TimeUnit.SECONDS)).isTrue();
			this.upstream.held = null;
			try (RawClient client = new RawClient(this.port)) {
				ask(client, body(unique(), false), "none");
				assertThat(client.read().status()).isEqualTo(200);
			}
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "default", "none" })
	void cancelsASilentStreamWhenItsOnlyClientLeaves(String plan) throws Exception {
		CountDownLatch subscribed = new CountDownLatch(1);
		this.upstream.stream = () -> Flux.concat(Flux.just(StubFormat.stream("Hel").get(0)),
				Flux.<ChatResponse>never().doOnSubscribe((subscription) -> subscribed.countDown()));
		try (RawClient client = new RawClient(this.port)) {
			ask(client, body(unique(), true), plan);
			assertThat(subscribed.await(20, TimeUnit.SECONDS)).isTrue();
		}

		Awaitility.await().untilAtomic(this.upstream.cancelled, Matchers.equalTo(1));
	}

	@Test
	void cancelsAStreamWhenItCannotBeWritten() throws Exception {
		this.upstream.stream = () -> Flux.generate((sink) -> sink.next(StubFormat.stream("x".repeat(10_000)).get(0)));
		try (RawClient client = new RawClient(this.port)) {
			ask(client, body(unique(), true), "none");
			client.line();
		}

		Awaitility.await().untilAtomic(this.upstream.cancelled, Matchers.equalTo(1));
	}

	@Test
	void goesOnStreamingForAnotherClient() throws Exception {
		Sinks.Many<ChatResponse> sink = Sinks.many().unicast().onBackpressureBuffer();
		this.upstream.stream = sink::asFlux;
		String body = body(unique(), true);
		try (RawClient staying = new RawClient(this.port)) {
			try (RawClient leaving = new RawClient(this.port)) {
				ask(leaving, body, "default");
				Awaitility.await().untilAtomic(this.upstream.streams, Matchers.equalTo(1));
				ask(staying, body, "default");
				Awaitility.await().until(this.watch::size, Matchers.equalTo(2));
			}
			Awaitility.await().until(this.watch::size, Matchers.equalTo(1));
			StubFormat.stream("Hel", "lo").forEach(sink::tryEmitNext);
			sink.tryEmitComplete();

			assertThat(staying.read().body()).endsWith("data: [DONE]\n\n");
			assertThat(this.upstream.cancelled).hasValue(0);
			assertThat(this.upstream.streams).hasValue(1);
		}
	}

	@Test
	void readsNoFasterThanTheClient() throws Exception {
		AtomicLong produced = new AtomicLong();
		this.upstream.stream = () -> Flux.generate((sink) -> {
			produced.incrementAndGet();
			sink.next(StubFormat.stream("x".repeat(10_000)).get(0));
		});
		try (RawClient client = new RawClient(this.port)) {
			ask(client, body(unique(), true), "none");
			client.line();
			long before = -1;
			while (before != produced.get()) {
				before = produced.get();
				assertThat(this.upstream.interrupted.tryAcquire(500, TimeUnit.MILLISECONDS)).isFalse();
			}
			// What fits into the buffers of two sockets, and what Spring AI asks for
			// ahead
			assertThat(before).isLessThan(3_000);
		}
		Awaitility.await().untilAtomic(this.upstream.cancelled, Matchers.equalTo(1));
	}

	private void awaitWaiting() throws InterruptedException {
		assertThat(this.upstream.waiting.tryAcquire(20, TimeUnit.SECONDS)).isTrue();
	}

	private static void ask(RawClient client, String body, String plan) throws IOException {
		client.post("/v1/chat/completions", body, "Authorization: Bearer secret", "x-token-saving-plan: " + plan);
	}

	private static String unique() {
		return UUID.randomUUID().toString();
	}

	private static String body(String text, boolean stream) {
		return "{\"model\":\"gpt-5-mini\",\"stream\":" + stream + ",\"messages\":[{\"role\":\"user\",\"content\":\""
				+ text + "\"}]}";
	}

}

package io.tokensaving.samples.gateway.upstream;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;

import io.tokensaving.samples.gateway.key.Caller;
import io.tokensaving.samples.gateway.key.RefusedException;
import io.tokensaving.samples.gateway.wire.WireMetadata;
import io.tokensaving.samples.gateway.wire.WireOptions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.reactivestreams.Subscription;
import reactor.core.Disposable;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;

import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

@Timeout(30)
class GatewayChatModelTests {

	private static final String ANSWER = "{\"text\":\"Paris\",\"model\":\"gpt-5-2026\",\"in\":12,\"out\":3}";

	private static final String EVENTS = "data: {\"text\":\"Par\"}\n\ndata: {\"text\":\"is\"}\n\n"
			+ "data: {\"in\":12,\"out\":3}\n\ndata: [DONE]\n\n";

	private RawServer server;

	@BeforeEach
	void start() throws Exception {
		this.server = new RawServer((connection) -> connection.respond(200, ANSWER));
	}

	@AfterEach
	void stop() throws Exception {
		this.server.close();
	}

	private static List<String> events(List<ChatResponse> elements) {
		return elements.stream()
			.map((element) -> element.getMetadata().<Object>get(WireMetadata.EVENT))
			.filter((event) -> event != null)
			.map(Object::toString)
			.toList();
	}

	@Test
	void givesTheAnswerBackAndSettlesItsUsage() {
		UpstreamFixture fixture = UpstreamFixture.of(this.server).start();
		ChatResponse response = fixture.model.call(UpstreamFixture.prompt("gpt-5"));
		assertThat(response.getMetadata().<String>get(WireMetadata.BODY)).isEqualTo(ANSWER);
		assertThat(response.getMetadata().getModel()).isEqualTo("gpt-5-2026");
		assertThat(fixture.guard.events).containsExactly("reserved gpt-5", "settled");
		assertThat(fixture.guard.spent.get(0).model()).isEqualTo("gpt-5-2026");
		assertThat(fixture.guard.spent.get(0).usage().output()).isEqualTo(3);
		assertThat(this.server.requests().get(0).line()).isEqualTo("POST /v1/chat/completions HTTP/1.1");
		assertThat(this.server.requests().get(0).header("authorization")).isEqualTo("Bearer " + UpstreamFixture.KEY);
	}

	@Test
	void namesTheModelThatWasAskedIfTheAnswerDoesNot() throws Exception {
		this.server.answer((connection) -> connection.respond(200, "{\"text\":\"Paris\"}"));
		UpstreamFixture fixture = UpstreamFixture.of(this.server).start();
		ChatResponse response = fixture.model.call(UpstreamFixture.prompt("gpt-5"));
		assertThat(response.getMetadata().getModel()).isEqualTo("gpt-5");
		assertThat(response.getMetadata().<String>get(WireMetadata.BODY)).isEqualTo("{\"text\":\"Paris\"}");
		assertThat(fixture.guard.spent.get(0).usage().estimated()).isTrue();
		assertThat(fixture.guard.spent.get(0).usage().output()).isPositive();
	}

	@Test
	void passesARefusalUnchangedAndReleases() throws Exception {
		String error = "{\"error\":{\"message\":\"no\",\"code\":\"invalid_type\"}}";
		this.server.answer((connection) -> connection.respond(400, error, "x-request-id: r1", "set-cookie: a=b"));
		UpstreamFixture fixture = UpstreamFixture.of(this.server).start();
		assertThatExceptionOfType(UpstreamException.class)
			.isThrownBy(() -> fixture.model.call(UpstreamFixture.prompt("gpt-5")))
			.satisfies((ex) -> {
				assertThat(ex.status()).isEqualTo(400);
				assertThat(new String(ex.body())).isEqualTo(error);
				assertThat(ex.code()).isEqualTo("invalid_type");
				assertThat(UpstreamException.isRejection(new IllegalStateException(ex))).isTrue();
				assertThat(ex.headers()).containsOnlyKeys("x-request-id");
			});
		assertThat(fixture.guard.events).containsExactly("reserved gpt-5", "released");
	}

	@Test
	void asksNothingIfTheMoneyIsRefused() {
		UpstreamFixture fixture = UpstreamFixture.of(this.server).start();
		fixture.guard.refusal = new RefusedException(429, "insufficient_quota", "insufficient_quota", "spent",
				Map.of());
		assertThatThrownBy(() -> fixture.model.call(UpstreamFixture.prompt("gpt-5"))).isSameAs(fixture.guard.refusal);
		assertThatThrownBy(() -> fixture.model.stream(UpstreamFixture.prompt("gpt-5")).blockLast())
			.isSameAs(fixture.guard.refusal);
		assertThat(this.server.requests()).isEmpty();
	}

	@Test
	void streamsEachEventAndTheWholeAtTheEnd() {
		this.server.answer((connection) -> connection.stream(EVENTS));
		UpstreamFixture fixture = UpstreamFixture.of(this.server).start();
		List<ChatResponse> elements = fixture.model.stream(UpstreamFixture.prompt("gpt-5")).collectList().block();
		assertThat(events(elements)).containsExactly("{\"text\":\"Par\"}", "{\"text\":\"is\"}", "{\"in\":12,\"out\":3}",
				"[DONE]");
		assertThat(elements.get(4).getMetadata().<String>get(WireMetadata.BODY)).contains("\"whole\":\"Paris\"");
		assertThat(fixture.guard.events).containsExactly("reserved gpt-5", "settled");
		assertThat(fixture.guard.spent.get(0).usage().input()).isEqualTo(12);
		assertThat(fixture.guard.spent.get(0).usage().estimated()).isFalse();
	}

	@Test
	void isColdAndSendsOneRequestForEachSubscriber() {
		this.server.answer((connection) -> connection.stream(EVENTS));
		UpstreamFixture fixture = UpstreamFixture.of(this.server).start();
		Flux<ChatResponse> stream = fixture.model.stream(UpstreamFixture.prompt("gpt-5"));
		assertThat(this.server.requests()).isEmpty();
		stream.blockLast();
		stream.blockLast();
		assertThat(this.server.requests()).hasSize(2);
		assertThat(this.server.connections()).isEqualTo(1);
	}

	@Test
	void failsAfterTheLastWholeEventWhereverTheConnectionIsCut() {
		byte[] events = EVENTS.getBytes();
		int complete = EVENTS.indexOf("[DONE]") + "[DONE]".length();
		int settled = 0;
		for (int cut = 1; cut < complete; cut++) {
			// A new one each time, as the breaker would open
			UpstreamFixture fixture = UpstreamFixture.of(this.server, "max-retries", "0").start();
			byte[] part = Arrays.copyOf(events, cut);
			for (boolean reset : new boolean[] { true, false }) {
				this.server.answer((connection) -> {
					connection.beginStream();
					connection.chunk(part);
					if (reset) {
						connection.close();
					}
					else {
						connection.endStream();
					}
				});
				List<ChatResponse> seen = new ArrayList<>();
				AtomicReference<Throwable> failure = new AtomicReference<>();
				fixture.model.stream(UpstreamFixture.prompt("gpt-5"))
					.doOnNext(seen::add)
					.doOnError(failure::set)
					.onErrorComplete()
					.blockLast();
				assertThat(failure.get()).as("cut at %d", cut).isInstanceOf(UpstreamException.class);
				assertThat(((UpstreamException) failure.get()).status()).isEqualTo(502);
				String joined = String.join("", events(seen));
				assertThat("{\"text\":\"Par\"}{\"text\":\"is\"}{\"in\":12,\"out\":3}").startsWith(joined);
			}
			assertThat(fixture.guard.events).doesNotContain("released");
			settled += fixture.guard.spent.size();
		}
		assertThat(settled).isEqualTo(2 * (complete - 1));
	}

	@Test
	void settlesWhatWasSeenOfAStreamThatBreaks() {
		this.server.answer((connection) -> {
			connection.beginStream();
			connection
				.chunk("data: {\"text\":\"Par\",\"in\":12,\"out\":1}\n\ndata: {\"text\":\"is is the capital\"}\n\n");
			connection.close();
		});
		UpstreamFixture fixture = UpstreamFixture.of(this.server).start();
		assertThatExceptionOfType(UpstreamException.class)
			.isThrownBy(() -> fixture.model.stream(UpstreamFixture.prompt("gpt-5")).blockLast());
		assertThat(fixture.guard.spent).hasSize(1);
		assertThat(fixture.guard.spent.get(0).usage().input()).isEqualTo(12);
		assertThat(fixture.guard.spent.get(0).usage().output()).isGreaterThanOrEqualTo(4);
	}

	@Test
	void closesTheConnectionAtOnceIfAStreamIsCancelled() throws Exception {
		CountDownLatch gone = new CountDownLatch(1);
		this.server.answer((connection) -> {
			connection.beginStream();
			connection.chunk("data: {\"text\":\"Par\"}\n\n");
			connection.awaitGone(gone);
		});
		UpstreamFixture fixture = UpstreamFixture.of(this.server).start();
		CountDownLatch first = new CountDownLatch(1);
		Disposable running = fixture.model.stream(UpstreamFixture.prompt("gpt-5"))
			.subscribe((element) -> first.countDown());
		assertThat(first.await(10, TimeUnit.SECONDS)).isTrue();
		running.dispose();
		assertThat(gone.await(5, TimeUnit.SECONDS)).isTrue();
		assertThat(fixture.guard.ended.await(5, TimeUnit.SECONDS)).isTrue();
		assertThat(fixture.guard.events).containsExactly("reserved gpt-5", "settled");
	}

	@Test
	void closesTheConnectionIfAStreamIsCancelledBeforeTheUpstreamAnswers() throws Exception {
		CountDownLatch gone = new CountDownLatch(1);
		CountDownLatch asked = new CountDownLatch(1);
		this.server.answer((connection) -> {
			asked.countDown();
			connection.awaitGone(gone);
		});
		UpstreamFixture fixture = UpstreamFixture.of(this.server).start();
		Disposable running = fixture.model.stream(UpstreamFixture.prompt("gpt-5")).subscribe();
		assertThat(asked.await(10, TimeUnit.SECONDS)).isTrue();
		running.dispose();
		assertThat(gone.await(5, TimeUnit.SECONDS)).isTrue();
		assertThat(fixture.guard.ended.await(5, TimeUnit.SECONDS)).isTrue();
		assertThat(fixture.guard.events).containsExactly("reserved gpt-5", "settled");
	}

	@Test
	void endsTheExchangeIfACallIsInterrupted() throws Exception {
		CountDownLatch gone = new CountDownLatch(1);
		CountDownLatch asked = new CountDownLatch(1);
		this.server.answer((connection) -> {
			asked.countDown();
			connection.awaitGone(gone);
		});
		UpstreamFixture fixture = UpstreamFixture.of(this.server).start();
		CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
		Thread caller = new Thread(() -> {
			try {
				fixture.model.call(UpstreamFixture.prompt("gpt-5"));
				interrupted.completeExceptionally(new AssertionError("answered"));
			}
			catch (CancellationException ex) {
				interrupted.complete(Thread.currentThread().isInterrupted());
			}
			catch (Throwable ex) {
				interrupted.completeExceptionally(ex);
			}
		});
		caller.start();
		assertThat(asked.await(10, TimeUnit.SECONDS)).isTrue();
		caller.interrupt();
		assertThat(interrupted.get(5, TimeUnit.SECONDS)).isTrue();
		assertThat(gone.await(5, TimeUnit.SECONDS)).isTrue();
		assertThat(fixture.guard.events).containsExactly("reserved gpt-5", "settled");
	}

	@Test
	void endsTheExchangeIfACallIsInterruptedWithinTheAnswer() throws Exception {
		CountDownLatch gone = new CountDownLatch(1);
		CountDownLatch asked = new CountDownLatch(1);
		this.server.answer((connection) -> {
			connection.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"te");
			asked.countDown();
			connection.awaitGone(gone);
		});
		UpstreamFixture fixture = UpstreamFixture.of(this.server).start();
		CompletableFuture<ChatResponse> call = new CompletableFuture<>();
		Thread caller = new Thread(() -> {
			try {
				call.complete(fixture.model.call(UpstreamFixture.prompt("gpt-5")));
			}
			catch (Throwable ex) {
				call.completeExceptionally(ex);
			}
		});
		caller.start();
		assertThat(asked.await(10, TimeUnit.SECONDS)).isTrue();
		caller.interrupt();
		assertThat(gone.await(5, TimeUnit.SECONDS)).isTrue();
		assertThatThrownBy(() -> call.get(5, TimeUnit.SECONDS)).isInstanceOfAny(ExecutionException.class,
				CancellationException.class);
	}

	@Test
	void readsNoMoreOfTheConnectionThanIsAskedFor() throws Exception {
		AtomicInteger written = new AtomicInteger();
		CountDownLatch gone = new CountDownLatch(1);
		String event = "data: {\"text\":\"" + "x".repeat(8000) + "\"}\n\n";
		this.server.answer((connection) -> {
			connection.beginStream();
			try {
				for (int i = 0; i < 4000; i++) {
					connection.chunk(event);
					written.incrementAndGet();
				}
			}
			finally {
				gone.countDown();
			}
		});
		UpstreamFixture fixture = UpstreamFixture.of(this.server).start();
		CountDownLatch first = new CountDownLatch(1);
		AtomicInteger seen = new AtomicInteger();
		BaseSubscriber<ChatResponse> subscriber = new BaseSubscriber<>() {

			@Override
			protected void hookOnSubscribe(Subscription subscription) {
				request(1);
			}

			@Override
			protected void hookOnNext(ChatResponse value) {
				seen.incrementAndGet();
				first.countDown();
			}

		};
		fixture.model.stream(UpstreamFixture.prompt("gpt-5")).subscribe(subscriber);
		assertThat(first.await(10, TimeUnit.SECONDS)).isTrue();
		// The server is held up by the socket's buffers, which hold a few megabytes
		assertThat(gone.await(300, TimeUnit.MILLISECONDS)).isFalse();
		assertThat(seen).hasValue(1);
		assertThat(written.get()).isLessThan(2000);
		subscriber.cancel();
		assertThat(gone.await(5, TimeUnit.SECONDS)).isTrue();
	}

	@Test
	void passesAnErrorInAStreamAsTheUpstreamPutsIt() {
		this.server.answer((connection) -> connection.stream(
				"data: {\"text\":\"Par\"}\n\ndata: {\"error\":{\"message\":\"m\",\"type\":\"overloaded_error\"}}\n\n"));
		UpstreamFixture fixture = UpstreamFixture.of(this.server).start();
		assertThatExceptionOfType(UpstreamException.class)
			.isThrownBy(() -> fixture.model.stream(UpstreamFixture.prompt("gpt-5")).blockLast())
			.satisfies((ex) -> {
				assertThat(new String(ex.body())).contains("overloaded_error");
				assertThat(ex.code()).isEqualTo("overloaded_error");
			});
	}

	@Test
	void hidesTheKeyIfAnErrorInAStreamRepeatsIt() {
		this.server.answer((connection) -> connection
			.stream("data: {\"error\":{\"message\":\"" + UpstreamFixture.KEY + " is spent\"}}\n\n"));
		UpstreamFixture fixture = UpstreamFixture.of(this.server).start();
		assertThatExceptionOfType(UpstreamException.class)
			.isThrownBy(() -> fixture.model.stream(UpstreamFixture.prompt("gpt-5")).blockLast())
			.satisfies(
					(ex) -> assertThat(new String(ex.body())).isEqualTo("{\"error\":{\"message\":\"*** is spent\"}}"));
	}

	@Test
	void streamsAnAnswerThatCameWhole() {
		UpstreamFixture fixture = UpstreamFixture.of(this.server).start();
		List<ChatResponse> elements = fixture.model.stream(UpstreamFixture.prompt("gpt-5")).collectList().block();
		assertThat(events(elements)).containsExactly(ANSWER, "[DONE]");
		assertThat(fixture.guard.spent.get(0).usage().output()).isEqualTo(3);
	}

	@Test
	void failsIfAnAnswerIsOfNoFormat() {
		this.server.answer((connection) -> connection.respond(200, "<html>portal</html>"));
		UpstreamFixture fixture = UpstreamFixture.of(this.server).start();
		assertThatExceptionOfType(UpstreamException.class)
			.isThrownBy(() -> fixture.model.call(UpstreamFixture.prompt("gpt-5")))
			.satisfies((ex) -> assertThat(ex.code()).isEqualTo("upstream_unreadable"));
		assertThat(fixture.guard.events).containsExactly("reserved gpt-5", "settled");
	}

	@Test
	void failsIfNothingComesBetweenTwoEventsForTooLong() {
		CountDownLatch gone = new CountDownLatch(1);
		this.server.answer((connection) -> {
			connection.beginStream();
			connection.chunk("data: {\"text\":\"Par\"}\n\n");
			connection.awaitGone(gone);
		});
		UpstreamFixture fixture = UpstreamFixture.of(this.server, "idle-timeout", "100ms").start();
		assertThatExceptionOfType(UpstreamException.class)
			.isThrownBy(() -> fixture.model.stream(UpstreamFixture.prompt("gpt-5")).blockLast())
			.satisfies((ex) -> assertThat(ex.status()).isEqualTo(504));
		assertThat(gone.getCount()).isLessThanOrEqualTo(1);
	}

	@Test
	void sendsAPromptWithoutADocumentAsAPlainChatCompletionThatNobodyPaysFor() {
		UpstreamFixture fixture = UpstreamFixture.of(this.server).start();
		Prompt prompt = new Prompt("Is it so?", ChatOptions.builder().model("gpt-5").temperature(0.0).build());
		ChatResponse response = fixture.model.call(prompt);
		assertThat(response.getResult().getOutput().getText()).isEqualTo("Paris");
		assertThat(response.getMetadata().getUsage().getCompletionTokens()).isEqualTo(3);
		assertThat(this.server.requests().get(0).body()).isEqualTo(
				"{\"model\":\"gpt-5\",\"messages\":[{\"role\":\"user\",\"content\":\"Is it so?\"}],\"temperature\":0.0}");
		assertThat(fixture.guard.events).isEmpty();
		assertThat(fixture.model.getOptions()).isInstanceOf(WireOptions.class);
	}

	@Test
	void asksFallbacksUnderTheirOwnNamesOfTheModel() throws Exception {
		this.server.answer((connection) -> connection.respond(503, "{}"));
		try (RawServer other = new RawServer((connection) -> connection.stream(EVENTS))) {
			UpstreamFixture fixture = UpstreamFixture
				.of(this.server, "fallbacks", "backup/llama-70b", "max-retries", "0")
				.set("backup", "base-url", other.url().toString())
				.set("backup", "models", "llama*")
				.start();
			List<ChatResponse> elements = fixture.model.stream(UpstreamFixture.prompt("gpt-5"))
				.collectList()
				.block(Duration.ofSeconds(10));
			assertThat(events(elements)).hasSize(4);
			assertThat(elements.get(4).getMetadata().getModel()).isEqualTo("llama-70b");
			assertThat(other.requests().get(0).body()).contains("\"model\":\"llama-70b\"");
			assertThat(other.requests().get(0).header("authorization")).isNull();
			assertThat(fixture.guard.spent.get(0).model()).isEqualTo("llama-70b");
		}
	}

	@Test
	void refusesAModelThatTheKeyMayNotUseWhoeverChoseIt() {
		UpstreamFixture fixture = UpstreamFixture.of(this.server).start();
		Prompt routed = limited("gpt-6", "gpt-5*");

		assertThatExceptionOfType(RefusedException.class).isThrownBy(() -> fixture.model.call(routed))
			.satisfies((ex) -> {
				assertThat(ex.status()).isEqualTo(403);
				assertThat(ex.code()).isEqualTo("model_not_allowed");
				assertThat(ex.param()).isEqualTo("model");
			});
		assertThatExceptionOfType(RefusedException.class)
			.isThrownBy(() -> fixture.model.stream(routed).blockLast(Duration.ofSeconds(10)));
		assertThat(this.server.requests()).isEmpty();
		assertThat(fixture.guard.events).isEmpty();
		assertThat(fixture.model.call(limited("gpt-5-mini", "gpt-5*"))).isNotNull();
	}

	@Test
	void passesOverFallbacksThatTheKeyMayNotUse() throws Exception {
		this.server.answer((connection) -> connection.respond(503, "{}"));
		try (RawServer other = new RawServer((connection) -> connection.respond(200, ANSWER))) {
			UpstreamFixture fixture = UpstreamFixture.of(this.server, "max-retries", "0")
				.set("main", "fallbacks[0]", "backup/llama-70b")
				.set("main", "fallbacks[1]", "backup/llama-8b")
				.set("backup", "base-url", other.url().toString())
				.set("backup", "models", "llama*")
				.start();

			fixture.model.call(limited("gpt-5", "gpt-5", "llama-8b"));
			assertThatExceptionOfType(UpstreamException.class)
				.isThrownBy(() -> fixture.model.call(limited("gpt-5", "gpt-5")))
				.satisfies((ex) -> assertThat(ex.status()).isEqualTo(503));

			assertThat(other.requests()).hasSize(1);
			assertThat(other.requests().get(0).body()).contains("llama-8b");
		}
	}

	private static Prompt limited(String model, String... allowed) {
		Prompt prompt = UpstreamFixture.prompt(model);
		WireOptions options = (WireOptions) prompt.getOptions();
		return new Prompt(prompt.getInstructions(),
				options.mutate()
					.caller(new Caller("key-1", "default", null, Set.of(), Set.of(allowed), false))
					.build());
	}

	@Test
	void serves200StreamsAtOnce() throws Exception {
		CountDownLatch all = new CountDownLatch(200);
		this.server.answer((connection) -> {
			connection.beginStream();
			connection.chunk("data: {\"text\":\"Par\"}\n\n");
			all.countDown();
			all.await();
			connection.chunk(EVENTS);
			connection.endStream();
		});
		UpstreamFixture fixture = UpstreamFixture.of(this.server).start();
		List<Flux<ChatResponse>> streams = IntStream.range(0, 200)
			.mapToObj((i) -> fixture.model.stream(UpstreamFixture.prompt("gpt-5")))
			.toList();
		Long elements = Flux.merge(Flux.fromIterable(streams), 200).count().block(Duration.ofSeconds(25));
		assertThat(elements).isEqualTo(200L * 6);
		assertThat(fixture.guard.spent).hasSize(200);
		assertThat(this.server.mostRunning()).isEqualTo(200);
	}

}

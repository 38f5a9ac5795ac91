package io.tokensaving.samples.gateway.upstream;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

@Timeout(30)
class UpstreamClientTests {

	private RawServer server;

	@BeforeEach
	void start() throws IOException {
		this.server = new RawServer((connection) -> connection.respond(200, "{}"));
	}

	@AfterEach
	void stop() throws IOException {
		this.server.close();
	}

	private static UpstreamException failure(UpstreamFixture fixture) {
		List<UpstreamException> failures = new ArrayList<>();
		assertThatExceptionOfType(UpstreamException.class).isThrownBy(fixture::call).satisfies(failures::add);
		return failures.get(0);
	}

	private void failFirst(int times, int status, String... headers) {
		this.server.answer((connection) -> {
			if (connection.number() <= times) {
				connection.respond(status, "{\"n\":" + connection.number() + "}", headers);
			}
			else {
				connection.respond(200, "{}");
			}
		});
	}

	@ParameterizedTest
	@ValueSource(ints = { 429, 500, 502, 503, 504, 529 })
	void asksAgainAfterAPassingFailure(int status) {
		failFirst(2, status);
		UpstreamFixture fixture = UpstreamFixture.of(this.server).start();
		assertThat(fixture.call().status()).isEqualTo(200);
		assertThat(this.server.requests()).hasSize(3);
		// Half of 500 ms, then of 1 s
		assertThat(fixture.sleeps).containsExactly(Duration.ofMillis(250), Duration.ofMillis(500));
		assertThat(this.server.connections()).isEqualTo(1);
	}

	@ParameterizedTest
	@ValueSource(ints = { 400, 402, 403, 404, 408, 409, 413, 422 })
	void asksOnceIfTheRequestIsRefused(int status) {
		failFirst(1, status);
		UpstreamFixture fixture = UpstreamFixture.of(this.server).start();
		assertThat(failure(fixture).status()).isEqualTo(status);
		assertThat(this.server.requests()).hasSize(1);
	}

	@Test
	void passesTheLastAnswerUnchangedWhenItGivesUp() {
		failFirst(9, 429, "Retry-After: 0", "x-ratelimit-remaining-tokens: 7", "X-Request-Id: r", "Set-Cookie: a=b",
				"openai-organization: acme");
		UpstreamException ex = failure(UpstreamFixture.of(this.server).start());
		assertThat(ex.status()).isEqualTo(429);
		assertThat(new String(ex.body())).isEqualTo("{\"n\":3}");
		assertThat(ex.headers()).containsOnlyKeys("retry-after", "x-ratelimit-remaining-tokens", "x-request-id");
	}

	@ParameterizedTest
	@CsvSource({ "retry-after: 2, 2250", "retry-after: 0.5, 750", "retry-after-ms: 30, 280",
			"'retry-after: Thu, 01 Jan 2026 00:00:05 GMT', 5250", "'retry-after: Thu, 01 Jan 2025 00:00:05 GMT', 250",
			"retry-after: soon, 250", "retry-after: -1, 250", "retry-after: NaN, 250" })
	void waitsAsLongAsTheUpstreamSays(String header, long millis) {
		failFirst(1, 429, header);
		UpstreamFixture fixture = UpstreamFixture.of(this.server);
		fixture.clock = Clock.fixed(Instant.parse("2026-01-01T00:00:00Z"), ZoneOffset.UTC);
		fixture.start().call();
		assertThat(fixture.sleeps).containsExactly(Duration.ofMillis(millis));
	}

	@Test
	void doesNotWaitLongerThanItMay() {
		failFirst(1, 429, "retry-after: 31");
		UpstreamException ex = failure(UpstreamFixture.of(this.server).start());
		assertThat(ex.headers()).containsEntry("retry-after", List.of("31"));
		assertThat(this.server.requests()).hasSize(1);
	}

	@Test
	void asksAgainOrNotAsTheUpstreamSays() {
		failFirst(1, 500, "x-should-retry: false");
		assertThat(failure(UpstreamFixture.of(this.server).start()).status()).isEqualTo(500);
		failFirst(2, 409, "x-should-retry: true");
		assertThat(UpstreamFixture.of(this.server).start().call().status()).isEqualTo(200);
	}

	@Test
	void neverAsksMoreOftenThanItMay() {
		failFirst(99, 500, "x-should-retry: true");
		UpstreamFixture fixture = UpstreamFixture.of(this.server, "max-retries", "4").start();
		failure(fixture);
		assertThat(this.server.requests()).hasSize(5);
		fixture = UpstreamFixture.of(this.server, "max-retries", "0").start();
		failure(fixture);
		assertThat(this.server.requests()).hasSize(6);
	}

	@Test
	void asksAgainIfTheConnectionBreaksBeforeTheAnswer() {
		this.server.answer((connection) -> {
			if (connection.number() == 1) {
				connection.reset();
			}
			else if (connection.number() == 2) {
				connection.write("HTTP/1.1 200");
				connection.close();
			}
			else {
				connection.respond(200, "{}");
			}
		});
		UpstreamFixture fixture = UpstreamFixture.of(this.server).start();
		assertThat(fixture.call().status()).isEqualTo(200);
		assertThat(this.server.requests()).hasSize(3);
	}

	@Test
	void doesNotAskAgainOnceAnAnswerHasBegun() {
		this.server.answer((connection) -> {
			connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{");
			connection.close();
		});
		UpstreamException ex = failure(UpstreamFixture.of(this.server).start());
		assertThat(ex.code()).isEqualTo("upstream_broken");
		assertThat(this.server.requests()).hasSize(1);
	}

	@Test
	void asksTheFallbacksIfNobodyListens() throws IOException {
		RawServer closed = new RawServer((connection) -> connection.close());
		closed.close();
		UpstreamFixture fixture = UpstreamFixture.of(closed, "fallbacks", "backup")
			.set("backup", "base-url", this.server.url().toString())
			.set("backup", "models", "x")
			.start();
		UpstreamResponse response = fixture.call();
		assertThat(response.upstream().name()).isEqualTo("backup");
		assertThat(fixture.sleeps).hasSize(2);
	}

	@Test
	void showsWhatTheFirstUpstreamAnsweredIfAllFail() throws IOException {
		failFirst(9, 429);
		try (RawServer other = new RawServer((connection) -> connection.respond(404, "{\"other\":1}"))) {
			UpstreamFixture fixture = UpstreamFixture.of(this.server, "fallbacks", "backup")
				.set("backup", "base-url", other.url().toString())
				.set("backup", "models", "x")
				.start();
			assertThat(failure(fixture).status()).isEqualTo(429);
			assertThat(other.requests()).hasSize(1);
		}
	}

	@Test
	void asksNoFallbackIfTheRequestIsRefused() throws IOException {
		failFirst(9, 400);
		try (RawServer other = new RawServer((connection) -> connection.respond(200, "{}"))) {
			UpstreamFixture fixture = UpstreamFixture.of(this.server, "fallbacks", "backup")
				.set("backup", "base-url", other.url().toString())
				.set("backup", "models", "x")
				.start();
			assertThat(failure(fixture).status()).isEqualTo(400);
			assertThat(other.requests()).isEmpty();
		}
	}

	@Test
	void stopsAskingAnUpstreamThatHasFailedAndComesBack() throws Exception {
		failFirst(999, 503);
		UpstreamFixture fixture = UpstreamFixture.of(this.server, "max-retries", "0").start(Duration.ofMillis(50));
		for (int i = 0; i < 10; i++) {
			assertThat(failure(fixture).body()).isNotNull();
		}
		UpstreamException ex = failure(fixture);
		assertThat(ex.code()).isEqualTo("upstream_unavailable");
		assertThat(ex.headers()).containsKey("retry-after");
		assertThat(fixture.client.isAvailable(fixture.upstreams.all().get(0))).isFalse();
		assertThat(this.server.requests()).hasSize(10);
		this.server.answer((connection) -> connection.respond(200, "{}"));
		await().ignoreException(UpstreamException.class).until(() -> fixture.call() != null);
	}

	@Test
	void letsAllThroughOnceAnUpstreamThatHasFailedBeginsToAnswer() throws Exception {
		failFirst(999, 503);
		UpstreamFixture fixture = UpstreamFixture.of(this.server, "max-retries", "0").start(Duration.ofMillis(50));
		for (int i = 0; i < 10; i++) {
			assertThat(failure(fixture).body()).isNotNull();
		}
		CountDownLatch gone = new CountDownLatch(3);
		this.server.answer((connection) -> {
			connection.beginStream();
			connection.awaitGone(gone);
		});
		List<UpstreamTarget> targets = fixture.upstreams.targets("gpt-5", "chat-completions");
		List<UpstreamExchange> streams = new ArrayList<>();
		for (int i = 0; i < 3; i++) {
			await().ignoreException(UpstreamException.class)
				.until(() -> streams.add(fixture.client.open(targets,
						UpstreamRequest.post("/chat/completions", Map.of(), true, (target) -> new byte[0]))));
		}
		assertThat(streams).hasSize(3);
		streams.forEach(UpstreamExchange::close);
		assertThat(gone.await(5, TimeUnit.SECONDS)).isTrue();
	}

	@Test
	void stopsAskingAnUpstreamWhoseAnswersBreakOff() {
		this.server.answer((connection) -> {
			connection.beginStream();
			connection.close();
		});
		UpstreamFixture fixture = UpstreamFixture.of(this.server, "max-retries", "0").start();
		for (int i = 0; i < 10 && fixture.client.isAvailable(fixture.upstreams.all().get(0)); i++) {
			assertThat(failure(fixture).code()).isEqualTo("upstream_broken");
		}
		assertThat(failure(fixture).code()).isEqualTo("upstream_unavailable");
	}

	@Test
	void doesNotTakeRefusalsAndLimitsForFailuresOfTheUpstream() {
		failFirst(999, 429);
		UpstreamFixture fixture = UpstreamFixture.of(this.server, "max-retries", "0").start();
		for (int i = 0; i < 40; i++) {
			assertThat(failure(fixture).status()).isEqualTo(429);
		}
	}

	@Test
	void sendsNoMoreAtOnceThanItMay() throws Exception {
		CountDownLatch two = new CountDownLatch(2);
		CountDownLatch go = new CountDownLatch(1);
		this.server.answer((connection) -> {
			two.countDown();
			go.await();
			connection.respond(200, "{}");
		});
		UpstreamFixture fixture = UpstreamFixture.of(this.server, "max-concurrent", "2", "max-wait", "20s").start();
		List<CompletableFuture<UpstreamResponse>> calls = new ArrayList<>();
		for (int i = 0; i < 8; i++) {
			CompletableFuture<UpstreamResponse> call = new CompletableFuture<>();
			calls.add(call);
			Thread thread = new Thread(() -> {
				try {
					call.complete(fixture.call());
				}
				catch (Throwable ex) {
					call.completeExceptionally(ex);
				}
			});
			thread.start();
		}
		assertThat(two.await(10, TimeUnit.SECONDS)).isTrue();
		go.countDown();
		for (CompletableFuture<UpstreamResponse> call : calls) {
			assertThat(call.get(10, TimeUnit.SECONDS).status()).isEqualTo(200);
		}
		assertThat(this.server.mostRunning()).isLessThanOrEqualTo(2);
	}

	@Test
	void refusesIfThereIsNoPlaceInTime() throws Exception {
		CountDownLatch gone = new CountDownLatch(1);
		this.server.answer((connection) -> {
			connection.beginStream();
			connection.awaitGone(gone);
		});
		UpstreamFixture fixture = UpstreamFixture.of(this.server, "max-concurrent", "1", "max-wait", "10ms").start();
		List<UpstreamTarget> targets = fixture.upstreams.targets("gpt-5", "chat-completions");
		UpstreamRequest request = UpstreamRequest.post("/chat/completions", Map.of(), true, (target) -> new byte[0]);
		try (UpstreamExchange exchange = fixture.client.open(targets, request)) {
			assertThat(exchange.isEventStream()).isTrue();
			UpstreamException ex = failure(fixture);
			assertThat(ex.status()).isEqualTo(503);
			assertThat(ex.code()).isEqualTo("upstream_busy");
			assertThat(ex.headers()).containsKey("retry-after");
		}
		assertThat(gone.await(5, TimeUnit.SECONDS)).isTrue();
		this.server.answer((connection) -> connection.respond(200, "{}"));
		assertThat(fixture.call().status()).isEqualTo(200);
	}

	@Test
	void followsNoRedirect() throws IOException {
		try (RawServer thief = new RawServer((connection) -> connection.respond(200, "{}"))) {
			failFirst(9, 307, "Location: " + thief.url());
			UpstreamException ex = failure(UpstreamFixture.of(this.server).start());
			assertThat(ex.status()).isEqualTo(502);
			assertThat(ex.code()).isEqualTo("upstream_redirect");
			assertThat(thief.requests()).isEmpty();
		}
	}

	@Test
	void saysThatTheUpstreamRefusesTheKeyOfTheGatewayAndNotThatOfTheClient() {
		failFirst(9, 401);
		UpstreamException ex = failure(UpstreamFixture.of(this.server).start());
		assertThat(ex.status()).isEqualTo(502);
		assertThat(ex.code()).isEqualTo("upstream_unauthorized");
		assertThat(ex.headers()).containsEntry("x-should-retry", List.of("false"));
	}

	@Test
	void hidesTheKeyIfAnUpstreamRepeatsIt() {
		this.server.answer((connection) -> connection.respond(403, "{\"error\":\"" + UpstreamFixture.KEY + "\"}",
				"x-request-id: " + UpstreamFixture.KEY));
		UpstreamException ex = failure(UpstreamFixture.of(this.server).start());
		assertThat(new String(ex.body())).isEqualTo("{\"error\":\"***\"}");
		assertThat(ex.headers()).isEmpty();
		StringWriter trace = new StringWriter();
		ex.printStackTrace(new PrintWriter(trace));
		assertThat(trace.toString()).doesNotContain(UpstreamFixture.KEY);
	}

	@Test
	void leavesAnErrorAsItIsIfTheKeyIsTooShortToTell() {
		String error = "{\"error\":\"one of nine none-such\"}";
		for (String key : List.of("e", "none", "sk-none")) {
			this.server.answer((connection) -> connection.respond(403, error, "x-request-id: one-none-sk-none"));
			UpstreamException ex = failure(UpstreamFixture.of(this.server, "api-key", key).start());
			assertThat(new String(ex.body())).isEqualTo(error);
			assertThat(ex.headers()).containsOnlyKeys("x-request-id");
		}
	}

	@Test
	void sendsNoCredentialsOfTheClientAndNoBrokenHeaders() {
		UpstreamFixture fixture = UpstreamFixture.of(this.server, "headers.x-title", "mine").start();
		fixture.client.call(fixture.upstreams.all().get(0), UpstreamRequest.post("/x",
				Map.of("authorization", List.of("Bearer stolen"), "cookie", List.of("a=b"), "x-forwarded-for",
						List.of("1.2.3.4"), "host", List.of("evil"), "openai-beta", List.of("assistants=v2", "b"),
						"anthropic-beta", List.of("a\r\nx-evil: 1"), "x: y", List.of("z")),
				false, (target) -> new byte[] { '{', '}' }));
		RawServer.Request request = this.server.requests().get(0);
		assertThat(request.headers()).containsOnlyKeys("authorization", "host", "openai-beta", "x-title", "user-agent",
				"accept", "content-type", "content-length");
		assertThat(request.header("authorization")).isEqualTo("Bearer " + UpstreamFixture.KEY);
		assertThat(request.header("openai-beta")).isEqualTo("assistants=v2,b");
	}

	@Test
	void showsEachProviderItsKeyInItsOwnWay() {
		UpstreamFixture anthropic = UpstreamFixture.of(this.server, "provider", "anthropic").start();
		anthropic.client.call(anthropic.upstreams.all().get(0),
				UpstreamRequest.post("/v1/messages", Map.of(), false, (target) -> new byte[0]));
		anthropic.call();
		UpstreamFixture azure = UpstreamFixture.of(this.server, "provider", "azure").start();
		azure.call();
		List<RawServer.Request> requests = this.server.requests();
		assertThat(requests.get(0).line()).isEqualTo("POST /v1/messages HTTP/1.1");
		assertThat(requests.get(0).header("x-api-key")).isEqualTo(UpstreamFixture.KEY);
		assertThat(requests.get(0).header("anthropic-version")).isEqualTo("2023-06-01");
		assertThat(requests.get(0).header("authorization")).isNull();
		assertThat(requests.get(1).header("authorization")).isEqualTo("Bearer " + UpstreamFixture.KEY);
		assertThat(requests.get(1).header("x-api-key")).isNull();
		assertThat(requests.get(2).header("api-key")).isEqualTo(UpstreamFixture.KEY);
	}

	@Test
	void getsWithoutABody() {
		UpstreamFixture fixture = UpstreamFixture.of(this.server).start();
		UpstreamResponse response = fixture.client.call(fixture.upstreams.all().get(0),
				UpstreamRequest.get("/models?limit=5", Map.of()));
		assertThat(new String(response.body())).isEqualTo("{}");
		assertThat(this.server.requests().get(0).line()).isEqualTo("GET /v1/models?limit=5 HTTP/1.1");
	}

	@Test
	void refusesAnAnswerThatIsTooLarge() {
		this.server.answer((connection) -> {
			connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
			byte[] chunk = new byte[60_000];
			for (int i = 0; i < 10_000; i++) {
				connection.chunk(chunk);
			}
		});
		UpstreamException ex = failure(UpstreamFixture.of(this.server, "max-response-size", "1MB").start());
		assertThat(ex.code()).isEqualTo("upstream_too_large");
	}

	@Test
	void readsLargeAnswersWholeWhateverTheirPieces() throws IOException {
		String large = "é".repeat(2_000_000);
		this.server.answer((connection) -> connection.respond(200, large));
		UpstreamFixture fixture = UpstreamFixture.of(this.server).start();
		assertThat(new String(fixture.call().body(), StandardCharsets.UTF_8)).isEqualTo(large);
		UpstreamRequest request = UpstreamRequest.get("/x", Map.of());
		try (UpstreamExchange exchange = fixture.client.open(fixture.upstreams.targets("gpt-5", "chat-completions"),
				request)) {
			assertThat(new String(exchange.body().readAllBytes(), StandardCharsets.UTF_8)).isEqualTo(large);
		}
	}

	@Test
	void readsAnAnswerThatComesByteByByte() {
		this.server.answer((connection) -> {
			for (byte b : "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n{\"a\":1}".getBytes()) {
				connection.write(new byte[] { b });
			}
		});
		assertThat(new String(UpstreamFixture.of(this.server).start().call().body())).isEqualTo("{\"a\":1}");
	}

	@Test
	void givesUpIfThereIsNoAnswerInTimeAndClosesTheConnection() throws Exception {
		CountDownLatch gone = new CountDownLatch(1);
		this.server.answer((connection) -> connection.awaitGone(gone));
		UpstreamFixture fixture = UpstreamFixture.of(this.server, "response-timeout", "100ms").start();
		UpstreamException ex = failure(fixture);
		assertThat(ex.status()).isEqualTo(504);
		assertThat(gone.await(5, TimeUnit.SECONDS)).isTrue();
		assertThat(this.server.requests()).hasSize(1);
	}

	@Test
	void countsTheTimeToTheFirstByteOfTheBodyToTheTimeOfTheResponse() {
		CountDownLatch gone = new CountDownLatch(1);
		this.server.answer((connection) -> {
			connection.beginStream();
			connection.awaitGone(gone);
		});
		UpstreamFixture fixture = UpstreamFixture.of(this.server, "response-timeout", "200ms").start();
		assertThat(failure(fixture).code()).isEqualTo("upstream_timeout");
	}

	@Test
	void stopsWaitingForTheNextAttemptIfItIsInterrupted() {
		failFirst(9, 500);
		UpstreamFixture fixture = UpstreamFixture.of(this.server).start();
		fixture.sleeper = (duration) -> {
			throw new InterruptedException();
		};
		assertThatExceptionOfType(CancellationException.class).isThrownBy(fixture::call);
		assertThat(Thread.interrupted()).isTrue();
		assertThat(this.server.requests()).hasSize(1);
	}

	@Test
	void sendsNothingOnAThreadThatIsInterrupted() {
		UpstreamFixture fixture = UpstreamFixture.of(this.server).start();
		Thread.currentThread().interrupt();
		assertThatExceptionOfType(CancellationException.class).isThrownBy(fixture::call);
		assertThat(Thread.interrupted()).isTrue();
		assertThat(this.server.requests()).isEmpty();
	}

	@Test
	void countsAttemptsByUpstreamAndOutcome() {
		failFirst(1, 503);
		UpstreamFixture fixture = UpstreamFixture.of(this.server).start();
		fixture.call();
		assertThat(fixture.meters.get("gateway.upstream.requests")
			.tags("upstream", "main", "outcome", "success")
			.timer()
			.count()).isEqualTo(1);
		assertThat(fixture.meters.get("gateway.upstream.requests")
			.tags("upstream", "main", "outcome", "error")
			.timer()
			.count()).isEqualTo(1);
	}

	@Test
	void putsTheVersionIntoThePathOnce() {
		assertThat(UpstreamClient.uri(URI.create("https://a/v1"), "/v1/messages")).hasToString("https://a/v1/messages");
		assertThat(UpstreamClient.uri(URI.create("https://a"), "/v1/messages")).hasToString("https://a/v1/messages");
		assertThat(UpstreamClient.uri(URI.create("https://a/v1"), "/models")).hasToString("https://a/v1/models");
	}

}

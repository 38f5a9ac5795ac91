package io.tokensaving.simulator;

import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** The server itself: scripts, faults, log, bill and console. */
class ProviderSimulatorTests {

	private static final String OPENAI = "{\"model\": \"gpt-5.1\", \"messages\": [{\"role\": \"user\", \"content\": \"12345678\"}]}";

	private static final String OPENAI_STREAM = OPENAI.replace("{\"model\"", "{\"stream\": true, \"model\"");

	private static final String ANTHROPIC = "{\"model\": \"claude-sonnet-5\", \"max_tokens\": 9, \"messages\": [{\"role\": \"user\", \"content\": \"12345678\"}]}";

	private final ManualClock clock = ManualClock.standing();

	private final ProviderSimulator simulator = ProviderSimulator.builder().clock(this.clock).start();

	private final WireClient client = new WireClient(this.simulator);

	@AfterEach
	void close() {
		this.simulator.close();
	}

	@Test
	void answersFromTheQueueOfTheProviderThenFromTheCommonOneThenFromTheResponder() {
		this.simulator.enqueue(Answer.text("common"));
		this.simulator.enqueue(Provider.ANTHROPIC, Answer.text("own"));
		this.simulator.respondWith((request) -> Answer.text("to " + request.model()));
		assertThat(this.client.anthropic(ANTHROPIC).body()).contains("\"own\"");
		assertThat(this.client.anthropic(ANTHROPIC).body()).contains("\"common\"");
		assertThat(this.client.openAi(OPENAI).body()).contains("\"to gpt-5.1\"");
	}

	@Test
	void rejectedRequestsTakeNoAnswer() {
		this.simulator.enqueue(Answer.text("kept"));
		assertThat(this.client.openAi("{}").statusCode()).isEqualTo(400);
		assertThat(this.client.openAi(OPENAI).body()).contains("\"kept\"");
	}

	@Test
	void equalSeedsAndScriptsGiveEqualBytes() {
		List<String> runs = new ArrayList<>();
		for (int run = 0; run < 2; run++) {
			try (ProviderSimulator other = ProviderSimulator.builder().clock(ManualClock.standing()).start()) {
				WireClient wire = new WireClient(other);
				runs.add(wire.openAi(OPENAI).body() + wire.openAi(OPENAI_STREAM).body()
						+ wire.anthropic(ANTHROPIC).body());
			}
		}
		assertThat(runs.get(0)).isEqualTo(runs.get(1));
	}

	@Test
	void logsWhatCameInWithItsBytes() {
		this.client.openAi(OPENAI);
		this.clock.advance(Duration.ofMinutes(1));
		this.client.anthropic(ANTHROPIC);
		assertThat(this.simulator.requests()).extracting(SimulatedRequest::number).containsExactly(1L, 2L);
		SimulatedRequest first = this.simulator.requests(Provider.OPENAI).get(0);
		assertThat(first.body()).isEqualTo(OPENAI);
		assertThat(first.path()).isEqualTo("/v1/chat/completions");
		assertThat(first.headers().get("authorization")).containsExactly("Bearer key");
		assertThat(first.at()).isEqualTo(this.clock.instant().minus(Duration.ofMinutes(1)));
	}

	@Test
	void forgetsTheOldestRequestsButBillsThem() {
		try (ProviderSimulator small = ProviderSimulator.builder().logged(2).start()) {
			WireClient wire = new WireClient(small);
			for (int times = 0; times < 5; times++) {
				wire.openAi(OPENAI);
			}
			assertThat(small.requests()).extracting(SimulatedRequest::number).containsExactly(4L, 5L);
			assertThat(small.bill().requests()).isEqualTo(5);
			small.clear();
			assertThat(small.bill().requests()).isZero();
			assertThat(small.requests()).isEmpty();
		}
	}

	@Test
	void billsByProvider() {
		this.client.openAi(OPENAI);
		this.client.anthropic(ANTHROPIC);
		// 2 x 1.25 + 3 x 10 and 2 x 2 + 3 x 10 USD a million
		assertThat(this.simulator.bill(Provider.OPENAI).usd()).isEqualByComparingTo("0.0000325");
		assertThat(this.simulator.bill(Provider.ANTHROPIC).usd()).isEqualByComparingTo("0.000034");
		assertThat(this.simulator.bill().usd()).isEqualByComparingTo("0.0000665");
	}

	@Test
	void holdsAStreamUntilItIsLetGo() throws Exception {
		CountDownLatch latch = new CountDownLatch(1);
		this.simulator.enqueue(Answer.builder().text("12345678").piece(4).hold(3, latch).build());
		HttpResponse<InputStream> response = HttpClient.newHttpClient()
			.send(this.client.request(Provider.OPENAI, "/chat/completions")
				.POST(HttpRequest.BodyPublishers.ofString(OPENAI_STREAM))
				.build(), HttpResponse.BodyHandlers.ofInputStream());
		StringBuilder before = new StringBuilder();
		while (before.indexOf("\"5678\"") < 0) {
			before.append((char) response.body().read());
		}
		assertThat(this.simulator.lastRequest().outcome()).isEqualTo(SimulatedRequest.Outcome.RUNNING);
		latch.countDown();
		String after = new String(response.body().readAllBytes(), StandardCharsets.UTF_8);
		assertThat(before).contains("\"1234\"");
		assertThat(after).endsWith("data: [DONE]\n\n");
		assertThat(this.simulator.lastRequest().outcome()).isEqualTo(SimulatedRequest.Outcome.ANSWERED);
	}

	@Test
	void takesItsTimeIfTheScriptSaysSo() {
		this.simulator.enqueue(Answer.builder()
			.text("12345678")
			.piece(4)
			.delays(Duration.ofMillis(60), Duration.ofMillis(20))
			.build());
		long start = System.nanoTime();
		this.client.openAi(OPENAI_STREAM);
		// Five events: four pauses between them
		assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThanOrEqualTo(Duration.ofMillis(140));
	}

	@Test
	void billsWhatWasSentWhenTheClientGoesAway() throws Exception {
		CountDownLatch latch = new CountDownLatch(1);
		this.simulator.enqueue(Answer.builder().text("1234".repeat(50_000)).piece(4).hold(4, latch).build());
		HttpResponse<InputStream> response = HttpClient.newHttpClient()
			.send(this.client.request(Provider.OPENAI, "/chat/completions")
				.POST(HttpRequest.BodyPublishers.ofString(OPENAI_STREAM))
				.build(), HttpResponse.BodyHandlers.ofInputStream());
		response.body().read();
		response.body().close();
		latch.countDown();
		assertThat(this.simulator.awaitIdle(Duration.ofSeconds(20))).isTrue();
		SimulatedRequest request = this.simulator.lastRequest();
		assertThat(request.outcome()).isEqualTo(SimulatedRequest.Outcome.CANCELLED);
		assertThat(request.bill().tokens(TokenKind.INPUT)).isEqualTo(2);
		assertThat(request.bill().tokens(TokenKind.OUTPUT)).isLessThan(50_000);
	}

	@Test
	void cutsCallsAndStreams() {
		this.simulator.enqueue(Answer.builder().text("Hello").cutAfter(0, Answer.Cut.CONNECTION).build(),
				Answer.builder().text("Hello").cutAfter(1, Answer.Cut.CONNECTION).build(),
				Answer.builder().text("Hello").cutAfter(2, Answer.Cut.CONNECTION).build());
		assertThatThrownBy(() -> this.client.openAi(OPENAI)).isInstanceOf(IllegalStateException.class);
		assertThatThrownBy(() -> this.client.openAi(OPENAI)).isInstanceOf(IllegalStateException.class);
		assertThatThrownBy(() -> this.client.openAi(OPENAI_STREAM)).isInstanceOf(IllegalStateException.class);
		assertThat(this.simulator.requests()).hasSizeGreaterThanOrEqualTo(3)
			.anyMatch((request) -> request.outcome() == SimulatedRequest.Outcome.CUT);
	}

	@Test
	void endsStreamsInSilenceOrWithAnError() {
		this.simulator.enqueue(Answer.builder().text("12345678").piece(4).cutAfter(2, Answer.Cut.SILENCE).build(),
				Answer.builder()
					.text("12345678")
					.piece(4)
					.error(SimulatedError.of(SimulatedError.Kind.SERVER_ERROR, "Out of luck"))
					.cutAfter(2, Answer.Cut.ERROR_EVENT)
					.build());
		HttpResponse<String> silent = this.client.openAi(OPENAI_STREAM);
		assertThat(silent.body()).contains("\"1234\"").doesNotContain("\"5678\"").doesNotContain("[DONE]");
		assertThat(this.simulator.lastRequest().bill().tokens(TokenKind.OUTPUT)).isEqualTo(1);
		HttpResponse<String> failed = this.client.openAi(OPENAI_STREAM);
		assertThat(failed.body()).contains("\"1234\"").contains("Out of luck").doesNotContain("[DONE]");
	}

	@Test
	void billsNoMoreThanTheScriptSaysHoweverMuchWasSent() {
		this.simulator.enqueue(Answer.builder()
			.text("12345678901234567890")
			.outputTokens(2)
			.piece(4)
			.cutAfter(5, Answer.Cut.SILENCE)
			.build());
		this.client.openAi(OPENAI_STREAM);
		assertThat(this.simulator.lastRequest().bill().tokens(TokenKind.OUTPUT)).isEqualTo(2);
	}

	@Test
	void sendsErrorsAsTheProvidersDo() {
		Duration wait = Duration.ofMillis(1500);
		this.simulator.enqueue(Answer.error(SimulatedError.rateLimited(wait)),
				Answer.error(SimulatedError.rateLimited(wait)), Answer.error(SimulatedError.Kind.OVERLOADED),
				Answer.error(SimulatedError.Kind.QUOTA), Answer.error(SimulatedError.Kind.BAD_GATEWAY));
		HttpResponse<String> anthropic = this.client.anthropic(ANTHROPIC);
		assertThat(anthropic.statusCode()).isEqualTo(429);
		assertThat(anthropic.headers().firstValue("retry-after")).hasValue("2");
		assertThat(WireClient.json(anthropic).at("/error/type").asString()).isEqualTo("rate_limit_error");
		HttpResponse<String> openAi = this.client.openAi(OPENAI);
		assertThat(openAi.statusCode()).isEqualTo(429);
		assertThat(openAi.headers().firstValue("retry-after")).hasValue("2");
		assertThat(WireClient.json(openAi).at("/error/code").asString()).isEqualTo("rate_limit_exceeded");
		assertThat(this.client.anthropic(ANTHROPIC).statusCode()).isEqualTo(529);
		HttpResponse<String> quota = this.client.openAi(OPENAI);
		assertThat(quota.statusCode()).isEqualTo(429);
		assertThat(quota.headers().firstValue("x-should-retry")).hasValue("false");
		HttpResponse<String> gateway = this.client.openAi(OPENAI);
		assertThat(gateway.statusCode()).isEqualTo(502);
		assertThat(gateway.body()).startsWith("<html>");
		assertThat(this.simulator.bill().usd()).isZero();
	}

	@Test
	void failedRequestsWriteNothingToCaches() {
		String body = "{\"model\": \"gpt-5.6-terra\", \"prompt_cache_key\": \"k\", \"messages\": [{\"role\": \"user\", \"content\": \""
				+ Texts.ofTokens("x", 2000) + "\"}]}";
		this.simulator.enqueue(Answer.error(SimulatedError.Kind.SERVER_ERROR));
		this.client.openAi(body);
		this.client.openAi(body);
		assertThat(this.simulator.lastRequest().input().written30m()).isEqualTo(2000);
	}

	@Test
	void servesManyAtOnce() {
		List<CompletableFuture<HttpResponse<String>>> running = new ArrayList<>();
		HttpClient http = HttpClient.newHttpClient();
		for (int index = 0; index < 100; index++) {
			running.add(http.sendAsync(this.client.request(Provider.OPENAI, "/chat/completions")
				.POST(HttpRequest.BodyPublishers.ofString((index % 2 == 0) ? OPENAI : OPENAI_STREAM))
				.build(), HttpResponse.BodyHandlers.ofString()));
		}
		running.forEach((response) -> assertThat(response.join().statusCode()).isEqualTo(200));
		assertThat(this.simulator.bill().requests()).isEqualTo(100);
		assertThat(this.simulator.bill().tokens(TokenKind.INPUT)).isEqualTo(200);
		assertThat(this.simulator.requests()).extracting(SimulatedRequest::number).doesNotHaveDuplicates().hasSize(100);
	}

	@Test
	void tellsTheBillOverHttp() {
		this.client.openAi(OPENAI);
		String root = "http://127.0.0.1:" + this.simulator.port() + "/simulator";
		JsonNode bill = WireClient.json(this.client.send(HttpRequest.newBuilder(URI.create(root + "/bill")).build()));
		assertThat(bill.path("usd").asString()).isEqualTo("0.00003250");
		assertThat(bill.at("/providers/openai/tokens/input").asInt()).isEqualTo(2);
		JsonNode requests = WireClient
			.json(this.client.send(HttpRequest.newBuilder(URI.create(root + "/requests")).build()));
		assertThat(requests.get(0).path("body").asString()).isEqualTo(OPENAI);
		this.client.send(HttpRequest.newBuilder(URI.create(root + "/advance/PT6M"))
			.POST(HttpRequest.BodyPublishers.noBody())
			.build());
		assertThat(this.clock.instant()).isEqualTo(ManualClock.standing().instant().plus(Duration.ofMinutes(6)));
		assertThat(this.client.send(HttpRequest.newBuilder(URI.create(root + "/x")).build()).statusCode())
			.isEqualTo(404);
	}

	@Test
	void whatItDoesNotKnowIsNotFound() {
		assertThat(this.client.post(Provider.OPENAI, "/audio/speech", "{}").statusCode()).isEqualTo(404);
		HttpResponse<String> response = this.client
			.send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + this.simulator.port() + "/mistral/v1"))
				.build());
		assertThat(response.statusCode()).isEqualTo(404);
	}

	@Test
	void wordsCanBeTokens() {
		Tokenizer words = Tokenizer.ofWords();
		assertThat(words.count("one two  three ")).isEqualTo(3);
		assertThat(words.count("")).isZero();
		assertThat(words.ends("one two  three ")).containsExactly(4, 9, 15);
		assertThat(Tokenizer.ofChars(4).ends("123456789")).containsExactly(4, 8, 9);
	}

}

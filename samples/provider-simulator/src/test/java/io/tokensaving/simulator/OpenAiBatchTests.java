package io.tokensaving.simulator;

import java.math.BigDecimal;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import com.openai.client.OpenAIClient;
import com.openai.core.JsonValue;
import com.openai.core.MultipartField;
import com.openai.errors.OpenAIException;
import com.openai.errors.RateLimitException;
import com.openai.models.batches.Batch;
import com.openai.models.batches.BatchCreateParams;
import com.openai.models.batches.BatchListParams;
import com.openai.models.files.FileCreateParams;
import com.openai.models.files.FileObject;
import com.openai.models.files.FilePurpose;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.observation.ObservationRegistry;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.ai.openai.setup.OpenAiSetup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

/** OpenAI's batches through OpenAI's own client, as Spring AI sets it up. */
class OpenAiBatchTests {

	private static final String SYSTEM = Texts.ofTokens("rule", 2000);

	private final ManualClock clock = ManualClock.standing();

	private ProviderSimulator simulator = start(BatchRules.defaults());

	private OpenAIClient client = client("key");

	@AfterEach
	void close() {
		this.client.close();
		this.simulator.close();
	}

	private ProviderSimulator start(BatchRules rules) {
		return ProviderSimulator.builder()
			.clock(this.clock)
			.batches(rules)
			.respondWith((request) -> Answer.text("Read " + request.json().at("/messages/1/content").asString()))
			.start();
	}

	private void restart(BatchRules rules) {
		close();
		this.simulator = start(rules);
		this.client = client("key");
	}

	private OpenAIClient client(String key) {
		return OpenAiSetup.setupSyncClient(this.simulator.baseUrl(Provider.OPENAI), key, null, null, null, null, false,
				false, "gpt-5.1", Duration.ofSeconds(60), 0, null, Map.of(), ObservationRegistry.NOOP,
				new SimpleMeterRegistry(), List.of());
	}

	private static String body(int number) {
		return body("gpt-5.1", "question %04d".formatted(number));
	}

	private static String body(String model, String question) {
		return "{\"model\": \"" + model + "\", \"messages\":  [{\"role\": \"system\", \"content\": \"" + SYSTEM
				+ "\"}, {\"role\": \"user\", \"content\": \"" + question + "\"}]}";
	}

	private static String line(String id, String body) {
		return "{\"custom_id\":\"" + id + "\",\"method\":\"POST\",\"url\":\"/v1/chat/completions\",\"body\":" + body
				+ "}";
	}

	private static String lines(int count) {
		return IntStream.range(0, count)
			.mapToObj((number) -> line("id-" + number, body(number)))
			.collect(Collectors.joining("\n", "", "\n"));
	}

	private FileObject upload(String content) {
		return this.client.files()
			.create(FileCreateParams.builder()
				.purpose(FilePurpose.BATCH)
				.file(MultipartField.<java.io.InputStream>builder()
					.value(new java.io.ByteArrayInputStream(content.getBytes(StandardCharsets.UTF_8)))
					.filename("lines.jsonl")
					.build())
				.build());
	}

	private Batch create(String fileId, String submission) {
		return this.client.batches()
			.create(BatchCreateParams.builder()
				.inputFileId(fileId)
				.endpoint(BatchCreateParams.Endpoint.V1_CHAT_COMPLETIONS)
				.completionWindow(BatchCreateParams.CompletionWindow._24H)
				.metadata(BatchCreateParams.Metadata.builder()
					.putAdditionalProperty("submission", JsonValue.from(submission))
					.build())
				.build());
	}

	private Batch create(int lines) {
		return create(upload(lines(lines)).id(), "s");
	}

	private Batch get(String id) {
		return this.client.batches().retrieve(id);
	}

	private Batch after(String id, Duration time) {
		this.clock.advance(time);
		return get(id);
	}

	private String content(String fileId) {
		try (com.openai.core.http.HttpResponse response = this.client.files().content(fileId)) {
			return new String(response.body().readAllBytes(), StandardCharsets.UTF_8);
		}
		catch (java.io.IOException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private List<JsonNode> results(String fileId) {
		return content(fileId).lines().map((line) -> JsonMapper.shared().readTree(line)).toList();
	}

	private static List<String> ids(List<JsonNode> results) {
		return results.stream().map((result) -> result.path("custom_id").asString()).toList();
	}

	@Test
	void goesThroughItsStatesAndGivesWhatLiveCallsGiveForHalfThePrice() {
		FileObject file = upload(lines(40));
		assertThat(file.bytes()).isEqualTo(lines(40).length());
		Batch created = create(file.id(), "submission-7");
		assertThat(created.status()).isEqualTo(Batch.Status.VALIDATING);
		assertThat(created.validate().requestCounts().orElseThrow().total()).isZero();
		assertThat(after(created.id(), Duration.ofSeconds(10)).status()).isEqualTo(Batch.Status.IN_PROGRESS);
		Batch half = after(created.id(), Duration.ofSeconds(205));
		assertThat(half.requestCounts().orElseThrow().completed()).isEqualTo(20);
		assertThat(half.outputFileId()).isEmpty();
		assertThat(after(created.id(), Duration.ofSeconds(205)).status()).isEqualTo(Batch.Status.FINALIZING);
		Batch done = after(created.id(), Duration.ofSeconds(5)).validate();
		assertThat(done.status()).isEqualTo(Batch.Status.COMPLETED);
		assertThat(done.errorFileId()).isEmpty();
		assertThat(done.metadata().orElseThrow()._additionalProperties().get("submission").toString())
			.isEqualTo("submission-7");
		List<JsonNode> results = results(done.outputFileId().orElseThrow());
		assertThat(ids(results)).isEqualTo(IntStream.range(0, 40).mapToObj((number) -> "id-" + number).toList());
		BigDecimal batch = this.simulator.bill().usd();
		this.simulator.clear();
		this.clock.advance(Duration.ofDays(2));
		WireClient live = new WireClient(this.simulator);
		for (int number = 0; number < 40; number++) {
			JsonNode expected = WireClient.json(live.openAi(body(number)));
			JsonNode actual = results.get(number).at("/response/body");
			assertThat(actual.at("/choices/0/message")).isEqualTo(expected.at("/choices/0/message"));
			assertThat(actual.path("usage")).isEqualTo(expected.path("usage"));
			this.clock.advance(Duration.ofSeconds(10).plusMillis(250));
		}
		assertThat(results.get(39).at("/response/body/usage/prompt_tokens_details/cached_tokens").asInt())
			.isEqualTo(1920);
		assertThat(batch).isPositive().isEqualByComparingTo(this.simulator.bill().usd().divide(BigDecimal.valueOf(2)));
	}

	@Test
	void keepsTheBytesOfEachLine() {
		String odd = "{\"messages\" : [ {\"role\":\"user\",\"content\":\"Käse \\u00e4 日本 \uD83D\uDE00 \\\"x\\\" }{\"} ],"
				+ " \"model\":\"gpt-5.1\" }";
		String even = body(1);
		String file = line("a", odd) + "\n\n{\"body\": " + even
				+ ", \"url\": \"/v1/chat/completions\",\"method\":\"POST\", \"custom_id\":\"b\"}";
		Batch batch = create(upload(file).id(), "s");
		assertThat(after(batch.id(), Duration.ofMinutes(8)).status()).isEqualTo(Batch.Status.COMPLETED);
		assertThat(this.simulator.batchLineBody(batch.id(), "a")).isEqualTo(odd);
		assertThat(this.simulator.batchLineBody(batch.id(), "b")).isEqualTo(even);
		assertThat(content(batch.inputFileId())).isEqualTo(file);
	}

	@Test
	void billsEachLineOnceByItsId() {
		Batch batch = create(30);
		this.clock.advance(Duration.ofHours(1));
		List<BatchLine> lines = this.simulator.batchLines(batch.id());
		assertThat(lines).hasSize(30).allMatch(BatchLine::isBilled);
		assertThat(new HashSet<>(lines.stream().map(BatchLine::customId).toList())).hasSize(30);
		assertThat(lines.stream().map(BatchLine::usd).reduce(BigDecimal.ZERO, BigDecimal::add))
			.isEqualByComparingTo(this.simulator.bill(Provider.OPENAI).usd());
		assertThat(this.simulator.bill().requests()).isEqualTo(30);
		// The upload and the creation
		assertThat(this.simulator.requests()).hasSize(2);
	}

	@Test
	void listsTheNewestFirstInPages() {
		String file = upload(lines(1)).id();
		List<String> created = new ArrayList<>();
		for (int number = 0; number < 7; number++) {
			created.add(0, create(file, "submission-" + number).id());
		}
		List<Batch> all = this.client.batches()
			.list(BatchListParams.builder().limit(3).build())
			.autoPager()
			.stream()
			.toList();
		assertThat(all).extracting(Batch::id).isEqualTo(created);
		assertThat(client("other").batches().list().data()).isEmpty();
		assertThatThrownBy(() -> client("other").batches().retrieve(created.get(0))).hasMessageContaining("404");
		assertThatThrownBy(() -> client("other").files().retrieve(file)).hasMessageContaining("404");
	}

	@Test
	void deletesFiles() {
		FileObject file = upload(lines(1));
		assertThat(this.client.files().list().data()).extracting(FileObject::id).containsExactly(file.id());
		assertThat(this.client.files().delete(file.id()).deleted()).isTrue();
		assertThat(this.client.files().list().data()).isEmpty();
		assertThatThrownBy(() -> create(file.id(), "s")).hasMessageContaining("404");
	}

	@Test
	void takesSixteenPairsOfMetadata() {
		Map<String, JsonValue> pairs = new TreeMap<>();
		for (int number = 0; number < 17; number++) {
			pairs.put("key" + number, JsonValue.from("x"));
		}
		BatchCreateParams params = BatchCreateParams.builder()
			.inputFileId(upload(lines(1)).id())
			.endpoint(BatchCreateParams.Endpoint.V1_CHAT_COMPLETIONS)
			.completionWindow(BatchCreateParams.CompletionWindow._24H)
			.metadata(BatchCreateParams.Metadata.builder().additionalProperties(pairs).build())
			.build();
		assertThatThrownBy(() -> this.client.batches().create(params)).hasMessageContaining("metadata");
	}

	static Stream<Arguments> filesThatFail() {
		String good = line("a", body(1));
		return Stream.of(Arguments.of("", "empty_file"), Arguments.of(good + "\n" + good, "duplicate_custom_id"),
				Arguments.of(good + "\n" + line("b", body("gpt-5-mini", "x")), "mismatched_model"),
				Arguments.of(line("a", body("gpt-9", "x")), "model_not_found"),
				Arguments.of(good + "\n{\"custom_id\":", "invalid_json_line"),
				Arguments.of(good + "\n" + good.replace("\"custom_id\":\"a\",", ""), "missing_required_parameter"),
				Arguments.of(good.replace("/v1/chat", "/v1/other"), "mismatched_endpoint"),
				Arguments.of(lines(6), "too_many_tasks"));
	}

	@ParameterizedTest
	@MethodSource("filesThatFail")
	void failsWhileItIsValidated(String file, String code) {
		restart(BatchRules.defaults()
			.withLimits(Provider.OPENAI, new BatchRules.Limits(5, 1_000_000, Duration.ofHours(24))));
		Batch created = create(upload(file).id(), "s");
		assertThat(created.status()).isEqualTo(Batch.Status.VALIDATING);
		Batch failed = after(created.id(), Duration.ofMinutes(1));
		assertThat(failed.status()).isEqualTo(Batch.Status.FAILED);
		assertThat(failed.errors().orElseThrow().data().orElseThrow()).extracting((error) -> error.code().orElseThrow())
			.containsExactly(code);
		assertThat(this.simulator.bill().usd()).isZero();
		assertThat(this.simulator.batchLines()).noneMatch(BatchLine::isBilled);
	}

	@Test
	void refusesFilesThatAreTooLarge() {
		restart(BatchRules.defaults()
			.withLimits(Provider.OPENAI, new BatchRules.Limits(5, 1000, Duration.ofHours(24))));
		assertThatThrownBy(() -> upload(lines(1))).hasMessageContaining("too large");
	}

	@Test
	void moreTokensThanTheAccountMayEnqueueFailLater() {
		// Two lines have 4,000 tokens and a few
		restart(BatchRules.defaults().withEnqueuedTokens(6500));
		Batch first = create(2);
		Batch second = create(2);
		assertThat(after(second.id(), Duration.ofMinutes(1)).status()).isEqualTo(Batch.Status.FAILED);
		assertThat(get(second.id()).errors().orElseThrow().data().orElseThrow().get(0).code())
			.contains("token_limit_exceeded");
		assertThat(after(first.id(), Duration.ofMinutes(10)).status()).isEqualTo(Batch.Status.COMPLETED);
		Batch third = create(2);
		assertThat(after(third.id(), Duration.ofMinutes(10)).status()).isEqualTo(Batch.Status.COMPLETED);
		assertThat(this.simulator.bill().requests()).isEqualTo(4);
	}

	@Test
	void givesAndBillsWhatWasDoneBeforeItExpired() {
		this.simulator.enqueueBatch(BatchScript.builder().expiresAfter(0.4).build());
		Batch batch = create(10);
		assertThat(after(batch.id(), Duration.ofHours(23)).status()).isEqualTo(Batch.Status.IN_PROGRESS);
		Batch expired = after(batch.id(), Duration.ofHours(1));
		assertThat(expired.status()).isEqualTo(Batch.Status.EXPIRED);
		assertThat(ids(results(expired.outputFileId().orElseThrow()))).containsExactly("id-0", "id-1", "id-2", "id-3");
		List<JsonNode> errors = results(expired.errorFileId().orElseThrow());
		assertThat(errors).hasSize(6)
			.allMatch((error) -> error.at("/error/code").asString().equals("batch_expired"))
			.allMatch((error) -> error.path("response").isNull());
		assertThat(this.simulator.bill().requests()).isEqualTo(4);
		assertThat(this.simulator.batchLines()).extracting(BatchLine::state)
			.containsExactly(BatchLine.State.DONE, BatchLine.State.DONE, BatchLine.State.DONE, BatchLine.State.DONE,
					BatchLine.State.EXPIRED, BatchLine.State.EXPIRED, BatchLine.State.EXPIRED, BatchLine.State.EXPIRED,
					BatchLine.State.EXPIRED, BatchLine.State.EXPIRED);
	}

	@Test
	void takesItsTimeToCancelAndGivesWhatIsDone() {
		Batch batch = create(41);
		this.clock.advance(Duration.ofSeconds(110));
		Batch cancelling = this.client.batches().cancel(batch.id());
		assertThat(cancelling.status()).isEqualTo(Batch.Status.CANCELLING);
		assertThat(cancelling.requestCounts().orElseThrow().completed()).isEqualTo(10);
		Batch cancelled = after(batch.id(), Duration.ofMinutes(1));
		assertThat(cancelled.status()).isEqualTo(Batch.Status.CANCELLED);
		// One each ten seconds, a minute longer
		assertThat(results(cancelled.outputFileId().orElseThrow())).hasSize(16);
		assertThat(results(cancelled.errorFileId().orElseThrow())).hasSize(25)
			.allMatch((error) -> error.at("/error/code").asString().equals("batch_cancelled"));
		assertThat(this.simulator.bill().requests()).isEqualTo(16);
		assertThatThrownBy(() -> this.client.batches().cancel(batch.id())).hasMessageContaining("cancelled");
	}

	@Test
	void aCancellationMayComeTooLate() {
		this.simulator.enqueueBatch(BatchScript.builder().cancelling(Duration.ofMinutes(10)).build());
		Batch batch = create(10);
		this.clock.advance(Duration.ofMinutes(1));
		this.client.batches().cancel(batch.id());
		assertThat(after(batch.id(), Duration.ofMinutes(9)).status()).isEqualTo(Batch.Status.CANCELLING);
		Batch cancelled = after(batch.id(), Duration.ofMinutes(1));
		assertThat(cancelled.status()).isEqualTo(Batch.Status.CANCELLED);
		assertThat(results(cancelled.outputFileId().orElseThrow())).hasSize(10);
		assertThat(this.simulator.bill().requests()).isEqualTo(10);
	}

	@Test
	void mayBeCancelledBySomebodyElse() {
		this.simulator.enqueueBatch(BatchScript.builder().cancelAfter(Duration.ofMinutes(3)).build());
		Batch batch = create(10);
		assertThat(after(batch.id(), Duration.ofMinutes(3)).status()).isEqualTo(Batch.Status.CANCELLING);
		assertThat(after(batch.id(), Duration.ofHours(3)).status()).isEqualTo(Batch.Status.CANCELLED);
		assertThat(this.simulator.bill().requests()).isBetween(1, 9);
		this.simulator.enqueueBatch(BatchScript.builder().cancelAfter(Duration.ofHours(3)).build());
		assertThat(after(create(10).id(), Duration.ofHours(5)).status()).isEqualTo(Batch.Status.COMPLETED);
	}

	@Test
	void existsThoughTheConnectionWasCut() {
		String file = upload(lines(3)).id();
		for (BatchScript.Cut cut : BatchScript.Cut.values()) {
			this.simulator.enqueueBatch(BatchScript.builder().cut(cut).build());
			// Over a new connection
			this.client = client("key");
			assertThatThrownBy(() -> create(file, cut.name())).isInstanceOf(OpenAIException.class);
		}
		assertThat(this.client.batches().list().data())
			.extracting((batch) -> batch.metadata().orElseThrow()._additionalProperties().get("submission").toString())
			.containsExactly("IN_RESPONSE", "AFTER_ACCEPT");
		this.clock.advance(Duration.ofHours(1));
		assertThat(this.simulator.bill().requests()).isEqualTo(6);
	}

	@Test
	void okHttpCreatesABatchTwiceIfAUsedConnectionIsCut() {
		this.simulator.enqueueBatch(BatchScript.builder().cut(BatchScript.Cut.AFTER_ACCEPT).build());
		String file = upload(lines(3)).id();
		assertThat(create(file, "s").id()).isNotEmpty();
		assertThat(this.client.batches().list().data()).hasSize(2);
	}

	@Test
	void mayBeRefusedOrNotBeToldOf() {
		this.simulator.enqueueBatch(
				BatchScript.builder().createError(SimulatedError.rateLimited(Duration.ofSeconds(7))).build(),
				BatchScript.builder().pollErrors(2).build());
		String file = upload(lines(1)).id();
		assertThatThrownBy(() -> create(file, "s")).isInstanceOf(RateLimitException.class);
		Batch batch = create(file, "s");
		assertThatThrownBy(() -> get(batch.id())).hasMessageContaining("503");
		assertThatThrownBy(() -> get(batch.id())).hasMessageContaining("503");
		assertThat(get(batch.id()).status()).isEqualTo(Batch.Status.VALIDATING);
	}

	@Test
	void neverEndsWhereTheScriptSaysSo() {
		this.simulator.enqueueBatch(BatchScript.builder().stuckAfter(0.5).build());
		Batch batch = create(10);
		Batch stuck = after(batch.id(), Duration.ofDays(400));
		assertThat(stuck.status()).isEqualTo(Batch.Status.IN_PROGRESS);
		assertThat(stuck.requestCounts().orElseThrow().completed()).isEqualTo(5);
		this.client.batches().cancel(batch.id());
		assertThat(after(batch.id(), Duration.ofMinutes(1)).status()).isEqualTo(Batch.Status.CANCELLED);
		assertThat(this.simulator.bill().requests()).isEqualTo(5);
	}

	@Test
	void errorsOfLinesStandInAFileOfTheirOwnAndCostNothing() {
		this.simulator.enqueueBatch(BatchScript.builder()
			.lineErrors(SimulatedError.Kind.OVERLOADED, 0.2)
			.lineErrors(SimulatedError.Kind.INVALID_REQUEST, 0.1)
			.error("id-7", SimulatedError.Kind.QUOTA)
			.build());
		Batch done = after(create(200).id(), Duration.ofHours(1));
		assertThat(done.status()).isEqualTo(Batch.Status.COMPLETED);
		Map<Integer, Long> errors = results(done.errorFileId().orElseThrow()).stream()
			.collect(
					Collectors.groupingBy((error) -> error.at("/response/status_code").asInt(), Collectors.counting()));
		assertThat(errors.get(503)).isBetween(20L, 60L);
		assertThat(errors.get(400)).isBetween(8L, 35L);
		assertThat(errors.get(429)).isEqualTo(1);
		long failed = errors.values().stream().mapToLong(Long::longValue).sum();
		assertThat(done.requestCounts().orElseThrow().failed()).isEqualTo(failed);
		assertThat(results(done.outputFileId().orElseThrow())).hasSize((int) (200 - failed));
		assertThat(this.simulator.bill().requests()).isEqualTo((int) (200 - failed));
		assertThat(this.simulator.batchLines()).filteredOn((line) -> line.customId().equals("id-7"))
			.extracting(BatchLine::state, BatchLine::problem)
			.containsExactly(tuple(BatchLine.State.ERRORED, "QUOTA"));
	}

	@Test
	void linesThatTheProviderWouldRejectAreRejected() {
		String file = line("a", body(1).replace("\"model\"", "\"stream\": true, \"model\"")) + "\n"
				+ line("b", body(1).replace("\"model\"", "\"bogus\": 1, \"model\"")) + "\n" + line("c", body(1));
		Batch done = after(create(upload(file).id(), "s").id(), Duration.ofHours(1));
		assertThat(results(done.errorFileId().orElseThrow()))
			.extracting((error) -> error.at("/response/body/error/message").asString())
			.containsExactly("Streams are not available in batches", "Unknown parameter: 'bogus'.");
		assertThat(ids(results(done.outputFileId().orElseThrow()))).containsExactly("c");
	}

	@Test
	void resultsMayBeShuffledTwiceThereLostOrTruncated() {
		this.simulator
			.enqueueBatch(BatchScript.builder().shuffled(true).duplicates(0.2).lost(0.1).truncatedDownloads(1).build());
		Batch done = after(create(200).id(), Duration.ofHours(1));
		String truncated = content(done.outputFileId().orElseThrow());
		String whole = content(done.outputFileId().orElseThrow());
		assertThat(whole).startsWith(truncated).endsWith("}\n");
		assertThat(truncated).doesNotEndWith("}\n").doesNotEndWith("}");
		assertThat(whole.length() - truncated.length()).isGreaterThan(20);
		List<String> ids = ids(results(done.outputFileId().orElseThrow()));
		assertThat(ids).isNotEqualTo(ids.stream().sorted().toList()).hasSizeGreaterThan(new HashSet<>(ids).size());
		assertThat(new HashSet<>(ids).size()).isBetween(160, 195);
		assertThat(done.requestCounts().orElseThrow().completed()).isEqualTo(200);
		assertThat(this.simulator.bill().requests()).isEqualTo(200);
	}

	@Test
	void equalSeedsGoWrongInEqualWays() {
		List<String> runs = new ArrayList<>();
		for (int run = 0; run < 2; run++) {
			restart(BatchRules.defaults());
			this.simulator.batchesGo(BatchScript.builder()
				.shuffled(true)
				.duplicates(0.2)
				.lineErrors(SimulatedError.Kind.OVERLOADED, 0.3)
				.build());
			Batch done = after(create(50).id(), Duration.ofHours(1));
			runs.add(done.id() + ids(results(done.outputFileId().orElseThrow()))
					+ ids(results(done.errorFileId().orElseThrow())));
		}
		assertThat(runs.get(0)).isEqualTo(runs.get(1));
	}

	@Test
	void flexCostsWhatABatchDoesAndMayBeRefused() {
		String flex = body(1).replace("\"model\"", "\"service_tier\": \"flex\", \"model\"");
		WireClient wire = new WireClient(this.simulator);
		this.simulator.refuseFlex(1, SimulatedError.of(SimulatedError.Kind.UNAVAILABLE));
		this.simulator.refuseFlex(1, SimulatedError.of(SimulatedError.Kind.REQUEST_TIMEOUT));
		assertThat(wire.openAi(body(1)).statusCode()).isEqualTo(200);
		HttpResponse<String> refused = wire.openAi(flex);
		assertThat(refused.statusCode()).isEqualTo(429);
		assertThat(WireClient.json(refused).at("/error/code").asString()).isEqualTo("resource_unavailable");
		assertThat(wire.openAi(flex).statusCode()).isEqualTo(408);
		this.simulator.clear();
		this.clock.advance(Duration.ofDays(2));
		HttpResponse<String> answered = wire.openAi(flex);
		assertThat(WireClient.json(answered).path("service_tier").asString()).isEqualTo("flex");
		BigDecimal usd = this.simulator.bill().usd();
		this.simulator.clear();
		this.clock.advance(Duration.ofDays(2));
		create(upload(line("a", body(1))).id(), "s");
		this.clock.advance(Duration.ofHours(1));
		assertThat(this.simulator.bill().usd()).isEqualByComparingTo(usd).isPositive();
	}

	@Test
	void flexIsNotSilentlyStandardWhereAModelHasNone() {
		SimulatedModel none = ModelCatalog.builtIn()
			.get(Provider.OPENAI, "gpt-5.1")
			.withId("gpt-own")
			.withPrices(TokenPrices.of("1", "2"));
		try (ProviderSimulator own = ProviderSimulator.builder().models(ModelCatalog.builtIn().with(none)).start()) {
			HttpResponse<String> response = new WireClient(own)
				.openAi(body("gpt-own", "x").replace("\"model\"", "\"service_tier\": \"flex\", \"model\""));
			assertThat(response.statusCode()).isEqualTo(400);
			assertThat(response.body()).contains("service_tier");
		}
	}

	@Test
	void isScriptedAndToldOfOverHttp() {
		WireClient wire = new WireClient(this.simulator);
		String root = "http://127.0.0.1:" + this.simulator.port() + "/simulator";
		HttpResponse<String> set = wire.send(post(root + "/batches/script",
				"[{\"provider\": \"openai\", \"cut\": \"in_response\", \"turnaround\": \"PT1M\", \"errors\": {\"id-1\": \"overloaded\"}}]"));
		assertThat(set.statusCode()).isEqualTo(200);
		assertThat(wire.send(post(root + "/batches/script", "{\"bogus\": 1}")).body()).contains("bogus");
		String file = upload(lines(3)).id();
		assertThatThrownBy(() -> create(file, "s")).isInstanceOf(OpenAIException.class);
		this.clock.advance(Duration.ofMinutes(2));
		JsonNode batches = WireClient.json(wire.send(get2(root + "/batches")));
		assertThat(batches.at("/0/phase").asString()).isEqualTo("completed");
		assertThat(batches.at("/0/lines/done").asInt()).isEqualTo(2);
		List<JsonNode> lines = wire.send(get2(root + "/batches/lines?batch=" + batches.at("/0/id").asString()))
			.body()
			.lines()
			.map((line) -> JsonMapper.shared().readTree(line))
			.toList();
		assertThat(lines)
			.extracting((line) -> line.path("custom_id").asString(), (line) -> line.path("billed").asBoolean(),
					(line) -> line.path("problem").asString(""))
			.containsExactly(tuple("id-0", true, ""), tuple("id-1", false, "OVERLOADED"), tuple("id-2", true, ""));
		assertThat(new BigDecimal(lines.get(0).path("usd").asString())).isPositive();
		wire.send(post(root + "/flex/refuse", "{\"times\": 1, \"error\": \"unavailable\", \"retry_after\": 3}"));
		HttpResponse<String> refused = wire
			.openAi(body(1).replace("\"model\"", "\"service_tier\": \"flex\", \"model\""));
		assertThat(refused.headers().firstValue("retry-after")).hasValue("3");
	}

	private static HttpRequest post(String uri, String body) {
		return HttpRequest.newBuilder(java.net.URI.create(uri)).POST(HttpRequest.BodyPublishers.ofString(body)).build();
	}

	private static HttpRequest get2(String uri) {
		return HttpRequest.newBuilder(java.net.URI.create(uri)).build();
	}

}

package io.tokensaving.simulator;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

import com.google.genai.Client;
import com.google.genai.types.BatchJob;
import com.google.genai.types.BatchJobSource;
import com.google.genai.types.Content;
import com.google.genai.types.CreateBatchJobConfig;
import com.google.genai.types.File;
import com.google.genai.types.GenerateContentConfig;
import com.google.genai.types.HttpOptions;
import com.google.genai.types.HttpRetryOptions;
import com.google.genai.types.InlinedRequest;
import com.google.genai.types.InlinedResponse;
import com.google.genai.types.JobState;
import com.google.genai.types.ListBatchJobsConfig;
import com.google.genai.types.Part;
import com.google.genai.types.UploadFileConfig;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Gemini's batches through Google's own client. */
class GeminiBatchTests {

	private static final String MODEL = "gemini-3.1-pro-preview";

	private static final String SYSTEM = Texts.ofTokens("rule", 5000);

	private final ManualClock clock = ManualClock.standing();

	private final ProviderSimulator simulator = ProviderSimulator.builder()
		.clock(this.clock)
		.rules(CacheRules.defaults().implicit(1, Duration.ofMinutes(5)))
		.respondWith((request) -> Answer.text("Read " + request.json().at("/contents/0/parts/0/text").asString()))
		.start();

	private final Client client = client("key");

	@AfterEach
	void close() {
		this.client.close();
		this.simulator.close();
	}

	private Client client(String key) {
		return Client.builder()
			.apiKey(key)
			.httpOptions(HttpOptions.builder()
				.baseUrl(this.simulator.baseUrl(Provider.GEMINI))
				.retryOptions(HttpRetryOptions.builder().attempts(1).build())
				.build())
			.build();
	}

	private static InlinedRequest request(int number) {
		return InlinedRequest.builder()
			.contents(List.of(Content.fromParts(Part.fromText("question %04d".formatted(number)))))
			.metadata(Map.of("key", "id-" + number))
			.config(GenerateContentConfig.builder()
				.systemInstruction(Content.fromParts(Part.fromText(SYSTEM)))
				.temperature(0f)
				.build())
			.build();
	}

	private BatchJob create(int count) {
		return this.client.batches.create(MODEL,
				BatchJobSource.builder()
					.inlinedRequests(IntStream.range(0, count).mapToObj(GeminiBatchTests::request).toList())
					.build(),
				CreateBatchJobConfig.builder().displayName("submission-7").build());
	}

	private BatchJob after(BatchJob job, Duration time) {
		this.clock.advance(time);
		return this.client.batches.get(job.name().orElseThrow(), null);
	}

	private static JobState.Known state(BatchJob job) {
		return job.state().orElseThrow().knownEnum();
	}

	private static List<InlinedResponse> responses(BatchJob job) {
		return job.dest().orElseThrow().inlinedResponses().orElseThrow();
	}

	@Test
	void givesInlineWhatIsReadAtFullPriceAndTheRestForHalf() {
		BatchJob created = create(10);
		assertThat(state(created)).isEqualTo(JobState.Known.JOB_STATE_PENDING);
		assertThat(created.displayName()).contains("submission-7");
		assertThat(created.model().orElseThrow()).isEqualTo("models/" + MODEL);
		assertThat(state(after(created, Duration.ofMinutes(2)))).isEqualTo(JobState.Known.JOB_STATE_RUNNING);
		BatchJob done = after(created, Duration.ofMinutes(6));
		assertThat(state(done)).isEqualTo(JobState.Known.JOB_STATE_SUCCEEDED);
		assertThat(done.endTime()).isPresent();
		List<InlinedResponse> responses = responses(done);
		assertThat(responses).hasSize(10);
		assertThat(responses.get(9).response().orElseThrow().text()).isEqualTo("Read question 0009");
		assertThat(responses.get(9).metadata().orElseThrow()).containsEntry("key", "id-9");
		assertThat(responses.get(9).response().orElseThrow().usageMetadata().orElseThrow().cachedContentTokenCount())
			.hasValueSatisfying((read) -> assertThat(read).isGreaterThan(4000));
		int read = responses.stream()
			.mapToInt((response) -> response.response()
				.orElseThrow()
				.usageMetadata()
				.orElseThrow()
				.cachedContentTokenCount()
				.orElse(0))
			.sum();
		// Of 10 x 5,004 tokens at 2 and answers of 5 tokens at 12, halved; reads at 0.2
		double usd = ((50_040 - read) * 1.0 + read * 0.2 + 50 * 6.0) / 1e6;
		assertThat(this.simulator.bill().usd().doubleValue()).isCloseTo(usd,
				org.assertj.core.data.Offset.offset(1e-12));
		assertThat(this.simulator.batchLines()).hasSize(10).extracting(BatchLine::customId).startsWith("id-0", "id-1");
	}

	@Test
	void requestsWithoutAKeyAreKnownByTheirPlace() {
		this.simulator
			.enqueueBatch(BatchScript.builder().shuffled(true).error("#1", SimulatedError.Kind.OVERLOADED).build());
		List<InlinedRequest> requests = IntStream.range(0, 3)
			.mapToObj((number) -> InlinedRequest.builder()
				.contents(List.of(Content.fromParts(Part.fromText("question " + number))))
				.build())
			.toList();
		BatchJob created = this.client.batches.create(MODEL, BatchJobSource.builder().inlinedRequests(requests).build(),
				null);
		List<InlinedResponse> responses = responses(after(created, Duration.ofHours(1)));
		assertThat(responses.get(0).response().orElseThrow().text()).isEqualTo("Read question 0");
		assertThat(responses.get(1).error().orElseThrow().code()).contains(503);
		assertThat(responses.get(2).response().orElseThrow().text()).isEqualTo("Read question 2");
		assertThat(this.simulator.bill().requests()).isEqualTo(2);
	}

	@Test
	void takesAndGivesFiles(@TempDir Path directory) throws IOException {
		String lines = IntStream.range(0, 20)
			.mapToObj((
					number) -> "{\"key\": \"id-%d\", \"request\": {\"contents\": [{\"parts\": [{\"text\": \"K\u00e4se %d\"}]}]}}"
						.formatted(number, number))
			.collect(Collectors.joining("\n"));
		Path file = Files.writeString(directory.resolve("lines.jsonl"), lines);
		File uploaded = this.client.files.upload(file.toString(),
				UploadFileConfig.builder().mimeType("application/jsonl").displayName("lines").build());
		assertThat(uploaded.sizeBytes()).contains((long) lines.getBytes(StandardCharsets.UTF_8).length);
		BatchJob created = this.client.batches.create(MODEL,
				BatchJobSource.builder().fileName(uploaded.name().orElseThrow()).build(), null);
		BatchJob done = after(created, Duration.ofHours(1));
		assertThat(state(done)).isEqualTo(JobState.Known.JOB_STATE_SUCCEEDED);
		Path results = directory.resolve("results.jsonl");
		this.client.files.download(done.dest().orElseThrow().fileName().orElseThrow(), results.toString(), null);
		List<JsonNode> read = Files.readAllLines(results)
			.stream()
			.map((line) -> (JsonNode) JsonMapper.shared().readTree(line))
			.toList();
		assertThat(read).extracting((line) -> line.path("key").asString())
			.isEqualTo(IntStream.range(0, 20).mapToObj((number) -> "id-" + number).toList());
		assertThat(read.get(7).at("/response/candidates/0/content/parts/0/text").asString())
			.isEqualTo("Read K\u00e4se 7");
		assertThat(this.simulator.batchLineBody(created.name().orElseThrow(), "id-7"))
			.isEqualTo("{\"contents\": [{\"parts\": [{\"text\": \"K\u00e4se 7\"}]}]}");
	}

	@Test
	void givesNothingAndBillsNothingWhenItExpires() {
		this.simulator.enqueueBatch(BatchScript.builder().expiresAfter(0.5).build());
		BatchJob created = create(4);
		assertThat(state(after(created, Duration.ofHours(47)))).isEqualTo(JobState.Known.JOB_STATE_RUNNING);
		BatchJob expired = after(created, Duration.ofHours(1));
		assertThat(state(expired)).isEqualTo(JobState.Known.JOB_STATE_EXPIRED);
		assertThat(expired.dest()).isEmpty();
		assertThat(this.simulator.bill().usd()).isZero();
		assertThat(this.simulator.batchLines()).noneMatch(BatchLine::isBilled);
	}

	@Test
	void cancelsAndGivesWhatIsDone() {
		BatchJob created = create(41);
		this.clock.advance(Duration.ofSeconds(110));
		this.client.batches.cancel(created.name().orElseThrow(), null);
		BatchJob cancelled = after(created, Duration.ofMinutes(1));
		assertThat(state(cancelled)).isEqualTo(JobState.Known.JOB_STATE_CANCELLED);
		assertThat(responses(cancelled)).hasSize(41)
			.filteredOn((response) -> response.response().isPresent())
			.hasSize(16);
		assertThat(this.simulator.bill().requests()).isEqualTo(16);
	}

	@Test
	void failsAndHangs() {
		this.simulator.enqueueBatch(BatchScript.builder().fail("bad").build(),
				BatchScript.builder().stuckAfter(0).build());
		BatchJob failed = after(create(2), Duration.ofMinutes(1));
		assertThat(state(failed)).isEqualTo(JobState.Known.JOB_STATE_FAILED);
		BatchJob stuck = after(create(2), Duration.ofDays(30));
		assertThat(state(stuck)).isEqualTo(JobState.Known.JOB_STATE_RUNNING);
		assertThat(this.simulator.bill().usd()).isZero();
	}

	@Test
	void listsAndDeletes() {
		List<String> created = new ArrayList<>();
		for (int number = 0; number < 5; number++) {
			created.add(0, create(1).name().orElseThrow());
		}
		List<String> listed = new ArrayList<>();
		this.client.batches.list(ListBatchJobsConfig.builder().pageSize(2).build())
			.forEach((job) -> listed.add(job.name().orElseThrow()));
		assertThat(listed).isEqualTo(created);
		this.client.batches.delete(created.get(0), null);
		assertThatThrownBy(() -> this.client.batches.get(created.get(0), null)).hasMessageContaining("404");
		try (Client other = client("other")) {
			assertThatThrownBy(() -> other.batches.get(created.get(1), null)).hasMessageContaining("404");
		}
	}

	@Test
	void flexReadsAtFullPriceAndMayBeRefused() {
		WireClient wire = new WireClient(this.simulator);
		String body = "{\"serviceTier\": \"flex\", \"contents\": [{\"role\": \"user\", \"parts\": [{\"text\": \""
				+ SYSTEM + "\"}]}]}";
		this.simulator.refuseFlex(1, SimulatedError.of(SimulatedError.Kind.UNAVAILABLE));
		assertThat(wire.gemini(MODEL, body).statusCode()).isEqualTo(429);
		wire.gemini(MODEL, body);
		wire.gemini(MODEL, body);
		CacheTokens second = this.simulator.lastRequest().input();
		assertThat(second.read()).isPositive();
		RequestBill bill = this.simulator.lastRequest().bill();
		assertThat(bill.lines().get(0).usdPerMillion()).isEqualByComparingTo("1");
		assertThat(bill.lines().get(1).usdPerMillion()).isEqualByComparingTo("0.2");
	}

}

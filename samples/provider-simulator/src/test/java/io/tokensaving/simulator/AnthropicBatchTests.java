package io.tokensaving.simulator;

import java.math.BigDecimal;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

import com.anthropic.client.AnthropicClient;
import com.anthropic.core.JsonValue;
import com.anthropic.core.http.StreamResponse;
import com.anthropic.errors.AnthropicException;
import com.anthropic.models.messages.Message;
import com.anthropic.models.messages.batches.BatchCreateParams;
import com.anthropic.models.messages.batches.BatchListParams;
import com.anthropic.models.messages.batches.MessageBatch;
import com.anthropic.models.messages.batches.MessageBatchIndividualResponse;
import com.anthropic.models.messages.batches.MessageBatchResult;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import org.springframework.ai.anthropic.AnthropicSetup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Anthropic's batches through Anthropic's own client, as Spring AI sets it up. */
class AnthropicBatchTests {

	private static final String SYSTEM = Texts.ofTokens("rule", 2000);

	private final ManualClock clock = ManualClock.standing();

	private final ProviderSimulator simulator = ProviderSimulator.builder()
		.clock(this.clock)
		.batches(BatchRules.defaults()
			.withLimits(Provider.ANTHROPIC, new BatchRules.Limits(60, 1_000_000, Duration.ofHours(24))))
		.respondWith((request) -> Answer.text("Read " + request.json().at("/messages/0/content").asString()))
		.start();

	private AnthropicClient client = client("key");

	@AfterEach
	void close() {
		this.client.close();
		this.simulator.close();
	}

	private AnthropicClient client(String key) {
		return AnthropicSetup.setupSyncClient(this.simulator.baseUrl(Provider.ANTHROPIC), key, Duration.ofSeconds(60),
				0, null, Map.of());
	}

	private static Map<String, Object> body(int number) {
		return Map.of("model", "claude-sonnet-4-6", "max_tokens", 100, "system",
				List.of(Map.of("type", "text", "text", SYSTEM, "cache_control",
						Map.of("type", "ephemeral", "ttl", "1h"))),
				"messages", List.of(Map.of("role", "user", "content", "question %04d".formatted(number))));
	}

	private MessageBatch create(List<Map<String, Object>> requests) {
		return this.client.messages()
			.batches()
			.create(BatchCreateParams.builder()
				.requests(com.anthropic.core.JsonField.ofNullable(null))
				.putAdditionalBodyProperty("requests", JsonValue.from(requests))
				.build());
	}

	private MessageBatch create(int count) {
		return create(IntStream.range(0, count)
			.mapToObj((number) -> Map.<String, Object>of("custom_id", "id-" + number, "params", body(number)))
			.toList());
	}

	private MessageBatch get(String id) {
		return this.client.messages().batches().retrieve(id);
	}

	private MessageBatch after(String id, Duration time) {
		this.clock.advance(time);
		return get(id).validate();
	}

	private List<String> ids(String batch) {
		List<String> ids = new ArrayList<>();
		try (StreamResponse<MessageBatchIndividualResponse> results = this.client.messages()
			.batches()
			.resultsStreaming(batch)) {
			results.stream().forEach((result) -> ids.add(result.customId()));
		}
		return ids;
	}

	private Map<String, MessageBatchResult> results(String batch) {
		Map<String, MessageBatchResult> byId = new TreeMap<>();
		try (StreamResponse<MessageBatchIndividualResponse> results = this.client.messages()
			.batches()
			.resultsStreaming(batch)) {
			results.stream().forEach((result) -> byId.put(result.customId(), result.validate().result()));
		}
		return byId;
	}

	@Test
	void givesUnorderedResultsForHalfThePriceOfReadsAndWritesToo() {
		MessageBatch created = create(50);
		assertThat(created.processingStatus()).isEqualTo(MessageBatch.ProcessingStatus.IN_PROGRESS);
		MessageBatch half = after(created.id(), Duration.ofMinutes(4));
		// All of them, until all are done
		assertThat(half.requestCounts().processing()).isEqualTo(50);
		assertThat(half.requestCounts().succeeded()).isZero();
		assertThat(half.resultsUrl()).isEmpty();
		assertThatThrownBy(() -> results(created.id())).hasMessageContaining("no results yet");
		MessageBatch ended = after(created.id(), Duration.ofMinutes(4));
		assertThat(ended.processingStatus()).isEqualTo(MessageBatch.ProcessingStatus.ENDED);
		assertThat(ended.requestCounts().processing()).isZero();
		assertThat(ended.requestCounts().succeeded()).isEqualTo(50);
		assertThat(ended.expiresAt().toInstant()).isEqualTo(ended.createdAt().toInstant().plus(Duration.ofDays(1)));
		assertThat(ended.resultsUrl())
			.contains(this.simulator.baseUrl(Provider.ANTHROPIC) + "/v1/messages/batches/" + created.id() + "/results");
		List<String> order = ids(created.id());
		assertThat(order).hasSize(50).isNotEqualTo(IntStream.range(0, 50).mapToObj((id) -> "id-" + id).toList());
		assertThat(new HashSet<>(order)).hasSize(50);
		Map<String, MessageBatchResult> results = results(created.id());
		Message message = results.get("id-49").asSucceeded().message();
		assertThat(message.content().get(0).asText().text()).isEqualTo("Read question 0049");
		assertThat(message.usage().cacheReadInputTokens()).contains(2000L);
		assertThat(message.usage().serviceTier().orElseThrow().toString()).isEqualTo("batch");
		Message first = results.get("id-0").asSucceeded().message();
		assertThat(first.usage().cacheCreation().orElseThrow().ephemeral1hInputTokens()).isEqualTo(2000);
		// 2,000 x 6 written, 49 x 2,000 x 0.3 read, 50 x 4 x 3 (question) and 50 x 5 x 15
		// (answer), all halved
		assertThat(this.simulator.bill().usd())
			.isEqualByComparingTo(new BigDecimal("12000").add(new BigDecimal("29400"))
				.add(new BigDecimal("600"))
				.add(new BigDecimal("3750"))
				.divide(new BigDecimal("2000000")));
	}

	@Test
	void keepsTheBytesOfEachRequest() {
		String params = "{ \"messages\":[{\"role\":\"user\",\"content\":\"K\u00e4se \\u00e4 \\\"}]\"}],\"max_tokens\" : 7, \"model\":\"claude-sonnet-4-6\"}";
		WireClient wire = new WireClient(this.simulator);
		String id = WireClient
			.json(wire.post(Provider.ANTHROPIC, "/v1/messages/batches",
					"{\"requests\": [{\"params\": " + params
							+ ", \"custom_id\":\"a\"}\n,{\"custom_id\":\"b\",\"params\":" + params + "}]}"))
			.path("id")
			.asString();
		this.clock.advance(Duration.ofMinutes(8));
		assertThat(this.simulator.batchLineBody(id, "a")).isEqualTo(params);
		assertThat(this.simulator.batchLineBody(id, "b")).isEqualTo(params);
		assertThat(this.simulator.batchLines(id)).hasSize(2).allMatch(BatchLine::isBilled);
	}

	@Test
	void refusesWhatItCannotTake() {
		assertThatThrownBy(() -> create(61)).hasMessageContaining("60 items");
		assertThatThrownBy(() -> create(List.of())).hasMessageContaining("requests: Field required");
		Map<String, Object> one = Map.of("custom_id", "a", "params", body(1));
		assertThatThrownBy(() -> create(List.of(one, one))).hasMessageContaining("unique");
		assertThatThrownBy(() -> create(List.of(Map.of("custom_id", "a b", "params", body(1)))))
			.hasMessageContaining("custom_id");
		assertThatThrownBy(() -> create(List.of(Map.of("custom_id", "x".repeat(65), "params", body(1)))))
			.hasMessageContaining("custom_id");
		assertThatThrownBy(
				() -> create(List.of(Map.of("custom_id", "a", "params", Map.of("model", "x".repeat(1_000_000))))))
			.hasMessageContaining("413");
		assertThat(this.client.messages().batches().list().data()).isEmpty();
	}

	@Test
	void requestsAreJudgedOneByOne() {
		this.simulator.enqueueBatch(BatchScript.builder().error("over", SimulatedError.Kind.OVERLOADED).build());
		MessageBatch batch = create(
				List.of(Map.of("custom_id", "good", "params", body(1)), Map.of("custom_id", "over", "params", body(2)),
						Map.of("custom_id", "bad", "params", Map.of("model", "claude-sonnet-4-6"))));
		MessageBatch ended = after(batch.id(), Duration.ofMinutes(8));
		assertThat(ended.requestCounts().errored()).isEqualTo(2);
		Map<String, MessageBatchResult> results = results(batch.id());
		assertThat(results.get("good").isSucceeded()).isTrue();
		assertThat(results.get("over").asErrored().error().error().isOverloadedError()).isTrue();
		assertThat(results.get("bad").asErrored().error().error().isInvalidRequestError()).isTrue();
		assertThat(this.simulator.bill().requests()).isEqualTo(1);
	}

	@Test
	void cancelsAndExpires() {
		this.simulator.enqueueBatch(BatchScript.fine(), BatchScript.builder().expiresAfter(0.3).build());
		MessageBatch first = create(41);
		this.clock.advance(Duration.ofSeconds(110));
		assertThat(this.client.messages().batches().cancel(first.id()).processingStatus())
			.isEqualTo(MessageBatch.ProcessingStatus.CANCELING);
		MessageBatch cancelled = after(first.id(), Duration.ofMinutes(1));
		assertThat(cancelled.processingStatus()).isEqualTo(MessageBatch.ProcessingStatus.ENDED);
		assertThat(cancelled.requestCounts().succeeded()).isEqualTo(16);
		assertThat(cancelled.requestCounts().canceled()).isEqualTo(25);
		assertThat(results(first.id()).values().stream().filter(MessageBatchResult::isCanceled)).hasSize(25);
		MessageBatch second = create(10);
		MessageBatch expired = after(second.id(), Duration.ofDays(1));
		assertThat(expired.requestCounts().succeeded()).isEqualTo(3);
		assertThat(expired.requestCounts().expired()).isEqualTo(7);
		assertThat(results(second.id()).values().stream().filter(MessageBatchResult::isExpired)).hasSize(7);
		assertThat(this.simulator.bill().requests()).isEqualTo(19);
		assertThatThrownBy(() -> this.client.messages().batches().cancel(second.id())).hasMessageContaining("ended");
	}

	@Test
	void listsInPagesOfAWorkspaceAndDeletesWhatHasEnded() {
		List<String> created = new ArrayList<>();
		for (int number = 0; number < 7; number++) {
			created.add(0, create(1).id());
		}
		assertThat(this.client.messages()
			.batches()
			.list(BatchListParams.builder().limit(3).build())
			.autoPager()
			.stream()
			.map(MessageBatch::id)
			.toList()).isEqualTo(created);
		assertThat(this.client.messages()
			.batches()
			.list(BatchListParams.builder().limit(2).beforeId(created.get(4)).build())
			.data()
			.stream()
			.map(MessageBatch::id)
			.toList()).isEqualTo(created.subList(2, 4));
		assertThat(client("other").messages().batches().list().data()).isEmpty();
		assertThatThrownBy(() -> this.client.messages().batches().delete(created.get(0)))
			.hasMessageContaining("deleted");
		this.clock.advance(Duration.ofHours(1));
		assertThat(this.client.messages().batches().delete(created.get(0)).id()).isEqualTo(created.get(0));
		assertThat(this.client.messages().batches().list().data()).hasSize(6);
	}

	@Test
	void existsThoughTheConnectionWasCutAndIsKnownByItsCountAndTime() {
		this.simulator.enqueueBatch(BatchScript.builder().cut(BatchScript.Cut.AFTER_ACCEPT).build());
		assertThatThrownBy(() -> create(5)).isInstanceOf(AnthropicException.class);
		assertThat(this.client.messages().batches().list().data()).singleElement().satisfies((batch) -> {
			assertThat(batch.requestCounts().processing()).isEqualTo(5);
			assertThat(batch.createdAt()).isEqualTo(this.clock.instant().atOffset(ZoneOffset.UTC));
		});
	}

	@Test
	void resultsAreGoneAfterAMonth() {
		MessageBatch batch = create(1);
		this.clock.advance(Duration.ofDays(28));
		assertThat(results(batch.id())).hasSize(1);
		this.clock.advance(Duration.ofDays(1));
		assertThatThrownBy(() -> results(batch.id())).hasMessageContaining("no longer available");
	}

	@Test
	void truncatedResultsMissTheirEnd() {
		this.simulator.enqueueBatch(BatchScript.builder().truncatedDownloads(1).build());
		MessageBatch batch = create(20);
		this.clock.advance(Duration.ofHours(1));
		assertThatThrownBy(() -> results(batch.id())).isInstanceOf(AnthropicException.class);
		assertThat(results(batch.id())).hasSize(20);
	}

}

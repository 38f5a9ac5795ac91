package io.tokensaving.cache.semantic.qdrant;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

import io.grpc.Status;
import io.qdrant.client.PointIdFactory;
import io.qdrant.client.QdrantClient;
import io.qdrant.client.ValueFactory;
import io.qdrant.client.grpc.Common.PointId;
import io.qdrant.client.grpc.JsonWithInt.Value;
import io.qdrant.client.grpc.Points.DeletePoints;
import io.qdrant.client.grpc.Points.PointStruct;
import io.qdrant.client.grpc.Points.ScoredPoint;
import io.qdrant.client.grpc.Points.UpsertPoints;
import io.tokensaving.Eventually;
import io.tokensaving.cache.CacheStoreStatus;
import io.tokensaving.cache.CachedResponse;
import io.tokensaving.cache.EntryCodec;
import io.tokensaving.cache.EntryLabels;
import io.tokensaving.cache.ReadLimit;
import io.tokensaving.cache.StrangeTexts;
import io.tokensaving.cache.semantic.SemanticCacheEntry;
import io.tokensaving.cache.semantic.SemanticQuery;
import io.tokensaving.cache.semantic.StoredQuestion;
import io.tokensaving.feature.Eviction;
import io.tokensaving.provider.TokenUsage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import org.springframework.util.MimeType;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link QdrantSemanticCacheStore} without Qdrant.
 */
class QdrantSemanticCacheStoreTests {

	private static final Duration HOUR = Duration.ofHours(1);

	private static final EntryLabels LABELS = EntryLabels.of("default", "plan");

	private static final float[] VECTOR = { 0.6f, 0.8f };

	private static final CachedResponse RESPONSE = new CachedResponse("id", "model", List.of(), Map.of(),
			new TokenUsage(1, 2, 0, 0, false), Instant.EPOCH);

	private final SettableClock clock = new SettableClock();

	private ScriptedQdrant server;

	private QdrantClient client;

	private QdrantSemanticCacheStore store;

	@BeforeEach
	void start() throws IOException {
		this.server = new ScriptedQdrant();
		this.client = this.server.client();
		this.store = builder().build();
	}

	@AfterEach
	void stop() {
		this.client.close();
		this.server.close();
	}

	private QdrantSemanticCacheStore.Builder builder() {
		return QdrantSemanticCacheStore.builder(this.client)
			.clock(this.clock)
			.searchTimeout(Duration.ofSeconds(20))
			.writeTimeout(Duration.ofSeconds(20));
	}

	private static SemanticCacheEntry entry(String question) {
		return new SemanticCacheEntry("p", question, VECTOR, RESPONSE, LABELS);
	}

	@Test
	void threadsCreateTheCollectionOnce() throws Exception {
		ExecutorService executor = Executors.newFixedThreadPool(8);
		CountDownLatch together = new CountDownLatch(1);
		try {
			List<Future<?>> results = new ArrayList<>();
			for (int i = 0; i < 8; i++) {
				String question = "q" + i;
				results.add(executor.submit(() -> {
					together.await();
					this.store.store(entry(question), HOUR);
					return null;
				}));
			}
			together.countDown();
			for (Future<?> result : results) {
				result.get(30, TimeUnit.SECONDS);
			}
		}
		finally {
			executor.shutdownNow();
		}
		assertThat(this.server.creations).hasValue(1);
		assertThat(this.server.upserts).hasSize(8).allMatch(UpsertPoints::getWait);
		assertThat(this.server.indexes.get("tokensaving_v2_2")).containsExactlyInAnyOrder("partition", "labels",
				"expires_at");
	}

	@Test
	void collectionThatAnotherInstanceCreatesMeanwhileIsFine() {
		for (Status status : List.of(Status.ALREADY_EXISTS, Status.INVALID_ARGUMENT)) {
			this.server.indexes.clear();
			this.server.creationStatus = status;
			builder().build().store(entry("q"), HOUR);
			assertThat(this.server.indexes.get("tokensaving_v2_2")).hasSize(3);
		}
	}

	@Test
	void collectionThatCannotBeCreatedIsAnError() {
		this.server.creationStatus = Status.PERMISSION_DENIED;
		assertThatExceptionOfType(QdrantCallException.class).isThrownBy(() -> this.store.store(entry("q"), HOUR))
			.withMessage("The call to Qdrant failed: PERMISSION_DENIED");
	}

	@Test
	void searchBeforeAnythingWasStoredFindsNothingAndCreatesNothing() {
		assertThat(this.store.search("p", VECTOR, 5, 0.5)).isEmpty();
		assertThat(this.server.creations).hasValue(0);
	}

	@Test
	void droppedCollectionIsCreatedAgain() {
		this.store.store(entry("q"), HOUR);
		this.server.indexes.clear();
		this.store.store(entry("q"), HOUR);
		assertThat(this.server.creations).hasValue(2);
		assertThat(this.server.indexes.get("tokensaving_v2_2")).hasSize(3);
	}

	@Test
	void pointsThatCannotBeReadAreLeftOut() {
		this.store.store(entry("whole"), HOUR);
		PointStruct stored = this.server.upserts.get(0).getPoints(0);
		Value question = stored.getPayloadMap().get("question");
		Value response = stored.getPayloadMap().get("response");
		byte[] broken = Base64.getDecoder().decode(response.getStringValue());
		broken[broken.length - 1]++;
		byte[] newer = Base64.getDecoder().decode(response.getStringValue());
		newer[0] = 99;
		PointId id = stored.getId();
		this.server.found = List.of(point(id, Map.of()), point(id, Map.of("question", question)),
				point(id, Map.of("response", response)),
				point(id, Map.of("question", question, "response", ValueFactory.value("no base 64"))),
				point(id, Map.of("question", question, "response", ValueFactory.value(5))),
				point(id, Map.of("question", question, "response", ValueFactory.value(""))),
				point(id, Map.of("question", ValueFactory.value(5), "response", response)),
				point(id, Map.of("question", ValueFactory.value("whole"), "response", response)),
				point(id, Map.of("question", question, "response", base64(broken))),
				point(id, Map.of("question", question, "response", base64(newer))),
				point(id, Map.of("question", question, "response", response)));
		assertThat(this.store.search("p", VECTOR, 5, 0.5)).singleElement().satisfies((match) -> {
			assertThat(match.question()).isEqualTo("whole");
			assertThat(match.response()).isEqualTo(RESPONSE);
			assertThat(match.similarity()).isEqualTo(1);
		});
	}

	@Test
	void everyCharOfQuestionAndAnswerComesBackAndWhatCannotBeReadIsTold() {
		EntryLabels labels = EntryLabels.of("w", "p");
		List<RuntimeException> failures = new ArrayList<>();
		for (String text : StrangeTexts.all(1)) {
			CachedResponse response = StrangeTexts.response(text);
			this.server.upserts.clear();
			this.store.store(new SemanticCacheEntry("p", text, VECTOR, response, labels), HOUR);
			PointStruct stored = this.server.upserts.get(0).getPoints(0);
			this.server.found = List.of(point(stored.getId(), stored.getPayloadMap()));
			assertThat(this.store.search("p", VECTOR, 1, 0.5)).singleElement().satisfies((match) -> {
				assertThat(match.question()).isEqualTo(text);
				assertThat(match.response()).usingRecursiveComparison()
					.withEqualsForType(MimeType::equals, MimeType.class)
					.isEqualTo(response);
			});
			ReadLimit small = ReadLimit.ofBytes(response.sizeInBytes() - 1);
			ReadLimit large = ReadLimit.ofBytes(100_000);
			assertThat(this.store.search(new SemanticQuery("p", VECTOR, 1, 0.5, small, large, failures::add)))
				.isEmpty();
		}
		assertThat(failures).hasSize(StrangeTexts.all(1).size());
	}

	@Test
	void withAKeyNothingIsReadableAndOtherKeysFindNothing() {
		QdrantSemanticCacheStore encrypted = builder().codec(new EntryCodec(0, new byte[32])).build();
		EntryLabels labels = new EntryLabels("secret workspace", "secretplan", "secret scope", Set.of("secret tag"));
		encrypted.store(new SemanticCacheEntry("p", "my secret question", VECTOR, RESPONSE, labels), HOUR);
		PointStruct stored = this.server.upserts.get(0).getPoints(0);
		assertThat(stored.getPayloadMap()).containsOnlyKeys("partition", "expires_at", "labels", "question",
				"response");
		assertThat(stored.toString()).doesNotContain("secret");
		for (String field : List.of("question", "response")) {
			byte[] bytes = Base64.getDecoder().decode(stored.getPayloadMap().get(field).getStringValue());
			assertThat(new String(bytes, StandardCharsets.UTF_16BE)).doesNotContain("secret");
			assertThat(bytes[1] & 2).as("encrypted").isNotZero();
		}
		this.server.found = List.of(point(stored.getId(), stored.getPayloadMap()));
		assertThat(encrypted.search("p", VECTOR, 5, 0.5)).singleElement()
			.satisfies((match) -> assertThat(match.question()).isEqualTo("my secret question"));
		byte[] otherKey = new byte[32];
		otherKey[0] = 1;
		assertThat(builder().codec(new EntryCodec(0, otherKey)).build().search("p", VECTOR, 5, 0.5)).isEmpty();
		assertThat(this.store.search("p", VECTOR, 5, 0.5)).isEmpty();
		// Nor may an entry be put in the place of another
		this.server.found = List.of(point(PointIdFactory.id(StoredQuestion.id("p", "other")), stored.getPayloadMap()));
		assertThat(encrypted.search("p", VECTOR, 5, 0.5)).isEmpty();
	}

	@Test
	void evictsFromAllOwnCollections() {
		this.store.store(entry("q"), HOUR);
		this.server.deletions.clear();
		this.server.indexes.put("other", Set.of());
		this.server.indexes.put("tokensaving_v2_9", Set.of());
		assertThat(this.store.evict(Eviction.ofWorkspace("w").scope("s").tag("t"))).isEqualTo(6);
		assertThat(this.server.deletions).extracting(DeletePoints::getCollectionName)
			.containsExactlyInAnyOrder("tokensaving_v2_2", "tokensaving_v2_9");
		assertThat(this.server.deletions).allSatisfy((deletion) -> {
			assertThat(deletion.getWait()).isTrue();
			assertThat(deletion.getPoints().getFilter().getMustList())
				.allSatisfy((condition) -> assertThat(condition.getField().getKey()).isEqualTo("labels"))
				.extracting((condition) -> condition.getField().getMatch().getKeyword().split(":")[0])
				.containsExactly("workspace", "scope", "tag");
		});
		assertThat(this.server.counts).allSatisfy((count) -> {
			assertThat(count.getExact()).isTrue();
			assertThat(count.getFilter()).isEqualTo(this.server.deletions.get(0).getPoints().getFilter());
		});
	}

	@Test
	void collectionThatIsDroppedMeanwhileHasNothingToEvict() {
		this.server.indexes.put("tokensaving_v2_9", Set.of());
		this.server.deletionStatus = Status.NOT_FOUND;
		assertThat(this.store.evict(Eviction.ofWorkspace("w"))).isZero();
		this.server.deletionStatus = Status.PERMISSION_DENIED;
		assertThatExceptionOfType(QdrantCallException.class)
			.isThrownBy(() -> this.store.evict(Eviction.ofWorkspace("w")));
	}

	private static Value base64(byte[] bytes) {
		return ValueFactory.value(Base64.getEncoder().encodeToString(bytes));
	}

	private static ScoredPoint point(PointId id, Map<String, Value> payload) {
		return ScoredPoint.newBuilder().setId(id).setScore(1.0000002f).putAllPayload(payload).build();
	}

	@Test
	void whatIsAtTheThresholdIsAskedFor() {
		this.store.store(entry("q"), HOUR);
		this.store.search("p", VECTOR, 5, 0.85);
		this.store.search("p", VECTOR, 5, -1);
		assertThat(this.server.queries.get(0).getScoreThreshold()).isLessThan(0.85f).isGreaterThan(0.8499f);
		assertThat(this.server.queries.get(1).hasScoreThreshold()).isFalse();
	}

	@Test
	void silentServerIsNotWaitedForLongerThanTheTimeout() {
		this.store.store(entry("q"), HOUR);
		this.server.silent = true;
		QdrantSemanticCacheStore impatient = builder().searchTimeout(Duration.ofMillis(200))
			.writeTimeout(Duration.ofMillis(200))
			.build();
		assertThatExceptionOfType(QdrantCallException.class).isThrownBy(() -> impatient.search("p", VECTOR, 5, 0.5))
			.withMessageContaining("DEADLINE_EXCEEDED");
		assertThatExceptionOfType(QdrantCallException.class).isThrownBy(() -> impatient.store(entry("q"), HOUR))
			.withMessageContaining("DEADLINE_EXCEEDED");
		assertThat(impatient.status()).isEqualTo(CacheStoreStatus.UNAVAILABLE);
	}

	@Test
	void interruptedThreadStopsWaitingAndStaysInterrupted() {
		this.server.silent = true;
		Thread.currentThread().interrupt();
		assertThatExceptionOfType(QdrantCallException.class).isThrownBy(() -> this.store.search("p", VECTOR, 5, 0.5));
		assertThat(Thread.interrupted()).isTrue();
		Thread.currentThread().interrupt();
		assertThatExceptionOfType(QdrantCallException.class).isThrownBy(() -> this.store.store(entry("q"), HOUR));
		assertThat(Thread.interrupted()).isTrue();
	}

	@Test
	void serverMayGoAwayAndComeBack() throws Exception {
		this.store.store(entry("q"), HOUR);
		int port = this.server.port();
		this.server.stop();
		assertThatExceptionOfType(QdrantCallException.class).isThrownBy(() -> this.store.search("p", VECTOR, 5, 0.5))
			.withMessageContaining("UNAVAILABLE");
		assertThat(this.store.status().available()).isFalse();
		this.server.start(port);
		this.client.grpcClient().channel().resetConnectBackoff();
		Eventually.await("the server is back", () -> this.store.status().available());
		assertThat(this.store.search("p", VECTOR, 5, 0.5)).isEmpty();
		this.store.store(entry("q"), HOUR);
	}

	@Test
	void expiredEntriesAreDeletedOnceInAnInterval() {
		for (int i = 0; i < 5; i++) {
			this.store.store(entry("q" + i), HOUR);
		}
		assertThat(this.server.deletions).hasSize(1);
		this.clock.pass(Duration.ofMinutes(9));
		this.store.store(entry("q"), HOUR);
		assertThat(this.server.deletions).hasSize(1);
		this.clock.pass(Duration.ofMinutes(1));
		this.store.store(entry("q"), HOUR);
		this.store.store(entry("q"), HOUR);
		assertThat(this.server.deletions).hasSize(2);
		assertThat(this.server.deletions.get(1).getPoints().getFilter().getMustList()).singleElement()
			.satisfies((condition) -> {
				assertThat(condition.getField().getKey()).isEqualTo("expires_at");
				assertThat(condition.getField().getRange().getLte()).isEqualTo(this.clock.millis());
			});
	}

	@Test
	void failedDeletionIsTriedAgainInTheNextInterval() {
		this.server.deletionStatus = Status.INTERNAL;
		this.store.store(entry("q"), HOUR);
		this.store.store(entry("q"), HOUR);
		assertThat(this.server.deletions).hasSize(1);
		this.clock.pass(Duration.ofMinutes(10));
		this.store.store(entry("q"), HOUR);
		assertThat(this.server.deletions).hasSize(2);
	}

	@Test
	void timeToLiveIsNeverCutToNothingNorTooLong() {
		this.store.store(entry("q"), Duration.ofNanos(1));
		this.store.store(entry("q"), Duration.ofSeconds(Long.MAX_VALUE));
		assertThat(this.server.upserts)
			.extracting((upsert) -> upsert.getPoints(0).getPayloadMap().get("expires_at").getIntegerValue())
			.containsExactly(this.clock.millis() + 1, this.clock.millis() + Duration.ofDays(36_500).toMillis());
	}

	@Test
	void idsAreThoseOfTheQuestionInItsPartition() {
		assertThat(StoredQuestion.id("p", "q")).isEqualTo(StoredQuestion.id("p", "q")).satisfies((id) -> {
			assertThat(id.version()).isEqualTo(8);
			assertThat(id.variant()).isEqualTo(2);
		});
		assertThat(List.of(StoredQuestion.id("p", "q"), StoredQuestion.id("pq", ""), StoredQuestion.id("", "pq"),
				StoredQuestion.id("p", "\uD83D"), StoredQuestion.id("p", "\uD83E"), StoredQuestion.id("p", "?")))
			.doesNotHaveDuplicates();
	}

	@Test
	void statusCountsOnlyOwnCollections() {
		this.store.store(entry("q"), HOUR);
		this.server.indexes.put("other", Set.of());
		this.server.indexes.put("tokensaving_v2_x", Set.of());
		assertThat(this.store.status()).isEqualTo(new CacheStoreStatus(true, 7L, null, null, null));
		this.server.listStatus = Status.PERMISSION_DENIED;
		assertThat(this.store.status()).isEqualTo(new CacheStoreStatus(true, null, null, null, null));
		this.server.listStatus = Status.UNAUTHENTICATED;
		assertThat(this.store.status()).isEqualTo(CacheStoreStatus.UNAVAILABLE);
	}

	@Test
	void settingsAreChecked() {
		assertThatIllegalArgumentException().isThrownBy(() -> builder().collectionName("a/b"))
			.withMessageContaining("'collectionName'");
		assertThatIllegalArgumentException().isThrownBy(() -> builder().purgeInterval(Duration.ZERO))
			.withMessageContaining("'purgeInterval'");
		assertThatIllegalArgumentException().isThrownBy(() -> builder().searchTimeout(Duration.ofSeconds(-1)))
			.withMessageContaining("'searchTimeout'");
		assertThat(this.store.backend()).isEqualTo("qdrant_semantic");
		assertThat(this.store.isBlocking()).isTrue();
	}

}

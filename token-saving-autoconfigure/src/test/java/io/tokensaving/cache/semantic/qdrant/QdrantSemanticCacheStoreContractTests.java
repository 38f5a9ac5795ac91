package io.tokensaving.cache.semantic.qdrant;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

import io.qdrant.client.QdrantClient;
import io.qdrant.client.QdrantGrpcClient;
import io.qdrant.client.grpc.Collections.CollectionInfo;
import io.tokensaving.Eventually;
import io.tokensaving.cache.EntryCodec;
import io.tokensaving.cache.semantic.SemanticCacheEntry;
import io.tokensaving.cache.semantic.SemanticCacheStore;
import io.tokensaving.cache.semantic.SemanticCacheStoreContract;
import io.tokensaving.cache.semantic.SemanticMatch;
import io.tokensaving.cache.semantic.Vectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link QdrantSemanticCacheStore} with a server, whose host and gRPC port the
 * environment variable {@code TOKEN_SAVING_TEST_QDRANT} names.
 */
class QdrantSemanticCacheStoreContractTests extends SemanticCacheStoreContract {

	private static final String VARIABLE = "TOKEN_SAVING_TEST_QDRANT";

	private static final Duration HOUR = Duration.ofHours(1);

	private static final String NAME = "test_" + UUID.randomUUID().toString().replace("-", "");

	private static QdrantClient client;

	private final SettableClock clock = new SettableClock();

	private final Random random = new Random(3);

	private QdrantSemanticCacheStore store;

	@BeforeAll
	static void connect() {
		String server = System.getenv(VARIABLE);
		if (server == null) {
			return;
		}
		int colon = server.lastIndexOf(':');
		client = new QdrantClient(QdrantGrpcClient
			.newBuilder(server.substring(0, colon), Integer.parseInt(server.substring(colon + 1)), false, false)
			.build());
	}

	@AfterAll
	static void dropCollections() throws Exception {
		if (client == null) {
			return;
		}
		for (String collection : client.listCollectionsAsync().get(10, TimeUnit.SECONDS)) {
			if (collection.startsWith(NAME)) {
				client.deleteCollectionAsync(collection).get(10, TimeUnit.SECONDS);
			}
		}
		client.close();
	}

	@BeforeEach
	void openStore() {
		Assumptions.assumeTrue(client != null,
				() -> "Set " + VARIABLE + " to the host:port of a Qdrant server's gRPC interface to run these tests");
		this.store = open(NAME);
	}

	private QdrantSemanticCacheStore open(String name) {
		return QdrantSemanticCacheStore.builder(client)
			.collectionName(name)
			.clock(this.clock)
			.searchTimeout(Duration.ofSeconds(20))
			.writeTimeout(Duration.ofSeconds(60))
			.build();
	}

	@Override
	protected SemanticCacheStore store() {
		return this.store;
	}

	@Override
	protected void pass(Duration duration) {
		this.clock.pass(duration);
	}

	@Test
	void entriesOfAnotherKeyOrOfNoneAreLeftOut() {
		String name = NAME + "_encrypted";
		String partition = newPartition();
		float[] vector = Vectors.random(this.random, 8);
		QdrantSemanticCacheStore encrypted = QdrantSemanticCacheStore.builder(client)
			.collectionName(name)
			.clock(this.clock)
			.codec(new EntryCodec(0, new byte[32]))
			.build();
		encrypted.store(new SemanticCacheEntry(partition, "q", vector, response("a"), LABELS), HOUR);
		assertThat(encrypted.search(partition, vector, 5, 0.9)).singleElement()
			.satisfies((match) -> assertThat(match.response()).usingRecursiveComparison().isEqualTo(response("a")));
		assertThat(open(name).search(partition, vector, 5, 0.9)).isEmpty();
	}

	@Test
	void unpairedSurrogatesOfAQuestionSurvive() {
		String partition = newPartition();
		for (String question : List.of("\uD83D half", "\uDE00", "a\uDE00\uD83Db \u0000")) {
			float[] vector = Vectors.random(this.random, 8);
			this.store.store(new SemanticCacheEntry(partition, question, vector, response("a"), LABELS), HOUR);
			assertThat(this.store.search(partition, vector, 1, 0.99)).extracting(SemanticMatch::question)
				.containsExactly(question);
		}
		assertThat(this.store.search(partition, Vectors.random(this.random, 8), 10, -1)).hasSize(3);
	}

	@Test
	void collectionIsMadeOnceByManyInstancesAndHasItsIndexes() throws Exception {
		String name = NAME + "_many";
		ExecutorService executor = Executors.newFixedThreadPool(8);
		try {
			List<Future<?>> results = new ArrayList<>();
			String partition = newPartition();
			float[] vector = Vectors.random(this.random, 16);
			for (int i = 0; i < 8; i++) {
				String question = "q" + i;
				results.add(executor.submit(() -> open(name)
					.store(new SemanticCacheEntry(partition, question, vector, response("a"), LABELS), HOUR)));
			}
			for (Future<?> result : results) {
				result.get(1, TimeUnit.MINUTES);
			}
			assertThat(open(name).search(partition, vector, 20, 0.9)).hasSize(8);
		}
		finally {
			executor.shutdownNow();
		}
		CollectionInfo info = client.getCollectionInfoAsync(name + "_v2_16").get(10, TimeUnit.SECONDS);
		assertThat(info.getPayloadSchemaMap()).containsOnlyKeys("partition", "labels", "expires_at");
		assertThat(info.getConfig().getHnswConfig().getM()).isZero();
		assertThat(open(name).status().entries()).isEqualTo(8);
	}

	@Test
	void droppedCollectionIsMadeAgain() throws Exception {
		String name = NAME + "_dropped";
		QdrantSemanticCacheStore own = open(name);
		String partition = newPartition();
		float[] vector = Vectors.random(this.random, 16);
		SemanticCacheEntry entry = new SemanticCacheEntry(partition, "q", vector, response("a"), LABELS);
		assertThat(own.search(partition, vector, 1, 0.9)).isEmpty();
		own.store(entry, HOUR);
		client.deleteCollectionAsync(name + "_v2_16").get(10, TimeUnit.SECONDS);
		own.store(entry, HOUR);
		assertThat(own.search(partition, vector, 1, 0.9)).hasSize(1);
		client.deleteCollectionAsync(name + "_v2_16").get(10, TimeUnit.SECONDS);
		assertThat(own.search(partition, vector, 1, 0.9)).isEmpty();
		own.store(entry, HOUR);
		assertThat(own.search(partition, vector, 1, 0.9)).hasSize(1);
		assertThat(client.getCollectionInfoAsync(name + "_v2_16").get(10, TimeUnit.SECONDS).getPayloadSchemaMap())
			.containsOnlyKeys("partition", "labels", "expires_at");
	}

	@Test
	void expiredEntriesAreDeleted() throws Exception {
		String name = NAME + "_purged";
		QdrantSemanticCacheStore own = open(name);
		String partition = newPartition();
		for (int i = 0; i < 20; i++) {
			own.store(
					new SemanticCacheEntry(partition, "q" + i, Vectors.random(this.random, 16), response("a"), LABELS),
					Duration.ofMinutes(5));
		}
		pass(Duration.ofMinutes(11));
		own.store(new SemanticCacheEntry(partition, "live", Vectors.random(this.random, 16), response("a"), LABELS),
				HOUR);
		long count = Eventually.awaitResult("they are deleted", () -> {
			long left = client.countAsync(name + "_v2_16").get(10, TimeUnit.SECONDS);
			return (left <= 1) ? left : null;
		});
		assertThat(count).isEqualTo(1);
	}

	@Test
	void largePartitionIsSearchedWell() {
		String partition = newPartition();
		QdrantSemanticCacheStore own = open(NAME + "_large");
		List<float[]> vectors = new ArrayList<>();
		for (int i = 0; i < 300; i++) {
			vectors.add(Vectors.random(this.random, 64));
			own.store(new SemanticCacheEntry(partition, "q" + i, vectors.get(i), response("a"), LABELS), HOUR);
		}
		for (int i = 0; i < vectors.size(); i++) {
			assertThat(own.search(partition, vectors.get(i), 1, 0.99)).extracting(SemanticMatch::question)
				.containsExactly("q" + i);
		}
	}

}

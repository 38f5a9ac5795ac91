package io.tokensaving.cache.semantic.redis;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

import io.tokensaving.cache.EntryCodec;
import io.tokensaving.cache.EntryLabels;
import io.tokensaving.cache.semantic.SemanticCacheEntry;
import io.tokensaving.cache.semantic.SemanticCacheStore;
import io.tokensaving.cache.semantic.SemanticCacheStoreContract;
import io.tokensaving.cache.semantic.SemanticMatch;
import io.tokensaving.feature.Eviction;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.RedisClient;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link RedisSemanticCacheStore} with a server that has the search module,
 * whose {@code redis://} URI the environment variable
 * {@code TOKEN_SAVING_TEST_REDIS_STACK} names. Its search indexes of this cache are
 * dropped.
 */
class RedisSemanticCacheStoreContractTests extends SemanticCacheStoreContract {

	private static final String VARIABLE = "TOKEN_SAVING_TEST_REDIS_STACK";

	private static RedisSemanticCacheStore store;

	private static RedisClient commands;

	@BeforeAll
	static void connect() {
		String uri = System.getenv(VARIABLE);
		if (uri != null) {
			store = open(uri);
			commands = RedisClient.create(uri);
			dropIndexes();
		}
	}

	private static RedisSemanticCacheStore open(String uri) {
		return open(uri, new EntryCodec());
	}

	private static RedisSemanticCacheStore open(String uri, EntryCodec codec) {
		URI server = URI.create(uri);
		return RedisConnections.store(server.getHost(), server.getPort(), Duration.ofSeconds(20), codec);
	}

	private static void dropIndexes() {
		for (String index : commands.ftList()) {
			if (index.startsWith("tokensaving:semantic:")) {
				commands.ftDropIndexDD(index);
			}
		}
	}

	@AfterAll
	static void disconnect() {
		if (store != null) {
			dropIndexes();
			store.close();
			commands.close();
		}
	}

	@BeforeEach
	void assumeServer() {
		Assumptions.assumeTrue(store != null,
				() -> "Set " + VARIABLE + " to the redis:// URI of a server with the search module to run these tests");
	}

	@Override
	protected SemanticCacheStore store() {
		return store;
	}

	@Override
	protected void pass(Duration duration) throws InterruptedException {
		// The server has the only clock
		Thread.sleep(duration.toMillis());
	}

	@Test
	void serverHasTheModule() {
		store.verify();
	}

	@Test
	void noEntryIsWithoutEndAndNoKeyHoldsText() {
		store.store(new SemanticCacheEntry(newPartition(), "my secret question", new float[] { 1, 0, 0 }, response("a"),
				LABELS), Duration.ofSeconds(100));
		assertThat(commands.keys("tokensaving:semantic:v2:3:*")).isNotEmpty().allSatisfy((key) -> {
			assertThat(key).matches("tokensaving:semantic:v2:3:[0-9a-f]{64}");
			assertThat(commands.pttl(key)).isPositive();
		});
	}

	@Test
	void entriesOfAnotherKeyOrOfNoneAreLeftOut() {
		byte[] key = new byte[32];
		byte[] otherKey = new byte[32];
		otherKey[0] = 1;
		String partition = newPartition();
		float[] vector = { 0, 1, 0, 0, 0, 0, 0 };
		SemanticCacheEntry entry = new SemanticCacheEntry(partition, "my secret", vector, response("a"), LABELS);
		try (RedisSemanticCacheStore encrypted = open(System.getenv(VARIABLE), new EntryCodec(0, key));
				RedisSemanticCacheStore other = open(System.getenv(VARIABLE), new EntryCodec(0, otherKey))) {
			encrypted.store(entry, Duration.ofHours(1));
			assertThat(encrypted.search(partition, vector, 5, 0.5)).singleElement().satisfies((match) -> {
				assertThat(match.question()).isEqualTo("my secret");
				assertThat(match.response()).usingRecursiveComparison().isEqualTo(response("a"));
			});
			assertThat(other.search(partition, vector, 5, 0.5)).isEmpty();
			assertThat(store.search(partition, vector, 5, 0.5)).isEmpty();
			store.store(entry, Duration.ofHours(1));
			assertThat(encrypted.search(partition, vector, 5, 0.5)).isEmpty();
			assertThat(store.search(partition, vector, 5, 0.5)).hasSize(1);
		}
	}

	@Test
	void withAKeyNothingIsReadable() {
		String partition = newPartition();
		EntryLabels labels = new EntryLabels("secret workspace", "secretplan", "secret scope", Set.of("secret tag"));
		try (RedisSemanticCacheStore encrypted = open(System.getenv(VARIABLE), new EntryCodec(0, new byte[16]))) {
			encrypted.store(new SemanticCacheEntry(partition, "my secret question", new float[] { 0, 0, 0, 1 },
					response("secret answer"), labels), Duration.ofHours(1));
		}
		assertThat(commands.keys("tokensaving:semantic:v2:4:*")).singleElement().satisfies((key) -> {
			Map<String, String> fields = commands.hgetAll(key);
			assertThat(fields).containsOnlyKeys("partition", "question", "response", "vector", "labels")
				.containsEntry("partition", partition);
			assertThat(fields.get("labels"))
				.matches("workspace:[0-9a-f]{32} plan:[0-9a-f]{32} scope:[0-9a-f]{32} tag:[0-9a-f]{32}");
			for (String field : List.of("question", "response")) {
				byte[] stored = Base64.getDecoder().decode(fields.get(field));
				assertThat(new String(stored, StandardCharsets.ISO_8859_1)).doesNotContain("secret");
				assertThat(new String(stored, StandardCharsets.UTF_16BE)).doesNotContain("secret");
				assertThat(stored[1] & 2).as("encrypted").isNotZero();
			}
		});
	}

	@Test
	void entryThatWasPutInAnotherPlaceIsLeftOut() {
		String partition = newPartition();
		float[] vector = { 0, 0, 0, 0, 0, 0, 0, 1, 0 };
		SemanticCacheEntry entry = new SemanticCacheEntry(partition, "one", vector, response("a"), LABELS);
		try (RedisSemanticCacheStore encrypted = open(System.getenv(VARIABLE), new EntryCodec(0, new byte[16]))) {
			for (RedisSemanticCacheStore written : List.of(store, encrypted)) {
				written.store(entry, Duration.ofHours(1));
				String first = commands.keys("tokensaving:semantic:v2:9:*").iterator().next();
				Map<byte[], byte[]> fields = commands.hgetAll(first.getBytes(StandardCharsets.UTF_8));
				commands.hset((first + "0").getBytes(StandardCharsets.UTF_8), fields);
				assertThat(written.search(partition, vector, 5, 0.5)).hasSize(1);
				commands.del(first, first + "0");
			}
		}
	}

	@Test
	void evictsOnlyWhatIsItsOwn() {
		Eviction eviction = Eviction.ofWorkspace("own-" + newPartition());
		String labels = String.join(" ", EntryLabels.keywords(eviction));
		commands.set("tokensaving:semantic:v2:text", labels);
		commands.hset("tokensaving:semantic:v2:7:other", "field", labels);
		commands.hset("tokensaving:other:v2:7:other", "labels", labels);
		assertThat(store.evict(eviction)).isZero();
		assertThat(commands.del("tokensaving:semantic:v2:text", "tokensaving:semantic:v2:7:other",
				"tokensaving:other:v2:7:other"))
			.isEqualTo(3);
	}

	@Test
	void droppedIndexIsMadeAgain() {
		String partition = newPartition();
		float[] vector = { 0, 1, 0, 0, 0 };
		store.store(new SemanticCacheEntry(partition, "before", vector, response("a"), LABELS), Duration.ofHours(1));
		commands.ftDropIndexDD("tokensaving:semantic:v2:5");
		assertThat(store.search(partition, vector, 5, 0.5)).isEmpty();
		store.store(new SemanticCacheEntry(partition, "after", vector, response("a"), LABELS), Duration.ofHours(1));
		assertThat(store.search(partition, vector, 5, 0.5)).extracting(SemanticMatch::question)
			.containsExactly("after");
		assertThat(store.status().entries()).isPositive();
	}

	@Test
	void entryThatCannotBeReadIsLeftOut() {
		String partition = newPartition();
		float[] vector = { 0, 0, 1, 0, 0, 0 };
		store.store(new SemanticCacheEntry(partition, "whole", vector, response("a"), LABELS), Duration.ofHours(1));
		String key = commands.keys("tokensaving:semantic:v2:6:*").iterator().next();
		commands.hset(key, "response", "%%%");
		assertThat(store.search(partition, vector, 5, 0.5)).isEmpty();
		commands.hset(key, "response", "AAAA");
		assertThat(store.search(partition, vector, 5, 0.5)).isEmpty();
	}

	@Test
	void instancesMakeTheIndexAtTheSameTime() throws Exception {
		ExecutorService executor = Executors.newFixedThreadPool(8);
		try {
			for (int dimension = 10; dimension < 20; dimension++) {
				float[] vector = new float[dimension];
				vector[0] = 1;
				String partition = newPartition();
				List<Future<?>> results = new ArrayList<>();
				for (int i = 0; i < 8; i++) {
					String question = "q" + i;
					results.add(executor.submit(() -> {
						try (RedisSemanticCacheStore instance = open(System.getenv(VARIABLE))) {
							instance.store(new SemanticCacheEntry(partition, question, vector, response("a"), LABELS),
									Duration.ofHours(1));
						}
					}));
				}
				for (Future<?> result : results) {
					result.get();
				}
				assertThat(store.search(partition, vector, 20, 0.5)).hasSize(8);
			}
		}
		finally {
			executor.shutdownNow();
		}
	}

}

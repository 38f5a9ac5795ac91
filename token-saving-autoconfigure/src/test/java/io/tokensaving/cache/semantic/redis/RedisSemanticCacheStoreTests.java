package io.tokensaving.cache.semantic.redis;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import io.tokensaving.cache.CacheEviction;
import io.tokensaving.cache.CachedResponse;
import io.tokensaving.cache.CachedResponse.CachedGeneration;
import io.tokensaving.cache.CachedResponseCodec;
import io.tokensaving.cache.EntryCodec;
import io.tokensaving.cache.EntryLabels;
import io.tokensaving.cache.semantic.SemanticCacheEntry;
import io.tokensaving.cache.semantic.SemanticMatch;
import io.tokensaving.savings.TokenUsage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import redis.clients.jedis.exceptions.JedisException;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

/**
 * Tests for {@link RedisSemanticCacheStore} without a server that has the search module.
 */
@Timeout(30)
class RedisSemanticCacheStoreTests {

	private static final EntryLabels LABELS = EntryLabels.of("default", "plan");

	private static final String PARTITION = "0a-1b";

	private static final float[] VECTOR = { 1, 0 };

	private ScriptedRedisServer server;

	private RedisSemanticCacheStore store;

	@BeforeEach
	void start() throws IOException {
		this.server = new ScriptedRedisServer((command) -> "*1\r\n:0\r\n");
		this.store = RedisConnections.store("127.0.0.1", this.server.port(), Duration.ofMillis(300));
	}

	@AfterEach
	void stop() throws IOException {
		this.store.close();
		this.server.close();
	}

	@Test
	void tagIsEscapedAndNothingOfTheQuestionIsInTheQuery() {
		assertThat(RedisSemanticCacheStore.escape("0a-1b")).isEqualTo("0a\\-1b");
		assertThat(RedisSemanticCacheStore.escape("a}|{b")).isEqualTo("a\\}\\|\\{b");
		this.store.search(PARTITION, VECTOR, 5, 0.8);
		List<String> search = this.server.commands("FT.SEARCH").get(0);
		assertThat(search.get(1)).isEqualTo("tokensaving:semantic:v2:2");
		assertThat(search.get(2)).isEqualTo("(@partition:{0a\\-1b})=>[KNN 20 @vector $vector AS distance]");
		assertThat(search).contains("DIALECT");
	}

	@Test
	void rowsWithoutFieldsAreLeftOut() {
		this.server.script((command) -> reply(row("gone", null, "0.01"), row("half", "", "0.02"),
				row("whole", encoded("answer"), "0.1"), row("far", encoded("other"), "0.5")));
		assertThat(this.store.search(PARTITION, VECTOR, 5, 0.8)).singleElement().satisfies((match) -> {
			assertThat(match.question()).isEqualTo("whole");
			assertThat(match.similarity()).isCloseTo(0.9, within(1e-6));
			assertThat(match.response().generations().get(0).text()).isEqualTo("answer");
		});
	}

	@Test
	void looksFurtherWhenExpiredRowsTakeUpAllPlaces() {
		this.server.script((command) -> {
			String query = command.get(2);
			if (query.contains("KNN 20 ")) {
				String[] rows = new String[20];
				Arrays.fill(rows, row("gone", null, "0.01"));
				return reply(rows);
			}
			return reply(row("live", encoded("answer"), "0.05"));
		});
		assertThat(this.store.search(PARTITION, VECTOR, 5, 0.8)).extracting(SemanticMatch::question)
			.containsExactly("live");
		assertThat(this.server.commands("FT.SEARCH")).hasSize(2);
	}

	@Test
	void missingIndexIsAMiss() {
		this.server.script((command) -> "-tokensaving:semantic:v2:2: no such index\r\n");
		assertThat(this.store.search(PARTITION, VECTOR, 5, 0.8)).isEmpty();
		this.server.script((command) -> "-Unknown index name\r\n");
		assertThat(this.store.search(PARTITION, VECTOR, 5, 0.8)).isEmpty();
	}

	@Test
	void entryIsWrittenInOneTransactionWithItsEnd() {
		this.server.script((command) -> switch (command.get(0)) {
			case "FT.CREATE" -> "-Index already exists\r\n";
			case "EXEC" -> "*3\r\n:0\r\n:4\r\n:1\r\n";
			case "MULTI" -> "+OK\r\n";
			default -> "+QUEUED\r\n";
		});
		this.store.store(new SemanticCacheEntry(PARTITION, "my secret", VECTOR, response("answer"), LABELS),
				Duration.ofMillis(1500));
		this.store.store(new SemanticCacheEntry(PARTITION, "my secret", VECTOR, response("answer"), LABELS),
				Duration.ofMillis(1500));
		assertThat(this.server.commands("FT.CREATE")).hasSize(1);
		assertThat(this.server.commands("MULTI")).hasSize(2);
		String key = this.server.commands("HSET").get(0).get(1);
		assertThat(key).matches("tokensaving:semantic:v2:2:[0-9a-f]{64}");
		assertThat(this.server.commands("DEL").get(0)).containsExactly("DEL", key);
		assertThat(this.server.commands("PEXPIRE").get(0)).containsExactly("PEXPIRE", key, "1500");
	}

	@Test
	void evictsByACursorAndNeverBlocks() {
		CacheEviction eviction = CacheEviction.ofWorkspace("w").plan("p");
		String labels = String.join(" ", new EntryLabels("w", "p", "s", Set.of("t")).keywords());
		this.server.script((command) -> switch (command.get(0)) {
			case "SCAN" -> "*2\r\n" + bulk(command.get(1).equals("0") ? "7" : "0") + "*3\r\n" + bulk("all")
					+ bulk("none") + bulk("other");
			case "HGET" -> switch (command.get(1)) {
				case "all" -> bulk(labels);
				case "other" -> bulk(labels.replace("plan:", "plan:0"));
				default -> "$-1\r\n";
			};
			default -> ":1\r\n";
		});
		assertThat(this.store.evict(eviction)).isEqualTo(2);
		assertThat(this.server.commands("SCAN")).extracting((command) -> command.get(1)).containsExactly("0", "7");
		assertThat(this.server.commands("SCAN").get(0)).contains("tokensaving:semantic:v2:*", "500", "hash");
		assertThat(this.server.commands("HGET")).hasSize(6);
		assertThat(this.server.commands("UNLINK")).hasSize(2)
			.allSatisfy((command) -> assertThat(command).containsExactly("UNLINK", "all"));
		assertThat(this.server.commands("KEYS")).isEmpty();
	}

	@Test
	void evictionFromAServerThatIsAwayFails() throws IOException {
		this.server.close();
		assertThatExceptionOfType(JedisException.class)
			.isThrownBy(() -> this.store.evict(CacheEviction.ofWorkspace("w")));
	}

	@Test
	void serverWithoutTheModuleIsNamed() {
		this.server.script((command) -> "-ERR unknown command 'FT._LIST', with args beginning with: \r\n");
		assertThatExceptionOfType(RedisSearchMissingException.class).isThrownBy(this.store::verify)
			.withMessage("The Redis server at 127.0.0.1:%d has no search module", this.server.port());
	}

	@Test
	void serverThatIsAwayIsNoReasonNotToStart() throws IOException {
		this.server.close();
		this.store.verify();
		assertThat(this.store.status().available()).isFalse();
		assertThatExceptionOfType(JedisException.class).isThrownBy(() -> this.store.search(PARTITION, VECTOR, 5, 0.8));
	}

	@Test
	void slowServerIsGivenUpOnInTime() {
		CountDownLatch never = new CountDownLatch(1);
		this.server.script((command) -> {
			try {
				never.await();
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
			return null;
		});
		long start = System.nanoTime();
		assertThatExceptionOfType(JedisException.class).isThrownBy(() -> this.store.search(PARTITION, VECTOR, 5, 0.8));
		assertThat(System.nanoTime() - start).isLessThan(TimeUnit.SECONDS.toNanos(5));
	}

	@Test
	void brokenConnectionIsReplaced() throws IOException {
		assertThat(this.store.search(PARTITION, VECTOR, 5, 0.8)).isEmpty();
		this.server.dropConnections();
		assertThat(this.store.search(PARTITION, VECTOR, 5, 0.8)).isEmpty();
	}

	@Test
	void garbageIsAFailureNotAnAnswer() {
		this.server.script((command) -> "*3\r\n:1\r\n$1\r\nk\r\n*2\r\n$8\r\ndistance\r\n$3\r\nabc\r\n");
		assertThat(this.store.search(PARTITION, VECTOR, 5, 0.8)).isEmpty();
		this.server.script((command) -> "garbage\r\n");
		assertThatExceptionOfType(RuntimeException.class)
			.isThrownBy(() -> this.store.search(PARTITION, VECTOR, 5, 0.8));
	}

	private static String reply(String... rows) {
		return "*" + (1 + 2 * rows.length) + "\r\n:" + rows.length + "\r\n" + String.join("", rows);
	}

	private static String row(String question, String response, String distance) {
		String fields = bulk("distance") + bulk(distance);
		int count = 2;
		if (response != null) {
			fields += bulk("question") + bulk(sealed(question.getBytes(StandardCharsets.UTF_16BE), "key:question"))
					+ bulk("response") + bulk(response);
			count += 4;
		}
		return bulk("key") + "*" + count + "\r\n" + fields;
	}

	private static String bulk(String text) {
		return "$" + text.length() + "\r\n" + text + "\r\n";
	}

	private static String encoded(String text) {
		return sealed(CachedResponseCodec.encode(response(text)), "key:response");
	}

	private static String sealed(byte[] content, String name) {
		return Base64.getEncoder().encodeToString(new EntryCodec().seal(content, name));
	}

	private static CachedResponse response(String text) {
		return new CachedResponse("id", "model",
				List.of(new CachedGeneration(text, List.of(), List.of(), Map.of(), "STOP", Map.of())), Map.of(),
				TokenUsage.ZERO, Instant.EPOCH);
	}

}

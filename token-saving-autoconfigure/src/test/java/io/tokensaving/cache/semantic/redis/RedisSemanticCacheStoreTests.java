package io.tokensaving.cache.semantic.redis;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.regex.Pattern;

import io.tokensaving.cache.CachedResponse;
import io.tokensaving.cache.CachedResponse.CachedGeneration;
import io.tokensaving.cache.CachedResponseCodec;
import io.tokensaving.cache.EntryCodec;
import io.tokensaving.cache.EntryLabels;
import io.tokensaving.cache.semantic.SemanticCacheEntry;
import io.tokensaving.cache.semantic.SemanticMatch;
import io.tokensaving.feature.Eviction;
import io.tokensaving.provider.TokenUsage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import redis.clients.jedis.exceptions.JedisException;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowable;
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
		// A reply may take its time on a machine that has too much to do
		this.store = RedisConnections.store("127.0.0.1", this.server.port(), Duration.ofSeconds(10));
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
		assertThat(search.get(2))
			.matches(Pattern.quote("(@partition:{0a\\-1b})=>[KNN 20 @vector $vector AS distance") + "[0-9]+]");
		assertThat(search).contains("DIALECT");
	}

	@Test
	void rowsWithoutFieldsAreLeftOut() {
		this.server.script((command) -> reply(command, row("gone", null, "0.01"), row("half", "", "0.02"),
				row("whole", encoded("whole", "answer"), "0.1"), row("far", encoded("far", "other"), "0.5")));
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
				return reply(command, rows);
			}
			return reply(command, row("live", encoded("live", "answer"), "0.05"));
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
		Eviction eviction = Eviction.ofWorkspace("w").plan("p");
		String all = key("all");
		String other = key("other");
		String labels = String.join(" ", new EntryLabels("w", "p", "s", Set.of("t")).keywords());
		this.server.script((command) -> switch (command.get(0)) {
			case "SCAN" -> "*2\r\n" + bulk(command.get(1).equals("0") ? "7" : "0") + "*3\r\n" + bulk(all)
					+ bulk(key("none")) + bulk(other);
			case "HGET" -> command.get(1).equals(all) ? bulk(labels)
					: command.get(1).equals(other) ? bulk(labels.replace("plan:", "plan:0")) : "$-1\r\n";
			default -> ":1\r\n";
		});
		assertThat(this.store.evict(eviction)).isEqualTo(2);
		assertThat(this.server.commands("SCAN")).extracting((command) -> command.get(1)).containsExactly("0", "7");
		assertThat(this.server.commands("SCAN").get(0)).contains("tokensaving:semantic:v2:*", "500", "hash");
		assertThat(this.server.commands("HGET")).hasSize(6);
		assertThat(this.server.commands("UNLINK")).hasSize(2)
			.allSatisfy((command) -> assertThat(command).containsExactly("UNLINK", all));
		assertThat(this.server.commands("KEYS")).isEmpty();
	}

	@Test
	void strangeKeysAndValuesEndNoEviction() {
		String[] strange = { "tokensaving:semantic:v2:2:" + "0".repeat(63), key("own") + "0", "tokensaving:other",
				"tokensaving:semantic:v2:*", "tokensaving:semantic:v2:-1:" + "0".repeat(64), "",
				"x".repeat(1_000_000) };
		String labels = String.join(" ", EntryLabels.keywords(Eviction.ofWorkspace("w")));
		this.server.script((command) -> switch (command.get(0)) {
			case "SCAN" -> {
				StringBuilder page = new StringBuilder("*2\r\n" + bulk("0") + "*" + (strange.length + 2) + "\r\n");
				page.append(bulk(key("list")));
				for (String key : strange) {
					page.append(bulk(key));
				}
				yield page + bulk(key("own"));
			}
			case "HGET" -> command.get(1).equals(key("list")) ? "-WRONGTYPE not a hash\r\n" : bulk(labels);
			default -> ":1\r\n";
		});
		assertThat(this.store.evict(Eviction.ofWorkspace("w"))).isEqualTo(1);
		assertThat(this.server.commands("UNLINK")).containsExactly(List.of("UNLINK", key("own")));
	}

	@Test
	void evictionFromAServerThatIsAwayFails() throws IOException {
		try (Socket away = away(); RedisSemanticCacheStore store = storeAt(away)) {
			assertThatExceptionOfType(JedisException.class).isThrownBy(() -> store.evict(Eviction.ofWorkspace("w")));
		}
	}

	// Nobody listens at the port, and nobody else is given it
	private static Socket away() throws IOException {
		Socket socket = new Socket();
		socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
		return socket;
	}

	private static RedisSemanticCacheStore storeAt(Socket socket) {
		return RedisConnections.store("127.0.0.1", socket.getLocalPort(), Duration.ofMillis(300));
	}

	@Test
	void replyToAnotherSearchIsNoMatch() {
		AtomicReference<List<String>> first = new AtomicReference<>();
		this.server.script((command) -> {
			first.compareAndSet(null, command);
			return reply(first.get(), row("whole", encoded("whole", "answer"), "0.1"));
		});
		assertThat(this.store.search(PARTITION, VECTOR, 5, 0.8)).hasSize(1);
		assertThat(this.store.search(PARTITION, VECTOR, 5, 0.8)).isEmpty();
	}

	@Test
	void rowOfAnotherPartitionIsNoMatch() {
		this.server.script((command) -> reply(command, row("whole", encoded("whole", "answer"), "0.1")));
		assertThat(this.store.search("0a-1c", VECTOR, 5, 0.8)).isEmpty();
		assertThat(this.store.search(PARTITION, VECTOR, 5, 0.8)).hasSize(1);
	}

	// The rest of each reply looks like one
	@ParameterizedTest
	@ValueSource(strings = { "*1\r\n:0\r\n", "*2\r\n$1\r\n0\r\n:7\r\n", ":1x\r\n", "$-5\r\n", "*-7\r\n",
			"$2147483647\r\n", "#x\r\n", ",x\r\n", "(x\r\n", "deep" })
	void aConnectionIsNotUsedAgainAfterAReplyThatCannotBeRead(String reply) {
		String stale = ":1\r\n".repeat(3);
		List<Consumer<RedisSemanticCacheStore>> uses = List.of((used) -> used.evict(Eviction.ofWorkspace("w")),
				(used) -> used.search(PARTITION, VECTOR, 5, 0.8), (used) -> used.store(entry(), Duration.ofHours(1)),
				RedisSemanticCacheStore::status);
		for (Consumer<RedisSemanticCacheStore> use : uses) {
			this.server.script((command) -> (reply.equals("deep") ? "*1\r\n".repeat(200_000) : reply) + stale);
			try (RedisSemanticCacheStore used = RedisConnections.store("127.0.0.1", this.server.port(),
					Duration.ofSeconds(10))) {
				Throwable failure = catchThrowable(() -> use.accept(used));
				this.server.script((command) -> reply(command, row("whole", encoded("whole", "answer"), "0.1")));
				if (failure == null) {
					// What was wrong may show with the next reply only
					failure = catchThrowable(() -> used.search(PARTITION, VECTOR, 5, 0.8));
				}
				assertThat(used.search(PARTITION, VECTOR, 5, 0.8)).as("after " + failure)
					.extracting(SemanticMatch::question)
					.containsExactly("whole");
			}
		}
	}

	private static SemanticCacheEntry entry() {
		return new SemanticCacheEntry(PARTITION, "my secret", VECTOR, response("answer"), LABELS);
	}

	@ParameterizedTest
	@ValueSource(strings = { "FT.SEARCH", "SCAN", "HGET", "UNLINK", "FT.CREATE", "MULTI", "HSET", "EXEC" })
	void aLateReplyIsNobodyElsesAndKeepsNoConnection(String late) {
		CountDownLatch gone = new CountDownLatch(1);
		String labels = String.join(" ", EntryLabels.keywords(Eviction.ofWorkspace("w")));
		Function<List<String>, String> right = (command) -> switch (command.get(0)) {
			case "FT.SEARCH" -> reply(command, row("whole", encoded("whole", "answer"), "0.1"));
			case "SCAN" -> "*2\r\n" + bulk("0") + "*1\r\n" + bulk(key("own"));
			case "HGET" -> bulk(labels);
			case "FT.CREATE", "MULTI" -> "+OK\r\n";
			case "DEL", "HSET", "PEXPIRE" -> "+QUEUED\r\n";
			case "EXEC" -> "*3\r\n:0\r\n:4\r\n:1\r\n";
			default -> ":1\r\n";
		};
		this.server.script((command) -> {
			if (command.get(0).equals(late)) {
				awaitLatch(gone);
			}
			return right.apply(command);
		});
		try (RedisSemanticCacheStore few = RedisConnections.store("127.0.0.1", this.server.port(),
				Duration.ofMillis(100), new EntryCodec(), 2)) {
			for (int round = 0; round < 3; round++) {
				attempt(() -> few.evict(Eviction.ofWorkspace("w")));
				attempt(() -> few.search(PARTITION, VECTOR, 5, 0.8));
				attempt(() -> few.store(entry(), Duration.ofHours(1)));
			}
			// The replies to those who have gone come now
			this.server.script(right::apply);
			gone.countDown();
		}
		try (RedisSemanticCacheStore few = RedisConnections.store("127.0.0.1", this.server.port(),
				Duration.ofSeconds(10), new EntryCodec(), 2)) {
			for (int round = 0; round < 3; round++) {
				assertThat(few.evict(Eviction.ofWorkspace("w"))).isEqualTo(1);
				assertThat(few.search(PARTITION, VECTOR, 5, 0.8)).hasSize(1);
				few.store(entry(), Duration.ofHours(1));
			}
		}
	}

	private static void attempt(Runnable use) {
		try {
			use.run();
		}
		catch (JedisException ex) {
			assertThat(ex).hasMessageNotContaining("resource");
		}
	}

	private static void awaitLatch(CountDownLatch latch) {
		try {
			latch.await();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	@Test
	void serverWithoutTheModuleIsNamed() {
		this.server.script((command) -> "-ERR unknown command 'FT._LIST', with args beginning with: \r\n");
		assertThatExceptionOfType(RedisSearchMissingException.class).isThrownBy(this.store::verify)
			.withMessage("The Redis server at 127.0.0.1:%d has no search module", this.server.port());
	}

	@Test
	void serverThatIsAwayIsNoReasonNotToStart() throws IOException {
		try (Socket away = away(); RedisSemanticCacheStore store = storeAt(away)) {
			store.verify();
			assertThat(store.status().available()).isFalse();
			assertThatExceptionOfType(JedisException.class).isThrownBy(() -> store.search(PARTITION, VECTOR, 5, 0.8));
		}
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
		try (RedisSemanticCacheStore impatient = RedisConnections.store("127.0.0.1", this.server.port(),
				Duration.ofMillis(300))) {
			// Without a timeout of the client it would wait for ever
			assertThatExceptionOfType(JedisException.class)
				.isThrownBy(() -> impatient.search(PARTITION, VECTOR, 5, 0.8));
		}
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

	// The distance has the name that the command gives it
	private static String reply(List<String> command, String... rows) {
		String query = command.get(2);
		String distance = query.substring(query.indexOf(" AS ") + " AS ".length(), query.length() - 1);
		return "*" + (1 + 2 * rows.length) + "\r\n:" + rows.length + "\r\n"
				+ String.join("", rows).replace(bulk("distance"), bulk(distance));
	}

	private static String key(String question) {
		return RedisSemanticCacheStore.key(PARTITION, question, VECTOR.length);
	}

	private static String row(String question, String response, String distance) {
		String fields = bulk("distance") + bulk(distance);
		int count = 2;
		if (response != null) {
			fields += bulk("question")
					+ bulk(sealed(question.getBytes(StandardCharsets.UTF_16BE), key(question) + ":question"))
					+ bulk("response") + bulk(response);
			count += 4;
		}
		return bulk(key(question)) + "*" + count + "\r\n" + fields;
	}

	private static String bulk(String text) {
		return "$" + text.length() + "\r\n" + text + "\r\n";
	}

	private static String encoded(String question, String text) {
		return sealed(CachedResponseCodec.encode(response(text)), key(question) + ":response");
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

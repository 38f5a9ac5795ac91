package io.tokensaving.cache;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

import com.anthropic.models.messages.Message;
import com.google.genai.types.FinishReason;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionMessage;
import io.tokensaving.RedisTestServer;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TokenSavingTestChain;
import io.tokensaving.cache.exact.CaffeineExactCacheStore;
import io.tokensaving.cache.exact.ExactCacheStore;
import io.tokensaving.cache.exact.redis.RedisExactCacheStore;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import reactor.core.publisher.Flux;

import org.springframework.ai.anthropic.AnthropicWebSearchResult;
import org.springframework.ai.anthropic.Citation;
import org.springframework.ai.anthropic.metadata.AnthropicRateLimit;
import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.MessageType;
import org.springframework.ai.chat.metadata.ChatGenerationMetadata;
import org.springframework.ai.chat.metadata.ChatResponseMetadata;
import org.springframework.ai.chat.metadata.DefaultUsage;
import org.springframework.ai.chat.metadata.RateLimit;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.content.Media;
import org.springframework.ai.document.Document;
import org.springframework.ai.google.genai.metadata.GoogleGenAiTrafficType;
import org.springframework.ai.openai.metadata.OpenAiRateLimit;
import org.springframework.data.redis.connection.RedisStandaloneConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.util.MimeTypeUtils;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Whatever stands in the metadata of an answer is equal after a hit, or the answer is not
 * stored, and that is counted: with values of every class of Spring AI's modules for
 * OpenAI, Anthropic, Google and Ollama that can be made up.
 */
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MetadataRoundTripTests {

	private static final String[] PACKAGES = { "org.springframework.ai.openai", "org.springframework.ai.anthropic",
			"org.springframework.ai.google.genai", "org.springframework.ai.ollama",
			"org.springframework.ai.chat.messages", "org.springframework.ai.chat.metadata",
			"org.springframework.ai.content", "org.springframework.ai.document" };

	/**
	 * Classes of which answers hold values today. An answer of a model that nobody
	 * configured in a special way must be stored.
	 */
	private static final Set<Class<?>> STORED = Set.of(Citation.class, AnthropicWebSearchResult.class,
			AnthropicRateLimit.class, OpenAiRateLimit.class, GoogleGenAiTrafficType.class, MessageType.class,
			AssistantMessage.ToolCall.class);

	private final long seed = Long.getLong("token-saving.metadata.seed", System.nanoTime());

	private RedisTestServer server;

	private LettuceConnectionFactory connectionFactory;

	@BeforeAll
	void start() {
		this.server = RedisTestServer.start();
		this.connectionFactory = new LettuceConnectionFactory(
				new RedisStandaloneConfiguration("localhost", this.server.port()));
		this.connectionFactory.afterPropertiesSet();
		this.connectionFactory.start();
		// The first connection of a JVM may take longer than a store waits
		this.connectionFactory.getConnection().close();
	}

	@AfterAll
	void stop() {
		this.connectionFactory.destroy();
		this.server.close();
	}

	@ParameterizedTest
	@CsvSource({ "false,false", "false,true", "true,false", "true,true" })
	void aValueOfEveryClassIsEqualAfterAHitOrNotStored(boolean redis, boolean stream) throws Exception {
		MadeUpValues values = new MadeUpValues(this.seed);
		Set<Class<?>> stored = new java.util.HashSet<>();
		Set<String> notStored = new TreeSet<>();
		int count = 0;
		try (Asked asked = new Asked(redis, stream)) {
			for (String packageName : PACKAGES) {
				for (Class<?> type : MadeUpValues.classes(packageName).values()) {
					for (int i = 0; i < 3; i++) {
						Object value = values.of(type);
						if (value != null) {
							count++;
							boolean hit = asked.twice(answer(value), type.getName());
							if (hit) {
								stored.add(type);
							}
							else {
								notStored.add(type.getName());
							}
						}
					}
				}
			}
		}
		assertThat(count).as("values, seed %d", this.seed).isGreaterThan(300);
		assertThat(stored).as("seed %d", this.seed).containsAll(STORED);
		assertThat(notStored).as("seed %d", this.seed)
			.doesNotContainAnyElementsOf(STORED.stream().map(Class::getName).toList());
	}

	@ParameterizedTest
	@CsvSource({ "false,false", "false,true", "true,false", "true,true" })
	void whatProvidersPutIntoMetadataComesBack(boolean redis, boolean stream) throws Exception {
		List<Object> values = List.of(new FinishReason(FinishReason.Known.STOP), new FinishReason("A_NEW_ONE"),
				ChatCompletion.Choice.FinishReason.Value.STOP, annotation(), message(),
				List.of(new byte[] { 1, 2, -3 }, new byte[0]), Arrays.asList(annotation(), annotation()),
				Map.of("deep", List.of(Map.of("deeper", new byte[] { 7 }))), Set.of("a", "b"),
				Duration.ofNanos(123_456_789), java.time.Instant.parse("2026-01-02T03:04:05.678901234Z"),
				java.util.UUID.randomUUID(), java.net.URI.create("https://example.com/?a=b"),
				java.time.ZonedDateTime.parse("2026-01-02T03:04:05+01:00[Europe/Paris]"),
				Document.builder().id("d").text("Some text").metadata("page", 3).score(0.5).build(),
				Citation.ofCharLocation("cited", 1, null, 2, 3), Citation.ofPageLocation("cited", 1, "t", 2, 3),
				Citation.ofContentBlockLocation("cited", 1, "t", 2, 3),
				Citation.ofWebSearchResultLocation("cited", "https://example.com", null),
				new AnthropicWebSearchResult("title", "https://example.com", null));
		try (Asked asked = new Asked(redis, stream)) {
			for (Object value : values) {
				assertThat(asked.twice(answer(value), value.getClass().getName())).as("%s", value).isTrue();
			}
		}
	}

	@ParameterizedTest
	@CsvSource({ "false,false", "false,true", "true,false", "true,true" })
	void whatCannotBeBuiltAgainIsNotStored(boolean redis, boolean stream) throws Exception {
		Document formatted = new Document("text");
		formatted.setContentFormatter((document, mode) -> "mine");
		List<Object> values = List.of(new Object(), new java.util.concurrent.atomic.AtomicInteger(1), Thread.State.NEW,
				Set.of(1), Map.of(1, "a"), java.util.Optional.of("x"), formatted, new int[] { 1 }, new Mutable("x"));
		try (Asked asked = new Asked(redis, stream)) {
			for (Object value : values) {
				assertThat(asked.twice(answer(value), value.getClass().getName())).as("%s", value).isFalse();
				assertThat(asked.twice(answer(List.of(Map.of("a", value))), "nested")).as("%s", value).isFalse();
			}
		}
	}

	@ParameterizedTest
	@CsvSource({ "false", "true" })
	void whatIsTooDeepOrTooLongIsNotStored(boolean redis) throws Exception {
		Object deep = "x";
		for (int i = 0; i < 99; i++) {
			deep = List.of(deep);
		}
		try (Asked asked = new Asked(redis, false)) {
			for (Object value : List.of(deep, BigInteger.ONE.shiftLeft(4094), new BigDecimal("1e-4096"))) {
				assertThat(asked.twice(answer(value), "limit")).isTrue();
			}
			for (Object value : List.of(List.of(deep), BigInteger.ONE.shiftLeft(4096), new BigDecimal("1e5000"))) {
				assertThat(asked.twice(answer(value), "beyond")).isFalse();
			}
		}
	}

	@Test
	void mediaAndRateLimitComeBack() throws Exception {
		for (boolean redis : new boolean[] { false, true }) {
			try (Asked asked = new Asked(redis, false)) {
				AssistantMessage message = AssistantMessage.builder()
					.content("text")
					.media(List.of(Media.builder()
						.mimeType(MimeTypeUtils.parseMimeType("audio/mp3;rate=44"))
						.data(new byte[] { 1, 2 })
						.id("audio-1")
						.name("n")
						.build()))
					.build();
				ChatResponse answer = new ChatResponse(List.of(new Generation(message, finished())),
						metadata().rateLimit(new OpenAiRateLimit(1L, 2L, Duration.ofSeconds(3), null, 5L, null))
							.build());
				assertThat(asked.twice(answer, "media")).isTrue();
			}
		}
	}

	private static ChatResponse answer(Object value) {
		Map<String, Object> properties = new HashMap<>();
		properties.put("value", value);
		ChatResponseMetadata.Builder metadata = metadata().keyValue("value", value);
		if (value instanceof RateLimit limit) {
			metadata.rateLimit(limit);
		}
		return new ChatResponse(
				List.of(new Generation(AssistantMessage.builder().content("text").properties(properties).build(),
						ChatGenerationMetadata.builder().finishReason("stop").metadata("value", value).build())),
				metadata.build());
	}

	private static ChatResponseMetadata.Builder metadata() {
		return ChatResponseMetadata.builder().id("id").model("m").usage(new DefaultUsage(7, 5, 12));
	}

	private static ChatGenerationMetadata finished() {
		return ChatGenerationMetadata.builder().finishReason("stop").build();
	}

	private static ChatCompletionMessage.Annotation annotation() throws Exception {
		return com.openai.core.ObjectMappers.jsonMapper()
			.readValue(
					"{\"type\":\"url_citation\",\"url_citation\":{\"start_index\":1,\"end_index\":5,"
							+ "\"title\":\"T\",\"url\":\"https://example.com\",\"more\":[1,null,{\"a\":1.5}]}}",
					ChatCompletionMessage.Annotation.class);
	}

	private static Message message() throws Exception {
		return com.anthropic.core.ObjectMappers.jsonMapper()
			.readValue("{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude-sonnet-4-5\","
					+ "\"content\":[{\"type\":\"text\",\"text\":\"Hello\",\"citations\":null},{\"type\":\"tool_use\","
					+ "\"id\":\"t1\",\"name\":\"f\",\"input\":{\"a\":[1,2.5,\"x\",null,true]}}],\"stop_reason\":\"end_turn\","
					+ "\"stop_sequence\":null,\"usage\":{\"input_tokens\":3,\"output_tokens\":5,"
					+ "\"unknown_field\":{\"b\":1}}}", Message.class);
	}

	/**
	 * A client whose model is asked each question twice.
	 */
	private final class Asked implements AutoCloseable {

		private final TokenSavingTestChain chain;

		private final boolean stream;

		private final boolean redis;

		private ChatResponse answer;

		private final ScriptedChatModel model = new ScriptedChatModel((prompt) -> this.answer)
			.streaming((prompt) -> Flux.just(this.answer));

		private final ChatClient client;

		private final List<AutoCloseable> closed = new ArrayList<>();

		private int number;

		Asked(boolean redis, boolean stream) {
			this.redis = redis;
			this.stream = stream;
			this.chain = new TokenSavingTestChain(Plan.builder("p")
				.with(CacheSettings.builder(redis ? "redis" : "in_memory")
					.maxEntryBytes(10_000_000)
					.lookupTimeout(Duration.ofSeconds(20))
					.build())
				.build());
			ExactCacheStore store = new CaffeineExactCacheStore();
			if (redis) {
				RedisExactCacheStore remote = RedisExactCacheStore
					.builder(MetadataRoundTripTests.this.connectionFactory)
					.build();
				this.closed.add(remote);
				store = remote;
			}
			this.chain.store(store);
			this.client = this.chain.client(this.model);
		}

		boolean twice(ChatResponse answer, String what) {
			this.answer = answer;
			this.number++;
			int calls = this.model.calls();
			long refused = refused();
			ask(what);
			assertThat(this.chain.cacheAdvisor().drain()).isTrue();
			ChatResponse second = ask(what);
			boolean hit = this.model.calls() == calls + 1;
			for (int i = 0; !hit && refused() == refused && i < 5; i++) {
				// The server was too slow to store it or to find it
				this.number++;
				calls = this.model.calls();
				ask(what);
				assertThat(this.chain.cacheAdvisor().drain()).isTrue();
				second = ask(what);
				hit = this.model.calls() == calls + 1;
			}
			if (hit) {
				assertEqual(second, what);
				assertThat(refused()).as(what).isEqualTo(refused);
			}
			else {
				assertThat(this.model.calls()).as(what).isEqualTo(calls + 2);
				assertThat(refused()).as(what).isEqualTo(refused + 2);
			}
			return hit;
		}

		private long refused() {
			return this.chain.statistics()
				.plan(new PlanKey("default", "p"))
				.snapshot()
				.counts(CacheFeature.NOT_STORED)
				.values()
				.stream()
				.mapToLong(Long::longValue)
				.sum();
		}

		private ChatResponse ask(String what) {
			String question = this.redis + " " + this.stream + " " + what + " " + this.number;
			return this.stream ? this.client.prompt(question).stream().chatResponse().blockLast()
					: this.client.prompt(question).call().chatResponse();
		}

		private void assertEqual(ChatResponse replayed, String what) {
			Generation generation = replayed.getResult();
			Generation original = this.answer.getResult();
			assertSame(generation.getOutput().getMetadata(), original.getOutput().getMetadata(), what);
			assertSame(generation.getOutput().getMedia(), original.getOutput().getMedia(), what);
			assertThat(generation.getOutput().getText()).isEqualTo(original.getOutput().getText());
			assertSame(entries(generation.getMetadata().entrySet()), entries(original.getMetadata().entrySet()), what);
			assertSame(replayed.getMetadata().getRateLimit(), this.answer.getMetadata().getRateLimit(), what);
			Map<String, Object> metadata = new HashMap<>(entries(replayed.getMetadata().entrySet()));
			metadata.keySet().removeIf((key) -> key.startsWith("token_saving_"));
			assertSame(metadata, entries(this.answer.getMetadata().entrySet()), what);
		}

		private static Map<String, Object> entries(Set<Map.Entry<String, Object>> entries) {
			Map<String, Object> map = new HashMap<>();
			entries.forEach((entry) -> map.put(entry.getKey(), entry.getValue()));
			return map;
		}

		private static void assertSame(Object replayed, Object original, String what) {
			assertThat(replayed).as(what).usingRecursiveComparison().usingOverriddenEquals().isEqualTo(original);
		}

		@Override
		public void close() throws Exception {
			this.chain.close();
			for (AutoCloseable closeable : this.closed) {
				closeable.close();
			}
		}

	}

	/**
	 * A class that nobody knows.
	 */
	static final class Mutable {

		private final String text;

		Mutable(String text) {
			this.text = text;
		}

		@Override
		public String toString() {
			return this.text;
		}

	}

}

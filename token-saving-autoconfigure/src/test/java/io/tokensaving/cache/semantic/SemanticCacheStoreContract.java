package io.tokensaving.cache.semantic;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;

import io.tokensaving.SavingsReport;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TokenSaving;
import io.tokensaving.cache.CacheHistory;
import io.tokensaving.cache.CacheSettings;
import io.tokensaving.cache.CachedResponse;
import io.tokensaving.cache.CachedResponse.CachedGeneration;
import io.tokensaving.cache.EntryLabels;
import io.tokensaving.cache.StrangeTexts;
import io.tokensaving.cache.exact.ExactCacheStoreContract;
import io.tokensaving.feature.Eviction;
import io.tokensaving.plan.Plan;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.request.PlanAdvisor;
import org.junit.jupiter.api.Test;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.ChatClientAttributes;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.AssistantMessage.ToolCall;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.model.tool.ToolCallingChatOptions;
import org.springframework.ai.tool.function.FunctionToolCallback;
import org.springframework.util.MimeType;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

/**
 * What every {@link SemanticCacheStore} holds to. Subclasses supply the store; it may be
 * shared with others, as every test uses partitions of its own.
 */
public abstract class SemanticCacheStoreContract {

	/**
	 * Labels where they do not matter.
	 */
	protected static final EntryLabels LABELS = EntryLabels.of("default", "plan");

	private static final Duration HOUR = Duration.ofHours(1);

	private static final int DIMENSION = 384;

	private final Random random = new Random(11);

	/**
	 * Return the store.
	 * @return the same store, ready, for all calls of a test
	 */
	protected abstract SemanticCacheStore store();

	/**
	 * Let time go by.
	 * @param duration how much
	 * @throws InterruptedException if the test is interrupted
	 */
	protected abstract void pass(Duration duration) throws InterruptedException;

	@Test
	void answerToTheSameQuestionIsFound() {
		String partition = newPartition();
		float[] vector = Vectors.random(this.random, DIMENSION);
		CachedResponse response = response("It is 42.");
		store().store(new SemanticCacheEntry(partition, "What is it?", vector, response, LABELS), HOUR);
		List<SemanticMatch> matches = store().search(partition, vector, 5, 0.9);
		assertThat(matches).singleElement().satisfies((match) -> {
			assertThat(match.question()).isEqualTo("What is it?");
			assertThat(match.similarity()).isCloseTo(1, within(1e-4));
			assertThat(match.response()).usingRecursiveComparison()
				.withEqualsForType(MimeType::equals, MimeType.class)
				.isEqualTo(response);
		});
	}

	@Test
	void similarityIsTheCosine() {
		String partition = newPartition();
		float[] query = Vectors.random(this.random, DIMENSION);
		List<float[]> stored = new ArrayList<>();
		for (double similarity : new double[] { 0.95, 0.9, 0.7, 0.3, 0 }) {
			float[] vector = Vectors.near(query, this.random, similarity);
			stored.add(vector);
			store(partition, "q" + stored.size(), vector);
		}
		List<SemanticMatch> matches = store().search(partition, query, 5, -1);
		assertThat(matches).hasSize(5);
		for (SemanticMatch match : matches) {
			float[] vector = stored.get(Integer.parseInt(match.question().substring(1)) - 1);
			assertThat(match.similarity()).isCloseTo(Vectors.cosine(query, vector), within(1e-4));
		}
	}

	@Test
	void mostSimilarComesFirstAndNoMoreThanAsked() {
		String partition = newPartition();
		float[] query = Vectors.random(this.random, DIMENSION);
		for (int i = 0; i < 40; i++) {
			store(partition, "q" + i, Vectors.near(query, this.random, this.random.nextDouble()));
		}
		List<SemanticMatch> matches = store().search(partition, query, 7, -1);
		assertThat(matches).hasSize(7);
		assertThat(matches).isSortedAccordingTo((a, b) -> Double.compare(b.similarity(), a.similarity()));
	}

	@Test
	void whatIsBelowTheThresholdIsNotFound() {
		String partition = newPartition();
		float[] query = Vectors.random(this.random, DIMENSION);
		store(partition, "near", Vectors.near(query, this.random, 0.95));
		store(partition, "far", Vectors.near(query, this.random, 0.5));
		assertThat(store().search(partition, query, 5, 0.8)).extracting(SemanticMatch::question)
			.containsExactly("near");
		assertThat(store().search(partition, query, 5, 0.999)).isEmpty();
	}

	@Test
	void otherPartitionsAreNotSearched() {
		List<String> partitions = List.of(newPartition(), newPartition(), newPartition());
		float[] vector = Vectors.random(this.random, DIMENSION);
		partitions.forEach((partition) -> store(partition, "asked in " + partition, vector));
		for (String partition : partitions) {
			assertThat(store().search(partition, vector, 5, -1)).extracting(SemanticMatch::question)
				.containsExactly("asked in " + partition);
		}
		assertThat(store().search(newPartition(), vector, 5, -1)).isEmpty();
	}

	@Test
	void sameQuestionReplacesItsAnswer() {
		String partition = newPartition();
		float[] vector = Vectors.random(this.random, DIMENSION);
		store().store(new SemanticCacheEntry(partition, "q", vector, response("old"), LABELS), HOUR);
		store().store(new SemanticCacheEntry(partition, "q", vector, response("new"), LABELS), HOUR);
		assertThat(store().search(partition, vector, 5, 0.5)).singleElement()
			.satisfies((match) -> assertThat(match.response().generations().get(0).text()).isEqualTo("new"));
	}

	@Test
	void entriesEnd() throws InterruptedException {
		String partition = newPartition();
		float[] vector = Vectors.random(this.random, DIMENSION);
		SemanticCacheEntry entry = new SemanticCacheEntry(partition, "short", vector, response("short"), LABELS);
		store().store(entry, Duration.ofSeconds(1));
		store(partition, "long", Vectors.near(vector, this.random, 0.9));
		assertThat(store().search(partition, vector, 1, -1)).extracting(SemanticMatch::question)
			.containsExactly("short");
		pass(Duration.ofMillis(1200));
		assertThat(store().search(partition, vector, 5, -1)).extracting(SemanticMatch::question)
			.containsExactly("long");
		store().store(entry, HOUR);
		pass(Duration.ofMillis(1200));
		assertThat(store().search(partition, vector, 1, -1)).extracting(SemanticMatch::question)
			.containsExactly("short");
	}

	@Test
	void manyExpiredEntriesDoNotHideALiveOne() throws InterruptedException {
		String partition = newPartition();
		float[] query = Vectors.random(this.random, DIMENSION);
		for (int i = 0; i < 50; i++) {
			store().store(new SemanticCacheEntry(partition, "gone " + i, Vectors.near(query, this.random, 0.97),
					response("gone"), LABELS), Duration.ofSeconds(1));
		}
		store(partition, "live", Vectors.near(query, this.random, 0.9));
		pass(Duration.ofMillis(1500));
		assertThat(store().search(partition, query, 5, 0.5)).extracting(SemanticMatch::question)
			.containsExactly("live");
	}

	@Test
	void anyTextCanBeAQuestion() {
		String partition = newPartition();
		List<String> questions = List.of("a-b {c} @d:[e] | f* \"g\" 'h' \\ %i% $j ~k !l (m)",
				"Grüße \uD83D\uDE00 \u4F60\u597D", "line\nbreak\r\n\ttab", "\u0000 zero", " ", "x".repeat(20_000));
		List<float[]> vectors = new ArrayList<>();
		for (String question : questions) {
			vectors.add(Vectors.random(this.random, DIMENSION));
			store(partition, question, vectors.get(vectors.size() - 1));
		}
		for (int i = 0; i < questions.size(); i++) {
			assertThat(store().search(partition, vectors.get(i), 1, 0.9)).extracting(SemanticMatch::question)
				.containsExactly(questions.get(i));
		}
	}

	@Test
	void everyCharOfQuestionAndAnswerComesBack() {
		long seed = System.nanoTime();
		for (String text : StrangeTexts.all(seed)) {
			String partition = newPartition();
			float[] vector = Vectors.random(this.random, DIMENSION);
			CachedResponse response = StrangeTexts.response(text);
			store().store(new SemanticCacheEntry(partition, text, vector, response, LABELS), HOUR);
			assertThat(store().search(SemanticQuery.of(partition, vector, 1, 0.9))).as("seed %d", seed)
				.singleElement()
				.satisfies((match) -> {
					assertThat(match.question()).isEqualTo(text);
					assertThat(match.response()).usingRecursiveComparison()
						.withEqualsForType(MimeType::equals, MimeType.class)
						.isEqualTo(response);
				});
		}
	}

	@Test
	void otherDimensionsHaveOtherPartitions() {
		for (int dimension : new int[] { 3, 8, 1536 }) {
			String partition = newPartition();
			float[] vector = Vectors.random(this.random, dimension);
			store(partition, "q" + dimension, vector);
			assertThat(store().search(partition, vector, 5, 0.9)).extracting(SemanticMatch::question)
				.containsExactly("q" + dimension);
		}
	}

	@Test
	void evictsWorkspace() {
		String workspace = "contract-" + UUID.randomUUID();
		String other = workspace + "-other";
		String partition = newPartition();
		float[] vector = Vectors.random(this.random, DIMENSION);
		store(partition, "plain", vector, EntryLabels.of(workspace, "plan"));
		store(partition, "labelled", vector, new EntryLabels(workspace, "plan", "user", Set.of("x")));
		store(partition, "other", vector, EntryLabels.of(other, "plan"));
		store(newPartition(), "elsewhere", Vectors.random(this.random, 8), EntryLabels.of(workspace, "plan"));
		assertThat(store().evict(Eviction.ofWorkspace(workspace))).isEqualTo(3);
		assertThat(questions(partition, vector)).containsExactly("other");
		assertThat(store().evict(Eviction.ofWorkspace(workspace))).isZero();
		assertThat(store().evict(Eviction.ofWorkspace(other))).isEqualTo(1);
		assertThat(questions(partition, vector)).isEmpty();
	}

	@Test
	void evictsPlanAndScope() {
		Eviction eviction = Eviction.ofWorkspace("contract-" + UUID.randomUUID());
		String workspace = eviction.workspace();
		String partition = newPartition();
		float[] vector = Vectors.random(this.random, DIMENSION);
		store(partition, "plain", vector, EntryLabels.of(workspace, "plan"));
		store(partition, "scoped", vector, new EntryLabels(workspace, "plan", "user *?[a]:1 b", Set.of()));
		store(partition, "other plan", vector, new EntryLabels(workspace, "plan.b", "user *?[a]:1 b", Set.of()));
		assertThat(store().evict(eviction.scope("user"))).isZero();
		assertThat(store().evict(eviction.scope("plan"))).isZero();
		assertThat(store().evict(eviction.plan("plan").scope("user *?[a]:1 b"))).isEqualTo(1);
		assertThat(questions(partition, vector)).containsExactlyInAnyOrder("plain", "other plan");
		assertThat(store().evict(eviction.plan("plan"))).isEqualTo(1);
		assertThat(questions(partition, vector)).containsExactly("other plan");
		assertThat(store().evict(eviction.scope("user *?[a]:1 b"))).isEqualTo(1);
		assertThat(questions(partition, vector)).isEmpty();
	}

	@Test
	void evictsTag() {
		Eviction eviction = Eviction.ofWorkspace("contract-" + UUID.randomUUID());
		String workspace = eviction.workspace();
		String partition = newPartition();
		float[] vector = Vectors.random(this.random, DIMENSION);
		store(partition, "both", vector, new EntryLabels(workspace, "plan", null, Set.of("prices", "docs")));
		store(partition, "docs", vector, new EntryLabels(workspace, "plan", null, Set.of("docs")));
		store(partition, "scoped", vector, new EntryLabels(workspace, "plan", "user", Set.of("prices")));
		store(partition, "none", vector, EntryLabels.of(workspace, "plan"));
		assertThat(store().evict(eviction.tag("price"))).isZero();
		assertThat(store().evict(eviction.tag("user"))).isZero();
		assertThat(store().evict(eviction.tag("prices").scope("user"))).isEqualTo(1);
		assertThat(store().evict(eviction.tag("prices"))).isEqualTo(1);
		assertThat(questions(partition, vector)).containsExactlyInAnyOrder("docs", "none");
	}

	// A label is text, whatever it looks like to the store
	@Test
	void evictsExactlyTheLiteralWorkspacePlanScopeAndTag() {
		String workspace = "contract-" + UUID.randomUUID();
		Eviction all = Eviction.ofWorkspace(workspace);
		float[] vector = Vectors.random(this.random, DIMENSION);
		List<Function<String, EntryLabels>> labelled = List.of(
				(label) -> new EntryLabels(workspace + label, "plan", "scope", Set.of()),
				(label) -> new EntryLabels(workspace, label, "scope", Set.of()),
				(label) -> new EntryLabels(workspace, "plan", label, Set.of()),
				(label) -> new EntryLabels(workspace, "plan", "scope", Set.of(label)));
		List<Function<String, Eviction>> evictions = List.of((label) -> Eviction.ofWorkspace(workspace + label),
				all::plan, all::scope, all::tag);
		for (int i = 0; i < labelled.size(); i++) {
			String partition = newPartition();
			Set<String> left = new LinkedHashSet<>();
			for (String label : ExactCacheStoreContract.strangeLabels()) {
				store(partition, label, vector, labelled.get(i).apply(label));
				left.add(label);
			}
			for (String label : ExactCacheStoreContract.strangeLabels()) {
				Eviction eviction = evictions.get(i).apply(label);
				assertThat(store().evict(eviction)).as("%s", eviction).isEqualTo(1);
				left.remove(label);
				assertThat(store().search(partition, vector, 50, -1)).as("%s", eviction)
					.extracting(SemanticMatch::question)
					.containsExactlyInAnyOrderElementsOf(left);
				assertThat(store().evict(eviction)).isZero();
			}
		}
	}

	@Test
	void evictedQuestionCanBeStoredAgain() {
		Eviction eviction = Eviction.ofWorkspace("contract-" + UUID.randomUUID());
		String partition = newPartition();
		float[] vector = Vectors.random(this.random, DIMENSION);
		for (int i = 0; i < 3; i++) {
			store(partition, "q", vector, EntryLabels.of(eviction.workspace(), "plan"));
			assertThat(questions(partition, vector)).containsExactly("q");
			assertThat(store().evict(eviction)).isEqualTo(1);
			assertThat(questions(partition, vector)).isEmpty();
		}
	}

	@Test
	void labelsAreThoseOfTheLastAnswer() {
		Eviction eviction = Eviction.ofWorkspace("contract-" + UUID.randomUUID());
		String partition = newPartition();
		float[] vector = Vectors.random(this.random, DIMENSION);
		store(partition, "q", vector, new EntryLabels(eviction.workspace(), "plan", null, Set.of("old")));
		store(partition, "q", vector, new EntryLabels(eviction.workspace(), "plan", null, Set.of("new")));
		assertThat(store().evict(eviction.tag("old"))).isZero();
		assertThat(store().evict(eviction.tag("new"))).isEqualTo(1);
	}

	@Test
	void evictsManyAnswers() {
		Eviction eviction = Eviction.ofWorkspace("contract-" + UUID.randomUUID());
		EntryLabels even = new EntryLabels(eviction.workspace(), "plan", null, Set.of("even"));
		EntryLabels odd = EntryLabels.of(eviction.workspace(), "plan");
		String partition = newPartition();
		for (int i = 0; i < 1234; i++) {
			store(partition, "q" + i, Vectors.random(this.random, 8), (i % 2 == 0) ? even : odd);
		}
		assertThat(store().evict(eviction.tag("even"))).isEqualTo(617);
		assertThat(store().evict(eviction)).isEqualTo(617);
		assertThat(store().search(partition, Vectors.random(this.random, 8), 50, -1)).isEmpty();
	}

	private List<String> questions(String partition, float[] vector) {
		return store().search(partition, vector, 10, 0.9).stream().map(SemanticMatch::question).toList();
	}

	@Test
	void threadsReadAndWriteAtTheSameTime() throws Exception {
		List<String> partitions = List.of(newPartition(), newPartition());
		ExecutorService executor = Executors.newFixedThreadPool(8);
		try {
			List<Future<?>> results = new ArrayList<>();
			for (int t = 0; t < 8; t++) {
				int thread = t;
				Callable<Void> work = () -> {
					Random own = new Random(thread);
					for (int i = 0; i < 60; i++) {
						String partition = partitions.get(own.nextInt(2));
						float[] vector = Vectors.random(own, DIMENSION);
						String question = thread + "/" + i;
						store(partition, question, vector);
						assertThat(store().search(partition, vector, 3, 0.99)).extracting(SemanticMatch::question)
							.containsExactly(question);
					}
					return null;
				};
				results.add(executor.submit(work));
			}
			for (Future<?> result : results) {
				result.get();
			}
		}
		finally {
			executor.shutdownNow();
		}
	}

	@Test
	void nothingIsServedAcrossPlansModelsPromptsToolsFormatsHistoriesOrScopes() {
		PlanAdvisor.Builder plans = PlanAdvisor.builder(plan("first", CacheHistory.PARTITION),
				plan("second", CacheHistory.PARTITION), plan("window", CacheHistory.window(1)),
				plan("standalone", CacheHistory.STANDALONE));
		ScriptedChatModel model = new ScriptedChatModel(
				(prompt) -> ScriptedChatModel.answer("Answer " + UUID.randomUUID()))
			.options(ToolCallingChatOptions.builder().model("a-model").build());
		Map<String, String> boughtFor = new HashMap<>();
		int hits = 0;
		// A scope of its own keeps other runs away
		String run = UUID.randomUUID().toString();
		try (SemanticCacheAdvisor semantic = SemanticCacheAdvisor.builder(new WordsEmbeddingModel(), store()).build()) {
			ChatClient client = ChatClient.builder(model).defaultAdvisors(plans.build(), semantic).build();
			for (int i = 0; i < 400; i++) {
				RandomRequest request = new RandomRequest(this.random);
				ChatResponse response = client.prompt(request.prompt())
					.advisors(TokenSaving.plan(request.plan()).scope(run + request.scope()))
					.advisors(
							(advisors) -> advisors.param(ChatClientAttributes.OUTPUT_FORMAT.getKey(), request.format()))
					.call()
					.chatResponse();
				String answer = response.getResult().getOutput().getText();
				if ("semantic_hit".equals(response.getMetadata().get(SavingsReport.OUTCOME_METADATA_KEY))) {
					hits++;
					assertThat(boughtFor.get(answer)).isEqualTo(request.identity());
				}
				else {
					boughtFor.put(answer, request.identity());
				}
			}
		}
		assertThat(hits).isGreaterThan(20);
	}

	private Plan plan(String id, CacheHistory history) {
		return Plan.builder(id)
			.with(CacheSettings.builder(store().backend())
				.similarityThreshold(0.6)
				.verifySampleRate(0)
				.semanticTimeout(Duration.ofSeconds(20))
				.history(history)
				.build())
			.build();
	}

	@Test
	void statusSaysThatTheStoreIsThere() {
		assertThat(store().status().available()).isTrue();
	}

	private void store(String partition, String question, float[] vector) {
		store(partition, question, vector, LABELS);
	}

	private void store(String partition, String question, float[] vector, EntryLabels labels) {
		store().store(new SemanticCacheEntry(partition, question, vector, response("Answer to " + question), labels),
				HOUR);
	}

	protected static String newPartition() {
		return UUID.randomUUID().toString().replace("-", "").repeat(2) + "-0a1b2c3d";
	}

	protected static CachedResponse response(String text) {
		CachedGeneration generation = new CachedGeneration(text,
				List.of(new ToolCall("1", "function", "name", "{\"a\":\"\u00DF\"}")), List.of(),
				Map.of("reasoning", "so"), "STOP", Map.of("index", 3));
		return new CachedResponse("id", "a-model", List.of(generation), Map.of("rate", 0.25, "count", 7L),
				new TokenUsage(12, 34, 5, 6, false), Instant.parse("2026-01-02T03:04:05.678Z"));
	}

	/**
	 * One of a few requests that ask the same in different circumstances.
	 *
	 * @param plan the id of the plan
	 * @param scope the scope
	 * @param format the output format
	 * @param prompt the prompt
	 * @param identity what must be equal for an answer to be served
	 */
	record RandomRequest(String plan, String scope, String format, Prompt prompt, String identity) {

		RandomRequest(Random random) {
			this(pick(random, "first", "second", "window", "standalone"), pick(random, "", "u1"),
					pick(random, "text", "json"), pick(random, "a-model", "b-model"),
					pick(random, "Be kind", "Be brief"), pick(random, "", "weather", "stocks"),
					pick(random, "", "I have a phone", "I have a laptop"),
					pick(random, "How do I reset my password today?", "how do i reset the password today"));
		}

		RandomRequest(String plan, String scope, String format, String model, String system, String tool,
				String history, String question) {
			this(plan, scope, format, prompt(model, system, tool, history, question), String.join("|", plan, scope,
					format, model, system, tool, Set.of("window", "standalone").contains(plan) ? "" : history));
		}

		private static String pick(Random random, String... values) {
			return values[random.nextInt(values.length)];
		}

		private static Prompt prompt(String model, String system, String tool, String history, String question) {
			List<Message> messages = new ArrayList<>(List.of(new SystemMessage(system)));
			if (!history.isEmpty()) {
				messages.add(new UserMessage(history));
				messages.add(new AssistantMessage("Good"));
			}
			messages.add(new UserMessage(question));
			ToolCallingChatOptions.Builder<?> options = ToolCallingChatOptions.builder().model(model);
			if (!tool.isEmpty()) {
				options.toolCallbacks(FunctionToolCallback.builder(tool, (String input) -> "x")
					.description(tool)
					.inputType(String.class)
					.build());
			}
			return new Prompt(messages, options.build());
		}

	}

}

package io.tokensaving.cache.semantic.vectorstore;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TokenSavingAdvisors;
import io.tokensaving.cache.CacheSettings;
import io.tokensaving.cache.CachedResponse;
import io.tokensaving.cache.CachedResponse.CachedGeneration;
import io.tokensaving.cache.EntryCodec;
import io.tokensaving.cache.EntryLabels;
import io.tokensaving.cache.ReadLimit;
import io.tokensaving.cache.semantic.SemanticCacheAdvisor;
import io.tokensaving.cache.semantic.SemanticCacheEntry;
import io.tokensaving.cache.semantic.SemanticMatch;
import io.tokensaving.cache.semantic.SemanticQuery;
import io.tokensaving.cache.semantic.StoredQuestion;
import io.tokensaving.cache.semantic.Vectors;
import io.tokensaving.cache.semantic.WordsEmbeddingModel;
import io.tokensaving.cache.semantic.qdrant.SettableClock;
import io.tokensaving.feature.Eviction;
import io.tokensaving.plan.Plan;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.request.PlanAdvisor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.document.Document;
import org.springframework.ai.vectorstore.SearchRequest;
import org.springframework.ai.vectorstore.SimpleVectorStore;
import org.springframework.ai.vectorstore.VectorStore;
import org.springframework.ai.vectorstore.filter.Filter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

/**
 * Tests for {@link VectorStoreSemanticCacheStore}.
 */
class VectorStoreSemanticCacheStoreTests {

	private static final Duration HOUR = Duration.ofHours(1);

	private static final EntryLabels LABELS = EntryLabels.of("default", "plan");

	private final Random random = new Random(17);

	private final SettableClock clock = new SettableClock();

	private final WordsEmbeddingModel embeddings = new WordsEmbeddingModel();

	private final PrecomputedEmbeddingModel precomputed = new PrecomputedEmbeddingModel(this.embeddings);

	private final PgVectorDouble vectorStore = new PgVectorDouble(this.precomputed, PgVectorDouble.COSINE);

	private final VectorStoreSemanticCacheStore store = store(this.vectorStore);

	private VectorStoreSemanticCacheStore store(VectorStore vectorStore) {
		return VectorStoreSemanticCacheStore.builder(vectorStore).clock(this.clock).build();
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void aRequestIsEmbeddedOnce(boolean stream) {
		this.precomputed.dimensions();
		int before = this.embeddings.calls();
		ScriptedChatModel model = ScriptedChatModel.echoing();
		Plan plan = Plan.builder("p")
			.with(CacheSettings.builder(VectorStoreSemanticCacheStore.BACKEND)
				.similarityThreshold(0.7)
				.verifySampleRate(0)
				.semanticTimeout(Duration.ofSeconds(30))
				.build())
			.build();
		try (SemanticCacheAdvisor semantic = SemanticCacheAdvisor.builder(this.embeddings, this.store).build()) {
			ChatClient client = ChatClient.builder(model)
				.defaultAdvisors(
						new TokenSavingAdvisors(List.of(PlanAdvisor.builder(plan).defaultPlan("p").build(), semantic)))
				.build();
			String answer = ask(client, "How do I reset my password?", stream);
			assertThat(semantic.drain()).isTrue();
			assertThat(this.embeddings.calls() - before).isEqualTo(1);
			assertThat(ask(client, "how do i reset the password", stream)).isEqualTo(answer);
			assertThat(this.embeddings.calls() - before).isEqualTo(2);
			assertThat(model.calls()).isEqualTo(1);
		}
		assertThat(this.vectorStore.rows()).hasSize(1);
	}

	private static String ask(ChatClient client, String question, boolean stream) {
		return stream ? String.join("", client.prompt(question).stream().content().collectList().block())
				: client.prompt(question).call().content();
	}

	@Test
	void vectorStoreThatEmbedsByItselfIsCalledOnceAndNeverAgain() {
		VectorStoreSemanticCacheStore own = store(SimpleVectorStore.builder(this.embeddings).build());
		float[] vector = Vectors.random(this.random, 64);
		SemanticCacheEntry entry = entry("p", "q", vector, LABELS);
		String message = "The vector store 'SimpleVectorStore' embeds by a model of its own. "
				+ "Build it with a PrecomputedEmbeddingModel";
		assertThatIllegalStateException().isThrownBy(() -> own.store(entry, HOUR)).withMessage(message);
		int calls = this.embeddings.calls();
		assertThatIllegalStateException().isThrownBy(() -> own.store(entry, HOUR)).withMessage(message);
		assertThatIllegalStateException().isThrownBy(() -> own.search("p", vector, 5, 0.5)).withMessage(message);
		assertThat(this.embeddings.calls()).isEqualTo(calls);
		assertThat(own.status().available()).isFalse();
	}

	@Test
	void anotherDistanceChangesNeitherSimilarityNorThreshold() {
		VectorStoreSemanticCacheStore euclidean = store(new PgVectorDouble(this.precomputed, PgVectorDouble.EUCLIDEAN));
		float[] query = Vectors.random(this.random, 384);
		Map<String, float[]> vectors = new HashMap<>();
		for (double similarity : new double[] { 0.99, 0.9, 0.86, 0.84, 0.7 }) {
			String question = "q" + similarity;
			vectors.put(question, Vectors.near(query, this.random, similarity));
			euclidean.store(entry("p", question, vectors.get(question), LABELS), HOUR);
		}
		List<SemanticMatch> matches = euclidean.search("p", query, 5, 0.85);
		assertThat(matches).extracting(SemanticMatch::question)
			.containsExactlyElementsOf(vectors.entrySet()
				.stream()
				.filter((vector) -> Vectors.cosine(query, vector.getValue()) >= 0.85)
				.sorted((a, b) -> Double.compare(Vectors.cosine(query, b.getValue()),
						Vectors.cosine(query, a.getValue())))
				.map(Map.Entry::getKey)
				.toList());
		assertThat(matches).hasSizeBetween(2, 4)
			.allSatisfy((match) -> assertThat(match.similarity())
				.isCloseTo(Vectors.cosine(query, vectors.get(match.question())), within(1e-4)));
	}

	@Test
	void vectorStoreThatIgnoresFiltersHasNothingServedThatItMustNot() {
		VectorStoreSemanticCacheStore unfiltered = store(
				new PgVectorDouble(this.precomputed, PgVectorDouble.COSINE).ignoreFilters());
		float[] vector = Vectors.random(this.random, 64);
		unfiltered.store(entry("mine", "mine", vector, LABELS), HOUR);
		unfiltered.store(entry("other", "same", vector, LABELS), HOUR);
		unfiltered.store(entry("mine", "gone", vector, LABELS), Duration.ofMillis(200));
		unfiltered.store(entry("mine", "far", Vectors.random(this.random, 64), LABELS), HOUR);
		this.clock.pass(Duration.ofMillis(200));
		assertThat(unfiltered.search("mine", vector, 10, 0.9)).extracting(SemanticMatch::question)
			.containsExactly("mine");
		assertThat(unfiltered.search("new", vector, 10, -1)).isEmpty();
	}

	@Test
	void fieldsOfAnotherDocumentAreNotRead() {
		float[] vector = Vectors.random(this.random, 64);
		this.store.store(entry("p", "first", vector, LABELS), HOUR);
		this.store.store(entry("p", "second", vector, LABELS), HOUR);
		UUID first = StoredQuestion.id("p", "first");
		UUID second = StoredQuestion.id("p", "second");
		for (String field : List.of(AnswerDocuments.RESPONSE, AnswerDocuments.VECTOR, AnswerDocuments.QUESTION)) {
			Map<String, Object> metadata = this.vectorStore.rows().get(first).metadata();
			Object own = metadata.put(field, this.vectorStore.rows().get(second).metadata().get(field));
			List<RuntimeException> unreadable = new ArrayList<>();
			ReadLimit limit = ReadLimit.ofBytes(100_000);
			assertThat(this.store.search(new SemanticQuery("p", vector, 5, 0.9, limit, limit, unreadable::add)))
				.extracting(SemanticMatch::question)
				.containsExactly("second");
			assertThat(unreadable).hasSize(1);
			metadata.put(field, own);
		}
		assertThat(this.store.search("p", vector, 5, 0.9)).hasSize(2);
	}

	@Test
	void nothingOfWhatWasAskedAndAnsweredCanBeReadIfThereIsAKey() {
		VectorStoreSemanticCacheStore encrypted = VectorStoreSemanticCacheStore.builder(this.vectorStore)
			.codec(new EntryCodec(0, new byte[32]))
			.clock(this.clock)
			.build();
		float[] vector = Vectors.random(this.random, 64);
		EntryLabels labels = new EntryLabels("secret-workspace", "secret-plan", "secret-scope", Set.of("secret-tag"));
		encrypted.store(entry("p", "secret question", vector, labels), HOUR);
		assertThat(this.vectorStore.rows().values()).singleElement().satisfies((row) -> {
			assertThat(row.text()).startsWith("token-saving:").hasSize(49);
			assertThat(row.metadata().toString()).doesNotContain("secret");
		});
		assertThat(encrypted.search("p", vector, 5, 0.9)).extracting(SemanticMatch::question)
			.containsExactly("secret question");
		List<RuntimeException> unreadable = new ArrayList<>();
		ReadLimit limit = ReadLimit.ofBytes(100_000);
		assertThat(this.store.search(new SemanticQuery("p", vector, 5, 0.9, limit, limit, unreadable::add))).isEmpty();
		assertThat(unreadable).hasSize(1);
	}

	@Test
	void metadataIsOfTypesThatEveryVectorStoreFiltersBy() {
		this.store.store(entry("p", "q", Vectors.random(this.random, 8),
				new EntryLabels("w", "plan", "scope", Set.of("a", "b"))), HOUR);
		assertThat(this.vectorStore.rows().values()).singleElement()
			.satisfies((row) -> assertThat(row.metadata()).hasSize(12)
				.allSatisfy((name, value) -> assertThat(name).matches("tokensaving_[a-z0-9_]+"))
				.allSatisfy((name, value) -> assertThat(value)
					.isInstanceOf(name.equals("tokensaving_expires_at") ? Integer.class : String.class)));
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void expiredAnswersAreDeletedAndDocumentsOfTheApplicationAreNot(boolean simple) {
		VectorStore shared = simple ? SimpleVectorStore.builder(this.precomputed).build() : this.vectorStore;
		VectorStoreSemanticCacheStore own = store(shared);
		Document document = new Document("what the application knows", Map.of("source", "manual"));
		shared.add(List.of(document));
		float[] vector = Vectors.random(this.random, 64);
		own.store(entry("p", "short", vector, LABELS), Duration.ofMinutes(1));
		own.store(entry("p", "long", vector, LABELS), HOUR);
		this.clock.pass(Duration.ofMinutes(11));
		own.store(entry("p", "new", vector, LABELS), HOUR);
		assertThat(own.evict(Eviction.ofWorkspace("default"))).isEqualTo(2);
		assertThat(
				shared.similaritySearch(SearchRequest.builder().query("what the application knows").topK(10).build()))
			.extracting(Document::getId)
			.containsExactly(document.getId());
	}

	@Test
	void evictionWithoutDeletionByFilterRemovesWhatASearchFindsAndSaysSo() {
		VectorStoreSemanticCacheStore own = store(
				new PgVectorDouble(this.precomputed, PgVectorDouble.COSINE).refuseToDeleteByFilter());
		float[] vector = Vectors.random(this.random, 64);
		for (int i = 0; i < 250; i++) {
			own.store(entry("p", "q" + i, Vectors.random(this.random, 64), LABELS), HOUR);
		}
		own.store(entry("p", "other", vector, EntryLabels.of("other", "plan")), HOUR);
		assertThatIllegalStateException().isThrownBy(() -> own.evict(Eviction.ofWorkspace("default")))
			.withMessage("The vector store 'PgVectorDouble' cannot delete by a filter: 250 answers that a search "
					+ "found are removed, others may stay until they expire");
		assertThat(own.search("p", vector, 300, -1)).extracting(SemanticMatch::question).containsExactly("other");
	}

	@Test
	void evictionOfAnInstanceThatHasNotSearchedYetRemovesTheAnswersOfOthers() {
		float[] vector = Vectors.random(this.random, 64);
		this.store.store(entry("p", "q", vector, LABELS), HOUR);
		assertThat(store(this.vectorStore).evict(Eviction.ofWorkspace("default"))).isZero();
		assertThat(this.store.search("p", vector, 5, 0.9)).isEmpty();
	}

	@Test
	void failureIsPassedOnAndShownUntilACallSucceeds() {
		float[] vector = Vectors.random(this.random, 64);
		assertThat(this.store.status().available()).isTrue();
		this.vectorStore.fail(new IllegalStateException("down"));
		assertThatThrownBy(() -> this.store.search("p", vector, 5, 0.9)).hasMessage("down");
		assertThatThrownBy(() -> this.store.evict(Eviction.ofWorkspace("default"))).hasMessage("down");
		assertThat(this.store.status().available()).isFalse();
		this.vectorStore.fail(null);
		assertThat(this.store.search("p", vector, 5, 0.9)).isEmpty();
		assertThat(this.store.status().available()).isTrue();
	}

	@Test
	void vectorStoreMayEmbedOnAnotherThread() {
		VectorStoreSemanticCacheStore own = store(new OtherThread(this.vectorStore));
		float[] vector = Vectors.random(this.random, 64);
		own.store(entry("p", "q", vector, LABELS), HOUR);
		assertThat(own.search("p", vector, 5, 0.9)).hasSize(1);
	}

	private static SemanticCacheEntry entry(String partition, String question, float[] vector, EntryLabels labels) {
		CachedGeneration generation = new CachedGeneration("secret answer to " + question, List.of(), List.of(),
				Map.of(), "STOP", Map.of());
		CachedResponse response = new CachedResponse("id", "a-model", List.of(generation), Map.of(),
				new TokenUsage(1, 2, 0, 0, false), Instant.parse("2026-01-02T03:04:05Z"));
		return new SemanticCacheEntry(partition, question, vector, response, labels);
	}

	/**
	 * Calls another vector store on a thread of its own.
	 *
	 * @param delegate the other vector store
	 */
	private record OtherThread(VectorStore delegate) implements VectorStore {

		@Override
		public void add(List<Document> documents) {
			CompletableFuture.runAsync(() -> this.delegate.add(documents)).join();
		}

		@Override
		public void delete(List<String> ids) {
			this.delegate.delete(ids);
		}

		@Override
		public void delete(Filter.Expression filter) {
			this.delegate.delete(filter);
		}

		@Override
		public List<Document> similaritySearch(SearchRequest request) {
			return CompletableFuture.supplyAsync(() -> this.delegate.similaritySearch(request)).join();
		}

	}

}

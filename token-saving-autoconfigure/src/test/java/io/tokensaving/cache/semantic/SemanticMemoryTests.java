package io.tokensaving.cache.semantic;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Supplier;

import io.tokensaving.RetainedHeap;
import io.tokensaving.RetainedHeap.Held;
import io.tokensaving.cache.CacheKey;
import io.tokensaving.cache.CachedResponse;
import io.tokensaving.cache.CachedResponse.CachedGeneration;
import io.tokensaving.cache.EntryLabels;
import io.tokensaving.cache.exact.CaffeineExactCacheStore;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.provider.TokenUsage;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.ai.content.MediaContent;
import org.springframework.ai.document.Document;
import org.springframework.ai.embedding.Embedding;
import org.springframework.ai.embedding.EmbeddingModel;
import org.springframework.ai.embedding.EmbeddingRequest;
import org.springframework.ai.embedding.EmbeddingResponse;
import org.springframework.ai.tokenizer.TokenCountEstimator;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What is kept in memory is bounded in bytes, as they are on the heap, whether it is many
 * small things or a few large ones.
 */
class SemanticMemoryTests {

	private static final long MAX_BYTES = 16L * 1024 * 1024;

	private static final Duration HOUR = Duration.ofHours(1);

	@ParameterizedTest
	@ValueSource(classes = { Embeddings.class, TokenCounts.class, ExactAnswers.class, SmallExactAnswers.class,
			SemanticAnswers.class })
	void holdsNoMoreThanItMay(Class<? extends Supplier<Held>> structure) {
		RetainedHeap.Measured measured = RetainedHeap.measure(structure);
		assertThat(measured.retained()).as("%s", measured).isBetween(MAX_BYTES / 4, MAX_BYTES * 5 / 4);
	}

	private static CachedResponse response(String text, int metadata) {
		Map<String, Object> more = Map.of("index", metadata, "reason", "why " + metadata);
		return new CachedResponse("id-" + metadata, "a-model",
				List.of(new CachedGeneration(text, List.of(), List.of(), more, "STOP", more)), more, TokenUsage.ZERO,
				Instant.EPOCH);
	}

	/**
	 * Embeddings of short texts.
	 */
	static final class Embeddings implements Supplier<Held> {

		@Override
		public Held get() {
			TextEmbedder embedder = new TextEmbedder(new SmallEmbeddingModel(), new TokenCounter());
			for (int i = 0; i < 60_000; i++) {
				embedder.embed("question " + i, (model, usage) -> {
				});
			}
			return () -> (embedder.cached("question 59999") != null) ? 1 : 0;
		}

	}

	/**
	 * Token counts of texts that are just long enough to be remembered.
	 */
	static final class TokenCounts implements Supplier<Held> {

		@Override
		public Held get() {
			TokenCounter counter = new TokenCounter(new OneTokenEstimator(), 1);
			for (int i = 0; i < 150_000; i++) {
				counter.count("%050d".formatted(i), 1);
			}
			return () -> counter.count("x", 1);
		}

	}

	/**
	 * Answers with many long tags.
	 */
	static final class ExactAnswers implements Supplier<Held> {

		@Override
		public Held get() {
			CaffeineExactCacheStore store = new CaffeineExactCacheStore(MAX_BYTES);
			for (int i = 0; i < 5_000; i++) {
				String scope = "\u4F60".repeat(500) + i;
				store.store(new CacheKey("w", "p", scope, "%064d".formatted(i)), response("\u4F60".repeat(500) + i, i),
						HOUR, Set.of("\u4F60".repeat(1000) + i, "\u4F60".repeat(1001) + i));
			}
			return () -> store.status().bytes();
		}

	}

	/**
	 * Answers of a word.
	 */
	static final class SmallExactAnswers implements Supplier<Held> {

		@Override
		public Held get() {
			CaffeineExactCacheStore store = new CaffeineExactCacheStore(MAX_BYTES);
			for (int i = 0; i < 40_000; i++) {
				store.store(new CacheKey("w", "p", null, "%064d".formatted(i)), response("yes", i), HOUR, Set.of());
			}
			return () -> store.status().bytes();
		}

	}

	/**
	 * Answers with vectors and tags.
	 */
	static final class SemanticAnswers implements Supplier<Held> {

		@Override
		public Held get() {
			InMemorySemanticCacheStore store = new InMemorySemanticCacheStore(1_000_000, MAX_BYTES);
			Random random = new Random(1);
			for (int i = 0; i < 20_000; i++) {
				EntryLabels labels = new EntryLabels("w", "p", null, Set.of("tag ".repeat(50) + i));
				store.store(new SemanticCacheEntry("%064d".formatted(i / 200), "question " + i,
						Vectors.random(random, 64), response("yes", i), labels), HOUR);
			}
			return () -> store.status().bytes();
		}

	}

	/**
	 * Counts nothing, as that takes its time.
	 */
	private static final class OneTokenEstimator implements TokenCountEstimator {

		@Override
		public int estimate(String text) {
			return 1;
		}

		@Override
		public int estimate(MediaContent content) {
			return 1;
		}

		@Override
		public int estimate(Iterable<MediaContent> contents) {
			return 1;
		}

	}

	/**
	 * Makes up embeddings.
	 */
	private static final class SmallEmbeddingModel implements EmbeddingModel {

		@Override
		public EmbeddingResponse call(EmbeddingRequest request) {
			float[] vector = new float[16];
			vector[0] = 1;
			return new EmbeddingResponse(List.of(new Embedding(vector, 0)));
		}

		@Override
		public float[] embed(Document document) {
			throw new UnsupportedOperationException();
		}

	}

}

package io.tokensaving.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;

import io.tokensaving.cache.CachedResponse;
import io.tokensaving.cache.CachedResponse.CachedGeneration;
import io.tokensaving.cache.EntryLabels;
import io.tokensaving.cache.semantic.InMemorySemanticCacheStore;
import io.tokensaving.cache.semantic.LangChain4jEmbeddingModel;
import io.tokensaving.cache.semantic.SemanticCacheEntry;
import io.tokensaving.provider.TokenUsage;

/**
 * Vectors for a semantic cache. Those made up lie near a space of 40 dimensions, as
 * embeddings of texts do, not evenly in all 384; those made of real questions are their
 * embeddings and, beyond their number, mixtures of two of them with some noise. Queries
 * are near a stored vector, at 0.9.
 */
final class MadeUpVectors {

	static final int DIMENSION = 384;

	static final String PARTITION = "0".repeat(64);

	private static final int RANK = 40;

	private static final double NEAR_SPACE = 0.95;

	private static final double NEAR = 0.9;

	private static final EntryLabels LABELS = EntryLabels.of("default", "benchmark");

	private static final CachedResponse RESPONSE = new CachedResponse("id", "model",
			List.of(new CachedGeneration("answer", List.of(), List.of(), Map.of(), "STOP", Map.of())), Map.of(),
			TokenUsage.ZERO, Instant.EPOCH);

	private final Random random = new Random(7);

	private final float[][] basis = new float[RANK][];

	private final float[][] real;

	private final float[][] stored;

	MadeUpVectors(int count) {
		this(count, new float[0][]);
	}

	MadeUpVectors(int count, float[][] real) {
		this.real = real;
		for (int i = 0; i < RANK; i++) {
			this.basis[i] = near(new float[DIMENSION], 0);
		}
		this.stored = new float[count][];
		for (int i = 0; i < count; i++) {
			this.stored[i] = (i < real.length) ? real[i] : next();
		}
	}

	/**
	 * Embed real questions.
	 * @param file a tab-separated file with a header, whose first column holds them
	 * @return their vectors
	 * @throws IOException if the file cannot be read
	 */
	static float[][] embed(Path file) throws IOException {
		LangChain4jEmbeddingModel model = LangChain4jEmbeddingModel.allMiniLmL6V2();
		return Files.readAllLines(file)
			.stream()
			.skip(1)
			.map((line) -> line.split("\t", -1)[0].strip())
			.distinct()
			.map((question) -> unit(model.embed(question)))
			.toArray(float[][]::new);
	}

	float[] next() {
		float[] sum = new float[DIMENSION];
		if (this.real.length > 0) {
			float share = 0.3f + 0.4f * this.random.nextFloat();
			add(sum, this.real[this.random.nextInt(this.real.length)], share);
			add(sum, this.real[this.random.nextInt(this.real.length)], 1 - share);
			return near(unit(sum), NEAR);
		}
		for (float[] direction : this.basis) {
			add(sum, direction, (float) this.random.nextGaussian());
		}
		return near(unit(sum), NEAR_SPACE);
	}

	private static void add(float[] sum, float[] vector, float share) {
		for (int i = 0; i < DIMENSION; i++) {
			sum[i] += share * vector[i];
		}
	}

	static float[] unit(float[] vector) {
		double square = 0;
		for (float value : vector) {
			square += value * value;
		}
		for (int i = 0; i < vector.length; i++) {
			vector[i] /= (float) Math.sqrt(square);
		}
		return vector;
	}

	float[] query() {
		return near(this.stored[this.random.nextInt(this.stored.length)], NEAR);
	}

	float[][] stored() {
		return this.stored;
	}

	private float[] near(float[] vector, double similarity) {
		float[] noise = new float[DIMENSION];
		double square = 0;
		for (int i = 0; i < DIMENSION; i++) {
			noise[i] = (float) this.random.nextGaussian();
			square += noise[i] * noise[i];
		}
		double share = Math.sqrt(1 - similarity * similarity) / Math.sqrt(square);
		for (int i = 0; i < DIMENSION; i++) {
			noise[i] = (float) (similarity * vector[i] + share * noise[i]);
		}
		return unit(noise);
	}

	/**
	 * Fill a store and wait until its graph is built.
	 * @return the store
	 * @throws InterruptedException if the wait is interrupted
	 */
	InMemorySemanticCacheStore fill() throws InterruptedException {
		InMemorySemanticCacheStore store = new InMemorySemanticCacheStore(1_000_000, 4L << 30);
		for (int i = 0; i < this.stored.length; i++) {
			store(store, "question " + i, this.stored[i]);
		}
		while (Thread.getAllStackTraces()
			.keySet()
			.stream()
			.anyMatch((thread) -> thread.getName().equals("token-saving-vector-index"))) {
			Thread.sleep(500);
		}
		return store;
	}

	static void store(InMemorySemanticCacheStore store, String question, float[] vector) {
		store.store(new SemanticCacheEntry(PARTITION, question, vector, RESPONSE, LABELS), Duration.ofDays(1));
	}

}

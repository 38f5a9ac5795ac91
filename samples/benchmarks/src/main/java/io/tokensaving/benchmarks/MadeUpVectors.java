package io.tokensaving.benchmarks;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;

import io.tokensaving.cache.CachedResponse;
import io.tokensaving.cache.CachedResponse.CachedGeneration;
import io.tokensaving.cache.semantic.InMemorySemanticCacheStore;
import io.tokensaving.cache.semantic.SemanticCacheEntry;
import io.tokensaving.savings.TokenUsage;

/**
 * Vectors that lie in clusters as those of questions do: 100 topics, a similarity of some
 * 0.5 within a topic. Queries are near a stored vector, at 0.9.
 */
final class MadeUpVectors {

	static final int DIMENSION = 384;

	static final String PARTITION = "0".repeat(64);

	private static final int TOPICS = 100;

	private static final double WITHIN_TOPIC = 0.7;

	private static final double NEAR = 0.9;

	private static final CachedResponse RESPONSE = new CachedResponse("id", "model",
			List.of(new CachedGeneration("answer", List.of(), List.of(), Map.of(), "STOP", Map.of())), Map.of(),
			TokenUsage.ZERO, Instant.EPOCH);

	private final Random random = new Random(7);

	private final float[][] topics = new float[TOPICS][];

	private final float[][] stored;

	MadeUpVectors(int count) {
		for (int i = 0; i < TOPICS; i++) {
			this.topics[i] = near(new float[DIMENSION], 0);
		}
		this.stored = new float[count][];
		for (int i = 0; i < count; i++) {
			this.stored[i] = next();
		}
	}

	float[] next() {
		return near(this.topics[this.random.nextInt(TOPICS)], WITHIN_TOPIC);
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
		double length = 0;
		for (int i = 0; i < DIMENSION; i++) {
			noise[i] = (float) (similarity * vector[i] + share * noise[i]);
			length += noise[i] * noise[i];
		}
		for (int i = 0; i < DIMENSION; i++) {
			noise[i] /= (float) Math.sqrt(length);
		}
		return noise;
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
		store.store(new SemanticCacheEntry(PARTITION, question, vector, RESPONSE), Duration.ofDays(1));
	}

}

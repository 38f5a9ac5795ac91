package io.tokensaving.cache.semantic;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

import io.tokensaving.cache.EntryLabels;
import io.tokensaving.feature.Eviction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link InMemorySemanticCacheStore}.
 */
class InMemorySemanticCacheStoreTests extends SemanticCacheStoreContract {

	private static final Duration HOUR = Duration.ofHours(1);

	private final AtomicLong now = new AtomicLong();

	private final ExecutorService indexer = Executors.newSingleThreadExecutor();

	private final InMemorySemanticCacheStore store = store(100_000, 256L << 20);

	private final Random random = new Random(5);

	@AfterEach
	void stop() {
		this.indexer.shutdownNow();
	}

	private InMemorySemanticCacheStore store(long maxEntries, long maxBytes) {
		return new InMemorySemanticCacheStore(maxEntries, maxBytes, this.now::get, Runnable::run, this.indexer);
	}

	@Override
	protected SemanticCacheStore store() {
		return this.store;
	}

	@Override
	protected void pass(Duration duration) {
		this.now.addAndGet(duration.toNanos());
	}

	@Test
	void holdsNoMoreEntriesThanItMay() {
		InMemorySemanticCacheStore small = store(100, 256L << 20);
		fill(small, "p", 0, 1000);
		assertThat(small.status().entries()).isLessThanOrEqualTo(100);
		assertThat(small.search("p", Vectors.random(this.random, 16), 1000, -1)).hasSizeLessThanOrEqualTo(100)
			.hasSizeGreaterThan(50);
	}

	@Test
	void holdsNoMoreBytesThanItMay() {
		InMemorySemanticCacheStore small = store(100_000, 1 << 20);
		fill(small, "p", 0, 2000);
		assertThat(small.status().bytes()).isLessThanOrEqualTo(1 << 20);
		assertThat(small.status().evictions()).isPositive();
	}

	@Test
	void partitionsWithoutEntriesAreForgotten() {
		for (int i = 0; i < 500; i++) {
			this.store.store(
					new SemanticCacheEntry("p" + i, "q", Vectors.random(this.random, 8), response("a"), LABELS),
					Duration.ofSeconds(5));
		}
		pass(Duration.ofSeconds(10));
		fill(this.store, "other", 0, 1000);
		assertThat(this.store.status().entries()).isEqualTo(1000);
	}

	@Test
	void anotherDimensionInAPartitionIsRefused() {
		this.store.store(new SemanticCacheEntry("p", "q", new float[] { 1, 0 }, response("a"), LABELS), HOUR);
		assertThatIllegalArgumentException().isThrownBy(() -> this.store.search("p", new float[] { 1, 0, 0 }, 5, 0.5))
			.withMessage("The vector has 3 dimensions, those of its partition have 2");
		assertThatIllegalArgumentException().isThrownBy(() -> this.store
			.store(new SemanticCacheEntry("p", "q2", new float[] { 1, 0, 0 }, response("a"), LABELS), HOUR));
	}

	@Test
	void largePartitionIsSearchedAsWellAsByAScan() throws Exception {
		int count = 3 * VectorPartition.MAX_SCANNED;
		List<float[]> vectors = fillClusters(count);
		settle();
		int hits = 0;
		for (int i = 0; i < 500; i++) {
			float[] query = Vectors.near(vectors.get(this.random.nextInt(count)), this.random, 0.9);
			int nearest = IntStream.range(0, count)
				.boxed()
				.max(Comparator.comparingDouble((n) -> Vectors.cosine(query, vectors.get(n))))
				.orElseThrow();
			List<SemanticMatch> matches = this.store.search("large", query, 5, -1);
			assertThat(matches).hasSize(5);
			if (matches.get(0).question().equals("q" + nearest)) {
				hits++;
			}
		}
		assertThat(hits).isGreaterThanOrEqualTo(495);
	}

	@Test
	void entriesOfALargePartitionEndAndGiveRoom() throws Exception {
		List<float[]> vectors = fillClusters(2 * VectorPartition.MAX_SCANNED);
		settle();
		pass(HOUR.plusSeconds(2));
		assertThat(this.store.search("large", vectors.get(3), 5, -1)).isEmpty();
		for (int round = 0; round < 3; round++) {
			List<float[]> fresh = fillClusters(VectorPartition.MAX_SCANNED);
			settle();
			for (int i = 0; i < fresh.size(); i += 50) {
				assertThat(this.store.search("large", fresh.get(i), 1, 0.99)).extracting(SemanticMatch::question)
					.as("round %d", round)
					.containsExactly("q" + i);
			}
		}
	}

	@Test
	void searchesGoOnWhileTheGraphIsBuilt() throws Exception {
		List<float[]> vectors = fillClusters(VectorPartition.MAX_SCANNED);
		AtomicBoolean done = new AtomicBoolean();
		this.indexer.submit(() -> done.set(false));
		Thread writer = new Thread(() -> {
			fill(this.store, "large", 0, 500, 64);
			done.set(true);
		});
		writer.start();
		int searches = 0;
		while (!done.get() || searches < 500) {
			int i = this.random.nextInt(vectors.size());
			assertThat(this.store.search("large", vectors.get(i), 1, 0.99)).extracting(SemanticMatch::question)
				.containsExactly("q" + i);
			searches++;
		}
		writer.join();
	}

	@Test
	void evictsFromALargePartitionAndForgetsIt() throws Exception {
		EntryLabels odd = new EntryLabels("default", "plan", null, Set.of("odd"));
		List<float[]> vectors = fillClusters(2 * VectorPartition.MAX_SCANNED, (i) -> (i % 2 == 1) ? odd : LABELS);
		settle();
		assertThat(this.store.evict(Eviction.ofWorkspace("default").tag("odd"))).isEqualTo(VectorPartition.MAX_SCANNED);
		for (int i = 0; i < vectors.size(); i += 25) {
			List<SemanticMatch> matches = this.store.search("large", vectors.get(i), 1, 0.999);
			assertThat(matches).extracting(SemanticMatch::question)
				.containsExactlyElementsOf((i % 2 == 1) ? List.of() : List.of("q" + i));
		}
		assertThat(this.store.evict(Eviction.ofWorkspace("default"))).isEqualTo(VectorPartition.MAX_SCANNED);
		assertThat(this.store.search("large", vectors.get(0), 1, -1)).isEmpty();
		assertThat(this.store.status().entries()).isZero();
		// A partition that is still there would refuse another number of dimensions
		this.store.store(new SemanticCacheEntry("large", "q", new float[] { 1, 0 }, response("a"), LABELS), HOUR);
	}

	@Test
	void evictionWhileAnswersAreReplacedLeavesNoneThatIsForgotten() throws Exception {
		float[] vector = { 1, 0 };
		SemanticCacheEntry entry = new SemanticCacheEntry("p", "q", vector, response("a"), LABELS);
		Eviction eviction = Eviction.ofWorkspace("default");
		Thread writer = new Thread(() -> {
			for (int i = 0; i < 20_000; i++) {
				this.store.store(entry, HOUR);
			}
		});
		writer.start();
		while (writer.isAlive()) {
			this.store.evict(eviction);
		}
		writer.join();
		this.store.store(entry, HOUR);
		assertThat(this.store.search("p", vector, 5, 0.9)).hasSize(1);
		assertThat(this.store.evict(eviction)).isEqualTo(1);
		assertThat(this.store.search("p", vector, 5, 0.9)).isEmpty();
		this.store.store(new SemanticCacheEntry("p", "q", new float[] { 1, 0, 0 }, response("a"), LABELS), HOUR);
	}

	private void settle() throws Exception {
		this.indexer.submit(() -> {
		}).get(1, TimeUnit.MINUTES);
	}

	private List<float[]> fillClusters(int count) {
		return fillClusters(count, (i) -> LABELS);
	}

	private List<float[]> fillClusters(int count, IntFunction<EntryLabels> labels) {
		List<float[]> centres = IntStream.range(0, 50).mapToObj((i) -> Vectors.random(this.random, 64)).toList();
		List<float[]> vectors = new ArrayList<>();
		for (int i = 0; i < count; i++) {
			float[] vector = Vectors.near(centres.get(i % centres.size()), this.random, 0.7);
			vectors.add(vector);
			this.store.store(new SemanticCacheEntry("large", "q" + i, vector, response("a"), labels.apply(i)), HOUR);
		}
		return vectors;
	}

	private void fill(InMemorySemanticCacheStore filled, String partition, int from, int to) {
		fill(filled, partition, from, to, 16);
	}

	private void fill(InMemorySemanticCacheStore filled, String partition, int from, int to, int dimension) {
		Random own = new Random(from);
		for (int i = from; i < to; i++) {
			filled.store(
					new SemanticCacheEntry(partition, "f" + i, Vectors.random(own, dimension), response("a"), LABELS),
					HOUR);
		}
	}

}

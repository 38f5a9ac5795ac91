package io.tokensaving.cache.semantic;

import java.lang.ref.WeakReference;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

import io.tokensaving.cache.CachedResponse;
import io.tokensaving.cache.EntryLabels;
import io.tokensaving.provider.TokenUsage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

/**
 * Tests for {@link VectorGraph}.
 */
class VectorGraphTests {

	private static final int DIMENSION = 16;

	private static final int ITEMS = 600;

	private static final int ROUNDS = 5;

	private static final CachedResponse RESPONSE = new CachedResponse("id", "model", List.of(), Map.of(),
			new TokenUsage(1, 2, 0, 0, false), Instant.EPOCH);

	private final Random random = new Random(11);

	private final VectorGraph graph = new VectorGraph(DIMENSION);

	private final Queue<VectorItem> items = new ArrayDeque<>();

	private final Map<VectorItem, float[]> vectors = new ConcurrentHashMap<>();

	private final ExecutorService executor = Executors.newSingleThreadExecutor();

	@AfterEach
	void stop() {
		this.executor.shutdownNow();
	}

	@Test
	void everySearchDuringPurgesAndReuseOfNodesFindsItemsByTheirOwnSimilarity() throws Exception {
		List<float[]> queries = new ArrayList<>();
		for (int i = 0; i < 50; i++) {
			queries.add(Vectors.random(this.random, DIMENSION));
		}
		for (int i = 0; i < ITEMS; i++) {
			add();
		}
		AtomicBoolean done = new AtomicBoolean();
		Future<Long> searches = this.executor.submit(() -> {
			long count = 0;
			while (!done.get()) {
				search(queries.get((int) (count++ % queries.size())));
			}
			return count;
		});
		for (int round = 0; round < ROUNDS && !searches.isDone(); round++) {
			for (int i = 0; i < ITEMS / 3; i++) {
				this.graph.remove(this.items.remove().node);
			}
			this.graph.purge();
			for (int i = 0; i < ITEMS / 3; i++) {
				add();
			}
		}
		done.set(true);
		assertThat(searches.get(60, TimeUnit.SECONDS)).isPositive();
		queries.forEach((query) -> assertThat(search(query)).hasSize(5));
	}

	@Test
	@Timeout(30)
	void removedItemsAreNotHeldAfterAPurge() {
		for (int i = 0; i < ITEMS; i++) {
			add();
		}
		WeakReference<VectorItem> removed = new WeakReference<>(this.items.peek());
		while (this.items.size() > 5) {
			for (int left = this.items.size() / 2; left > 0 && this.items.size() > 5; left--) {
				this.graph.remove(this.items.remove().node);
			}
			assertThat(this.graph.purge()).isTrue();
		}
		assertThat(search(Vectors.random(this.random, DIMENSION))).extracting(NearestItems.Found::item)
			.containsExactlyInAnyOrderElementsOf(this.items);
		this.vectors.keySet().retainAll(this.items);
		while (removed.get() != null && !Thread.currentThread().isInterrupted()) {
			System.gc();
		}
		assertThat(removed.get()).isNull();
	}

	@Test
	void itemsThatWereAddedAmongRemovedOnesAreFound() {
		for (int i = 0; i < ITEMS; i++) {
			add();
		}
		List<VectorItem> removed = List.copyOf(this.items);
		this.items.clear();
		removed.forEach((item) -> this.graph.remove(item.node));
		for (int i = 0; i < ITEMS / 10; i++) {
			add();
		}
		assertThat(this.graph.isRebuildDue()).isTrue();
		assertThat(this.graph.purge()).isFalse();
		VectorGraph rebuilt = this.graph.rebuild((item, node) -> item.node = node);
		assertThat(rebuilt.isPurgeDue()).isFalse();
		assertThat(this.items).allSatisfy((item) -> {
			NearestItems nearest = new NearestItems(1, 0.99, 0);
			rebuilt.search(this.vectors.get(item), 50, nearest);
			assertThat(nearest.found()).extracting(NearestItems.Found::item).containsExactly(item);
		});
	}

	private List<NearestItems.Found> search(float[] query) {
		NearestItems nearest = new NearestItems(5, -1, 0);
		this.graph.search(query, 50, nearest);
		List<NearestItems.Found> found = nearest.found();
		assertThat(found).allSatisfy((match) -> assertThat((double) match.similarity())
			.isCloseTo(Vectors.cosine(query, this.vectors.get(match.item())), within(1e-4)));
		return found;
	}

	private void add() {
		float[] vector = Vectors.random(this.random, DIMENSION);
		VectorItem item = new VectorItem(
				new SemanticCacheEntry("p", "q", vector, RESPONSE, new EntryLabels("default", "plan", null, Set.of())),
				Duration.ofHours(1).toNanos(), 0);
		this.vectors.put(item, vector);
		item.node = this.graph.add(item, vector);
		this.items.add(item);
	}

}

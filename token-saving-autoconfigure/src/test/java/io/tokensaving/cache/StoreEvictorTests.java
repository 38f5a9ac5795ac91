package io.tokensaving.cache;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.LongSupplier;

import io.tokensaving.feature.Eviction;
import io.tokensaving.feature.Evictor;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link Evictor}.
 */
class StoreEvictorTests {

	private static final Eviction EVICTION = Eviction.ofWorkspace("w").tag("t");

	private final List<String> asked = new ArrayList<>();

	@Test
	void asksAllStoresAndSumsUp() {
		Evictor evictor = evictor(store("a", 2), store("b", 0), store("c", 3));
		assertThat(evictor.evict(EVICTION)).isEqualTo(5);
		assertThat(this.asked).containsExactly("a", "b", "c");
		assertThat(evictor().evict(EVICTION)).isZero();
	}

	@Test
	void asksTheOthersWhenAStoreFailsAndThenNamesIt() {
		Evictor evictor = evictor(store("broken", -1), store("works", 3), store("broken_too", -1));
		assertThatIllegalStateException().isThrownBy(() -> evictor.evict(EVICTION))
			.withMessage("Cannot evict all answers from 'broken' and 'broken_too'; the other caches have "
					+ "evicted 3 answers")
			.withCause(new IllegalArgumentException("broken is down"))
			.satisfies((ex) -> assertThat(ex.getSuppressed()).singleElement()
				.satisfies((other) -> assertThat(other).hasMessage("broken_too is down")));
		assertThat(this.asked).containsExactly("broken", "works", "broken_too");
	}

	@Test
	void tellsWritersBeforeItAsksStoresAndFailsIfTheyAreNotReady() {
		CacheWriter ready = (eviction) -> this.asked.add("ready");
		CacheWriter busy = (eviction) -> !this.asked.add("busy");
		assertThat(new StoreEvictor(List.of(store("a", 2)), List.of(ready), (store, eviction) -> true).evict(EVICTION))
			.isEqualTo(2);
		Evictor evictor = new StoreEvictor(List.of(store("b", 3)), List.of(busy, ready), (store, eviction) -> true);
		assertThatIllegalStateException().isThrownBy(() -> evictor.evict(EVICTION))
			.withMessageContaining("still being stored")
			.withMessageContaining("3 answers");
		assertThat(this.asked).containsExactly("ready", "a", "busy", "ready", "b");
		Evictor broken = new StoreEvictor(List.of(store("broken", -1)), List.of(busy), (store, eviction) -> true);
		assertThatIllegalStateException().isThrownBy(() -> broken.evict(EVICTION))
			.withMessageContaining("'broken'")
			.satisfies((ex) -> assertThat(ex.getSuppressed()).singleElement()
				.satisfies((other) -> assertThat(other).hasMessageContaining("still being stored")));
	}

	@Test
	void whatWasFoundInAStoreBeforeItWasAskedIsNotKeptInTheNextOneAfterwards() {
		Evictions evictions = new Evictions();
		EntryLabels labels = new EntryLabels("w", "p", null, Set.of("t"));
		List<Long> found = new ArrayList<>();
		CacheStore inner = store("inner", () -> {
			// A request that comes while the eviction is under way
			found.add(evictions.count());
			return 1;
		});
		Evictor evictor = new StoreEvictor(List.of(inner, store("outer", 1)), List.of(evictions::begin),
				(store, eviction) -> true);
		assertThat(evictor.evict(EVICTION)).isEqualTo(2);
		// Behind the answer
		assertThat(evictions.write(found.get(0), labels, () -> this.asked.add("kept"))).isFalse();
		assertThat(this.asked).containsExactly("inner", "outer");
	}

	@Test
	void writersThatAreNotReadyAreWaitedForOnce() {
		CacheWriter busy = (eviction) -> !this.asked.add("busy");
		Evictor evictor = new StoreEvictor(List.of(store("a", 1), store("b", 1)), List.of(busy),
				(store, eviction) -> true);
		assertThatIllegalStateException().isThrownBy(() -> evictor.evict(EVICTION));
		assertThat(this.asked).containsExactly("busy", "a", "b");
	}

	@Test
	void failureOfAStoreThatDoesNotMatterIsNotReported() {
		Evictor evictor = new StoreEvictor(List.of(store("unused", -1), store("used", 3)), List.of(),
				(store, eviction) -> store.backend().equals("used") && eviction.equals(EVICTION));
		assertThat(evictor.evict(EVICTION)).isEqualTo(3);
		assertThat(this.asked).containsExactly("unused", "used");
	}

	@Test
	void keywordsOfAnEvictionAreAmongThoseOfWhatItMatches() {
		EntryLabels labels = new EntryLabels("w", "p", "s", Set.of("t", "u"));
		List<Eviction> evictions = new ArrayList<>();
		for (String workspace : new String[] { "w", "p" }) {
			for (String plan : new String[] { null, "p", "s" }) {
				for (String scope : new String[] { null, "s", "t" }) {
					for (String tag : new String[] { null, "t", "w" }) {
						evictions.add(new Eviction(workspace, plan, scope, tag));
					}
				}
			}
		}
		assertThat(evictions)
			.allSatisfy((eviction) -> assertThat(labels.keywords().containsAll(EntryLabels.keywords(eviction)))
				.isEqualTo(labels.matches(eviction)));
		assertThat(evictions).filteredOn((eviction) -> labels.matches(eviction)).hasSize(8);
		assertThat(labels.keywords()).hasSize(5).allMatch((keyword) -> keyword.matches("[a-z]+:[0-9a-f]{32}"));
	}

	private static Evictor evictor(CacheStore... stores) {
		return new StoreEvictor(List.of(stores), List.of(), (store, eviction) -> true);
	}

	private CacheStore store(String backend, long evicted) {
		return store(backend, () -> {
			if (evicted < 0) {
				throw new IllegalArgumentException(backend + " is down");
			}
			return evicted;
		});
	}

	private CacheStore store(String backend, LongSupplier evicted) {
		return new CacheStore() {

			@Override
			public String backend() {
				return backend;
			}

			@Override
			public long evict(Eviction eviction) {
				assertThat(eviction).isEqualTo(EVICTION);
				StoreEvictorTests.this.asked.add(backend);
				return evicted.getAsLong();
			}

			@Override
			public CacheStoreStatus status() {
				return CacheStoreStatus.UNAVAILABLE;
			}

		};
	}

}

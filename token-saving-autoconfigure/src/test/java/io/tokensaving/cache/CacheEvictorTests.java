package io.tokensaving.cache;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link CacheEvictor}.
 */
class CacheEvictorTests {

	private static final CacheEviction EVICTION = CacheEviction.ofWorkspace("w").tag("t");

	private final List<String> asked = new ArrayList<>();

	@Test
	void asksAllStoresAndSumsUp() {
		CacheEvictor evictor = evictor(store("a", 2), store("b", 0), store("c", 3));
		assertThat(evictor.evict(EVICTION)).isEqualTo(5);
		assertThat(this.asked).containsExactly("a", "b", "c");
		assertThat(evictor().evict(EVICTION)).isZero();
	}

	@Test
	void asksTheOthersWhenAStoreFailsAndThenNamesIt() {
		CacheEvictor evictor = evictor(store("broken", -1), store("works", 3), store("broken_too", -1));
		assertThatIllegalStateException().isThrownBy(() -> evictor.evict(EVICTION))
			.withMessage("Nothing or not all could be evicted from 'broken' and 'broken_too'; the other caches have "
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
		assertThat(CacheEvictor.of(List.of(store("a", 2)), List.of(ready), (store, eviction) -> true).evict(EVICTION))
			.isEqualTo(2);
		CacheEvictor evictor = CacheEvictor.of(List.of(store("b", 3)), List.of(busy, ready), (store, eviction) -> true);
		assertThatIllegalStateException().isThrownBy(() -> evictor.evict(EVICTION))
			.withMessageContaining("still being stored")
			.withMessageContaining("3 answers");
		assertThat(this.asked).containsExactly("ready", "a", "busy", "ready", "b");
		CacheEvictor broken = CacheEvictor.of(List.of(store("broken", -1)), List.of(busy), (store, eviction) -> true);
		assertThatIllegalStateException().isThrownBy(() -> broken.evict(EVICTION))
			.withMessageContaining("'broken'")
			.satisfies((ex) -> assertThat(ex.getSuppressed()).singleElement()
				.satisfies((other) -> assertThat(other).hasMessageContaining("still being stored")));
	}

	@Test
	void failureOfAStoreThatDoesNotMatterIsNotReported() {
		CacheEvictor evictor = CacheEvictor.of(List.of(store("unused", -1), store("used", 3)), List.of(),
				(store, eviction) -> store.backend().equals("used") && eviction.equals(EVICTION));
		assertThat(evictor.evict(EVICTION)).isEqualTo(3);
		assertThat(this.asked).containsExactly("unused", "used");
	}

	@Test
	void keywordsOfAnEvictionAreAmongThoseOfWhatItMatches() {
		EntryLabels labels = new EntryLabels("w", "p", "s", Set.of("t", "u"));
		List<CacheEviction> evictions = new ArrayList<>();
		for (String workspace : new String[] { "w", "p" }) {
			for (String plan : new String[] { null, "p", "s" }) {
				for (String scope : new String[] { null, "s", "t" }) {
					for (String tag : new String[] { null, "t", "w" }) {
						evictions.add(new CacheEviction(workspace, plan, scope, tag));
					}
				}
			}
		}
		assertThat(evictions).allSatisfy((eviction) -> assertThat(labels.keywords().containsAll(eviction.keywords()))
			.isEqualTo(eviction.matches(labels)));
		assertThat(evictions).filteredOn((eviction) -> eviction.matches(labels)).hasSize(8);
		assertThat(labels.keywords()).hasSize(5).allMatch((keyword) -> keyword.matches("[a-z]+:[0-9a-f]{32}"));
	}

	private static CacheEvictor evictor(CacheStore... stores) {
		return CacheEvictor.of(List.of(stores), List.of(), (store, eviction) -> true);
	}

	private CacheStore store(String backend, long evicted) {
		return new CacheStore() {

			@Override
			public String backend() {
				return backend;
			}

			@Override
			public long evict(CacheEviction eviction) {
				assertThat(eviction).isEqualTo(EVICTION);
				CacheEvictorTests.this.asked.add(backend);
				if (evicted < 0) {
					throw new IllegalArgumentException(backend + " is down");
				}
				return evicted;
			}

			@Override
			public CacheStoreStatus status() {
				return CacheStoreStatus.UNAVAILABLE;
			}

		};
	}

}

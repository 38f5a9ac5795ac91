package io.tokensaving.cache;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;
import java.util.stream.IntStream;

import io.tokensaving.feature.EntryCounts;
import io.tokensaving.feature.Eviction;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link StoreEntryCounter} and {@link EntryCounting}.
 */
class StoreEntryCounterTests {

	private static final Eviction ALL = Eviction.ofWorkspace("default");

	@Test
	void aStoreThatCannotCountOrFailsOrHangsIsEmpty() {
		EntryCounts counts = new EntryCounting().all();
		CountDownLatch never = new CountDownLatch(1);
		List<CacheStore> stores = List.of(store("d", () -> counts), store("c", () -> null), store("b", () -> {
			throw new IllegalStateException("broken");
		}), store("a", () -> {
			try {
				never.await();
				return counts;
			}
			catch (InterruptedException ex) {
				throw new IllegalStateException(ex);
			}
		}));
		try (StoreEntryCounter counter = new StoreEntryCounter(stores, Duration.ofMillis(500))) {
			assertThat(counter.count(ALL)).containsExactly(Map.entry("a", Optional.empty()),
					Map.entry("b", Optional.empty()), Map.entry("c", Optional.empty()),
					Map.entry("d", Optional.of(counts)));
		}
	}

	@Test
	void theLabelsOfTheMostAnswersAreShown() {
		EntryCounting counting = new EntryCounting();
		IntStream.range(0, 150).forEach((i) -> counting.add("plan", "user-" + i, List.of("tag-" + i % 3)));
		counting.add("plan", "user-140", List.of());
		EntryCounts counts = counting.all();
		assertThat(counts.entries()).isEqualTo(151);
		assertThat(counts.scopes().total()).isEqualTo(150);
		assertThat(counts.scopes().largest()).hasSize(EntryCounting.MAX_SHOWN);
		assertThat(counts.scopes().largest().entrySet().iterator().next())
			.isEqualTo(Map.entry(EntryLabels.hash("user-140"), 2L));
		assertThat(counts.tags().largest().values()).containsExactly(50L, 50L, 50L);
	}

	private static CacheStore store(String backend, Supplier<@Nullable EntryCounts> counts) {
		return new CacheStore() {

			@Override
			public String backend() {
				return backend;
			}

			@Override
			public long evict(Eviction eviction) {
				return 0;
			}

			@Override
			public @Nullable EntryCounts count(Eviction selection) {
				return counts.get();
			}

			@Override
			public CacheStoreStatus status() {
				return CacheStoreStatus.UNAVAILABLE;
			}

		};
	}

}

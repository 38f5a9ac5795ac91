package io.tokensaving.cache.exact;

import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

import io.tokensaving.ScriptedChatModel;
import io.tokensaving.cache.CacheStoreStatus;
import io.tokensaving.cache.CachedResponse;
import io.tokensaving.provider.TokenUsage;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link CaffeineExactCacheStore}.
 */
class CaffeineExactCacheStoreTests extends ExactCacheStoreContract {

	private final AtomicLong now = new AtomicLong();

	@Override
	protected ExactCacheStore createStore() {
		return new CaffeineExactCacheStore();
	}

	@Test
	void expiresEntriesByTheirOwnTime() {
		CaffeineExactCacheStore store = store(1_000_000);
		store.store(key("a"), response(10), Duration.ofSeconds(10), Set.of());
		store.store(key("b"), response(10), Duration.ofSeconds(20), Set.of());
		this.now.set(Duration.ofSeconds(10).toNanos());
		assertThat(store.find(key("a"))).isNull();
		assertThat(store.find(key("b"))).isNotNull();
		this.now.set(Duration.ofSeconds(20).toNanos());
		assertThat(store.find(key("b"))).isNull();
	}

	@Test
	void readingDoesNotProlongLife() {
		CaffeineExactCacheStore store = store(1_000_000);
		store.store(key("a"), response(10), Duration.ofSeconds(10), Set.of());
		this.now.set(Duration.ofSeconds(9).toNanos());
		assertThat(store.find(key("a"))).isNotNull();
		this.now.set(Duration.ofSeconds(11).toNanos());
		assertThat(store.find(key("a"))).isNull();
	}

	@Test
	void replacingEntryStartsItsTimeAnew() {
		CaffeineExactCacheStore store = store(1_000_000);
		store.store(key("a"), response(10), Duration.ofSeconds(10), Set.of());
		this.now.set(Duration.ofSeconds(9).toNanos());
		store.store(key("a"), response(20), Duration.ofSeconds(10), Set.of());
		this.now.set(Duration.ofSeconds(18).toNanos());
		assertThat(store.find(key("a"))).isNotNull();
	}

	@Test
	void staysWithinItsBytes() {
		CaffeineExactCacheStore store = store(50_000);
		for (int i = 0; i < 1_000; i++) {
			store.store(key("key-" + i), response(1_000), Duration.ofHours(1), Set.of());
		}
		CacheStoreStatus status = store.status();
		assertThat(status.bytes()).isBetween(1L, 50_000L);
		assertThat(status.entries()).isBetween(1L, 25L);
		assertThat(status.evictions()).isGreaterThan(900);
		assertThat(status.maxBytes()).isEqualTo(50_000);
	}

	@Test
	void tagsThatAreAddedWeighAndProlongNoLife() {
		CaffeineExactCacheStore store = store(50_000);
		store.store(key("a"), response(10), Duration.ofSeconds(10), Set.of("first"));
		long before = store.status().bytes();
		this.now.set(Duration.ofSeconds(9).toNanos());
		store.addTags(key("a"), Duration.ofSeconds(10), Set.of("x".repeat(5_000)));
		assertThat(store.status().bytes()).isBetween(before + 5_000, before + 5_100);
		store.addTags(key("a"), Duration.ofSeconds(10), Set.of("x".repeat(5_000)));
		assertThat(store.status().bytes()).isBetween(before + 5_000, before + 5_100);
		assertThat(store.find(key("a"))).isNotNull();
		this.now.set(Duration.ofSeconds(10).toNanos());
		assertThat(store.find(key("a"))).isNull();
		store.store(key("a"), response(10), Duration.ofSeconds(10), Set.of());
		store.addTags(key("a"), Duration.ofSeconds(10), Set.of("x".repeat(60_000)));
		assertThat(store.status().bytes()).isLessThan(50_000);
	}

	@Test
	void countsAtLeastTheBytesOfTheText() {
		assertThat(response(5_000).sizeInBytes()).isBetween(10_000L, 12_000L);
	}

	@Test
	void refusesLimitBelowOne() {
		assertThatIllegalArgumentException().isThrownBy(() -> new CaffeineExactCacheStore(0))
			.withMessageContaining("'maxBytes'");
	}

	private CaffeineExactCacheStore store(long maxBytes) {
		return new CaffeineExactCacheStore(maxBytes, this.now::get, Runnable::run);
	}

	private static CachedResponse response(int length) {
		return CachedResponse.of(ScriptedChatModel.answer("x".repeat(length)), new TokenUsage(1, 1, 0, 0, false),
				Instant.EPOCH);
	}

}

package io.tokensaving.cache;

import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

import io.tokensaving.Eventually;
import io.tokensaving.feature.Eviction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link Evictions}.
 */
@Timeout(60)
class EvictionsTests {

	private static final EntryLabels PRICES = new EntryLabels("w", "p", "anna", Set.of("prices"));

	private final Evictions evictions = new Evictions();

	private final List<String> events = new CopyOnWriteArrayList<>();

	private final ExecutorService threads = Executors.newCachedThreadPool();

	@AfterEach
	void stopThreads() {
		this.threads.shutdownNow();
	}

	@Test
	void whatWasAskedForBeforeAnEvictionIsNotWrittenAfterIt() {
		long before = this.evictions.count();
		assertThat(write(before, PRICES)).isTrue();
		assertThat(this.evictions.begin(Eviction.ofWorkspace("w").tag("prices"))).isTrue();
		assertThat(write(before, PRICES)).isFalse();
		assertThat(write(this.evictions.count(), PRICES)).isTrue();
		assertThat(this.events).hasSize(2);
	}

	@Test
	void anEvictionConcernsOnlyWhatItMeans() {
		long before = this.evictions.count();
		this.evictions.begin(Eviction.ofWorkspace("w").tag("docs"));
		this.evictions.begin(Eviction.ofWorkspace("w").scope("bob"));
		this.evictions.begin(Eviction.ofWorkspace("other"));
		assertThat(write(before, PRICES)).isTrue();
		this.evictions.begin(Eviction.ofWorkspace("w").plan("p"));
		this.evictions.begin(Eviction.ofWorkspace("other"));
		assertThat(write(before, PRICES)).isFalse();
	}

	@Test
	void afterMoreEvictionsThanAreRememberedNothingIsWritten() {
		long before = this.evictions.count();
		for (int i = 0; i < 1000; i++) {
			this.evictions.begin(Eviction.ofWorkspace("other"));
		}
		assertThat(write(before, PRICES)).isTrue();
		this.evictions.begin(Eviction.ofWorkspace("other"));
		assertThat(write(before, PRICES)).isFalse();
		assertThat(write(before + 1, PRICES)).isTrue();
	}

	@Test
	void anEvictionWaitsForTheWritesThatHaveBegun() throws Exception {
		CountDownLatch writing = new CountDownLatch(1);
		CountDownLatch release = new CountDownLatch(1);
		Future<Boolean> written = this.threads.submit(() -> this.evictions.write(0, PRICES, () -> {
			writing.countDown();
			try {
				release.await();
			}
			catch (InterruptedException ex) {
				throw new IllegalStateException(ex);
			}
			this.events.add("written");
		}));
		writing.await();
		Future<Boolean> begun = this.threads.submit(() -> {
			boolean all = this.evictions.begin(Eviction.ofWorkspace("w"));
			this.events.add("begun");
			return all;
		});
		Eventually.await("the eviction has begun", () -> this.evictions.count() > 0);
		assertThat(write(1, PRICES)).as("others need not wait").isTrue();
		release.countDown();
		assertThat(begun.get()).isTrue();
		assertThat(written.get()).isTrue();
		assertThat(this.events).containsExactly("other", "written", "begun");
	}

	@Test
	void anEvictionThatIsInterruptedSaysThatItDidNotWait() {
		this.evictions.write(0, PRICES, () -> {
			Thread.currentThread().interrupt();
			assertThat(this.evictions.begin(Eviction.ofWorkspace("w"))).isFalse();
			assertThat(Thread.interrupted()).isTrue();
		});
		assertThat(this.evictions.begin(Eviction.ofWorkspace("w"))).isTrue();
	}

	@Test
	void aWriteThatFailsHasEnded() {
		assertThatIllegalStateException().isThrownBy(() -> this.evictions.write(0, PRICES, () -> {
			throw new IllegalStateException("store");
		}));
		assertThat(this.evictions.begin(Eviction.ofWorkspace("w"))).isTrue();
	}

	private boolean write(long since, EntryLabels labels) {
		return this.evictions.write(since, labels, () -> this.events.add("other"));
	}

}

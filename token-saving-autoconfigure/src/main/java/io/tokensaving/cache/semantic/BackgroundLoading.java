package io.tokensaving.cache.semantic;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

import com.github.benmanes.caffeine.cache.Ticker;
import io.tokensaving.backend.DaemonThreads;
import io.tokensaving.statistics.SavingsStatistics;

/**
 * Loads a model on a background thread. A failure is counted. Thread-safe.
 */
final class BackgroundLoading {

	private static final long LOAD_AGAIN_NANOS = TimeUnit.MINUTES.toNanos(1);

	private final Runnable load;

	private final Ticker ticker;

	private final SavingsStatistics statistics;

	private final AtomicBoolean loading = new AtomicBoolean();

	private volatile boolean failed;

	private volatile long failedAt;

	BackgroundLoading(Runnable load, Ticker ticker, SavingsStatistics statistics) {
		this.load = load;
		this.ticker = ticker;
		this.statistics = statistics;
	}

	/**
	 * Start loading, unless that is in progress.
	 */
	void begin() {
		if (!this.loading.compareAndSet(false, true)) {
			return;
		}
		Thread thread = new DaemonThreads("token-saving-semantic-load").newThread(() -> {
			try {
				this.load.run();
				this.loading.set(false);
			}
			catch (Throwable ex) { // loading may run out of memory
				fail(ex);
			}
		});
		try {
			thread.start();
		}
		catch (OutOfMemoryError ex) { // no thread can be started
			fail(ex);
		}
	}

	/**
	 * Start loading, unless that is in progress or failed less than a minute ago.
	 */
	void beginAgain() {
		if (!this.failed || this.ticker.read() - this.failedAt >= LOAD_AGAIN_NANOS) {
			begin();
		}
	}

	private void fail(Throwable failure) {
		this.failedAt = this.ticker.read();
		this.failed = true;
		this.loading.set(false);
		this.statistics.recordError(SemanticCacheFeature.EMBEDDING, null, failure);
	}

}

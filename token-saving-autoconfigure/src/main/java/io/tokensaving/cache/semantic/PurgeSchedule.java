package io.tokensaving.cache.semantic;

import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongConsumer;

import org.jspecify.annotations.Nullable;

/**
 * When a store deletes what has expired: after a write, and not more often than once an
 * interval. Thread-safe.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public final class PurgeSchedule {

	private final Clock clock;

	private final Duration interval;

	private final AtomicBoolean purging = new AtomicBoolean();

	private volatile @Nullable Long last;

	/**
	 * Create a schedule. The first purge is due at once.
	 * @param clock the clock
	 * @param interval the least time between two purges, above zero
	 */
	public PurgeSchedule(Clock clock, Duration interval) {
		this.clock = clock;
		this.interval = interval;
	}

	/**
	 * Purge if that is due and no other thread does so.
	 * @param purge deletes what has expired by the given time, in milliseconds since the
	 * epoch
	 */
	public void runIfDue(LongConsumer purge) {
		if (!isDue() || !this.purging.compareAndSet(false, true)) {
			return;
		}
		try {
			if (isDue()) {
				long now = this.clock.millis();
				this.last = now;
				purge.accept(now);
			}
		}
		finally {
			this.purging.set(false);
		}
	}

	private boolean isDue() {
		Long last = this.last;
		long now = this.clock.millis();
		// If the clock was set back, purging must not pause until it catches up
		return last == null || now < last || now - last >= this.interval.toMillis();
	}

}

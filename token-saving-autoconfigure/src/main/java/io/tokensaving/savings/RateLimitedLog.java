package io.tokensaving.savings;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

import com.github.benmanes.caffeine.cache.Ticker;
import org.apache.commons.logging.Log;

/**
 * Warns at most once a minute, and then says how many warnings were left out.
 */
final class RateLimitedLog {

	private static final long INTERVAL = TimeUnit.MINUTES.toNanos(1);

	private static final long NEVER = Long.MIN_VALUE;

	private final Log log;

	private final Ticker ticker;

	private final AtomicLong last = new AtomicLong(NEVER);

	private final AtomicLong leftOut = new AtomicLong();

	RateLimitedLog(Log log, Ticker ticker) {
		this.log = log;
		this.ticker = ticker;
	}

	void warn(Supplier<String> message) {
		long now = this.ticker.read();
		long before = this.last.get();
		if ((before == NEVER || now - before >= INTERVAL) && this.last.compareAndSet(before, now)) {
			long count = this.leftOut.getAndSet(0);
			this.log
				.warn(message.get() + ((count > 0) ? " (and " + count + " times more since the last warning)" : ""));
		}
		else {
			this.leftOut.incrementAndGet();
		}
	}

}

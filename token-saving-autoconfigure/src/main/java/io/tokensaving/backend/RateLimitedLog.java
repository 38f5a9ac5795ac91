package io.tokensaving.backend;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

import com.github.benmanes.caffeine.cache.Ticker;
import org.apache.commons.logging.Log;

/**
 * Logs a warning at most once a minute, with the number of warnings that were left out.
 * Thread-safe.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public final class RateLimitedLog {

	private static final long INTERVAL = TimeUnit.MINUTES.toNanos(1);

	private static final long NEVER = Long.MIN_VALUE;

	private final Log log;

	private final Ticker ticker;

	private final AtomicLong last = new AtomicLong(NEVER);

	private final AtomicLong leftOut = new AtomicLong();

	/**
	 * Create a log without earlier warnings.
	 * @param log the log
	 * @param ticker the clock
	 */
	public RateLimitedLog(Log log, Ticker ticker) {
		this.log = log;
		this.ticker = ticker;
	}

	/**
	 * Log a warning, or count it as left out.
	 * @param message supplies the message, if it is logged
	 */
	public void warn(Supplier<String> message) {
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

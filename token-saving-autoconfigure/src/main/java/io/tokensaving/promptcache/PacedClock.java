package io.tokensaving.promptcache;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Time by the order of requests: each reading is later than the one before. Requests that
 * are queued at about the same time are answered one after another. Thread-safe.
 */
final class PacedClock extends Clock {

	private final long pauseMillis;

	private final AtomicLong readings = new AtomicLong();

	/**
	 * Create a clock.
	 * @param pause the time between two readings
	 */
	PacedClock(Duration pause) {
		this.pauseMillis = pause.toMillis();
	}

	@Override
	public ZoneId getZone() {
		return ZoneOffset.UTC;
	}

	@Override
	public Clock withZone(ZoneId zone) {
		return this;
	}

	@Override
	public Instant instant() {
		return Instant.ofEpochMilli(this.readings.incrementAndGet() * this.pauseMillis);
	}

}

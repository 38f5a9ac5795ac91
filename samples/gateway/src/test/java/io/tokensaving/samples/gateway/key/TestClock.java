package io.tokensaving.samples.gateway.key;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A clock that stands still until it is moved.
 */
class TestClock extends Clock {

	private final AtomicReference<Instant> now;

	TestClock(String now) {
		this.now = new AtomicReference<>(Instant.parse(now));
	}

	void advance(Duration duration) {
		this.now.updateAndGet((time) -> time.plus(duration));
	}

	@Override
	public Instant instant() {
		return this.now.get();
	}

	@Override
	public ZoneId getZone() {
		return ZoneOffset.UTC;
	}

	@Override
	public Clock withZone(ZoneId zone) {
		throw new UnsupportedOperationException();
	}

}

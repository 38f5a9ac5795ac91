package io.tokensaving.simulator;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.concurrent.atomic.AtomicReference;

import org.jspecify.annotations.Nullable;

/**
 * A clock that a test moves, so that an hour passes in no time. Safe for use by several
 * threads.
 */
public final class ManualClock extends Clock {

	private final @Nullable Clock base;

	private final AtomicReference<Duration> sinceEpoch;

	private ManualClock(@Nullable Clock base, Duration sinceEpoch) {
		this.base = base;
		this.sinceEpoch = new AtomicReference<>(sinceEpoch);
	}

	/**
	 * A clock that stands still until it is moved.
	 * @param start the time it shows
	 * @return the clock
	 */
	public static ManualClock startingAt(Instant start) {
		return new ManualClock(null, Duration.between(Instant.EPOCH, start));
	}

	/**
	 * A clock that stands still until it is moved, at an arbitrary time.
	 * @return the clock
	 */
	public static ManualClock standing() {
		return startingAt(Instant.parse("2026-11-02T09:00:00Z"));
	}

	/**
	 * A clock that runs with another one and can be moved ahead of it.
	 * @param base the clock it runs with
	 * @return the clock
	 */
	public static ManualClock ticking(Clock base) {
		return new ManualClock(base, Duration.ZERO);
	}

	/**
	 * Moves the clock.
	 * @param by how far; negative moves it back
	 */
	public void advance(Duration by) {
		this.sinceEpoch.updateAndGet((duration) -> duration.plus(by));
	}

	@Override
	public Instant instant() {
		Instant zero = (this.base != null) ? this.base.instant() : Instant.EPOCH;
		return zero.plus(this.sinceEpoch.get());
	}

	@Override
	public ZoneId getZone() {
		return ZoneOffset.UTC;
	}

	@Override
	public Clock withZone(ZoneId zone) {
		throw new UnsupportedOperationException("The simulator's clock is in UTC");
	}

}

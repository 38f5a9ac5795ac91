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

	private final Instant start;

	private final double speed;

	private final AtomicReference<Duration> sinceEpoch;

	private ManualClock(@Nullable Clock base, double speed, Duration sinceEpoch) {
		this.base = base;
		this.start = (base != null) ? base.instant() : Instant.EPOCH;
		this.speed = speed;
		this.sinceEpoch = new AtomicReference<>(sinceEpoch);
	}

	/**
	 * A clock that stands still until it is moved.
	 * @param start the time it shows
	 * @return the clock
	 */
	public static ManualClock startingAt(Instant start) {
		return new ManualClock(null, 1, Duration.between(Instant.EPOCH, start));
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
		return ticking(base, 1);
	}

	/**
	 * A clock that runs faster than another one from now on, and can be moved ahead.
	 * @param base the clock whose time it begins with
	 * @param speed how many times as fast it runs, more than 0
	 * @return the clock
	 */
	public static ManualClock ticking(Clock base, double speed) {
		if (!(speed > 0)) {
			throw new IllegalArgumentException("'speed' must be more than 0, was " + speed);
		}
		return new ManualClock(base, speed, Duration.ZERO);
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
		Instant time = this.start;
		if (this.base != null) {
			Duration passed = Duration.between(this.start, this.base.instant());
			time = time.plus((this.speed == 1) ? passed : Duration.ofMillis((long) (passed.toMillis() * this.speed)));
		}
		return time.plus(this.sinceEpoch.get());
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

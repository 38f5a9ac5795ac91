package io.tokensaving.promptcache;

import java.time.Instant;

/**
 * Time that never goes back, made of a clock that may: after a jump back, time goes on
 * from where it was. Thread-safe.
 */
final class SteadyTime {

	/**
	 * A step back up to this many milliseconds is not a jump: threads read the clock in
	 * another order than they ask.
	 */
	static final long JUMP = 5000;

	private long offset;

	private volatile long latest = Long.MIN_VALUE;

	/**
	 * Return the steady time for what a clock shows.
	 * @param instant what the clock shows
	 * @return milliseconds, never fewer than before
	 */
	synchronized long at(Instant instant) {
		long time = instant.toEpochMilli() + this.offset;
		if (time < this.latest) {
			if (this.latest - time > JUMP) {
				this.offset += this.latest - time;
			}
			return this.latest;
		}
		this.latest = time;
		return time;
	}

	/**
	 * Return the latest time that anybody asked for.
	 * @return milliseconds
	 */
	long latest() {
		return this.latest;
	}

}

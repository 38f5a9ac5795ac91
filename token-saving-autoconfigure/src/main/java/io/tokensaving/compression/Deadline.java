package io.tokensaving.compression;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * The deadline of a compression. Thread-safe.
 */
public final class Deadline {

	/**
	 * A deadline that never passes.
	 */
	public static final Deadline NONE = new Deadline(() -> 0, 0);

	private final LongSupplier nanoTime;

	private final long end;

	private Deadline(LongSupplier nanoTime, long end) {
		this.nanoTime = nanoTime;
		this.end = end;
	}

	/**
	 * Create a deadline.
	 * @param maxTime the time from now; zero for no limit
	 * @param nanoTime the clock, in nanoseconds
	 * @return the deadline
	 */
	public static Deadline after(Duration maxTime, LongSupplier nanoTime) {
		return maxTime.isZero() ? NONE : new Deadline(nanoTime, nanoTime.getAsLong() + maxTime.toNanos());
	}

	/**
	 * Throw an exception if the deadline has passed.
	 * @throws ExceededException if the deadline has passed
	 */
	public void check() {
		if (this != NONE && this.nanoTime.getAsLong() - this.end > 0) {
			throw new ExceededException();
		}
	}

	/**
	 * Thrown when a compression takes too long.
	 */
	public static final class ExceededException extends RuntimeException {

		private ExceededException() {
			super("Compression took longer than it may", null, false, false);
		}

	}

}

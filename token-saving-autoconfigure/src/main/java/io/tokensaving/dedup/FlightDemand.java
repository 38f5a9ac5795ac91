package io.tokensaving.dedup;

/**
 * Computes how many elements a flight requests from the model: as many as the fastest
 * reader has read, and a window of elements ahead, which is smaller for large elements.
 * Slower readers do not hold up the fastest one. Not thread-safe; {@link Flight} guards
 * it with its lock.
 */
final class FlightDemand {

	private static final int MIN_WINDOW = 16;

	private static final int MAX_WINDOW = 1024;

	// Thousands of readers may be slow at once
	private static final long WINDOW_BYTES = 64 * 1024;

	private long arrived;

	private long arrivedBytes;

	private long requested;

	private long fastest;

	/**
	 * Record that an element has arrived.
	 * @param bytes its size on the heap in bytes
	 */
	void arrived(long bytes) {
		this.arrived++;
		this.arrivedBytes += bytes;
	}

	/**
	 * Record that a reader has read up to a position.
	 * @param position the position of its next element, or {@link Participant#WANTS_ALL}
	 */
	void read(long position) {
		this.fastest = Math.max(this.fastest, position);
	}

	/**
	 * Return the position of the fastest reader.
	 * @return the position of its next element, or {@link Participant#WANTS_ALL}
	 */
	long fastest() {
		return this.fastest;
	}

	/**
	 * Return how many more elements to request from the model now, and count them as
	 * requested.
	 * @return the number, {@link Long#MAX_VALUE} for all, or 0 if enough are requested
	 */
	long next() {
		if (this.requested == Long.MAX_VALUE) {
			return 0;
		}
		if (this.fastest == Participant.WANTS_ALL) {
			this.requested = Long.MAX_VALUE;
			return Long.MAX_VALUE;
		}
		long window = window();
		long more = this.fastest + window - this.requested;
		if (more < window / 4) {
			return 0;
		}
		this.requested += more;
		return more;
	}

	private long window() {
		if (this.arrived == 0) {
			return MIN_WINDOW;
		}
		long fitting = WINDOW_BYTES / Math.max(1, this.arrivedBytes / this.arrived);
		return Math.max(MIN_WINDOW, Math.min(MAX_WINDOW, fitting));
	}

}

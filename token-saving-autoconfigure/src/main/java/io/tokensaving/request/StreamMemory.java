package io.tokensaving.request;

import java.util.concurrent.atomic.AtomicLong;

import org.springframework.util.Assert;

/**
 * Limits the memory in which the elements of streams are kept. A stream that gets no
 * memory is passed on without being kept. Thread-safe.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public final class StreamMemory {

	/**
	 * The divisor of the heap size that gives the limit of one advisor.
	 */
	private static final int PART_OF_HEAP = 32;

	private final long max;

	private final AtomicLong used = new AtomicLong();

	/**
	 * Create a limit.
	 * @param max the limit for all streams together in bytes, at least 1
	 */
	public StreamMemory(long max) {
		Assert.isTrue(max >= 1, () -> "'max' must be at least 1, but is " + max);
		this.max = max;
	}

	/**
	 * Create a limit of 1/32 of the maximum heap size.
	 * @return the limit
	 */
	public static StreamMemory ofHeap() {
		return new StreamMemory(Math.max(1, Runtime.getRuntime().maxMemory() / PART_OF_HEAP));
	}

	/**
	 * Reserve memory.
	 * @param bytes the size in bytes
	 * @return {@code false} if there is too little left; then none is reserved
	 */
	public boolean tryAcquire(long bytes) {
		if (this.used.addAndGet(bytes) <= this.max) {
			return true;
		}
		this.used.addAndGet(-bytes);
		return false;
	}

	/**
	 * Give memory back.
	 * @param bytes the size in bytes that was reserved
	 */
	public void release(long bytes) {
		this.used.addAndGet(-bytes);
	}

	/**
	 * Return how much memory is reserved at present.
	 * @return the size in bytes
	 */
	public long used() {
		return this.used.get();
	}

}

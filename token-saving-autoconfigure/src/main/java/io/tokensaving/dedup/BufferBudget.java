package io.tokensaving.dedup;

import java.util.concurrent.atomic.AtomicInteger;

import io.tokensaving.request.StreamMemory;

/**
 * Limits the elements that all flights keep for late participants, by number and by size.
 * Thread-safe.
 */
final class BufferBudget {

	/**
	 * The size on the heap in bytes up to which the elements of one flight are kept.
	 */
	static final long MAX_BYTES_PER_FLIGHT = 4 * 1024 * 1024;

	private final int maxPerFlight;

	private final int max;

	private final AtomicInteger used = new AtomicInteger();

	private final StreamMemory memory = StreamMemory.ofHeap();

	private final StreamMemory assembled = StreamMemory.ofHeap();

	BufferBudget(int maxPerFlight, int max) {
		this.maxPerFlight = maxPerFlight;
		this.max = max;
	}

	int maxPerFlight() {
		return this.maxPerFlight;
	}

	int used() {
		return this.used.get();
	}

	/**
	 * Return the memory for assembling streams to whole answers.
	 * @return the memory
	 */
	StreamMemory assembled() {
		return this.assembled;
	}

	boolean tryAcquire(long bytes) {
		if (!this.memory.tryAcquire(bytes)) {
			return false;
		}
		if (this.used.incrementAndGet() <= this.max) {
			return true;
		}
		this.used.decrementAndGet();
		this.memory.release(bytes);
		return false;
	}

	void release(int count, long bytes) {
		this.used.addAndGet(-count);
		this.memory.release(bytes);
	}

}

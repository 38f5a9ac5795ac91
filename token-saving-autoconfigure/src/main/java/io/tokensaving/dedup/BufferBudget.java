package io.tokensaving.dedup;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * Limits what all flights keep for those who join late. Thread-safe.
 */
final class BufferBudget {

	private final int maxPerFlight;

	private final int max;

	private final AtomicInteger used = new AtomicInteger();

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

	boolean tryAcquire() {
		if (this.used.incrementAndGet() <= this.max) {
			return true;
		}
		this.used.decrementAndGet();
		return false;
	}

	void release(int count) {
		this.used.addAndGet(-count);
	}

}

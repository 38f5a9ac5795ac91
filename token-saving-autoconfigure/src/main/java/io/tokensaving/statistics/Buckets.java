package io.tokensaving.statistics;

import java.util.Map;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Counts the values of one measure. Memory is taken for the buckets in use, sixteen at a
 * time. Thread-safe.
 */
final class Buckets {

	private static final int BLOCK = 16;

	private static final int SHIFT = 4;

	private final Measure measure;

	private final AtomicReferenceArray<AtomicLongArray> blocks = new AtomicReferenceArray<>(
			(Measure.BUCKETS + BLOCK - 1) / BLOCK);

	Buckets(Measure measure) {
		this.measure = measure;
	}

	void record(long value) {
		int bucket = Measure.bucket(value);
		int index = bucket >> SHIFT;
		AtomicLongArray block = this.blocks.get(index);
		if (block == null) {
			this.blocks.compareAndSet(index, null, new AtomicLongArray(BLOCK));
			block = this.blocks.get(index);
		}
		block.incrementAndGet(bucket & (BLOCK - 1));
	}

	/**
	 * Take what was counted since it was taken last.
	 * @param taken is given the sums that are not zero, by name
	 */
	void take(Map<String, Long> taken) {
		for (int i = 0; i < this.blocks.length(); i++) {
			AtomicLongArray block = this.blocks.get(i);
			for (int j = 0; block != null && j < BLOCK; j++) {
				long count = (block.get(j) != 0) ? block.getAndSet(j, 0) : 0;
				if (count != 0) {
					taken.put(this.measure.sum((i << SHIFT) + j), count);
				}
			}
		}
	}

}

package io.tokensaving.cache.semantic;

import java.util.ArrayList;
import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * Collects the items that are nearest to one query. Not thread-safe.
 */
final class NearestItems {

	private final @Nullable VectorItem[] items;

	private final float[] similarities;

	private final long nowNanos;

	private final float threshold;

	private int size;

	NearestItems(int limit, double threshold, long nowNanos) {
		this.items = new VectorItem[limit];
		this.similarities = new float[limit];
		this.threshold = (float) threshold;
		this.nowNanos = nowNanos;
	}

	/**
	 * Return the lowest similarity at which an item is still collected.
	 * @return the similarity
	 */
	float bound() {
		return (this.size < this.items.length) ? this.threshold
				: Math.max(this.threshold, this.similarities[this.size - 1]);
	}

	boolean accepts(VectorItem item) {
		return !item.isExpired(this.nowNanos);
	}

	@SuppressWarnings("ReferenceEquality") // scan and graph may offer the same item
	void offer(VectorItem item, float similarity) {
		if (similarity < bound() || !accepts(item)) {
			return;
		}
		for (int i = 0; i < this.size; i++) {
			if (this.items[i] == item) {
				return;
			}
		}
		int at = (this.size < this.items.length) ? this.size++ : this.size - 1;
		while (at > 0 && this.similarities[at - 1] < similarity) {
			this.items[at] = this.items[at - 1];
			this.similarities[at] = this.similarities[at - 1];
			at--;
		}
		this.items[at] = item;
		this.similarities[at] = similarity;
	}

	/**
	 * Return the collected items.
	 * @return the items with their similarities, most similar first
	 */
	List<Found> found() {
		List<Found> found = new ArrayList<>(this.size);
		for (int i = 0; i < this.size; i++) {
			VectorItem item = this.items[i];
			if (item != null) {
				found.add(new Found(item, Math.min(1, this.similarities[i])));
			}
		}
		return found;
	}

	/**
	 * An item that was found.
	 *
	 * @param item the item
	 * @param similarity its similarity
	 */
	record Found(VectorItem item, float similarity) {

	}

}

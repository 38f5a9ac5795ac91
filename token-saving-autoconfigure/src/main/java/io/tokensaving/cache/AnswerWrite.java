package io.tokensaving.cache;

import java.util.Collection;
import java.util.function.Consumer;

/**
 * A pending write of an answer to a store. It holds no more of the request than it needs,
 * because many writes may be queued.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public abstract class AnswerWrite {

	private static final int BASE_BYTES = 1000;

	private final CacheTier tier;

	private final CachedResponse answer;

	private final EntryLabels labels;

	private final long evictions;

	/**
	 * Create a write.
	 * @param tier the tier of the cache
	 * @param answer the answer
	 * @param labels the labels of the answer
	 * @param evictions the number of evictions up to the start of the request
	 */
	protected AnswerWrite(CacheTier tier, CachedResponse answer, EntryLabels labels, long evictions) {
		this.tier = tier;
		this.answer = answer;
		this.labels = labels;
		this.evictions = evictions;
	}

	/**
	 * Return the backends outside this process that the write needs.
	 * @return the names of the backends; empty if the store is in this process
	 */
	protected abstract Collection<String> backends();

	/**
	 * Store the answer. May throw anything.
	 */
	protected abstract void store();

	/**
	 * Store the answer unless an eviction since the start of the request covers it. May
	 * throw anything.
	 * @return whether it was stored
	 */
	protected boolean write() {
		return this.tier.evictions().write(this.evictions, this.labels, this::store);
	}

	/**
	 * Estimate how much memory this write holds.
	 * @return the size in bytes
	 */
	protected long sizeInBytes() {
		return BASE_BYTES + this.answer.sizeInBytes() + this.labels.sizeInBytes();
	}

	/**
	 * Return the tier of the cache.
	 * @return the tier
	 */
	protected final CacheTier tier() {
		return this.tier;
	}

	/**
	 * Return the answer.
	 * @return the answer
	 */
	protected final CachedResponse answer() {
		return this.answer;
	}

	/**
	 * Return the labels of the answer.
	 * @return the labels
	 */
	protected final EntryLabels labels() {
		return this.labels;
	}

	final void run(Consumer<Boolean> whenDone) {
		boolean stored = false;
		try {
			stored = !this.tier.hasOpenBreaker(backends()) && write();
		}
		catch (Throwable ex) { // a store may throw anything
			this.tier.fail(this.labels.planKey(), ex);
		}
		finally {
			whenDone.accept(stored);
		}
	}

}

package io.tokensaving.cache;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;

import com.github.benmanes.caffeine.cache.Ticker;
import io.tokensaving.feature.Eviction;

/**
 * Keeps an answer from being stored after an eviction if its request started before. A
 * cache reads {@link #count()} when a request starts, and stores the answer with
 * {@link #write}. Thread-safe; neither look-ups nor writes block each other.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public final class Evictions {

	private static final int REMEMBERED = 1000;

	private static final Duration WAIT_TIME = Duration.ofSeconds(5);

	private final Deque<Eviction> latest = new ArrayDeque<>();

	private final Set<Object> underWay = new HashSet<>();

	private volatile long count;

	/**
	 * Return the number of evictions so far.
	 * @return the number, 0 or more
	 */
	public long count() {
		return this.count;
	}

	/**
	 * Begin an eviction; called before the stores evict. From now on {@link #write} skips
	 * an answer that the eviction selects if its request started before this call. Waits
	 * up to five seconds for writes in progress.
	 * @param eviction selects the answers
	 * @return whether all writes in progress have ended
	 */
	public synchronized boolean begin(Eviction eviction) {
		this.latest.addFirst(eviction);
		if (this.latest.size() > REMEMBERED) {
			this.latest.removeLast();
		}
		this.count = this.count + 1;
		Set<Object> begun = Set.copyOf(this.underWay);
		long end = Ticker.systemTicker().read() + WAIT_TIME.toNanos();
		try {
			while (!Collections.disjoint(this.underWay, begun)) {
				long left = end - Ticker.systemTicker().read();
				if (left <= 0) {
					return false;
				}
				TimeUnit.NANOSECONDS.timedWait(this, left);
			}
			return true;
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			return false;
		}
	}

	/**
	 * Store an answer unless an eviction since the start of its request covers it.
	 * @param since the number of evictions up to the start of the request
	 * @param labels the labels of the answer
	 * @param write stores the answer; its exceptions are passed on
	 * @return whether the answer was stored
	 */
	public boolean write(long since, EntryLabels labels, Runnable write) {
		Object token = new Object();
		synchronized (this) {
			if (isEvicted(since, labels)) {
				return false;
			}
			this.underWay.add(token);
		}
		try {
			write.run();
			return true;
		}
		finally {
			synchronized (this) {
				this.underWay.remove(token);
				notifyAll();
			}
		}
	}

	private boolean isEvicted(long since, EntryLabels labels) {
		long missed = this.count - since;
		return missed > this.latest.size() || this.latest.stream().limit(missed).anyMatch(labels::matches);
	}

}

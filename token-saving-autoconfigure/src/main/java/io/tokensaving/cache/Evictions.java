package io.tokensaving.cache;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;

import com.github.benmanes.caffeine.cache.Ticker;

/**
 * Keeps answers that were asked for before an eviction from being stored after it.
 * Whoever stores answers remembers {@link #count()} when a request comes, and writes by
 * {@link #write}. Thread-safe; look-ups never wait for it, and writes not for each other.
 */
public final class Evictions {

	private static final int REMEMBERED = 1000;

	private static final Duration WAIT_TIME = Duration.ofSeconds(5);

	private final Deque<CacheEviction> latest = new ArrayDeque<>();

	private final Set<Object> underWay = new HashSet<>();

	private volatile long count;

	/**
	 * Return the number of evictions so far.
	 * @return the number
	 */
	public long count() {
		return this.count;
	}

	/**
	 * Begin an eviction, before stores are asked to evict: what it means is not written
	 * any more if it was asked for before. Waits up to five seconds for the writes that
	 * have begun already.
	 * @param eviction says what is evicted
	 * @return whether all of them have ended
	 */
	public synchronized boolean begin(CacheEviction eviction) {
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
	 * Write an answer, unless it was evicted since it was asked for.
	 * @param since the number of evictions when it was asked for
	 * @param labels the labels of the answer
	 * @param write writes it; what it throws is thrown on
	 * @return whether it was written
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
		return missed > this.latest.size()
				|| this.latest.stream().limit(missed).anyMatch((eviction) -> eviction.matches(labels));
	}

}

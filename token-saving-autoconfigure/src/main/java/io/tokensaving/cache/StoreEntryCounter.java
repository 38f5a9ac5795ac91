package io.tokensaving.cache;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

import io.tokensaving.backend.DaemonThreads;
import io.tokensaving.feature.EntryCounter;
import io.tokensaving.feature.EntryCounts;
import io.tokensaving.feature.Eviction;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * Counts answers in the stores of all caches at a time, with a deadline. Thread-safe.
 */
public final class StoreEntryCounter implements EntryCounter, AutoCloseable {

	/**
	 * How long all stores together may take: two seconds.
	 */
	public static final Duration DEADLINE = Duration.ofSeconds(2);

	private static final int MAX_THREADS = 8;

	private static final Log logger = LogFactory.getLog(StoreEntryCounter.class);

	private final List<CacheStore> stores;

	private final Duration deadline;

	private final ThreadPoolExecutor threads = new ThreadPoolExecutor(0, MAX_THREADS, 10, TimeUnit.SECONDS,
			new SynchronousQueue<>(), new DaemonThreads("token-saving-entry-count"));

	/**
	 * Create a counter.
	 * @param stores the stores
	 */
	public StoreEntryCounter(Collection<? extends CacheStore> stores) {
		this(stores, DEADLINE);
	}

	StoreEntryCounter(Collection<? extends CacheStore> stores, Duration deadline) {
		this.stores = List.copyOf(stores);
		this.deadline = deadline;
	}

	@Override
	public Map<String, Optional<EntryCounts>> count(Eviction selection) {
		Map<String, Optional<EntryCounts>> counts = new TreeMap<>();
		List<Callable<Optional<EntryCounts>>> tasks = new ArrayList<>();
		for (CacheStore store : this.stores) {
			counts.put(store.backend(), Optional.empty());
			tasks.add(() -> Optional.ofNullable(store.count(selection)));
		}
		try {
			List<Future<Optional<EntryCounts>>> counted = this.threads.invokeAll(tasks, this.deadline.toNanos(),
					TimeUnit.NANOSECONDS);
			for (int i = 0; i < counted.size(); i++) {
				counts.put(this.stores.get(i).backend(), result(counted.get(i)));
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		catch (RejectedExecutionException ex) {
			logger.debug("Too many threads count entries already", ex);
		}
		return counts;
	}

	private static Optional<EntryCounts> result(Future<Optional<EntryCounts>> counted) throws InterruptedException {
		try {
			return counted.get();
		}
		catch (CancellationException | ExecutionException ex) {
			logger.debug("The entries of a store cannot be counted", ex);
			return Optional.empty();
		}
	}

	@Override
	public void close() {
		this.threads.shutdownNow();
	}

}

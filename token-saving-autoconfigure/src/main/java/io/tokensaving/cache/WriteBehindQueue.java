package io.tokensaving.cache;

import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

import io.tokensaving.backend.DaemonThreads;

/**
 * Writes to stores outside this process behind the answer: one thread works through a
 * bounded queue. What does not fit is refused, never waited for. Thread-safe.
 */
public final class WriteBehindQueue implements AutoCloseable {

	/**
	 * The number of writes that may wait.
	 */
	public static final int CAPACITY = 1000;

	private static final Duration DRAIN_TIME = Duration.ofSeconds(5);

	private static final long DRAIN_PAUSE_MILLIS = 10;

	private final ThreadPoolExecutor executor;

	/**
	 * Create a queue.
	 * @param threadName the name of the thread that writes
	 */
	public WriteBehindQueue(String threadName) {
		this(threadName, CAPACITY);
	}

	/**
	 * Create a queue.
	 * @param threadName the name of the thread that writes
	 * @param capacity the number of writes that may wait, at least 1
	 */
	public WriteBehindQueue(String threadName, int capacity) {
		this.executor = new ThreadPoolExecutor(1, 1, 30, TimeUnit.SECONDS, new ArrayBlockingQueue<>(capacity),
				new DaemonThreads(threadName));
		this.executor.allowCoreThreadTimeOut(true);
	}

	/**
	 * Write later.
	 * @param write the write; it handles its own failures
	 * @return {@code false} if it was refused, because the queue is full or closed
	 */
	public boolean offer(Runnable write) {
		try {
			this.executor.execute(write);
			return true;
		}
		catch (RejectedExecutionException ex) {
			return false;
		}
	}

	/**
	 * Wait up to five seconds for the writes that wait. Further writes are taken.
	 * @return whether all that waited are written
	 */
	public boolean drain() {
		CountDownLatch written = new CountDownLatch(1);
		long attempts = DRAIN_TIME.toMillis() / DRAIN_PAUSE_MILLIS;
		try {
			// The queue may be full
			for (long i = 0; i < attempts && !this.executor.isShutdown(); i++) {
				if (offer(written::countDown)) {
					return written.await((attempts - i) * DRAIN_PAUSE_MILLIS, TimeUnit.MILLISECONDS);
				}
				TimeUnit.MILLISECONDS.sleep(DRAIN_PAUSE_MILLIS);
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		return false;
	}

	/**
	 * Refuse further writes, and wait up to five seconds for those that wait.
	 */
	@Override
	public void close() {
		this.executor.shutdown();
		try {
			if (!this.executor.awaitTermination(DRAIN_TIME.toMillis(), TimeUnit.MILLISECONDS)) {
				this.executor.shutdownNow();
			}
		}
		catch (InterruptedException ex) {
			this.executor.shutdownNow();
			Thread.currentThread().interrupt();
		}
	}

}

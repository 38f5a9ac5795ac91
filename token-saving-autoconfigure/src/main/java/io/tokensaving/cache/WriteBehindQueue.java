package io.tokensaving.cache;

import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

import io.tokensaving.backend.DaemonThreads;
import io.tokensaving.backend.Deadlines;
import io.tokensaving.statistics.DescribedException;

/**
 * Writes to stores outside this process in the background, so that no caller waits for
 * them. One thread works off a queue that is bounded in the number of writes and in the
 * memory that they hold; a write that does not fit is rejected at once. A write that
 * takes longer than 30 seconds is interrupted. While it does not end, an additional
 * thread continues with the queue, until {@value #MAX_HANGING} writes hang. Thread-safe.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public final class WriteBehindQueue implements AutoCloseable {

	/**
	 * The number of writes that may be queued.
	 */
	public static final int CAPACITY = 1000;

	/**
	 * The number of bytes that queued writes may hold together: 32 MiB.
	 */
	public static final long MAX_BYTES = 32L * 1024 * 1024;

	static final int MAX_HANGING = 4;

	private static final Duration WRITE_TIME = Duration.ofSeconds(30);

	private static final Duration DRAIN_TIME = Duration.ofSeconds(5);

	private static final long DRAIN_PAUSE_MILLIS = 10;

	private final ThreadPoolExecutor executor;

	private final long maxBytes;

	private final AtomicLong bytes = new AtomicLong();

	private final Duration writeTime;

	private final Consumer<RuntimeException> onOverdue;

	private int hanging;

	/**
	 * Create a queue.
	 * @param threadName the name of the threads that write
	 * @param onOverdue receives a failure for each write that takes too long; must return
	 * quickly
	 */
	public WriteBehindQueue(String threadName, Consumer<RuntimeException> onOverdue) {
		this(new DaemonThreads(threadName), CAPACITY, MAX_BYTES, WRITE_TIME, onOverdue);
	}

	/**
	 * Create a queue.
	 * @param threads creates the threads that write
	 * @param capacity the number of writes that may be queued, at least 1
	 * @param maxBytes the number of bytes that queued writes and those in progress may
	 * hold; a single write is accepted whatever its size
	 * @param writeTime how long a write may take
	 * @param onOverdue receives a failure for each write that takes too long; must return
	 * quickly
	 */
	WriteBehindQueue(ThreadFactory threads, int capacity, long maxBytes, Duration writeTime,
			Consumer<RuntimeException> onOverdue) {
		this.maxBytes = maxBytes;
		this.executor = new ThreadPoolExecutor(1, 1, 30, TimeUnit.SECONDS, new ArrayBlockingQueue<>(capacity), threads);
		this.executor.allowCoreThreadTimeOut(true);
		this.writeTime = writeTime;
		this.onOverdue = onOverdue;
	}

	boolean offer(Runnable write) {
		return offer(write, 0);
	}

	/**
	 * Queue a write.
	 * @param write the write; it handles its own failures
	 * @param bytes about how many bytes of memory the write holds, at least 0
	 * @return {@code false} if the write was rejected, because the queue is full or
	 * closed, or no thread can be started
	 */
	public boolean offer(Runnable write, long bytes) {
		long held = this.bytes.addAndGet(bytes);
		if (bytes > 0 && held > this.maxBytes && held > bytes) {
			this.bytes.addAndGet(-bytes);
			return false;
		}
		try {
			this.executor.execute(() -> {
				try {
					write(write);
				}
				finally {
					this.bytes.addAndGet(-bytes);
				}
			});
			return true;
		}
		catch (RejectedExecutionException | OutOfMemoryError ex) { // full, or no thread
			this.bytes.addAndGet(-bytes);
			return false;
		}
	}

	private void write(Runnable write) {
		AtomicBoolean overdue = new AtomicBoolean();
		try {
			Deadlines.run(this.writeTime, write, () -> {
				overdue.set(true);
				changeHanging(1);
				this.onOverdue.accept(new DescribedException("A write took longer than %s".formatted(this.writeTime)));
			});
		}
		finally {
			if (overdue.get()) {
				changeHanging(-1);
			}
		}
	}

	// Keeps one thread more than there are hanging writes, up to the limit
	private synchronized void changeHanging(int more) {
		this.hanging += more;
		int threads = 1 + Math.min(this.hanging, MAX_HANGING);
		if (threads > this.executor.getMaximumPoolSize()) {
			this.executor.setMaximumPoolSize(threads);
			this.executor.setCorePoolSize(threads);
		}
		else {
			this.executor.setCorePoolSize(threads);
			this.executor.setMaximumPoolSize(threads);
		}
	}

	/**
	 * Wait up to five seconds for the writes queued so far. Further writes are accepted
	 * meanwhile.
	 * @return whether all of them are written
	 */
	public boolean drain() {
		CountDownLatch written = new CountDownLatch(1);
		long attempts = DRAIN_TIME.toMillis() / DRAIN_PAUSE_MILLIS;
		try {
			// The marker itself does not fit while the queue is full
			for (long i = 0; i < attempts && !this.executor.isShutdown(); i++) {
				if (offer(written::countDown, 0)) {
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
	 * Reject further writes, and wait up to five seconds for the queued ones.
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

package io.tokensaving.route.log;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

import io.tokensaving.ForeignText;
import io.tokensaving.backend.DaemonThreads;
import io.tokensaving.backend.Deadlines;
import io.tokensaving.statistics.DescribedException;
import org.jspecify.annotations.Nullable;

/**
 * Writes to one sink in the background. What waits is bounded in number and memory, and
 * what does not fit is dropped and counted. What the sink refuses is written again,
 * later: after a quarter of a second, and then twice as long each time, up to 30 seconds.
 * Thread-safe.
 */
final class SinkWriter implements AutoCloseable {

	static final int MAX_WAITING = 10_000;

	static final long MAX_BYTES = 32L * 1024 * 1024;

	static final Duration INTERVAL = Duration.ofMillis(250);

	private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);

	static final Duration WRITE_TIME = Duration.ofSeconds(10);

	private static final Duration EXPIRY_TIME = Duration.ofMinutes(1);

	private static final int BATCH = 256;

	private static final int BATCH_CHARS = 1024 * 1024;

	private static final int MAX_MESSAGE = 300;

	private final RouteSink sink;

	private final Consumer<Throwable> onFailure;

	private final Duration interval;

	private final Duration writeTime;

	private final Queue<Waiting> queue = new ConcurrentLinkedQueue<>();

	private final AtomicInteger waiting = new AtomicInteger();

	private final AtomicLong waitingBytes = new AtomicLong();

	private final AtomicBoolean scheduled = new AtomicBoolean();

	private final AtomicLong written = new AtomicLong();

	private final AtomicLong dropped = new AtomicLong();

	private final AtomicLong failures = new AtomicLong();

	private final ScheduledThreadPoolExecutor executor;

	// What was taken from the queue and is not written yet; only used by the thread
	private final List<RouteLine> batch = new ArrayList<>();

	private long batchBytes;

	private long batchChars;

	private long pauseMillis;

	private boolean expiring;

	SinkWriter(RouteSink sink, Consumer<Throwable> onFailure, Duration interval, Duration writeTime) {
		this.sink = sink;
		this.onFailure = onFailure;
		this.interval = interval;
		this.writeTime = writeTime;
		this.executor = new ScheduledThreadPoolExecutor(1, new DaemonThreads("token-saving-route-log"));
		this.executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
		this.executor.setRemoveOnCancelPolicy(true);
	}

	/**
	 * Queue a record.
	 * @param record the record
	 */
	void offer(Waiting record) {
		long held = this.waitingBytes.addAndGet(record.bytes());
		if (this.waiting.incrementAndGet() > MAX_WAITING || held > MAX_BYTES || this.executor.isShutdown()) {
			this.waiting.decrementAndGet();
			this.waitingBytes.addAndGet(-record.bytes());
			this.dropped.incrementAndGet();
			return;
		}
		this.queue.add(record);
		schedule(this.interval.toMillis());
	}

	private void schedule(long millis) {
		if (!this.scheduled.get() && this.scheduled.compareAndSet(false, true)) {
			boolean accepted = false;
			try {
				var unused = this.executor.schedule(this::run, millis, TimeUnit.MILLISECONDS);
				accepted = true;
			}
			catch (RejectedExecutionException | OutOfMemoryError ex) {
				// It is being closed, or no thread can be started: the next record tries
				this.failures.incrementAndGet();
			}
			finally {
				if (!accepted) {
					this.scheduled.set(false);
				}
			}
		}
	}

	private void run() {
		this.scheduled.set(false);
		if (writeAll()) {
			this.pauseMillis = 0;
		}
		else {
			this.pauseMillis = Math.min(LONGEST_PAUSE.toMillis(),
					Math.max(2 * this.pauseMillis, this.interval.toMillis()));
			schedule(this.pauseMillis);
		}
	}

	private boolean writeAll() {
		while (fill()) {
			List<RouteLine> lines = List.copyOf(this.batch);
			if (!attempt(this.writeTime, () -> this.sink.write(lines),
					"did not take %d records".formatted(lines.size()))) {
				return false;
			}
			this.written.addAndGet(lines.size());
			this.waiting.addAndGet(-lines.size());
			this.waitingBytes.addAndGet(-this.batchBytes);
			this.batch.clear();
			this.batchBytes = 0;
			this.batchChars = 0;
		}
		return true;
	}

	// After a failure the sink gets the same batch again
	private boolean fill() {
		if (!this.batch.isEmpty()) {
			return true;
		}
		while (this.batch.size() < BATCH && this.batchChars < BATCH_CHARS) {
			Waiting record = this.queue.poll();
			if (record == null) {
				break;
			}
			try {
				RouteLine line = record.line();
				this.batch.add(line);
				this.batchBytes += record.bytes();
				this.batchChars += line.json().length();
			}
			catch (Throwable ex) {
				this.waiting.decrementAndGet();
				this.waitingBytes.addAndGet(-record.bytes());
				this.dropped.incrementAndGet();
				failed("a record could not be written as JSON", ex);
			}
		}
		return !this.batch.isEmpty();
	}

	private boolean attempt(Duration time, Work work, String problem) {
		AtomicBoolean done = new AtomicBoolean();
		AtomicBoolean overdue = new AtomicBoolean();
		try {
			Deadlines.run(time, () -> {
				try {
					work.run();
					done.set(true);
				}
				catch (Throwable ex) {
					failed(problem, ex);
				}
			}, () -> overdue.set(true));
		}
		catch (Throwable ex) {
			failed(problem, ex);
		}
		if (overdue.get() && done.get()) {
			failed("took longer than " + time, null);
		}
		return done.get();
	}

	private void failed(String problem, @Nullable Throwable cause) {
		this.failures.incrementAndGet();
		try {
			this.onFailure.accept(new DescribedException("The routing log's sink '%s' %s%s".formatted(this.sink.name(),
					problem, (cause != null) ? ": " + describe(cause) : ""), cause));
		}
		catch (Throwable ex) {
			// It is counted, and telling is what failed
		}
	}

	// What the file system says names files only; others might quote a record
	private static String describe(Throwable cause) {
		return (cause instanceof IOException) ? ForeignText.printable(cause, MAX_MESSAGE)
				: (cause instanceof DescribedException described) ? described.description()
						: cause.getClass().getName();
	}

	/**
	 * Have the sink delete what is too old, now and then at intervals.
	 * @param every the interval
	 */
	synchronized void expireEvery(Duration every) {
		if (!this.expiring && !this.executor.isShutdown()) {
			this.expiring = true;
			var unused = this.executor.scheduleWithFixedDelay(
					() -> attempt(EXPIRY_TIME, this.sink::expire, "did not delete what is too old"), 0,
					every.toMillis(), TimeUnit.MILLISECONDS);
		}
	}

	/**
	 * Write what waits.
	 * @param nanos how long to wait for it, in nanoseconds
	 * @return whether all of it is written
	 */
	boolean drain(long nanos) {
		try {
			return this.executor.submit(this::writeAll).get(Math.max(0, nanos), TimeUnit.NANOSECONDS);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		catch (ExecutionException | TimeoutException | RejectedExecutionException | OutOfMemoryError ex) {
			return false;
		}
		return false;
	}

	/**
	 * End the thread and close the sink. What still waits is dropped.
	 */
	@Override
	public void close() {
		boolean ended = false;
		this.executor.shutdownNow();
		try {
			ended = this.executor.awaitTermination(1, TimeUnit.SECONDS);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		this.dropped.addAndGet(this.waiting.getAndSet(0));
		this.waitingBytes.set(0);
		if (ended) {
			try {
				this.sink.close();
			}
			catch (RuntimeException ex) {
				failed("could not be closed", ex);
			}
		}
	}

	RouteSink sink() {
		return this.sink;
	}

	int waiting() {
		return this.waiting.get();
	}

	long written() {
		return this.written.get();
	}

	long dropped() {
		return this.dropped.get();
	}

	long failures() {
		return this.failures.get();
	}

	Map<String, Object> describe() {
		Map<String, Object> described = new LinkedHashMap<>();
		described.put("name", this.sink.name());
		described.put("written", written());
		described.put("waiting", waiting());
		described.put("dropped", dropped());
		described.put("failures", failures());
		return described;
	}

	/**
	 * A record that waits.
	 */
	interface Waiting {

		/**
		 * Return about how much memory it holds.
		 * @return the bytes
		 */
		long bytes();

		/**
		 * Return it as it is written.
		 * @return the line
		 */
		RouteLine line();

	}

	private interface Work {

		void run() throws Exception;

	}

}

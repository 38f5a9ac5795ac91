package io.tokensaving.batch;

import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * Runs work on threads by a clock that stands still while anything runs, and is then
 * moved to the time of what comes next. So hours pass in no time, and work of the same
 * time runs at the same time all the same.
 */
final class SteppedThreads implements BatchScheduling, Executor {

	private final PriorityQueue<Task> tasks = new PriorityQueue<>(
			Comparator.comparing(Task::at).thenComparing(Task::number));

	private final SteppedClock clock;

	private final ExecutorService pool;

	// All that follows is guarded by this

	private long number;

	private int running;

	private Throwable failure;

	SteppedThreads(SteppedClock clock, int threads) {
		this.clock = clock;
		this.pool = Executors.newFixedThreadPool(threads, (task) -> {
			Thread thread = new Thread(task, "stepped");
			thread.setDaemon(true);
			return thread;
		});
	}

	@Override
	public synchronized void later(Runnable task, Duration delay) {
		this.tasks.add(new Task(this.clock.instant().plus(delay), this.number++, task));
	}

	@Override
	public void provider(Runnable task) {
		execute(task);
	}

	@Override
	public void callback(Runnable task) {
		execute(task);
	}

	@Override
	public void execute(Runnable task) {
		synchronized (this) {
			this.running++;
		}
		try {
			this.pool.execute(() -> {
				try {
					task.run();
				}
				catch (Throwable ex) {
					ended(ex);
					return;
				}
				ended(null);
			});
		}
		catch (RejectedExecutionException ex) {
			ended(null);
		}
	}

	private synchronized void ended(Throwable failure) {
		this.running--;
		if (failure != null && this.failure == null) {
			this.failure = failure;
		}
		notifyAll();
	}

	/**
	 * Let time pass.
	 * @param end until when, at most
	 * @param done whether this is enough; asked while nothing runs
	 * @param mover moves the clock
	 */
	void run(Instant end, BooleanSupplier done, Consumer<Instant> mover) throws InterruptedException {
		while (true) {
			awaitIdle();
			if (done.getAsBoolean()) {
				return;
			}
			Task next;
			boolean now;
			synchronized (this) {
				next = this.tasks.peek();
				if (next == null || next.at().isAfter(end)) {
					return;
				}
				now = !next.at().isAfter(this.clock.instant());
				if (now) {
					this.tasks.remove();
				}
			}
			if (now) {
				next.task().run();
			}
			else {
				mover.accept(next.at());
			}
		}
	}

	private synchronized void awaitIdle() throws InterruptedException {
		while (this.running > 0) {
			wait();
		}
		if (this.failure != null) {
			throw new IllegalStateException("Work has failed", this.failure);
		}
	}

	@Override
	public void close() {
		this.pool.shutdownNow();
	}

	private record Task(Instant at, long number, Runnable task) {

	}

}

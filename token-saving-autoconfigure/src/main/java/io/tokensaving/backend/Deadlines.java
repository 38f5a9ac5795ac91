package io.tokensaving.backend;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Interrupts background work that takes too long. Thread-safe.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public final class Deadlines {

	private Deadlines() {
	}

	/**
	 * Run work, and interrupt it if it takes too long. Work that ignores the interrupt
	 * occupies the thread until it ends by itself, so a caller with a queue has to
	 * provide another thread. The interrupt flag is cleared when the work has ended.
	 * @param deadline how long the work may take, above zero
	 * @param work the work; its exceptions are rethrown
	 * @param whenOverdue is called once on another thread when the deadline has passed,
	 * before the interrupt and before this method returns; must return quickly
	 */
	public static void run(Duration deadline, Runnable work, Runnable whenOverdue) {
		Watch watch = new Watch(Thread.currentThread(), whenOverdue);
		CompletableFuture<Boolean> end = new CompletableFuture<Boolean>().orTimeout(nanos(deadline),
				TimeUnit.NANOSECONDS);
		var unused = end.whenComplete((ended, timeout) -> {
			if (timeout != null) {
				watch.expire();
			}
		});
		try {
			work.run();
		}
		finally {
			// Also cancels the timer
			end.complete(true);
			watch.end();
		}
	}

	private static long nanos(Duration duration) {
		try {
			return duration.toNanos();
		}
		catch (ArithmeticException ex) {
			return Long.MAX_VALUE;
		}
	}

	/**
	 * Watches one piece of work. The lock ensures that the thread is not interrupted
	 * after the work has ended.
	 */
	private static final class Watch {

		private final Thread thread;

		private final Runnable whenOverdue;

		private boolean ended;

		private boolean expired;

		Watch(Thread thread, Runnable whenOverdue) {
			this.thread = thread;
			this.whenOverdue = whenOverdue;
		}

		synchronized void expire() {
			if (this.ended) {
				return;
			}
			this.expired = true;
			try {
				this.whenOverdue.run();
			}
			finally {
				this.thread.interrupt();
			}
		}

		synchronized void end() {
			this.ended = true;
			if (this.expired) {
				Thread.interrupted();
			}
		}

	}

}

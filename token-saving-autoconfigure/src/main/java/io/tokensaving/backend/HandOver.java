package io.tokensaving.backend;

import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * Threads to which streams are moved when they must not continue on their current thread.
 * A stream that its subscriber blocks occupies its own thread only, whereas streams on
 * {@link Schedulers#boundedElastic()} share workers. Idle threads end. Thread-safe.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public final class HandOver {

	private static final int MAX_THREADS = 2048;

	private static final ThreadPoolExecutor THREADS = new ThreadPoolExecutor(0, MAX_THREADS, 30, TimeUnit.SECONDS,
			new SynchronousQueue<>(), new DaemonThreads("token-saving-stream"));

	private static final Executor STREAM_THREADS = orCallingThread(THREADS);

	private static final Scheduler STREAMS = Schedulers.fromExecutor(STREAM_THREADS);

	private static final Scheduler LOOKUPS = lookups(THREADS);

	private HandOver() {
	}

	/**
	 * Return the scheduler on which streams continue. If no thread can be started, its
	 * tasks run on the calling thread.
	 * @return the scheduler, which never rejects a task
	 */
	public static Scheduler streams() {
		return STREAMS;
	}

	/**
	 * Return the threads of {@link #streams()} as an executor, for tasks that must not
	 * allocate.
	 * @return the executor, which never rejects a task
	 */
	public static Executor executor() {
		return STREAM_THREADS;
	}

	/**
	 * Return the scheduler on which look-ups wait.
	 * @return the scheduler, which rejects tasks with a
	 * {@link RejectedExecutionException} if no thread can be started
	 */
	public static Scheduler lookups() {
		return LOOKUPS;
	}

	/**
	 * Whether a thread is available. Without one, the answer of a stream should not be
	 * looked up: the stream would continue on the thread that completes the look-up, and
	 * could block it.
	 * @return whether a thread is available
	 */
	public static boolean hasRoom() {
		return THREADS.getPoolSize() < MAX_THREADS || THREADS.getActiveCount() < MAX_THREADS;
	}

	static Scheduler lookups(Executor executor) {
		return Schedulers.fromExecutor((task) -> {
			try {
				executor.execute(task);
			}
			catch (OutOfMemoryError ex) {
				// Reactor would throw the error at the subscriber
				throw new RejectedExecutionException("No thread can be started", ex);
			}
		});
	}

	static Executor orCallingThread(Executor executor) {
		return (task) -> {
			try {
				executor.execute(task);
			}
			catch (RejectedExecutionException | OutOfMemoryError ex) {
				// No thread can be started
				task.run();
			}
		};
	}

}

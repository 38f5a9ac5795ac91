package io.tokensaving.batch;

import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

import io.tokensaving.backend.DaemonThreads;

/**
 * Runs the work of a batch engine on daemon threads: one for the engine, some for the
 * providers, one for callers. The last two end when there is nothing to do.
 */
public final class BatchThreads implements BatchScheduling {

	private final ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1,
			new DaemonThreads("token-saving-batch"));

	private final ExecutorService providers;

	private final ExecutorService callbacks = pool(1, "token-saving-batch-callback");

	/**
	 * Create the threads.
	 * @param providerThreads the calls of providers at the same time, at least 1
	 */
	public BatchThreads(int providerThreads) {
		this.providers = pool(providerThreads, "token-saving-batch-provider");
		this.timer.setRemoveOnCancelPolicy(true);
		this.timer.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
	}

	private static ExecutorService pool(int threads, String name) {
		ThreadPoolExecutor pool = new ThreadPoolExecutor(threads, threads, 10, TimeUnit.SECONDS,
				new LinkedBlockingQueue<>(), new DaemonThreads(name));
		pool.allowCoreThreadTimeOut(true);
		return pool;
	}

	@Override
	public void later(Runnable task, Duration delay) {
		try {
			var unused = this.timer.schedule(task, delay.toMillis(), TimeUnit.MILLISECONDS);
		}
		catch (RejectedExecutionException ex) {
			// Closed
		}
	}

	@Override
	public void provider(Runnable task) {
		execute(this.providers, task);
	}

	@Override
	public void callback(Runnable task) {
		execute(this.callbacks, task);
	}

	private static void execute(ExecutorService executor, Runnable task) {
		try {
			executor.execute(task);
		}
		catch (RejectedExecutionException ex) {
			// Closed
		}
	}

	@Override
	public void close() {
		this.timer.shutdownNow();
		this.providers.shutdownNow();
		this.callbacks.shutdownNow();
	}

}

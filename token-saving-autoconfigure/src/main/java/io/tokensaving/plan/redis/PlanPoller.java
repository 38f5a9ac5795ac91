package io.tokensaving.plan.redis;

import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

import io.tokensaving.backend.DaemonThreads;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Polls the revision of the plans, and reads all plans when the revision has changed,
 * when {@link #reloadSoon()} is called, and after a fixed interval in any case. Logs when
 * Redis becomes unreachable and when it is back. All reading runs in one thread.
 * Thread-safe.
 */
final class PlanPoller {

	private static final Log logger = LogFactory.getLog(RedisPlanRepository.class);

	private final Duration pollInterval;

	private final Duration reloadInterval;

	private final Source source;

	private final AtomicBoolean reloadRequested = new AtomicBoolean();

	private volatile @Nullable ScheduledThreadPoolExecutor executor;

	private volatile boolean reachable = true;

	// Null if the revision of the plans in use is not known; used by the polling thread
	// only
	private @Nullable String seenRevision;

	/**
	 * Create a poller.
	 * @param pollInterval the time between two readings of the revision
	 * @param reloadInterval the time between two readings of all plans
	 * @param source what is polled
	 */
	PlanPoller(Duration pollInterval, Duration reloadInterval, Source source) {
		this.pollInterval = pollInterval;
		this.reloadInterval = reloadInterval;
		this.source = source;
	}

	/**
	 * Start polling, at once.
	 */
	void start() {
		ScheduledThreadPoolExecutor started = new ScheduledThreadPoolExecutor(1,
				new DaemonThreads("token-saving-plans-read"));
		this.executor = started;
		started.scheduleWithFixedDelay(() -> poll(false), 0, this.pollInterval.toMillis(), TimeUnit.MILLISECONDS);
		started.scheduleWithFixedDelay(() -> poll(true), this.reloadInterval.toMillis(), this.reloadInterval.toMillis(),
				TimeUnit.MILLISECONDS);
	}

	/**
	 * Stop polling, and interrupt a reading in progress.
	 */
	void stop() {
		ScheduledThreadPoolExecutor started = this.executor;
		this.executor = null;
		if (started != null) {
			started.shutdownNow();
		}
	}

	/**
	 * Return whether the latest attempt could read Redis.
	 * @return whether it could; {@code true} before the first attempt
	 */
	boolean isReachable() {
		return this.reachable;
	}

	/**
	 * Read all plans as soon as possible. Calls before the reading starts are combined
	 * into one. Does nothing if the poller is not running.
	 */
	void reloadSoon() {
		if (this.reloadRequested.compareAndSet(false, true)) {
			ScheduledThreadPoolExecutor started = this.executor;
			if (started != null) {
				try {
					started.execute(() -> poll(true));
				}
				catch (RejectedExecutionException ex) {
					logger.debug("A change of plans came too late", ex);
				}
			}
		}
	}

	private void poll(boolean reload) {
		this.reloadRequested.set(false);
		try {
			this.source.beforePoll();
			String revision = this.source.revision();
			if (reload || !revision.equals(this.seenRevision)) {
				this.seenRevision = this.source.reload() ? revision : null;
			}
			if (!this.reachable) {
				this.reachable = true;
				logger.info("Redis answers again: stored plans are up to date");
			}
		}
		catch (RuntimeException | Error ex) {
			// An exception would cancel the scheduled polling
			this.seenRevision = null;
			if (this.reachable && this.executor != null) {
				this.reachable = false;
				logger.warn("Stored plans cannot be read from Redis, those that were read last stay in use: "
						+ ex.getClass().getName());
			}
			logger.debug("Stored plans cannot be read from Redis", ex);
			this.source.failed();
		}
	}

	/**
	 * What is polled. Called by one thread only.
	 */
	interface Source {

		/**
		 * Called before each poll, for work that is due.
		 */
		void beforePoll();

		/**
		 * Return the revision, which changes with every change of a plan.
		 * @return the revision
		 */
		String revision();

		/**
		 * Read all plans.
		 * @return whether the plans are in use now; if not, the poller reads them again
		 */
		boolean reload();

		/**
		 * Called when another method of this source has failed.
		 */
		void failed();

	}

}

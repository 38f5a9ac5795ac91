package io.tokensaving.samples.gateway.door;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.SmartLifecycle;

/**
 * Takes the gateway out of service before the web server stops: readiness goes down
 * first, then the server takes no more requests and lets those that run end, then those
 * that still run are cut. Thread-safe.
 */
final class Drain {

	private final Duration delay;

	private final ClientWatch watch;

	// What is left of the answers of requests that were cut
	private static final long LAST_WORDS_NANOS = TimeUnit.SECONDS.toNanos(5);

	private final AtomicInteger running = new AtomicInteger();

	private volatile boolean draining;

	Drain(Duration delay, ClientWatch watch) {
		this.delay = delay;
		this.watch = watch;
	}

	/**
	 * Whether the gateway is about to stop.
	 * @return whether it is
	 */
	boolean isDraining() {
		return this.draining;
	}

	/**
	 * Count a request that begins.
	 * @return how many run, with this one
	 */
	int begin() {
		return this.running.incrementAndGet();
	}

	void end() {
		this.running.decrementAndGet();
	}

	/**
	 * Return what is done before the web server takes no more requests.
	 * @return a lifecycle
	 */
	SmartLifecycle before() {
		return new Step(WebServerApplicationContext.GRACEFUL_SHUTDOWN_PHASE + 1) {

			@Override
			void run() {
				Drain.this.draining = true;
				try {
					TimeUnit.MILLISECONDS.sleep(Drain.this.delay.toMillis());
				}
				catch (InterruptedException ex) {
					Thread.currentThread().interrupt();
				}
			}
		};
	}

	/**
	 * Return what is done when the time to end is over, before the web server stops.
	 * @return a lifecycle
	 */
	SmartLifecycle after() {
		return new Step(WebServerApplicationContext.GRACEFUL_SHUTDOWN_PHASE - 1) {

			@Override
			void run() {
				Drain.this.watch.cutAll();
				awaitEnd();
			}
		};
	}

	private void awaitEnd() {
		long deadline = System.nanoTime() + LAST_WORDS_NANOS;
		while (this.running.get() > 0 && System.nanoTime() - deadline < 0 && !Thread.currentThread().isInterrupted()) {
			LockSupport.parkNanos(this, TimeUnit.MILLISECONDS.toNanos(10));
		}
	}

	private abstract static class Step implements SmartLifecycle {

		private final int phase;

		private volatile boolean running;

		Step(int phase) {
			this.phase = phase;
		}

		abstract void run();

		@Override
		public void start() {
			this.running = true;
		}

		@Override
		public void stop() {
			this.running = false;
			run();
		}

		@Override
		public boolean isRunning() {
			return this.running;
		}

		@Override
		public int getPhase() {
			return this.phase;
		}

	}

}

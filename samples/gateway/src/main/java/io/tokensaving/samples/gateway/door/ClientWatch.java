package io.tokensaving.samples.gateway.door;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

import io.tokensaving.samples.gateway.door.WatchedHttpProtocol.Connection;
import jakarta.servlet.http.HttpServletRequest;
import org.jspecify.annotations.Nullable;

import org.springframework.context.SmartLifecycle;

/**
 * Notices clients that close their connection while they wait for an answer, which
 * nothing tells a servlet that does not write. A thread looks at the sockets of all that
 * wait and interrupts those whose client is gone. Thread-safe.
 */
final class ClientWatch implements SmartLifecycle {

	/**
	 * The attribute under which {@link ConnectionValve} leaves the connection.
	 */
	static final String CONNECTION = ClientWatch.class.getName() + ".connection";

	private final Set<Watched> watched = ConcurrentHashMap.newKeySet();

	private final long intervalNanos;

	private volatile @Nullable Thread thread;

	private volatile boolean cutting;

	ClientWatch(Duration interval) {
		this.intervalNanos = interval.toNanos();
	}

	/**
	 * Watch the client of a request. The current thread is interrupted if it leaves, and
	 * never after the watch was closed.
	 * @param request the request
	 * @return the watch, to be closed by the same thread before it reads or writes
	 */
	Watched watch(HttpServletRequest request) {
		Object found = request.getAttribute(CONNECTION);
		Watched watched = new Watched((found instanceof Connection connection) ? connection : null);
		this.watched.add(watched);
		if (this.cutting) {
			watched.interrupt(Reason.SHUTDOWN);
		}
		return watched;
	}

	int size() {
		return this.watched.size();
	}

	/**
	 * Interrupt all that wait, as the gateway stops.
	 */
	void cutAll() {
		this.cutting = true;
		this.watched.forEach((watched) -> watched.interrupt(Reason.SHUTDOWN));
	}

	private void run() {
		while (this.thread == Thread.currentThread()) {
			LockSupport.parkNanos(this, this.intervalNanos);
			this.watched.forEach(Watched::look);
		}
	}

	@Override
	public void start() {
		Thread thread = new Thread(this::run, "gateway-client-watch");
		thread.setDaemon(true);
		this.thread = thread;
		thread.start();
	}

	@Override
	public void stop() {
		Thread thread = this.thread;
		this.thread = null;
		if (thread != null) {
			LockSupport.unpark(thread);
			try {
				thread.join(TimeUnit.SECONDS.toMillis(1));
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
		}
	}

	@Override
	public boolean isRunning() {
		return this.thread != null;
	}

	// Before the web server takes requests, and after it has stopped
	@Override
	public int getPhase() {
		return Integer.MIN_VALUE;
	}

	/**
	 * Why a wait was interrupted.
	 */
	enum Reason {

		/**
		 * The client has closed the connection.
		 */
		CLIENT_LEFT,

		/**
		 * The gateway stops.
		 */
		SHUTDOWN

	}

	/**
	 * One request that waits.
	 */
	final class Watched implements AutoCloseable {

		private final Thread waiting = Thread.currentThread();

		// No monitor, which would pin a virtual thread on older JDKs
		private final ReentrantLock lock = new ReentrantLock();

		private final @Nullable Connection connection;

		private volatile @Nullable Reason reason;

		private boolean paused;

		private boolean closed;

		private Watched(@Nullable Connection connection) {
			this.connection = connection;
		}

		/**
		 * Return why the wait was interrupted.
		 * @return the reason, or {@code null} if it was not
		 */
		@Nullable Reason reason() {
			return this.reason;
		}

		private void look() {
			Connection connection = this.connection;
			if (connection == null || !this.lock.tryLock()) {
				return;
			}
			try {
				if (!this.paused && !this.closed && this.reason == null && connection.isGone()) {
					interruptLocked(Reason.CLIENT_LEFT);
				}
			}
			finally {
				this.lock.unlock();
			}
		}

		private void interrupt(Reason reason) {
			this.lock.lock();
			try {
				if (!this.closed && this.reason == null) {
					interruptLocked(reason);
				}
			}
			finally {
				this.lock.unlock();
			}
		}

		private void interruptLocked(Reason reason) {
			this.reason = reason;
			this.waiting.interrupt();
		}

		/**
		 * Stop to look at the connection, as it is about to be used.
		 */
		void pause() {
			this.lock.lock();
			this.paused = true;
			this.lock.unlock();
		}

		/**
		 * Go on to look at the connection.
		 */
		void resume() {
			this.lock.lock();
			this.paused = false;
			this.lock.unlock();
		}

		/**
		 * Stop to watch. The interruption, if there was one, is over.
		 */
		@Override
		public void close() {
			ClientWatch.this.watched.remove(this);
			this.lock.lock();
			try {
				this.closed = true;
				if (this.reason != null) {
					Thread.interrupted();
				}
			}
			finally {
				this.lock.unlock();
			}
		}

	}

}

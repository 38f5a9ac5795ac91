package io.tokensaving.samples.gateway.upstream;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;

import org.jspecify.annotations.Nullable;

/**
 * The body of an answer, taken from the connection only as fast as it is read. One thread
 * may read while any other closes it.
 */
final class UpstreamBody implements Flow.Subscriber<List<ByteBuffer>> {

	private static final long DRAIN_SECONDS = 1;

	private static final Executor LATER = CompletableFuture.delayedExecutor(DRAIN_SECONDS, TimeUnit.SECONDS);

	private final Lock lock = new ReentrantLock();

	private final Condition changed = this.lock.newCondition();

	private final Deque<ByteBuffer> buffers = new ArrayDeque<>();

	private Flow.@Nullable Subscription subscription;

	private @Nullable Throwable failure;

	private boolean asked;

	private boolean ended;

	private boolean closed;

	private boolean draining;

	/**
	 * Read the next bytes.
	 * @param nanos how long to wait for them
	 * @return the bytes, or {@code null} at the end
	 * @throws IOException if the connection broke
	 * @throws TimeoutException if there are none in time
	 * @throws InterruptedException if the thread was interrupted
	 * @throws ClosedException if the body was closed
	 */
	@Nullable ByteBuffer read(long nanos) throws IOException, TimeoutException, InterruptedException, ClosedException {
		long left = nanos;
		this.lock.lockInterruptibly();
		try {
			while (true) {
				if (this.closed) {
					throw new ClosedException();
				}
				ByteBuffer buffer = this.buffers.poll();
				if (buffer != null) {
					if (buffer.hasRemaining()) {
						return buffer;
					}
					continue;
				}
				if (this.ended) {
					if (this.failure != null) {
						throw new IOException("The connection broke", this.failure);
					}
					return null;
				}
				if (!this.asked && this.subscription != null) {
					ask(this.subscription);
					continue;
				}
				if (left <= 0) {
					throw new TimeoutException();
				}
				left = this.changed.awaitNanos(left);
			}
		}
		finally {
			this.lock.unlock();
		}
	}

	// Without the lock, as the client may have locks of its own
	private void ask(Flow.Subscription current) {
		this.asked = true;
		this.lock.unlock();
		try {
			current.request(1);
		}
		finally {
			this.lock.lock();
		}
	}

	/**
	 * Close the connection, unless the body has been read to its end.
	 */
	void close() {
		Flow.Subscription current;
		this.lock.lock();
		try {
			if (this.closed) {
				return;
			}
			this.closed = true;
			this.buffers.clear();
			current = (this.ended || this.draining) ? null : this.subscription;
			this.changed.signalAll();
		}
		finally {
			this.lock.unlock();
		}
		if (current != null) {
			current.cancel();
		}
	}

	/**
	 * Read what is left without a use for it, so that the connection can be used again;
	 * for a second at most.
	 */
	void drain() {
		Flow.Subscription current;
		this.lock.lock();
		try {
			if (this.closed || this.ended) {
				return;
			}
			this.draining = true;
			this.buffers.clear();
			current = this.subscription;
		}
		finally {
			this.lock.unlock();
		}
		if (current != null) {
			current.request(Long.MAX_VALUE);
			LATER.execute(() -> {
				if (!isEnded()) {
					current.cancel();
				}
			});
		}
	}

	private boolean isEnded() {
		this.lock.lock();
		try {
			return this.ended;
		}
		finally {
			this.lock.unlock();
		}
	}

	@Override
	public void onSubscribe(Flow.Subscription given) {
		boolean late;
		this.lock.lock();
		try {
			this.subscription = given;
			late = this.closed;
			this.changed.signalAll();
		}
		finally {
			this.lock.unlock();
		}
		if (late) {
			given.cancel();
		}
	}

	@Override
	public void onNext(List<ByteBuffer> item) {
		this.lock.lock();
		try {
			this.asked = false;
			if (!this.closed && !this.draining) {
				this.buffers.addAll(item);
				this.changed.signalAll();
			}
		}
		finally {
			this.lock.unlock();
		}
	}

	@Override
	public void onError(Throwable throwable) {
		end(throwable);
	}

	@Override
	public void onComplete() {
		end(null);
	}

	private void end(@Nullable Throwable throwable) {
		this.lock.lock();
		try {
			this.failure = throwable;
			this.ended = true;
			this.changed.signalAll();
		}
		finally {
			this.lock.unlock();
		}
	}

	/**
	 * Thrown if the body was closed while it was read.
	 */
	static final class ClosedException extends Exception {

		ClosedException() {
			super("closed", null, false, false);
		}

	}

}

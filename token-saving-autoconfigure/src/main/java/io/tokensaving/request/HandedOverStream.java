package io.tokensaving.request;

import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Exceptions;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Operators;
import reactor.util.concurrent.Queues;
import reactor.util.context.Context;

/**
 * A stream that continues on another thread and honours the demand of its subscriber,
 * like {@link Flux#publishOn}. Unlike {@code publishOn}, it does not allocate when it
 * changes the thread, and every failure ends the stream with an error: {@code
 * publishOn} never emits again if there is no memory to schedule its task, because it has
 * already recorded the task as scheduled.
 * <p>
 * Internal: not part of the API, may change at any time.
 *
 * @param <T> the type of the elements
 */
public final class HandedOverStream<T> extends Flux<T> {

	private static final int PREFETCH = Queues.SMALL_BUFFER_SIZE;

	private final Publisher<T> stream;

	private final Executor executor;

	private HandedOverStream(Publisher<T> stream, Executor executor) {
		this.stream = stream;
		this.executor = executor;
	}

	/**
	 * Move a stream to other threads.
	 * @param <T> the type of the elements
	 * @param stream the stream
	 * @param executor runs the stream; it receives at most one task at a time for each
	 * subscriber, and must not reject it
	 * @return the stream on the threads of the executor
	 */
	public static <T> Flux<T> of(Publisher<T> stream, Executor executor) {
		return new HandedOverStream<>(stream, executor);
	}

	@Override
	public void subscribe(CoreSubscriber<? super T> actual) {
		this.stream.subscribe(new Relay<>(actual, this.executor));
	}

	/**
	 * Buffers the elements until the subscriber requests them.
	 *
	 * @param <T> the type of the elements
	 */
	private static final class Relay<T> implements CoreSubscriber<T>, Subscription, Runnable {

		private static final int REPLENISH = PREFETCH - PREFETCH / 4;

		private final CoreSubscriber<? super T> actual;

		private final Executor executor;

		private final Queue<T> queue = Queues.<T>get(PREFETCH).get();

		private final AtomicLong demand = new AtomicLong();

		private final AtomicInteger work = new AtomicInteger();

		private volatile Subscription upstream = Operators.emptySubscription();

		private volatile boolean done;

		private volatile boolean cancelled;

		private @Nullable Throwable failure;

		// Used only by the thread that drains the buffer
		private int taken;

		Relay(CoreSubscriber<? super T> actual, Executor executor) {
			this.actual = actual;
			this.executor = executor;
		}

		@Override
		public Context currentContext() {
			return this.actual.currentContext();
		}

		@Override
		public void onSubscribe(Subscription subscription) {
			this.upstream = subscription;
			this.actual.onSubscribe(this);
			subscription.request(PREFETCH);
		}

		@Override
		public void onNext(T element) {
			if (this.done || this.cancelled) {
				return;
			}
			if (!this.queue.offer(element)) {
				this.upstream.cancel();
				onError(Exceptions.failWithOverflow("The stream sent more elements than it was asked for"));
				return;
			}
			schedule();
		}

		@Override
		public void onError(Throwable failure) {
			if (!this.done) {
				this.failure = failure;
				this.done = true;
				schedule();
			}
		}

		@Override
		public void onComplete() {
			this.done = true;
			schedule();
		}

		@Override
		public void request(long count) {
			if (Operators.validate(count)) {
				this.demand.accumulateAndGet(count, Operators::addCap);
				schedule();
			}
		}

		@Override
		public void cancel() {
			this.cancelled = true;
			this.upstream.cancel();
			if (this.work.getAndIncrement() == 0) {
				this.queue.clear();
			}
		}

		private void schedule() {
			if (this.work.getAndIncrement() == 0) {
				this.executor.execute(this);
			}
		}

		@Override
		public void run() {
			int missed = 1;
			do {
				drain();
				missed = this.work.addAndGet(-missed);
			}
			while (missed != 0);
		}

		private void drain() {
			while (!this.cancelled) {
				boolean ended = this.done;
				if (this.queue.isEmpty()) {
					if (ended) {
						finish();
					}
					return;
				}
				if (this.demand.get() == 0) {
					return;
				}
				T element = this.queue.poll();
				if (this.demand.get() != Long.MAX_VALUE) {
					this.demand.decrementAndGet();
				}
				pass(element);
			}
			this.queue.clear();
		}

		private void pass(@Nullable T element) {
			try {
				this.actual.onNext(element);
				this.taken++;
				if (this.taken == REPLENISH) {
					this.taken = 0;
					this.upstream.request(REPLENISH);
				}
			}
			catch (Throwable ex) {
				this.cancelled = true;
				this.queue.clear();
				StreamGuard.fail(this.upstream, this.actual, ex);
			}
		}

		private void finish() {
			this.cancelled = true;
			if (this.failure != null) {
				this.actual.onError(this.failure);
				return;
			}
			try {
				this.actual.onComplete();
			}
			catch (Throwable ex) {
				StreamGuard.fail(this.upstream, this.actual, ex);
			}
		}

	}

}

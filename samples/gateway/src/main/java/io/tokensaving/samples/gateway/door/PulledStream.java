package io.tokensaving.samples.gateway.door;

import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;

import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Operators;

/**
 * Reads a stream on a thread that may block, one element at a time, so that a slow reader
 * slows down what it reads. To be used by one thread.
 *
 * @param <T> the type of the elements
 */
final class PulledStream<T> implements CoreSubscriber<T>, Disposable {

	private static final Object END = new Object();

	// An element and the end, as one element is requested at a time
	private final BlockingQueue<Object> signals = new ArrayBlockingQueue<>(2);

	private volatile @Nullable Subscription subscription;

	private volatile boolean disposed;

	private boolean requested;

	private boolean ended;

	private PulledStream() {
	}

	/**
	 * Start to read a stream.
	 * @param <T> the type of the elements
	 * @param stream the stream
	 * @return to be disposed of
	 */
	static <T> PulledStream<T> of(Flux<T> stream) {
		PulledStream<T> pulled = new PulledStream<>();
		stream.subscribe(pulled);
		return pulled;
	}

	/**
	 * Wait for the next element.
	 * @param nanos how long to wait; {@link Long#MAX_VALUE} for as long as it takes
	 * @return the element; {@code null} if the time is over or, see {@link #isEnded()},
	 * there is none
	 * @throws InterruptedException if the thread is interrupted
	 */
	@SuppressWarnings("unchecked")
	@Nullable T next(long nanos) throws InterruptedException {
		if (this.ended) {
			return null;
		}
		if (!this.requested) {
			this.requested = true;
			Subscription subscription = this.subscription;
			if (subscription != null) {
				subscription.request(1);
			}
		}
		Object signal = (nanos == Long.MAX_VALUE) ? this.signals.take()
				: this.signals.poll(nanos, TimeUnit.NANOSECONDS);
		if (signal == null) {
			return null;
		}
		this.requested = false;
		if (signal == END) {
			this.ended = true;
			return null;
		}
		if (signal instanceof Failed failed) {
			this.ended = true;
			throw PulledStream.<RuntimeException>unchecked(failed.failure());
		}
		return (T) signal;
	}

	@SuppressWarnings({ "unchecked", "TypeParameterUnusedInFormals" })
	private static <E extends Throwable> E unchecked(Throwable failure) throws E {
		throw (E) failure;
	}

	boolean isEnded() {
		return this.ended;
	}

	@Override
	public void onSubscribe(Subscription subscription) {
		if (Operators.validate(this.subscription, subscription)) {
			this.subscription = subscription;
		}
	}

	@Override
	public void onNext(T element) {
		if (!this.disposed) {
			this.signals.offer(element);
		}
	}

	@Override
	public void onError(Throwable failure) {
		this.signals.offer(new Failed(failure));
	}

	@Override
	public void onComplete() {
		this.signals.offer(END);
	}

	/**
	 * Cancel the stream if it has not ended.
	 */
	@Override
	public void dispose() {
		this.disposed = true;
		Subscription subscription = this.subscription;
		if (subscription != null && !this.ended) {
			subscription.cancel();
		}
	}

	@Override
	public boolean isDisposed() {
		return this.disposed;
	}

	private record Failed(Throwable failure) {

	}

}

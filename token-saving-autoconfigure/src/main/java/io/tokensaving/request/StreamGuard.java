package io.tokensaving.request;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

import org.reactivestreams.Publisher;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Exceptions;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/**
 * Ensures that the subscriber of a stream is notified when the stream ends. If a
 * subscriber fails with an error that Reactor considers fatal, such as
 * {@link OutOfMemoryError}, Reactor throws the error at the publisher without notifying
 * the subscriber, which would then wait for ever. Thread-safe.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public final class StreamGuard {

	private static final String MESSAGE = "The rest of the stream cannot be read";

	private static final int MEMORY_TO_SIGNAL = 512 * 1024;

	private static final Duration PAUSE = Duration.ofMillis(20);

	private static final int MAX_PAUSES = 100;

	// Created and loaded in advance, because there is no memory for it when it is needed
	private static final RuntimeException OUT_OF_MEMORY = new NoMemoryException();

	static {
		Exceptions.isBubbling(OUT_OF_MEMORY);
	}

	private StreamGuard() {
	}

	/**
	 * Guard a stream.
	 * @param <T> the type of the elements
	 * @param stream the stream
	 * @return a stream that, if its subscriber throws, is cancelled and ends with an
	 * error
	 */
	public static <T> Flux<T> guard(Publisher<T> stream) {
		return new Flux<>() {

			@Override
			public void subscribe(CoreSubscriber<? super T> actual) {
				stream.subscribe(new Guarded<>(actual));
			}

		};
	}

	/**
	 * Guard a stream that is subscribed to on another thread, as {@link #guard} does, and
	 * besides against errors that are thrown while it is subscribed to. Reactor throws
	 * those that it considers fatal, such as {@link LinkageError}, at the thread, where
	 * nobody who waits for the stream would see them.
	 * @param <T> the type of the elements
	 * @param stream the stream
	 * @return a stream that ends with an error if it cannot be subscribed to
	 */
	public static <T> Flux<T> guardStart(Publisher<T> stream) {
		return new Flux<>() {

			@Override
			public void subscribe(CoreSubscriber<? super T> actual) {
				Guarded<T> guarded = new Guarded<>(actual);
				try {
					stream.subscribe(guarded);
				}
				catch (Throwable ex) {
					guarded.endStart(ex);
				}
			}

		};
	}

	/**
	 * End a stream whose subscriber has failed: cancel the stream, and signal an error to
	 * the subscriber. A failure that Reactor marks as bubbling is rethrown.
	 * @param stream the stream
	 * @param reader the subscriber
	 * @param failure the failure; if it is an {@link OutOfMemoryError}, the error is
	 * signalled once there is memory again, because the subscriber could not handle it
	 * before
	 */
	public static void fail(Subscription stream, Subscriber<?> reader, Throwable failure) {
		try {
			stream.cancel();
		}
		catch (OutOfMemoryError ex) {
			// The subscriber must be notified nevertheless
		}
		if (failure instanceof OutOfMemoryError) {
			awaitMemory();
		}
		if (Exceptions.isBubbling(failure)) {
			throw Exceptions.propagate(failure);
		}
		reader.onError(nonFatal(MESSAGE, failure));
	}

	// The memory of the stream is garbage by now, unless other streams need as much
	private static void awaitMemory() {
		for (int i = 0; i < MAX_PAUSES && !isMemoryLeft(); i++) {
			LockSupport.parkNanos(PAUSE.toNanos());
		}
	}

	private static boolean isMemoryLeft() {
		try {
			return new byte[MEMORY_TO_SIGNAL].length > 0;
		}
		catch (OutOfMemoryError ex) {
			return false;
		}
	}

	/**
	 * Return a failure that every operator signals. Some operators of Reactor do not
	 * signal errors that they consider fatal.
	 * @param message the message of the exception that wraps a fatal error
	 * @param failure the failure
	 * @return the failure itself if it is a non-fatal exception, otherwise an exception
	 * with the failure as its cause
	 */
	public static Throwable nonFatal(String message, Throwable failure) {
		if (failure instanceof Exception && !Exceptions.isFatal(failure)) {
			return failure;
		}
		try {
			return new IllegalStateException(message, failure);
		}
		catch (OutOfMemoryError ex) {
			return OUT_OF_MEMORY;
		}
	}

	/**
	 * Created in advance, for a moment when there is no memory to create one.
	 */
	private static final class NoMemoryException extends IllegalStateException {

		NoMemoryException() {
			super(MESSAGE + ", as there is no memory left");
		}

		@Override
		public Throwable fillInStackTrace() {
			return this;
		}

	}

	/**
	 * Passes signals on, and signals an error if the subscriber throws.
	 *
	 * @param <T> the type of the elements
	 */
	private static final class Guarded<T> implements CoreSubscriber<T>, Subscription {

		private final CoreSubscriber<? super T> actual;

		private volatile Subscription upstream = Operators.emptySubscription();

		private boolean subscribed;

		private boolean done;

		Guarded(CoreSubscriber<? super T> actual) {
			this.actual = actual;
		}

		@Override
		public Context currentContext() {
			return this.actual.currentContext();
		}

		@Override
		public void onSubscribe(Subscription subscription) {
			if (this.subscribed) {
				// Reactor makes another one up at each level that a fatal error passes,
				// and
				// a reader that got it would cancel the first
				subscription.cancel();
				return;
			}
			this.subscribed = true;
			this.upstream = subscription;
			this.actual.onSubscribe(this);
		}

		@Override
		public void onNext(T element) {
			if (this.done) {
				return;
			}
			try {
				this.actual.onNext(element);
			}
			catch (Throwable ex) {
				end(ex);
			}
		}

		@Override
		public void onError(Throwable failure) {
			if (!this.done) {
				this.done = true;
				this.actual.onError(failure);
			}
		}

		@Override
		public void onComplete() {
			if (this.done) {
				return;
			}
			try {
				this.actual.onComplete();
				this.done = true;
			}
			catch (Throwable ex) {
				this.upstream = Operators.emptySubscription();
				end(ex);
			}
		}

		void endStart(Throwable failure) {
			if (this.done) {
				return;
			}
			if (!this.subscribed) {
				this.actual.onSubscribe(this);
			}
			end(failure);
		}

		private void end(Throwable failure) {
			this.done = true;
			fail(this.upstream, this.actual, failure);
		}

		// Handles failures too, as a synchronous publisher emits inside request()
		@Override
		public void request(long count) {
			try {
				this.upstream.request(count);
			}
			catch (Throwable ex) {
				end(ex);
			}
		}

		@Override
		public void cancel() {
			this.upstream.cancel();
		}

	}

}

package io.tokensaving.route.cascade;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

import io.tokensaving.request.StreamGuard;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Exceptions;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

import org.springframework.ai.chat.client.ChatClientResponse;

/**
 * The stream of a cheap tier, which is replaced by another one if it is not good enough
 * or fails, as long as the reader has seen nothing of it. What is kept back meanwhile is
 * passed on unchanged once it is good enough, and from then on every element as it comes.
 * Elements are asked for one by one while they are kept, so that not more of them arrive
 * than can be. Each subscriber has a stream of its own.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public final class StreamGate extends Flux<ChatClientResponse> {

	private final Publisher<ChatClientResponse> stream;

	private final GatedStream settings;

	private final Supplier<? extends Publisher<ChatClientResponse>> nextAttempt;

	private final StreamGateListener listener;

	private StreamGate(Publisher<ChatClientResponse> stream, GatedStream settings,
			Supplier<? extends Publisher<ChatClientResponse>> nextAttempt, StreamGateListener listener) {
		this.stream = stream;
		this.settings = settings;
		this.nextAttempt = nextAttempt;
		this.listener = listener;
	}

	/**
	 * Judge a stream.
	 * @param stream the stream of the cheap tier
	 * @param settings how it is judged
	 * @param nextAttempt supplies the stream that replaces it, which may be a gate again;
	 * called at most once for each subscriber. If it throws, the stream is passed on as
	 * it is
	 * @param listener is told what becomes of the stream
	 * @return either all elements of the stream or all elements of the next attempt
	 */
	public static Flux<ChatClientResponse> of(Publisher<ChatClientResponse> stream, GatedStream settings,
			Supplier<? extends Publisher<ChatClientResponse>> nextAttempt, StreamGateListener listener) {
		return new StreamGate(stream, settings, nextAttempt, listener);
	}

	@Override
	public void subscribe(CoreSubscriber<? super ChatClientResponse> actual) {
		this.stream.subscribe(new Gate(actual, this.settings, this.nextAttempt, this.listener));
	}

	/**
	 * What is going on. Steps lead only downwards in this list.
	 */
	private enum Phase {

		/**
		 * Elements of the first stream are kept.
		 */
		HOLDING,

		/**
		 * Elements that were kept are passed on, and no more are asked for.
		 */
		RELEASING,

		/**
		 * Elements of the first stream are passed on as they come.
		 */
		PASSING,

		/**
		 * Elements of the next attempt are passed on as they come.
		 */
		REPLACED,

		/**
		 * Nothing more is passed on.
		 */
		ENDED

	}

	/**
	 * The subscriber of the first stream, and the subscription of the reader.
	 */
	private static final class Gate implements CoreSubscriber<ChatClientResponse>, Subscription {

		private final CoreSubscriber<? super ChatClientResponse> actual;

		private final GatedStream settings;

		private final Supplier<? extends Publisher<ChatClientResponse>> nextAttempt;

		private final StreamGateListener listener;

		private final AtomicBoolean started = new AtomicBoolean();

		// What the reader has asked for and no stream has been asked for yet
		private final AtomicLong demand = new AtomicLong();

		private final AtomicInteger work = new AtomicInteger();

		private volatile Subscription first = Operators.emptySubscription();

		private volatile @Nullable Subscription second;

		// Changes under the lock, as does what is kept
		private volatile Phase phase = Phase.HOLDING;

		private final HeldStream held;

		private boolean begun;

		private volatile boolean done;

		private @Nullable Throwable failure;

		Gate(CoreSubscriber<? super ChatClientResponse> actual, GatedStream settings,
				Supplier<? extends Publisher<ChatClientResponse>> nextAttempt, StreamGateListener listener) {
			this.actual = actual;
			this.settings = settings;
			this.nextAttempt = nextAttempt;
			this.listener = listener;
			this.held = new HeldStream(settings);
		}

		@Override
		public Context currentContext() {
			return this.actual.currentContext();
		}

		@Override
		public void onSubscribe(Subscription subscription) {
			this.first = subscription;
			tell(() -> this.listener.began(this::unread));
			this.actual.onSubscribe(this);
		}

		@Override
		public void onNext(ChatClientResponse element) {
			switch (this.phase) {
				case HOLDING -> guard(() -> hold(element));
				case RELEASING -> {
					this.first.cancel();
					onError(Exceptions.failWithOverflow("The stream sent more elements than it was asked for"));
				}
				case PASSING -> this.actual.onNext(element);
				default -> {
				}
			}
		}

		// A publisher does not tell the reader of what Reactor considers fatal
		private void guard(Runnable step) {
			try {
				step.run();
			}
			catch (Throwable ex) {
				fail(ex);
			}
		}

		private void fail(Throwable failure) {
			if (end()) {
				Subscription second = this.second;
				StreamGuard.fail((second != null) ? second : this.first, this.actual, failure);
			}
		}

		private void hold(ChatClientResponse element) {
			boolean kept = false;
			boolean beginning = false;
			try {
				synchronized (this) {
					if (this.phase != Phase.HOLDING) {
						return;
					}
					kept = this.held.add(element);
					beginning = kept && this.held.isBeginning();
				}
			}
			catch (RuntimeException | LinkageError | StackOverflowError ex) {
				// It is kept, but cannot be judged
				checkFailed("stream", ex);
			}
			if (!kept || this.settings.mode() == StreamMode.NONE) {
				pass(false);
			}
			else if (beginning) {
				judge(false);
			}
			else {
				this.first.request(1);
			}
		}

		@Override
		public void onError(Throwable failure) {
			if (this.done) {
				return;
			}
			this.failure = failure;
			this.done = true;
			if (this.phase == Phase.HOLDING) {
				guard(() -> replace(Cascade.ERROR, failure));
			}
			else {
				drain();
			}
		}

		@Override
		public void onComplete() {
			if (this.done) {
				return;
			}
			this.done = true;
			if (this.phase != Phase.HOLDING) {
				drain();
			}
			else if (this.settings.mode() == StreamMode.NONE) {
				pass(false);
			}
			else {
				guard(() -> judge(true));
			}
		}

		private synchronized UnreadStream unread() {
			return new UnreadStream(this.held.left(), this.done && this.failure == null);
		}

		private void judge(boolean whole) {
			String reason;
			try {
				CheckedAnswer answer;
				synchronized (this) {
					if (this.phase != Phase.HOLDING) {
						return;
					}
					answer = CheckedAnswer.of(this.settings.request(), this.held.assemble(), this.settings.dialect(),
							whole);
				}
				reason = Cascade.judge(this.settings.checks(), answer, this::checkFailed);
			}
			catch (RuntimeException | LinkageError | StackOverflowError ex) {
				checkFailed("stream", ex);
				reason = null;
			}
			if (reason == null) {
				pass(true);
			}
			else {
				replace(reason, null);
			}
		}

		private void pass(boolean judged) {
			synchronized (this) {
				if (this.phase != Phase.HOLDING) {
					return;
				}
				this.phase = Phase.RELEASING;
			}
			tell(() -> this.listener.kept(judged));
			drain();
		}

		private void replace(String reason, @Nullable Throwable failure) {
			Publisher<ChatClientResponse> next;
			try {
				next = (this.phase == Phase.HOLDING) ? this.nextAttempt.get() : null;
			}
			catch (RuntimeException | LinkageError | StackOverflowError ex) {
				tell(() -> this.listener.notReplaced(reason, ex));
				next = null;
			}
			if (next == null) {
				pass(failure == null);
				return;
			}
			UnreadStream unread;
			synchronized (this) {
				if (this.phase != Phase.HOLDING) {
					return;
				}
				this.phase = Phase.REPLACED;
				unread = new UnreadStream(this.held.drain(), this.done && failure == null);
			}
			if (!this.done) {
				this.first.cancel();
			}
			tell(() -> this.listener.replaced(reason, unread, failure));
			if (this.phase == Phase.REPLACED) {
				next.subscribe(new Replacement(this));
			}
		}

		@Override
		public void request(long count) {
			if (!Operators.validate(count)) {
				return;
			}
			this.demand.accumulateAndGet(count, Operators::addCap);
			if (!this.started.get() && this.started.compareAndSet(false, true)) {
				this.first.request(1);
			}
			drain();
		}

		@Override
		public void cancel() {
			Phase before;
			boolean begun;
			UnreadStream unread;
			synchronized (this) {
				before = this.phase;
				if (before == Phase.ENDED) {
					return;
				}
				this.phase = Phase.ENDED;
				begun = this.begun;
				unread = new UnreadStream(this.held.drain(), this.done && this.failure == null);
			}
			Subscription second = this.second;
			if (second != null) {
				second.cancel();
			}
			else if (before != Phase.REPLACED) {
				this.first.cancel();
			}
			if (before == Phase.HOLDING || !unread.elements().isEmpty()) {
				tell(() -> this.listener.cancelled(unread, begun));
			}
		}

		private void drain() {
			if (this.work.getAndIncrement() != 0) {
				return;
			}
			int missed = 1;
			do {
				guard(this::work);
				missed = this.work.addAndGet(-missed);
			}
			while (missed != 0);
		}

		private void work() {
			if (this.phase == Phase.RELEASING) {
				release();
			}
			switch (this.phase) {
				case PASSING -> {
					// Read in this order: the last elements come before the end
					if (this.done) {
						finish();
					}
					else {
						forward(this.first);
					}
				}
				case REPLACED -> {
					Subscription second = this.second;
					if (second != null) {
						forward(second);
					}
				}
				default -> {
				}
			}
		}

		private void release() {
			while (true) {
				ChatClientResponse element;
				synchronized (this) {
					if (this.phase != Phase.RELEASING) {
						return;
					}
					if (this.held.isEmpty()) {
						this.held.release();
						this.phase = Phase.PASSING;
						return;
					}
					if (this.demand.get() == 0) {
						return;
					}
					element = this.held.poll();
					this.begun = true;
				}
				if (this.demand.get() != Long.MAX_VALUE) {
					this.demand.decrementAndGet();
				}
				this.actual.onNext(element);
			}
		}

		private void forward(Subscription stream) {
			long count = this.demand.getAndSet(0);
			if (count > 0) {
				stream.request(count);
			}
		}

		private void finish() {
			if (!end()) {
				return;
			}
			if (this.failure != null) {
				this.actual.onError(this.failure);
				return;
			}
			try {
				this.actual.onComplete();
			}
			catch (Throwable ex) {
				StreamGuard.fail(this.first, this.actual, ex);
			}
		}

		private synchronized boolean end() {
			boolean first = this.phase != Phase.ENDED;
			this.phase = Phase.ENDED;
			this.held.drain();
			return first;
		}

		private void checkFailed(String check, Throwable failure) {
			tell(() -> this.listener.checkFailed(check, failure));
		}

		private void tell(Runnable call) {
			try {
				call.run();
			}
			catch (RuntimeException | LinkageError | StackOverflowError ex) {
				// Who counts must not break what is counted
			}
		}

	}

	/**
	 * The subscriber of the next attempt.
	 */
	private static final class Replacement implements CoreSubscriber<ChatClientResponse> {

		private final Gate gate;

		Replacement(Gate gate) {
			this.gate = gate;
		}

		@Override
		public Context currentContext() {
			return this.gate.currentContext();
		}

		@Override
		public void onSubscribe(Subscription subscription) {
			this.gate.second = subscription;
			if (this.gate.phase == Phase.ENDED) {
				subscription.cancel();
			}
			else {
				this.gate.drain();
			}
		}

		@Override
		public void onNext(ChatClientResponse element) {
			if (this.gate.phase == Phase.REPLACED) {
				this.gate.actual.onNext(element);
			}
		}

		@Override
		public void onError(Throwable failure) {
			if (this.gate.end()) {
				this.gate.actual.onError(failure);
			}
		}

		@Override
		public void onComplete() {
			if (this.gate.end()) {
				this.gate.actual.onComplete();
			}
		}

	}

}

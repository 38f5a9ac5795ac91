package io.tokensaving.dedup;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

import io.tokensaving.plan.DedupSettings;
import io.tokensaving.request.CallState;
import io.tokensaving.savings.SavingsStatistics;
import io.tokensaving.savings.TokenCounter;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Exceptions;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Operators;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;

/**
 * A stream that is given what the model said so far, and then what it goes on to say. Can
 * be subscribed to once. Thread-safe.
 */
final class StreamParticipant extends Participant {

	private final AtomicLong demand = new AtomicLong();

	private final AtomicInteger work = new AtomicInteger();

	private volatile @Nullable Flight flight;

	private volatile @Nullable CoreSubscriber<? super ChatClientResponse> subscriber;

	private volatile long position;

	private volatile boolean cancelled;

	private volatile boolean overflown;

	StreamParticipant(ChatClientRequest request, CallState call, DedupSettings settings, TokenCounter tokenCounter,
			SavingsStatistics statistics) {
		super(request, call, settings, tokenCounter, statistics);
	}

	/**
	 * Return the stream.
	 * @param flight the flight that this one is part of
	 * @param onSubscribe is run after somebody has subscribed
	 * @return the stream
	 */
	Flux<ChatClientResponse> elements(Flight flight, Runnable onSubscribe) {
		return new Flux<>() {

			@Override
			public void subscribe(CoreSubscriber<? super ChatClientResponse> actual) {
				StreamParticipant.this.flight = flight;
				StreamParticipant.this.subscriber = actual;
				actual.onSubscribe(new Reading(flight));
				onSubscribe.run();
				wake();
			}

		};
	}

	@Override
	void wake() {
		Flight flight = this.flight;
		CoreSubscriber<? super ChatClientResponse> subscriber = this.subscriber;
		if (flight == null || subscriber == null || this.work.getAndIncrement() != 0) {
			return;
		}
		int missed = 1;
		do {
			drain(flight, subscriber);
			missed = this.work.addAndGet(-missed);
		}
		while (missed != 0);
	}

	private void drain(Flight flight, CoreSubscriber<? super ChatClientResponse> subscriber) {
		long start = this.position;
		while (!this.cancelled) {
			long next = this.position;
			if (this.overflown) {
				end(flight);
				subscriber.onError(
						Exceptions.failWithOverflow("The stream was not read fast enough for its answer to be shared"));
				return;
			}
			if (flight.isAtEnd(next)) {
				finish(flight, subscriber);
				return;
			}
			ChatClientResponse element = (this.demand.get() > 0) ? flight.element(next) : null;
			if (element == null) {
				break;
			}
			this.position = next + 1;
			if (this.demand.get() != Long.MAX_VALUE) {
				this.demand.decrementAndGet();
			}
			subscriber.onNext(own(flight, element));
		}
		if (this.position != start) {
			flight.read(this.position);
		}
	}

	private void finish(Flight flight, CoreSubscriber<? super ChatClientResponse> subscriber) {
		this.cancelled = true;
		Throwable failure = flight.error();
		if (failure != null) {
			subscriber.onError(failure);
			return;
		}
		settle(flight);
		subscriber.onComplete();
	}

	private void end(Flight flight) {
		this.cancelled = true;
		flight.leave(this);
	}

	@Override
	long position() {
		return this.position;
	}

	@Override
	boolean wantsWhole() {
		return false;
	}

	@Override
	void overflow() {
		this.overflown = true;
	}

	/**
	 * What the subscriber asks for.
	 */
	private final class Reading implements Subscription {

		private final Flight flight;

		Reading(Flight flight) {
			this.flight = flight;
		}

		@Override
		public void request(long count) {
			if (Operators.validate(count)) {
				StreamParticipant.this.demand.accumulateAndGet(count, Operators::addCap);
				wake();
			}
		}

		@Override
		public void cancel() {
			if (!StreamParticipant.this.cancelled) {
				end(this.flight);
			}
		}

	}

}

package io.tokensaving.dedup;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.request.StreamGuard;
import io.tokensaving.statistics.SavingsStatistics;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Exceptions;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Operators;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;

/**
 * A stream of all elements of a flight, from the beginning. Can be subscribed to once.
 * Thread-safe.
 */
final class StreamParticipant extends Participant {

	private final AtomicLong demand = new AtomicLong();

	private final AtomicInteger work = new AtomicInteger();

	private volatile @Nullable Flight flight;

	private volatile @Nullable CoreSubscriber<? super ChatClientResponse> subscriber;

	private volatile long position;

	private volatile boolean cancelled;

	private volatile boolean overflown;

	StreamParticipant(ChatClientRequest request, Ticket ticket, TokenCounter tokenCounter,
			SavingsStatistics statistics) {
		super(request, ticket, tokenCounter, statistics);
	}

	/**
	 * Return the stream.
	 * @param flight the flight of this participant
	 * @param onSubscribe runs after the subscription
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
			try {
				subscriber.onNext(own(flight, element));
			}
			catch (Throwable ex) { // otherwise the reader would never be notified
				StreamGuard.fail(new Reading(flight), subscriber, ex);
				return;
			}
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
		try {
			subscriber.onComplete();
		}
		catch (Throwable ex) {
			StreamGuard.fail(Operators.emptySubscription(), subscriber, ex);
		}
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
	 * The subscription of the reader.
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

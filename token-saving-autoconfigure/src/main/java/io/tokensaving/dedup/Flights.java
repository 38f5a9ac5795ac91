package io.tokensaving.dedup;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.LongAdder;

import org.jspecify.annotations.Nullable;
import reactor.util.context.Context;

import org.springframework.ai.chat.client.ChatClientResponse;

/**
 * The flights in progress. It takes over the pending answers of all requests that join,
 * because each flight stores its answer once for all of them. Thread-safe.
 */
final class Flights {

	private final ConcurrentMap<String, Flight> underWay = new ConcurrentHashMap<>();

	private final LandedFlights landed = new LandedFlights();

	private final LongAdder abandoned = new LongAdder();

	private final int max;

	private final BufferBudget budget;

	/**
	 * Create the flights of an advisor.
	 * @param max the largest number of flights in progress
	 * @param budget the budget of their buffers
	 */
	Flights(int max, BufferBudget budget) {
		this.max = max;
		this.budget = budget;
	}

	/**
	 * Join the flight of an equal request, or start one.
	 * @param key the key of the request
	 * @param participant the request
	 * @param context the context of its subscriber
	 * @return the flight, or {@code null} if the request cannot be shared
	 */
	@Nullable Boarding board(String key, Participant participant, Context context) {
		Boarding boarding = joinOrBegin(key, participant, context);
		if (boarding != null) {
			participant.takeOver(this);
		}
		return boarding;
	}

	private @Nullable Boarding joinOrBegin(String key, Participant participant, Context context) {
		Flight created = new Flight(participant, context, this.budget, new Landing(key, this));
		boolean fresh = !LandedFlights.mayServe(participant);
		while (true) {
			Flight present = this.underWay.get(key);
			if (present != null && present.join(participant, fresh)) {
				participant.board(present);
				return new Boarding(present, false, null);
			}
			if (present != null
					&& (!present.suits(participant) || (present.isRunning() && !present.mayTag(participant)))) {
				return null;
			}
			if (present != null && present.isRunning()) {
				participant.fail(new RejectedExecutionException("The answer in flight is too long to be kept"));
				return null;
			}
			if (present != null) {
				// The flight has ended and is about to be removed
				this.underWay.remove(key, present);
				continue;
			}
			if (this.underWay.size() >= this.max) {
				participant.fail(new RejectedExecutionException("Too many requests are in flight"));
				return null;
			}
			if (this.underWay.putIfAbsent(key, created) != null) {
				continue;
			}
			ChatClientResponse answer = fresh ? null : this.landed.find(key, participant);
			if (answer != null) {
				// Requests may have joined the new flight meanwhile
				created.onNext(answer);
				created.onComplete();
				return new Boarding(created, false, participant.own(created, answer));
			}
			participant.board(created);
			return new Boarding(created, true, null);
		}
	}

	/**
	 * Remove a flight, so that it cannot be joined any more.
	 * @param key the key of the flight
	 * @param flight the flight
	 */
	void remove(String key, Flight flight) {
		this.underWay.remove(key, flight);
	}

	/**
	 * Return the flights whose answers were stored a moment ago.
	 * @return the flights that have landed
	 */
	LandedFlights landed() {
		return this.landed;
	}

	/**
	 * Stop sharing the answers of requests that started before this call. Requests that
	 * already wait for such an answer receive it.
	 */
	void forget() {
		this.underWay.clear();
		this.landed.clear();
	}

	void countAbandoned() {
		this.abandoned.increment();
	}

	long abandoned() {
		return this.abandoned.sum();
	}

	int size() {
		return this.underWay.size();
	}

	int waiting() {
		return this.underWay.values().stream().mapToInt(Flight::waiting).sum();
	}

}

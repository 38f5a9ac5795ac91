package io.tokensaving.dedup;

import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

import io.tokensaving.request.PendingAnswer;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.model.ChatResponse;

/**
 * Ends a flight: stores its answer once for all requests that share it. The flight can be
 * joined until the answer is stored. Afterwards {@link LandedFlights} remembers it for a
 * moment, so that there is no gap in which an equal request finds neither.
 */
final class Landing implements Flight.Listener {

	private final String key;

	private final Flights flights;

	/**
	 * Create the landing of a flight.
	 * @param key the key of the flight
	 * @param flights the flights under way
	 */
	Landing(String key, Flights flights) {
		this.key = key;
		this.flights = flights;
	}

	@Override
	public void ended(Flight flight, @Nullable Throwable failure) {
		try {
			land(flight, failure);
		}
		catch (RuntimeException | Error ex) {
			remove(flight, false);
			flight.leader().fail(ex);
		}
	}

	private void land(Flight flight, @Nullable Throwable failure) {
		Participant leader = flight.leader();
		PendingAnswer pending = (failure == null && !leader.hasFound()) ? leader.owned() : null;
		ChatClientResponse answer = (pending != null) ? flight.answer() : null;
		ChatResponse response = (answer != null) ? answer.chatResponse() : null;
		if (pending != null && response != null) {
			store(flight, pending, response);
			return;
		}
		if (leader.hasFound()) {
			tag(flight);
		}
		remove(flight, failure == null);
	}

	private void store(Flight flight, PendingAnswer pending, ChatResponse answer) {
		AtomicBoolean removed = new AtomicBoolean();
		pending.store(answer, flight.leader() instanceof StreamParticipant, (stored) -> {
			removed.set(true);
			if (stored) {
				this.flights.landed().add(this.key, flight.takeTags());
			}
			remove(flight, true);
		});
		if (!removed.get()) {
			// A slow write must not keep the flight open for long
			CompletableFuture.delayedExecutor(LandedFlights.TIME.toMillis(), TimeUnit.MILLISECONDS, Runnable::run)
				.execute(() -> remove(flight, false));
		}
	}

	// An answer that was found has been given the tags of the leader already
	private void tag(Flight flight) {
		Participant leader = flight.leader();
		PendingAnswer pending = leader.pending();
		Set<String> others = new HashSet<>(flight.takeTags());
		others.removeAll(leader.call().directives().tags());
		if (pending != null && !others.isEmpty() && !pending.addTags(others, pending.lookupTimeout())) {
			leader.fail(new IllegalStateException("The answer of another instance could not be tagged"));
		}
	}

	@Override
	public void abandoned(Flight flight) {
		this.flights.countAbandoned();
		remove(flight, false);
	}

	private void remove(Flight flight, boolean answered) {
		this.flights.remove(this.key, flight);
		flight.close();
		flight.leader().land(answered);
	}

}

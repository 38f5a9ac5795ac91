package io.tokensaving.dedup;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.statistics.SavingsStatistics;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.client.ChatClientRequest;

/**
 * A call that blocks its thread until the whole answer has arrived. Thread-safe.
 */
final class CallParticipant extends Participant {

	private final CompletableFuture<Boolean> arrived = new CompletableFuture<>();

	private volatile @Nullable Flight flight;

	CallParticipant(ChatClientRequest request, Ticket ticket, TokenCounter tokenCounter, SavingsStatistics statistics) {
		super(request, ticket, tokenCounter, statistics);
	}

	/**
	 * Start to wait for a flight.
	 * @param flight the flight
	 */
	void follow(Flight flight) {
		this.flight = flight;
		flight.read(WANTS_ALL);
		wake();
	}

	@Override
	void wake() {
		Flight flight = this.flight;
		if (flight != null && flight.isDone()) {
			this.arrived.complete(true);
		}
		else if (flight != null && !flight.suits(this)) {
			this.arrived.complete(false);
		}
	}

	/**
	 * Wait for the end of the flight, up to the timeout of the plan. The participant that
	 * pays waits without a timeout.
	 * @param flight the flight
	 * @return {@code false} if the flight has not ended in time or has become of no use,
	 * so that this request should call the model itself
	 * @throws InterruptedException if the thread is interrupted
	 */
	boolean await(Flight flight) throws InterruptedException {
		try {
			return flight.isPayer(this) ? this.arrived.get()
					: this.arrived.get(settings().timeout().toNanos(), TimeUnit.NANOSECONDS);
		}
		catch (TimeoutException ex) {
			return flight.isPayer(this) && await(flight);
		}
		catch (ExecutionException ex) {
			throw new IllegalStateException(ex);
		}
	}

	@Override
	long position() {
		return WANTS_ALL;
	}

	@Override
	boolean wantsWhole() {
		return true;
	}

	@Override
	void overflow() {
		throw new IllegalStateException("A call reads no elements");
	}

}

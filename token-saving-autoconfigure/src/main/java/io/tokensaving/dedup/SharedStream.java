package io.tokensaving.dedup;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

import io.tokensaving.backend.HandOver;
import io.tokensaving.request.HandedOverStream;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.ai.chat.client.ChatClientResponse;

/**
 * The streams of the requests that share a flight. Each is read on a thread of its own,
 * so that a slow or failing reader does not hold up the others.
 */
final class SharedStream {

	private SharedStream() {
	}

	/**
	 * Return the stream of the request that leads a flight.
	 * @param flight the flight
	 * @param leader the request
	 * @param start starts the stream of the model
	 * @return the stream
	 */
	static Flux<ChatClientResponse> lead(Flight flight, StreamParticipant leader, Runnable start) {
		return handOver(leader.elements(flight, start));
	}

	/**
	 * Return the stream of a request that has joined a flight. The request calls the
	 * model itself if no element arrives in time, or if the flight fails and the plan
	 * lets requests retry.
	 * @param flight the flight
	 * @param participant the request
	 * @param ticket the ticket of the request
	 * @param model the stream of the model
	 * @return the stream
	 */
	static Flux<ChatClientResponse> join(Flight flight, StreamParticipant participant, Ticket ticket,
			Supplier<Flux<ChatClientResponse>> model) {
		AtomicBoolean begun = new AtomicBoolean();
		// A request that pays by then waits without a timeout
		Mono<Long> deadline = Mono.delay(ticket.settings().timeout())
			.flatMap((tick) -> flight.isPayer(participant) ? Mono.never() : Mono.just(tick));
		Flux<ChatClientResponse> shared = participant.elements(flight, () -> {
		})
			.doOnNext((element) -> begun.set(true))
			.timeout(deadline, (element) -> Mono.never(), Flux.error(WaitedTooLongException::new));
		return handOver(shared).onErrorResume((failure) -> {
			boolean mayRetry = failure instanceof WaitedTooLongException || !ticket.shares(failure);
			if (begun.get() || !mayRetry) {
				return Flux.error(failure);
			}
			participant.goAlone();
			return model.get();
		});
	}

	private static Flux<ChatClientResponse> handOver(Flux<ChatClientResponse> stream) {
		return HandedOverStream.of(stream, HandOver.executor());
	}

	/**
	 * The shared answer did not arrive in time.
	 */
	private static final class WaitedTooLongException extends RuntimeException {

		WaitedTooLongException() {
			super("The answer in flight took too long", null, false, false);
		}

	}

}

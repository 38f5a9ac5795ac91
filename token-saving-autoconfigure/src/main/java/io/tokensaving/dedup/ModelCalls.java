package io.tokensaving.dedup;

import java.util.concurrent.Future;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

import io.tokensaving.backend.DaemonThreads;
import io.tokensaving.backend.HandOver;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.request.CallerContext;
import io.tokensaving.request.Reentrance;
import io.tokensaving.request.StreamGuard;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;

import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.core.task.AsyncTaskExecutor;
import org.springframework.core.task.support.TaskExecutorAdapter;

/**
 * Calls the model for a flight, or gets the answer from another instance that does. Calls
 * run on threads of their own, so that the caller can leave. The flight ends whatever
 * happens, because other requests wait for it. Thread-safe.
 */
final class ModelCalls implements AutoCloseable {

	private final AsyncTaskExecutor executor;

	private final @Nullable ThreadPoolExecutor ownThreads;

	private final @Nullable ClusterFlights cluster;

	private final PriceTable prices;

	/**
	 * Create the calls of an advisor.
	 * @param executor runs the calls, or {@code null} for own threads
	 * @param max the largest number of own threads
	 * @param cluster shares calls with other instances, or {@code null} not to
	 * @param prices the prices of answers that arrive after all requests have left
	 */
	ModelCalls(@Nullable AsyncTaskExecutor executor, int max, @Nullable ClusterFlights cluster, PriceTable prices) {
		if (executor != null) {
			this.ownThreads = null;
			this.executor = executor;
		}
		else {
			this.ownThreads = threads(max);
			this.executor = new TaskExecutorAdapter(this.ownThreads);
		}
		this.cluster = cluster;
		this.prices = prices;
	}

	private static ThreadPoolExecutor threads(int max) {
		return new ThreadPoolExecutor(0, max, 30, TimeUnit.SECONDS, new SynchronousQueue<>(),
				new DaemonThreads("token-saving-dedup"));
	}

	/**
	 * Start a call.
	 * @param flight the flight
	 * @param leader the request that leads the flight
	 * @param ticket the ticket of the request
	 * @param model calls the model
	 * @return {@code false} if no thread could be started, in which case the flight has
	 * ended
	 */
	boolean call(Flight flight, CallParticipant leader, Ticket ticket, Supplier<ChatClientResponse> model) {
		try {
			CallerContext context = CallerContext.capture();
			Future<?> running = this.executor
				.submit(() -> run(flight, leader, context, () -> Reentrance.call(ticket.led(), model)));
			flight.onCancel(() -> running.cancel(true));
			return true;
		}
		catch (RuntimeException | OutOfMemoryError ex) { // no thread can be started
			leader.fail(ex);
			flight.onError(new NotStartedException());
			return false;
		}
	}

	private void run(Flight flight, CallParticipant leader, CallerContext context, Supplier<ChatClientResponse> model) {
		try {
			ChatClientResponse answer = context.call(() -> (this.cluster != null && this.cluster.isWanted(leader))
					? this.cluster.call(leader, model) : model.get());
			flight.onNext(answer);
			flight.onComplete();
			if (flight.isAbandoned()) {
				// The model has ignored the cancellation
				leader.chargeAbandoned(answer, this.prices);
			}
		}
		catch (Throwable ex) { // the error of the model reaches all participants
			flight.onError(ex);
		}
	}

	/**
	 * Start a stream.
	 * @param flight the flight
	 * @param leader the request that leads it
	 * @param ticket the ticket of the request
	 * @param model the stream of the model
	 */
	void stream(Flight flight, StreamParticipant leader, Ticket ticket, Supplier<Flux<ChatClientResponse>> model) {
		try {
			Reentrance.call(ticket.led(), () -> {
				CallerContext caller = CallerContext.capture();
				ClusterFlights cluster = this.cluster;
				Flux<ChatClientResponse> stream = (cluster != null && cluster.isWanted(leader))
						? caller.stream(() -> cluster.stream(leader, caller.stream(model), this.executor))
						: caller.stream(model);
				// Some models are read on the subscribing thread, which is interrupted
				// when its caller leaves
				StreamGuard.guard(stream).subscribeOn(HandOver.streams(), false).subscribe(flight);
				return true;
			});
		}
		catch (Throwable ex) { // the error of the model reaches all participants
			flight.onError(ex);
		}
	}

	/**
	 * Stop the threads that call the model.
	 */
	@Override
	public void close() {
		if (this.ownThreads != null) {
			this.ownThreads.shutdownNow();
		}
		if (this.cluster != null) {
			this.cluster.close();
		}
	}

	/**
	 * No thread could be started for the call of the model.
	 */
	static final class NotStartedException extends RuntimeException {

		NotStartedException() {
			super("No thread could be started for the call", null, false, false);
		}

	}

}

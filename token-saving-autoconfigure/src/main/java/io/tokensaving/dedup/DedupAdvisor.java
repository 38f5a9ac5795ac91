package io.tokensaving.dedup;

import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.function.Supplier;

import io.tokensaving.AdvisorOrder;
import io.tokensaving.Component;
import io.tokensaving.TokenSavingAdvisor;
import io.tokensaving.backend.CircuitBreakers;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.plan.Plan;
import io.tokensaving.request.CallState;
import io.tokensaving.request.CallerContext;
import io.tokensaving.request.DirectStreamAdvisor;
import io.tokensaving.request.DirectStreamChain;
import io.tokensaving.request.Reentrance;
import io.tokensaving.statistics.SavingsStatistics;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.util.context.Context;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.client.advisor.api.CallAdvisor;
import org.springframework.ai.chat.client.advisor.api.CallAdvisorChain;
import org.springframework.ai.chat.client.advisor.api.StreamAdvisorChain;
import org.springframework.core.task.AsyncTaskExecutor;
import org.springframework.util.Assert;

/**
 * Lets equal requests in flight share one call of the model, calls and streams alike. A
 * stream that joins late receives the answer from its beginning. The call of the model
 * goes on as long as at least one request waits for it, even if the first one leaves. An
 * error of the model reaches all waiting requests, unless the plan lets them retry.
 * <p>
 * The model is called on a thread of its own, so that the first caller can leave without
 * cancelling the call for the others. Context that Micrometer's context propagation knows
 * is propagated to that thread. Thread-safe. Close an advisor to stop its threads.
 */
public final class DedupAdvisor implements TokenSavingAdvisor, CallAdvisor, DirectStreamAdvisor, AutoCloseable {

	/**
	 * The default largest number of calls that are shared at the same time.
	 */
	public static final int DEFAULT_MAX_IN_FLIGHT = 512;

	/**
	 * The default largest number of elements of one stream that are kept for late
	 * requests.
	 */
	public static final int DEFAULT_MAX_ELEMENTS_PER_STREAM = 10_000;

	private static final int STREAMS_OF_FULL_LENGTH = 10;

	private final @Nullable Plan plan;

	private final SavingsStatistics statistics;

	private final TokenCounter tokenCounter;

	private final BufferBudget budget;

	private final Flights flights;

	private final ModelCalls models;

	private final int order;

	private DedupAdvisor(Builder builder) {
		this.plan = builder.plan;
		this.statistics = builder.statistics;
		this.tokenCounter = builder.tokenCounter;
		this.budget = new BufferBudget(builder.maxElementsPerStream,
				(int) Math.min(Integer.MAX_VALUE, (long) STREAMS_OF_FULL_LENGTH * builder.maxElementsPerStream));
		this.flights = new Flights(builder.maxInFlight, this.budget);
		ClusterFlights cluster = (builder.leases != null)
				? new ClusterFlights(builder.leases, builder.leaseBackend, builder.breakers) : null;
		this.models = new ModelCalls(builder.executor, builder.maxInFlight, cluster, builder.prices);
		this.order = builder.order;
	}

	/**
	 * Return a builder.
	 * @return a builder
	 */
	public static Builder builder() {
		return new Builder();
	}

	@Override
	public String getName() {
		return "Token Saving Dedup";
	}

	@Override
	public int getOrder() {
		return this.order;
	}

	/**
	 * Return the number of calls in flight that can be shared.
	 * @return the number, 0 or more
	 */
	public int inFlight() {
		return this.flights.size();
	}

	/**
	 * Return the number of elements that all flights keep for late requests.
	 * @return the number
	 */
	int buffered() {
		return this.budget.used();
	}

	/**
	 * Stop sharing the answers of requests that started before this call, because an
	 * eviction may cover them. Requests that already wait for such an answer receive it.
	 */
	public void forget() {
		this.flights.forget();
	}

	/**
	 * Return the number of calls that were cancelled because all requests left.
	 * @return the number
	 */
	long abandoned() {
		return this.flights.abandoned();
	}

	/**
	 * Return the number of requests that wait for an answer.
	 * @return the number
	 */
	int waiting() {
		return this.flights.waiting();
	}

	@Override
	public ChatClientResponse adviseCall(ChatClientRequest request, CallAdvisorChain chain) {
		Ticket ticket = prepare(request, () -> Reentrance.led());
		if (ticket == null) {
			return chain.nextCall(request);
		}
		CallParticipant participant = new CallParticipant(request, ticket, this.tokenCounter, this.statistics);
		Boarding boarding = this.flights.board(ticket.key(), participant, Context.empty());
		if (boarding == null) {
			return chain.nextCall(request);
		}
		if (boarding.landed() != null) {
			return boarding.landed();
		}
		Flight flight = boarding.flight();
		if (boarding.leads() && !this.models.call(flight, participant, ticket, () -> chain.nextCall(request))) {
			participant.goAlone();
			return chain.nextCall(request);
		}
		participant.follow(flight);
		boolean arrived = true;
		try {
			arrived = participant.await(flight);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			if (flight.leave(participant)) {
				throw new CancellationException("Interrupted while waiting for the answer of the model");
			}
		}
		Throwable failure = arrived ? flight.error() : null;
		if (failure != null && (boarding.leads() || ticket.shares(failure))) {
			throw DedupAdvisor.<RuntimeException>unchecked(failure);
		}
		ChatClientResponse answer = (arrived && failure == null) ? flight.answer() : null;
		if (answer == null) {
			flight.leave(participant);
			participant.goAlone();
			return chain.nextCall(request);
		}
		participant.settle(flight);
		return participant.own(flight, answer);
	}

	// A model written in another language, such as Kotlin, may throw checked exceptions
	@SuppressWarnings({ "unchecked", "TypeParameterUnusedInFormals" })
	private static <T extends Throwable> T unchecked(Throwable failure) throws T {
		throw (T) failure;
	}

	@Override
	public Flux<ChatClientResponse> adviseStream(ChatClientRequest request, StreamAdvisorChain given) {
		StreamAdvisorChain chain = DirectStreamChain.after(this, given);
		return Flux.deferContextual((context) -> {
			Ticket ticket = prepare(request, () -> Reentrance.led(context));
			if (ticket == null) {
				return chain.nextStream(request);
			}
			StreamParticipant participant = new StreamParticipant(request, ticket, this.tokenCounter, this.statistics);
			Boarding boarding = this.flights.board(ticket.key(), participant,
					Reentrance.mark(Context.of(context), ticket.led()));
			if (boarding == null) {
				return chain.nextStream(request);
			}
			if (boarding.landed() != null) {
				return Flux.just(boarding.landed());
			}
			Flight flight = boarding.flight();
			if (boarding.leads()) {
				return SharedStream.lead(flight, participant,
						() -> this.models.stream(flight, participant, ticket, () -> chain.nextStream(request)));
			}
			CallerContext caller = CallerContext.capture(context);
			return SharedStream.join(flight, participant, ticket, () -> caller.stream(() -> chain.nextStream(request)));
		});
	}

	private @Nullable Ticket prepare(ChatClientRequest request, Supplier<Set<String>> partOf) {
		CallState call = CallState.of(request, this.plan);
		DedupSettings settings = (call != null) ? call.plan().settings(DedupSettings.class) : null;
		if (call == null || settings == null || call.directives().noStore() || call.deferral() != null) {
			return null;
		}
		try {
			return Ticket.of(request, call, settings, partOf);
		}
		catch (Throwable ex) {
			this.statistics.recordError(Component.FINGERPRINT, call.planKey(), ex);
			return null;
		}
	}

	/**
	 * Stop the threads that call the model.
	 */
	@Override
	public void close() {
		this.models.close();
	}

	/**
	 * Builds a {@link DedupAdvisor}. Not thread-safe.
	 */
	public static final class Builder {

		private @Nullable Plan plan;

		private SavingsStatistics statistics = new SavingsStatistics();

		private PriceTable prices = new PriceTable(List.of());

		private TokenCounter tokenCounter = new TokenCounter();

		private CircuitBreakers breakers = new CircuitBreakers();

		private int maxInFlight = DEFAULT_MAX_IN_FLIGHT;

		private int maxElementsPerStream = DEFAULT_MAX_ELEMENTS_PER_STREAM;

		private @Nullable AsyncTaskExecutor executor;

		private @Nullable ClusterLeases leases;

		private String leaseBackend = "";

		private int order = AdvisorOrder.DEDUP;

		private Builder() {
		}

		/**
		 * Set the plan of an advisor that is used alone, without a
		 * {@link io.tokensaving.request.PlanAdvisor}. Default {@code null}.
		 * @param plan the plan
		 * @return this builder
		 */
		public Builder plan(@Nullable Plan plan) {
			this.plan = plan;
			return this;
		}

		/**
		 * Set the statistics that count failures. Default: statistics of its own.
		 * @param statistics the statistics
		 * @return this builder
		 */
		public Builder statistics(SavingsStatistics statistics) {
			this.statistics = statistics;
			return this;
		}

		/**
		 * Set the prices of answers that arrive after all requests have left. Default:
		 * the built-in prices.
		 * @param prices the prices
		 * @return this builder
		 */
		public Builder prices(PriceTable prices) {
			this.prices = prices;
			return this;
		}

		/**
		 * Set the counter that estimates tokens for models that report no usage. Default:
		 * a new {@link TokenCounter}.
		 * @param tokenCounter the counter
		 * @return this builder
		 */
		public Builder tokenCounter(TokenCounter tokenCounter) {
			this.tokenCounter = tokenCounter;
			return this;
		}

		/**
		 * Set the largest number of calls that are shared at the same time. Further
		 * requests are not shared. Default {@value DedupAdvisor#DEFAULT_MAX_IN_FLIGHT}.
		 * @param maxInFlight the number, at least 1
		 * @return this builder
		 */
		public Builder maxInFlight(int maxInFlight) {
			Assert.isTrue(maxInFlight >= 1, () -> "'maxInFlight' must be at least 1, but is " + maxInFlight);
			this.maxInFlight = maxInFlight;
			return this;
		}

		/**
		 * Set the largest number of elements of one stream that are kept for late
		 * requests; all streams together keep ten times as many. A longer stream cannot
		 * be joined any more. Default
		 * {@value DedupAdvisor#DEFAULT_MAX_ELEMENTS_PER_STREAM}.
		 * @param maxElementsPerStream the number, at least 1
		 * @return this builder
		 */
		public Builder maxElementsPerStream(int maxElementsPerStream) {
			Assert.isTrue(maxElementsPerStream >= 1,
					() -> "'maxElementsPerStream' must be at least 1, but is " + maxElementsPerStream);
			this.maxElementsPerStream = maxElementsPerStream;
			return this;
		}

		/**
		 * Set the executor that calls the model. Default: an own thread for each call.
		 * @param executor the executor
		 * @return this builder
		 */
		public Builder executor(AsyncTaskExecutor executor) {
			this.executor = executor;
			return this;
		}

		/**
		 * Set the leases for plans that share requests between instances. Default: none,
		 * so that only requests of this instance are shared.
		 * @param leases the leases
		 * @param backend the name of the backend of the leases, which are not used while
		 * its circuit breaker is open
		 * @param breakers the circuit breakers
		 * @return this builder
		 */
		public Builder clusterLeases(ClusterLeases leases, String backend, CircuitBreakers breakers) {
			this.leases = leases;
			this.leaseBackend = backend;
			this.breakers = breakers;
			return this;
		}

		/**
		 * Set the order. Default {@link AdvisorOrder#DEDUP}.
		 * @param order the order
		 * @return this builder
		 */
		public Builder order(int order) {
			this.order = order;
			return this;
		}

		/**
		 * Build the advisor.
		 * @return the advisor
		 */
		public DedupAdvisor build() {
			return new DedupAdvisor(this);
		}

	}

}

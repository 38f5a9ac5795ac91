package io.tokensaving.dedup;

import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.tokensaving.AdvisorOrder;
import io.tokensaving.backend.CircuitBreakers;
import io.tokensaving.backend.DaemonThreads;
import io.tokensaving.plan.DedupSettings;
import io.tokensaving.plan.DedupSettings.OnError;
import io.tokensaving.plan.Plan;
import io.tokensaving.request.AnswerSource;
import io.tokensaving.request.CacheDirectives;
import io.tokensaving.request.CallState;
import io.tokensaving.request.CallerContext;
import io.tokensaving.request.Reentrance;
import io.tokensaving.request.SamplingOptions;
import io.tokensaving.savings.Component;
import io.tokensaving.savings.SavingsStatistics;
import io.tokensaving.savings.TokenCounter;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.util.context.Context;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.client.advisor.api.CallAdvisor;
import org.springframework.ai.chat.client.advisor.api.CallAdvisorChain;
import org.springframework.ai.chat.client.advisor.api.StreamAdvisor;
import org.springframework.ai.chat.client.advisor.api.StreamAdvisorChain;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.core.task.AsyncTaskExecutor;
import org.springframework.core.task.support.TaskExecutorAdapter;
import org.springframework.util.Assert;

/**
 * Lets equal requests in flight share one call of the model, calls and streams alike. A
 * stream that joins late is given the answer from its beginning. The call goes on as long
 * as anybody waits for it, whoever came first; an error of the model reaches all who
 * wait, unless the plan lets them retry.
 * <p>
 * So that one caller can leave without ending the call of the others, the model is called
 * on another thread than the caller's; what Micrometer's context propagation knows of
 * goes along. Thread-safe; close it to end its threads.
 */
public final class DedupAdvisor implements CallAdvisor, StreamAdvisor, AutoCloseable {

	/**
	 * The default number of calls that can be shared at a time.
	 */
	public static final int DEFAULT_MAX_IN_FLIGHT = 512;

	/**
	 * The default number of elements of one stream that are kept for those who join late.
	 */
	public static final int DEFAULT_MAX_ELEMENTS_PER_STREAM = 10_000;

	private static final int STREAMS_OF_FULL_LENGTH = 10;

	private static final int MAX_LANDED = 1000;

	/**
	 * Longer than a request takes from its look-up in the cache to here.
	 */
	private static final Duration LANDED_TIME = Duration.ofSeconds(1);

	private final ConcurrentMap<String, Flight> flights = new ConcurrentHashMap<>();

	private final Cache<String, ChatResponse> landed = Caffeine.newBuilder()
		.maximumSize(MAX_LANDED)
		.expireAfterWrite(LANDED_TIME)
		.build();

	private final LongAdder abandoned = new LongAdder();

	private final AtomicLong forgotten = new AtomicLong();

	private final @Nullable Plan plan;

	private final SavingsStatistics statistics;

	private final TokenCounter tokenCounter;

	private final int maxInFlight;

	private final BufferBudget budget;

	private final AsyncTaskExecutor executor;

	private final @Nullable ThreadPoolExecutor ownThreads;

	private final @Nullable ClusterFlights cluster;

	private final int order;

	private DedupAdvisor(Builder builder) {
		this.plan = builder.plan;
		this.statistics = builder.statistics;
		this.tokenCounter = builder.tokenCounter;
		this.maxInFlight = builder.maxInFlight;
		this.budget = new BufferBudget(builder.maxElementsPerStream,
				(int) Math.min(Integer.MAX_VALUE, (long) STREAMS_OF_FULL_LENGTH * builder.maxElementsPerStream));
		if (builder.executor != null) {
			this.ownThreads = null;
			this.executor = builder.executor;
		}
		else {
			this.ownThreads = threads(builder.maxInFlight);
			this.executor = new TaskExecutorAdapter(this.ownThreads);
		}
		this.cluster = (builder.leases != null)
				? new ClusterFlights(builder.leases, builder.leaseBackend, builder.breakers) : null;
		this.order = builder.order;
	}

	private static ThreadPoolExecutor threads(int max) {
		return new ThreadPoolExecutor(0, max, 30, TimeUnit.SECONDS, new SynchronousQueue<>(),
				new DaemonThreads("token-saving-dedup"));
	}

	/**
	 * Start an advisor.
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
	 * Return how many calls are shared at present.
	 * @return the number
	 */
	public int inFlight() {
		return this.flights.size();
	}

	/**
	 * Return how many elements of streams are kept at present.
	 * @return the number
	 */
	int buffered() {
		return this.budget.used();
	}

	/**
	 * Share no answer any more that was asked for before, because it may have been
	 * evicted. Those who wait for one already are given it.
	 */
	public void forget() {
		this.forgotten.incrementAndGet();
		this.flights.clear();
		this.landed.invalidateAll();
	}

	/**
	 * Return how many calls were cancelled because nobody waited for them any more.
	 * @return the number
	 */
	long abandoned() {
		return this.abandoned.sum();
	}

	/**
	 * Return how many requests wait for an answer at present.
	 * @return the number
	 */
	int waiting() {
		return this.flights.values().stream().mapToInt(Flight::waiting).sum();
	}

	@Override
	public ChatClientResponse adviseCall(ChatClientRequest request, CallAdvisorChain chain) {
		Ticket ticket = prepare(request, () -> Reentrance.led());
		if (ticket == null) {
			return chain.nextCall(request);
		}
		CallParticipant participant = new CallParticipant(request, ticket.call(), ticket.settings(), this.tokenCounter,
				this.statistics);
		Boarding boarding = board(ticket, participant, Context.empty());
		if (boarding == null) {
			return chain.nextCall(request);
		}
		if (boarding.landed() != null) {
			return boarding.landed();
		}
		Flight flight = boarding.flight();
		if (boarding.leads() && !start(flight, participant, ticket, () -> chain.nextCall(request))) {
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
		if (failure != null && (boarding.leads() || isShared(failure, ticket.settings()))) {
			throw DedupAdvisor.<RuntimeException>unchecked(failure);
		}
		ChatClientResponse answer = (arrived && failure == null) ? flight.answer() : null;
		if (answer == null) {
			flight.leave(participant);
			participant.ledger().recordAlone();
			return chain.nextCall(request);
		}
		participant.settle(flight);
		return participant.own(flight, answer);
	}

	// A model written in another language may throw what it has not declared
	@SuppressWarnings({ "unchecked", "TypeParameterUnusedInFormals" })
	private static <T extends Throwable> T unchecked(Throwable failure) throws T {
		throw (T) failure;
	}

	private static boolean isShared(Throwable failure, DedupSettings settings) {
		return settings.onError() == OnError.SHARE && !(failure instanceof NotStartedException);
	}

	// Calls the model on another thread, so that the caller can leave
	private boolean start(Flight flight, CallParticipant leader, Ticket ticket, Supplier<ChatClientResponse> model) {
		try {
			CallerContext context = CallerContext.capture();
			Future<?> running = this.executor
				.submit(() -> run(flight, leader, context, () -> Reentrance.call(ticket.led(), model)));
			flight.onCancel(() -> running.cancel(true));
			return true;
		}
		catch (RuntimeException | OutOfMemoryError ex) { // there may be no more threads
			leader.fail(ex);
			flight.onError(new NotStartedException());
			return false;
		}
	}

	// Whatever happens, the flight ends: others wait for it
	private void run(Flight flight, CallParticipant leader, CallerContext context, Supplier<ChatClientResponse> model) {
		try {
			flight.onNext(context.call(() -> (this.cluster != null && this.cluster.isWanted(leader))
					? this.cluster.call(leader, model) : model.get()));
			flight.onComplete();
		}
		catch (Throwable ex) { // what the model threw reaches all who wait
			flight.onError(ex);
		}
	}

	@Override
	public Flux<ChatClientResponse> adviseStream(ChatClientRequest request, StreamAdvisorChain chain) {
		return Flux.deferContextual((context) -> {
			Ticket ticket = prepare(request, () -> Reentrance.led(context));
			if (ticket == null) {
				return chain.nextStream(request);
			}
			StreamParticipant participant = new StreamParticipant(request, ticket.call(), ticket.settings(),
					this.tokenCounter, this.statistics);
			Boarding boarding = board(ticket, participant, Reentrance.mark(Context.of(context), ticket.led()));
			if (boarding == null) {
				return chain.nextStream(request);
			}
			if (boarding.landed() != null) {
				return Flux.just(boarding.landed());
			}
			Flight flight = boarding.flight();
			if (boarding.leads()) {
				return participant
					.elements(flight, () -> start(flight, participant, ticket, () -> chain.nextStream(request)))
					// Whoever does not read on must not hold up the others
					.publishOn(Schedulers.boundedElastic());
			}
			return join(flight, participant, () -> chain.nextStream(request), ticket.settings());
		});
	}

	private void start(Flight flight, StreamParticipant leader, Ticket ticket,
			Supplier<Flux<ChatClientResponse>> model) {
		try {
			Reentrance.call(ticket.led(), () -> {
				Flux<ChatClientResponse> stream = (this.cluster != null && this.cluster.isWanted(leader))
						? this.cluster.stream(leader, CallerContext.capture().stream(model), this.executor)
						: model.get();
				stream.subscribe(flight);
				return true;
			});
		}
		catch (Throwable ex) { // what the model threw reaches all who wait
			flight.onError(ex);
		}
	}

	private Flux<ChatClientResponse> join(Flight flight, StreamParticipant participant,
			Supplier<Flux<ChatClientResponse>> model, DedupSettings settings) {
		AtomicBoolean begun = new AtomicBoolean();
		// Whoever pays by now waits as long as it takes
		Mono<Long> deadline = Mono.delay(settings.timeout())
			.flatMap((tick) -> flight.isPayer(participant) ? Mono.never() : Mono.just(tick));
		return participant.elements(flight, () -> {
		})
			.doOnNext((element) -> begun.set(true))
			.timeout(deadline, (element) -> Mono.never(), Flux.error(WaitedTooLongException::new))
			.publishOn(Schedulers.boundedElastic())
			.onErrorResume((ex) -> {
				boolean mayRetry = ex instanceof WaitedTooLongException || !isShared(ex, settings);
				if (begun.get() || !mayRetry) {
					return Flux.error(ex);
				}
				participant.ledger().recordAlone();
				return model.get();
			});
	}

	private @Nullable Ticket prepare(ChatClientRequest request, Supplier<Set<String>> partOf) {
		CallState call = CallState.of(request, this.plan);
		DedupSettings settings = (call != null) ? call.plan().dedup() : null;
		if (call == null || settings == null || call.directives().noStore()) {
			return null;
		}
		try {
			Double maxTemperature = settings.maxTemperature();
			if (SamplingOptions.asksForSeveral(request.prompt())
					|| (maxTemperature != null && SamplingOptions.isAbove(request.prompt(), maxTemperature))) {
				return null;
			}
			String key = key(call.fingerprint(request).exact(), call.directives());
			Set<String> led = partOf.get();
			// A model that asks a client the same must not wait for itself
			return led.contains(key) ? null : new Ticket(call, settings, key, Reentrance.with(led, key));
		}
		catch (RuntimeException | StackOverflowError ex) {
			this.statistics.recordError(Component.FINGERPRINT, call.plan().id(), ex);
			return null;
		}
	}

	// Requests that differ in what they accept from a cache further in do not share
	private static String key(String fingerprint, CacheDirectives directives) {
		boolean plain = !directives.noCache() && directives.maxAge() == null
				&& directives.similarityThreshold() == null;
		return plain ? fingerprint : "%s %s %s %s".formatted(fingerprint, directives.noCache(), directives.maxAge(),
				directives.similarityThreshold());
	}

	// Joins the flight of the same request, or begins one. Null if there is no room
	private @Nullable Boarding board(Ticket ticket, Participant participant, Context context) {
		String key = ticket.key();
		Flight created = new Flight(participant, context, this.budget, new Landing(key));
		boolean fresh = !mayTakeLanded(participant);
		while (true) {
			Flight present = this.flights.get(key);
			if (present != null && present.join(participant, fresh)) {
				participant.ledger().recordJoined();
				return new Boarding(present, false, null);
			}
			if (present != null && !present.suits(participant)) {
				return null;
			}
			if (present != null && present.isRunning()) {
				participant.fail(new RejectedExecutionException("The answer in flight is too long to be kept"));
				return null;
			}
			if (present != null) {
				// It is about to be removed
				this.flights.remove(key, present);
				continue;
			}
			if (this.flights.size() >= this.maxInFlight) {
				participant.fail(new RejectedExecutionException("Too many requests are in flight"));
				return null;
			}
			if (this.flights.putIfAbsent(key, created) != null) {
				continue;
			}
			ChatResponse landed = fresh ? null : this.landed.getIfPresent(key);
			if (landed != null) {
				ChatClientResponse taken = participant.take(landed);
				// For those who joined meanwhile
				created.onNext(new ChatClientResponse(landed, Map.of()));
				created.onComplete();
				return new Boarding(created, false, taken);
			}
			participant.ledger().recordShared(() -> created.hasOthers(participant));
			return new Boarding(created, true, null);
		}
	}

	private static boolean mayTakeLanded(Participant participant) {
		CacheDirectives directives = participant.call().directives();
		return !directives.noCache() && directives.maxAge() == null;
	}

	/**
	 * End the threads that call the model.
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
	 * What is needed to share a request.
	 *
	 * @param call the state of the call
	 * @param settings the settings of its plan
	 * @param key the fingerprint
	 * @param led the keys of the calls that the request is part of, and its own
	 */
	private record Ticket(CallState call, DedupSettings settings, String key, Set<String> led) {

	}

	/**
	 * The flight of a request.
	 *
	 * @param flight the flight
	 * @param leads whether the request began it
	 * @param landed the answer, if the flight has landed already
	 */
	private record Boarding(Flight flight, boolean leads, @Nullable ChatClientResponse landed) {

	}

	/**
	 * Ends a flight. It can be joined until its answer can be found in the cache, and the
	 * answer is had for a moment longer: else a request that looked for it a moment too
	 * soon would buy it again.
	 */
	private final class Landing implements Flight.Listener {

		private final String key;

		private final long forgotten = DedupAdvisor.this.forgotten.get();

		Landing(String key) {
			this.key = key;
		}

		@Override
		public void ended(Flight flight, @Nullable Throwable failure) {
			Participant leader = flight.leader();
			try {
				land(flight, failure, leader);
			}
			catch (RuntimeException | Error ex) {
				remove(flight, false);
				leader.fail(ex);
			}
		}

		private void land(Flight flight, @Nullable Throwable failure, Participant leader) {
			boolean served = leader.ledger().servedUsage() != null;
			AnswerSource source = served ? null : leader.call().answerSource();
			ChatClientResponse answer = (failure == null && source != null) ? flight.answer() : null;
			ChatResponse response = (answer != null) ? answer.chatResponse() : null;
			if (source == null || response == null) {
				remove(flight, failure == null);
				return;
			}
			leader.call().storedElsewhere();
			AtomicBoolean removed = new AtomicBoolean();
			source.store(response, leader instanceof StreamParticipant, (stored) -> {
				removed.set(true);
				if (stored && this.forgotten == DedupAdvisor.this.forgotten.get()) {
					DedupAdvisor.this.landed.put(this.key, response);
				}
				remove(flight, true);
			});
			if (!removed.get()) {
				// A write that is stuck must not hold up others for long
				CompletableFuture.delayedExecutor(LANDED_TIME.toMillis(), TimeUnit.MILLISECONDS, Runnable::run)
					.execute(() -> remove(flight, false));
			}
		}

		@Override
		public void abandoned(Flight flight) {
			DedupAdvisor.this.abandoned.increment();
			remove(flight, false);
		}

		private void remove(Flight flight, boolean answered) {
			DedupAdvisor.this.flights.remove(this.key, flight);
			flight.close();
			flight.leader().land(answered);
		}

	}

	/**
	 * There was no thread for the call of the model.
	 */
	private static final class NotStartedException extends RuntimeException {

		NotStartedException() {
			super("There was no thread for the call", null, false, false);
		}

	}

	/**
	 * The answer of another request did not come in time.
	 */
	private static final class WaitedTooLongException extends RuntimeException {

		WaitedTooLongException() {
			super("The answer in flight took too long", null, false, false);
		}

	}

	/**
	 * Builds a {@link DedupAdvisor}. Not thread-safe.
	 */
	public static final class Builder {

		private @Nullable Plan plan;

		private SavingsStatistics statistics = new SavingsStatistics();

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
		 * {@link io.tokensaving.savings.PlanAdvisor}. Default {@code null}.
		 * @param plan the plan
		 * @return this builder
		 */
		public Builder plan(@Nullable Plan plan) {
			this.plan = plan;
			return this;
		}

		/**
		 * Set where to count failures. Default: statistics of its own.
		 * @param statistics the statistics
		 * @return this builder
		 */
		public Builder statistics(SavingsStatistics statistics) {
			this.statistics = statistics;
			return this;
		}

		/**
		 * Set what counts the tokens of models that do not report usage.
		 * @param tokenCounter the counter
		 * @return this builder
		 */
		public Builder tokenCounter(TokenCounter tokenCounter) {
			this.tokenCounter = tokenCounter;
			return this;
		}

		/**
		 * Set how many calls can be shared at a time; further requests are not shared.
		 * Default {@value DedupAdvisor#DEFAULT_MAX_IN_FLIGHT}.
		 * @param maxInFlight the number, at least 1
		 * @return this builder
		 */
		public Builder maxInFlight(int maxInFlight) {
			Assert.isTrue(maxInFlight >= 1, () -> "'maxInFlight' must be at least 1, but is " + maxInFlight);
			this.maxInFlight = maxInFlight;
			return this;
		}

		/**
		 * Set how many elements of one stream are kept for those who join late, and ten
		 * times as many of all streams. A stream that has more can no longer be joined.
		 * Default {@value DedupAdvisor#DEFAULT_MAX_ELEMENTS_PER_STREAM}.
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
		 * Set what calls the model. Default: threads of its own, one a call.
		 * @param executor the executor
		 * @return this builder
		 */
		public Builder executor(AsyncTaskExecutor executor) {
			this.executor = executor;
			return this;
		}

		/**
		 * Set the leases of plans whose requests are shared by all instances. Default:
		 * none, and only those of this instance are.
		 * @param leases the leases
		 * @param backend the name of the backend they are in, whose circuit breaker is
		 * respected
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

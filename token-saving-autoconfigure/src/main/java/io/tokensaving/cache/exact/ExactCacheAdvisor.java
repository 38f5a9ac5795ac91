package io.tokensaving.cache.exact;

import java.time.Clock;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Supplier;

import com.github.benmanes.caffeine.cache.Ticker;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreaker.State;
import io.tokensaving.AdvisorOrder;
import io.tokensaving.Outcome;
import io.tokensaving.SavingTechnique;
import io.tokensaving.SavingsReport;
import io.tokensaving.backend.Attempt;
import io.tokensaving.backend.CircuitBreakers;
import io.tokensaving.backend.DaemonThreads;
import io.tokensaving.cache.CacheEligibility;
import io.tokensaving.cache.CacheEviction;
import io.tokensaving.cache.CacheKey;
import io.tokensaving.cache.CacheWriter;
import io.tokensaving.cache.CachedResponse;
import io.tokensaving.cache.EntryLabels;
import io.tokensaving.cache.Evictions;
import io.tokensaving.cache.StreamRecording;
import io.tokensaving.cache.WriteBehindQueue;
import io.tokensaving.plan.CacheSettings;
import io.tokensaving.plan.Plan;
import io.tokensaving.request.AnswerSource;
import io.tokensaving.request.CallState;
import io.tokensaving.request.CallerContext;
import io.tokensaving.savings.Component;
import io.tokensaving.savings.SavingsLedger;
import io.tokensaving.savings.SavingsStatistics;
import io.tokensaving.savings.TokenCounter;
import io.tokensaving.savings.TokenUsage;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.client.advisor.api.CallAdvisor;
import org.springframework.ai.chat.client.advisor.api.CallAdvisorChain;
import org.springframework.ai.chat.client.advisor.api.StreamAdvisor;
import org.springframework.ai.chat.client.advisor.api.StreamAdvisorChain;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.util.Assert;

/**
 * Answers a request that was asked before with the answer it got then. Requests are the
 * same if their {@linkplain io.tokensaving.request.RequestFingerprint fingerprints} are.
 * An answer that a call bought is served to streams too, and the other way round.
 * <p>
 * A request that cannot be looked up in time goes to the model, and so does every request
 * of a plan without a cache. A store outside this process is written to behind the
 * answer, and is left alone for a while when it keeps failing. Thread-safe; close it to
 * write what still waits.
 */
public final class ExactCacheAdvisor implements CallAdvisor, StreamAdvisor, CacheWriter, AutoCloseable {

	private static final String TIER = "exact";

	private static final int MAX_THREADS = 64;

	private final Map<String, ExactCacheStore> stores;

	private final Map<String, String> exactBackends;

	private final @Nullable Plan plan;

	private final SavingsStatistics statistics;

	private final TokenCounter tokenCounter;

	private final Clock clock;

	private final Ticker ticker;

	private final int order;

	private final CircuitBreakers breakers;

	private final Evictions evictions = new Evictions();

	private final WriteBehindQueue writes = new WriteBehindQueue("token-saving-exact-writes");

	private final ThreadPoolExecutor lookups = new ThreadPoolExecutor(0, MAX_THREADS, 30, TimeUnit.SECONDS,
			new SynchronousQueue<>(), new DaemonThreads("token-saving-exact-lookup"));

	private ExactCacheAdvisor(Builder builder) {
		this.stores = Map.copyOf(builder.stores);
		this.exactBackends = Map.copyOf(builder.exactBackends);
		this.plan = builder.plan;
		this.statistics = builder.statistics;
		this.tokenCounter = builder.tokenCounter;
		this.clock = builder.clock;
		this.ticker = builder.ticker;
		this.order = builder.order;
		this.breakers = builder.breakers;
	}

	/**
	 * Start an advisor.
	 * @param stores the stores that plans can select
	 * @return a builder
	 * @throws IllegalArgumentException if two stores have the same backend
	 */
	public static Builder builder(Collection<? extends ExactCacheStore> stores) {
		return new Builder(stores);
	}

	/**
	 * Start an advisor.
	 * @param store the store that plans can select
	 * @return a builder
	 */
	public static Builder builder(ExactCacheStore store) {
		return new Builder(List.of(store));
	}

	/**
	 * Whether other instances of the application find the answers of a plan.
	 * @param backend the backend of the plan
	 * @return whether its store is {@linkplain ExactCacheStore#isShared() shared}
	 */
	public boolean isShared(String backend) {
		ExactCacheStore store = this.stores.get(this.exactBackends.getOrDefault(backend, backend));
		return store != null && store.isShared();
	}

	@Override
	public String getName() {
		return "Token Saving Exact Cache";
	}

	@Override
	public int getOrder() {
		return this.order;
	}

	@Override
	public ChatClientResponse adviseCall(ChatClientRequest request, CallAdvisorChain chain) {
		Lookup lookup = prepare(request);
		if (lookup == null) {
			return chain.nextCall(request);
		}
		ChatClientResponse hit = lookup.find();
		if (hit != null) {
			return hit;
		}
		lookup.willStore();
		ChatClientResponse response = chain.nextCall(request);
		lookup.storeCall(response.chatResponse());
		return response;
	}

	@Override
	public Flux<ChatClientResponse> adviseStream(ChatClientRequest request, StreamAdvisorChain chain) {
		Lookup lookup = prepare(request);
		if (lookup == null) {
			return chain.nextStream(request);
		}
		if (!lookup.store.isBlocking()) {
			return Flux.defer(() -> {
				ChatClientResponse hit = lookup.find();
				return (hit != null) ? Flux.just(hit) : lookup.record(chain.nextStream(request));
			});
		}
		return Flux.defer(() -> {
			CallerContext caller = CallerContext.capture();
			lookup.ledger.beginLookup();
			return lookup.findLater().flux().switchIfEmpty(caller.stream(() -> {
				lookup.ledger.endLookup();
				return lookup.record(chain.nextStream(request));
			}));
		});
	}

	private @Nullable Lookup prepare(ChatClientRequest request) {
		CallState call = CallState.of(request, this.plan);
		CacheSettings settings = (call != null) ? call.plan().cache() : null;
		if (call == null || settings == null || call.directives().noStore()) {
			return null;
		}
		try {
			String backend = settings.backend();
			ExactCacheStore store = this.stores.get(this.exactBackends.getOrDefault(backend, backend));
			Assert.state(store != null, () -> "No store for the backend '%s', known are %s"
				.formatted(settings.backend(), this.stores.keySet()));
			CacheKey key = new CacheKey(call.workspace(), call.plan().id(), call.directives().scope(),
					call.fingerprint(request).exact());
			return new Lookup(request, call, settings, store, key);
		}
		catch (RuntimeException | StackOverflowError ex) {
			this.statistics.recordError(Component.FINGERPRINT, call.plan().id(), ex);
			return null;
		}
	}

	@Override
	public boolean beginEviction(CacheEviction eviction) {
		return this.evictions.begin(eviction);
	}

	/**
	 * Wait for the writes that are under way, for up to five seconds, before what they
	 * are written to is closed. Further requests are served.
	 * @return whether all are written
	 */
	public boolean drain() {
		return this.writes.drain();
	}

	/**
	 * Write what still waits, for up to five seconds, and end all threads.
	 */
	@Override
	public void close() {
		this.writes.close();
		this.lookups.shutdownNow();
	}

	/**
	 * One request and the store it is looked up in.
	 */
	private final class Lookup implements AnswerSource {

		private final ChatClientRequest request;

		private final CallState call;

		private final CacheSettings settings;

		private final ExactCacheStore store;

		private final CacheKey key;

		private final SavingsLedger ledger;

		private final @Nullable CircuitBreaker breaker;

		private final long evictions = ExactCacheAdvisor.this.evictions.count();

		Lookup(ChatClientRequest request, CallState call, CacheSettings settings, ExactCacheStore store, CacheKey key) {
			this.request = request;
			this.call = call;
			this.settings = settings;
			this.store = store;
			this.key = key;
			this.ledger = SavingsLedger.of(request);
			this.breaker = store.isBlocking() ? ExactCacheAdvisor.this.breakers.of(store.backend()) : null;
		}

		@Nullable ChatClientResponse find() {
			return this.call.directives().noCache() ? null
					: find(Outcome.EXACT_HIT, SavingTechnique.EXACT_CACHE, this.settings.lookupTimeout());
		}

		@Override
		public @Nullable ChatClientResponse find(Outcome outcome, SavingTechnique technique, Duration timeout) {
			Attempt attempt = (this.breaker != null) ? Attempt.begin(this.breaker, ExactCacheAdvisor.this.ticker)
					: null;
			if (this.breaker != null && attempt == null) {
				return null;
			}
			long start = ExactCacheAdvisor.this.ticker.read();
			try {
				CachedResponse found = (attempt != null) ? await(attempt, timeout) : this.store.find(this.key);
				return answer(found, start, outcome, technique);
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
				return null;
			}
			catch (Throwable ex) { // a store may fail in any way
				fail(ex);
				return null;
			}
			finally {
				if (attempt != null) {
					attempt.end();
				}
			}
		}

		// For stores outside this process only
		Mono<ChatClientResponse> findLater() {
			CircuitBreaker breaker = this.breaker;
			Attempt attempt = (breaker != null && !this.call.directives().noCache())
					? Attempt.begin(breaker, ExactCacheAdvisor.this.ticker) : null;
			if (attempt == null) {
				return Mono.empty();
			}
			long start = ExactCacheAdvisor.this.ticker.read();
			return Mono.fromCompletionStage(this::start)
				.timeout(this.settings.lookupTimeout())
				.doOnError(attempt::failed)
				.doOnNext((reader) -> attempt.succeeded())
				.doFinally((signal) -> attempt.end())
				// Neither reading the answer nor the caller belongs on a thread of the
				// client
				.publishOn(Schedulers.boundedElastic())
				.mapNotNull((reader) -> read(reader, start))
				.onErrorResume((ex) -> {
					fail(ex);
					return Mono.empty();
				});
		}

		// Does not throw: Reactor does not pass on what it takes for fatal
		private @Nullable ChatClientResponse read(Supplier<@Nullable CachedResponse> reader, long start) {
			try {
				return answer(reader.get(), start, Outcome.EXACT_HIT, SavingTechnique.EXACT_CACHE);
			}
			catch (Throwable ex) {
				fail(ex);
				return null;
			}
		}

		private CompletionStage<Supplier<@Nullable CachedResponse>> start() {
			try {
				return ask().handle((reader, failure) -> {
					if (failure != null || reader == null) {
						throw ordinary(failure);
					}
					return reader;
				});
			}
			catch (Throwable ex) { // among others, there may be no more threads
				return CompletableFuture.failedFuture(ordinary(ex));
			}
		}

		private static RuntimeException ordinary(@Nullable Throwable failure) {
			Throwable cause = (failure instanceof CompletionException) ? failure.getCause() : failure;
			return (cause instanceof RuntimeException ex) ? ex : new IllegalStateException("The look-up failed", cause);
		}

		private CompletionStage<Supplier<@Nullable CachedResponse>> ask() {
			if (this.store instanceof AsyncExactCacheStore async) {
				return async.findAsync(this.key);
			}
			return CompletableFuture.supplyAsync(() -> {
				CachedResponse found = this.store.find(this.key);
				return () -> found;
			}, ExactCacheAdvisor.this.lookups);
		}

		private @Nullable CachedResponse await(Attempt attempt, Duration timeout)
				throws InterruptedException, TimeoutException {
			CompletableFuture<Supplier<@Nullable CachedResponse>> future = start().toCompletableFuture();
			try {
				Supplier<@Nullable CachedResponse> reader = future.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
				attempt.succeeded();
				return reader.get();
			}
			catch (ExecutionException | CancellationException ex) {
				attempt.failed(ex);
				throw new IllegalStateException("The look-up failed", ex.getCause());
			}
			catch (TimeoutException ex) {
				attempt.failed(ex);
				throw ex;
			}
			finally {
				future.cancel(true);
			}
		}

		private @Nullable ChatClientResponse answer(@Nullable CachedResponse found, long start, Outcome outcome,
				SavingTechnique technique) {
			ExactCacheAdvisor advisor = ExactCacheAdvisor.this;
			advisor.statistics.recordLookup(TIER, advisor.ticker.read() - start);
			Duration maxAge = this.call.directives().maxAge();
			Duration age = (found != null) ? age(found) : Duration.ZERO;
			if (found == null || age.compareTo(ttl()) >= 0 || (maxAge != null && age.compareTo(maxAge) >= 0)) {
				this.ledger.recordMiss();
				return null;
			}
			ChatResponse replayed = found.toChatResponse(Map.of(SavingsReport.OUTCOME_METADATA_KEY, outcome.value()));
			this.ledger.recordHit(outcome, technique, found.usage(), found.model().isEmpty() ? null : found.model(),
					age.toSeconds(), null);
			return new ChatClientResponse(replayed, new HashMap<>(this.request.context()));
		}

		// Also for what was stored when it was longer
		private Duration ttl() {
			Duration ttl = this.call.directives().ttl();
			return (ttl != null) ? ttl : this.settings.ttl();
		}

		private Duration age(CachedResponse response) {
			Duration age = Duration.between(response.createdAt(), ExactCacheAdvisor.this.clock.instant());
			return age.isNegative() ? Duration.ZERO : age;
		}

		@Override
		public boolean isShared() {
			return this.store.isShared();
		}

		void willStore() {
			this.call.willStore(this);
		}

		void storeCall(@Nullable ChatResponse response) {
			if (response != null && !this.call.isStoredElsewhere()) {
				store(response, false, (stored) -> {
				});
			}
		}

		Flux<ChatClientResponse> record(Flux<ChatClientResponse> stream) {
			return Flux.defer(() -> {
				willStore();
				StreamRecording recording = new StreamRecording();
				AtomicBoolean replayed = new AtomicBoolean();
				return stream.doOnNext((element) -> {
					if (isReplayed(element.chatResponse())) {
						replayed.set(true);
					}
					recording.add(element.chatResponse(), this::fail);
				}).doOnComplete(() -> {
					if (!replayed.get() && !this.call.isStoredElsewhere()) {
						storeStream(recording);
					}
				});
			});
		}

		private void storeStream(StreamRecording recording) {
			try {
				ChatResponse response = recording.assemble();
				if (response != null) {
					store(response, true, (stored) -> {
					});
				}
			}
			catch (RuntimeException ex) {
				fail(ex);
			}
		}

		// What another cache inside of this one has answered would become ever older
		private static boolean isReplayed(@Nullable ChatResponse response) {
			return response != null && response.getMetadata().get(SavingsReport.OUTCOME_METADATA_KEY) != null;
		}

		private void fail(Throwable failure) {
			ExactCacheAdvisor.this.statistics.recordError(Component.EXACT_CACHE, this.call.plan().id(), failure);
		}

		// Behind the answer, unless it only goes to memory
		@Override
		public void store(ChatResponse answer, boolean streamed, Consumer<Boolean> whenDone) {
			ExactCacheAdvisor advisor = ExactCacheAdvisor.this;
			boolean stored = false;
			boolean waits = false;
			try {
				boolean storable = streamed ? CacheEligibility.isStorableFromStream(answer)
						: CacheEligibility.isStorable(answer);
				CachedResponse cached = (storable && !isReplayed(answer)) ? cached(answer) : null;
				if (cached != null && this.breaker == null) {
					stored = write(cached).now();
				}
				else if (cached != null && this.breaker != null && this.breaker.getState() != State.OPEN) {
					Write write = write(cached);
					waits = advisor.writes.offer(() -> write.behind(whenDone));
					if (!waits) {
						fail(new RejectedExecutionException("Too many writes wait"));
					}
				}
			}
			catch (Throwable ex) {
				fail(ex);
			}
			finally {
				if (!waits) {
					whenDone.accept(stored);
				}
			}
		}

		private Write write(CachedResponse cached) {
			return new Write(ExactCacheAdvisor.this, this.store, this.key, cached, ttl(), this.call.directives().tags(),
					this.evictions);
		}

		private @Nullable CachedResponse cached(ChatResponse response) {
			ExactCacheAdvisor advisor = ExactCacheAdvisor.this;
			TokenUsage usage = advisor.tokenCounter.usage(this.request.prompt(), response);
			this.ledger.recordBought(usage);
			CachedResponse cached = CachedResponse.of(response, usage, advisor.clock.instant());
			return (cached.sizeInBytes() <= this.settings.maxEntryBytes()) ? cached : null;
		}

	}

	/**
	 * An answer that is to be written. Holds nothing else of its request, as many may
	 * wait.
	 */
	private record Write(ExactCacheAdvisor advisor, ExactCacheStore store, CacheKey key, CachedResponse answer,
			Duration ttl, Set<String> tags, long evictions) {

		boolean now() {
			EntryLabels labels = new EntryLabels(this.key.workspace(), this.key.plan(), this.key.scope(), this.tags);
			return this.advisor.evictions.write(this.evictions, labels,
					() -> this.store.store(this.key, this.answer, this.ttl, this.tags));
		}

		void behind(Consumer<Boolean> whenDone) {
			boolean stored = false;
			try {
				stored = now();
			}
			catch (Throwable ex) {
				this.advisor.statistics.recordError(Component.EXACT_CACHE, this.key.plan(), ex);
			}
			finally {
				whenDone.accept(stored);
			}
		}

	}

	/**
	 * Builds an {@link ExactCacheAdvisor}. Not thread-safe.
	 */
	public static final class Builder {

		private final Map<String, ExactCacheStore> stores = new TreeMap<>();

		private final Map<String, String> exactBackends = new HashMap<>();

		private @Nullable Plan plan;

		private SavingsStatistics statistics = new SavingsStatistics();

		private TokenCounter tokenCounter = new TokenCounter();

		private Clock clock = Clock.systemUTC();

		private Ticker ticker = Ticker.systemTicker();

		private int order = AdvisorOrder.EXACT_CACHE;

		private CircuitBreakers breakers = new CircuitBreakers();

		private Builder(Collection<? extends ExactCacheStore> stores) {
			for (ExactCacheStore store : stores) {
				ExactCacheStore other = this.stores.put(store.backend(), store);
				Assert.isTrue(other == null, () -> "Two stores have the backend '" + store.backend() + "'");
			}
		}

		/**
		 * Set the store that answers repeated requests of plans with another, semantic,
		 * backend. Without it such plans fail to be looked up exactly.
		 * @param backend the backend in plans
		 * @param exactBackend the backend of a store of this advisor
		 * @return this builder
		 * @throws IllegalArgumentException if there is no such store
		 */
		public Builder exactBackend(String backend, String exactBackend) {
			Assert.isTrue(this.stores.containsKey(exactBackend),
					() -> "No store for the backend '%s', known are %s".formatted(exactBackend, this.stores.keySet()));
			this.exactBackends.put(backend, exactBackend);
			return this;
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
		 * Set where to count failures and look-ups. Default: statistics of its own.
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
		 * Set the clock that dates entries. Default: the system's.
		 * @param clock the clock
		 * @return this builder
		 */
		public Builder clock(Clock clock) {
			this.clock = clock;
			return this;
		}

		/**
		 * Set the clock that times look-ups. Default: the system's.
		 * @param ticker the clock
		 * @return this builder
		 */
		public Builder ticker(Ticker ticker) {
			this.ticker = ticker;
			return this;
		}

		/**
		 * Set the order. Default {@link AdvisorOrder#EXACT_CACHE}.
		 * @param order the order
		 * @return this builder
		 */
		public Builder order(int order) {
			this.order = order;
			return this;
		}

		/**
		 * Set the circuit breakers of stores outside this process. Default: breakers of
		 * its own.
		 * @param breakers the breakers
		 * @return this builder
		 */
		public Builder circuitBreakers(CircuitBreakers breakers) {
			this.breakers = breakers;
			return this;
		}

		/**
		 * Build the advisor.
		 * @return the advisor
		 */
		public ExactCacheAdvisor build() {
			return new ExactCacheAdvisor(this);
		}

	}

}

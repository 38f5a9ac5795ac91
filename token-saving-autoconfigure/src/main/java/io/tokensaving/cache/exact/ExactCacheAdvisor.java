package io.tokensaving.cache.exact;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

import com.github.benmanes.caffeine.cache.Ticker;
import io.tokensaving.AdvisorOrder;
import io.tokensaving.Outcome;
import io.tokensaving.SavingTechnique;
import io.tokensaving.SavingsReport;
import io.tokensaving.cache.CacheEligibility;
import io.tokensaving.cache.CachedResponse;
import io.tokensaving.cache.StreamRecording;
import io.tokensaving.plan.CacheSettings;
import io.tokensaving.plan.Plan;
import io.tokensaving.request.CacheDirectives;
import io.tokensaving.request.CallState;
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
 * A request that cannot be looked up goes to the model, and so does every request of a
 * plan without a cache. Thread-safe.
 */
public final class ExactCacheAdvisor implements CallAdvisor, StreamAdvisor {

	private static final String TIER = "exact";

	private final Map<String, ExactCacheStore> stores;

	private final Map<String, String> exactBackends;

	private final @Nullable Plan plan;

	private final SavingsStatistics statistics;

	private final TokenCounter tokenCounter;

	private final Clock clock;

	private final Ticker ticker;

	private final int order;

	private ExactCacheAdvisor(Builder builder) {
		this.stores = Map.copyOf(builder.stores);
		this.exactBackends = Map.copyOf(builder.exactBackends);
		this.plan = builder.plan;
		this.statistics = builder.statistics;
		this.tokenCounter = builder.tokenCounter;
		this.clock = builder.clock;
		this.ticker = builder.ticker;
		this.order = builder.order;
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
		return Mono.fromCallable(lookup::find)
			.subscribeOn(Schedulers.boundedElastic())
			.flux()
			.switchIfEmpty(Flux.defer(() -> lookup.record(chain.nextStream(request))));
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
			return new Lookup(request, call, settings, store, call.fingerprint(request).exact());
		}
		catch (RuntimeException | StackOverflowError ex) {
			this.statistics.recordError(Component.FINGERPRINT, call.plan().id(), ex);
			return null;
		}
	}

	/**
	 * One request and the store it is looked up in.
	 */
	private final class Lookup {

		private final ChatClientRequest request;

		private final CallState call;

		private final CacheSettings settings;

		private final ExactCacheStore store;

		private final String key;

		private final SavingsLedger ledger;

		Lookup(ChatClientRequest request, CallState call, CacheSettings settings, ExactCacheStore store, String key) {
			this.request = request;
			this.call = call;
			this.settings = settings;
			this.store = store;
			this.key = key;
			this.ledger = SavingsLedger.of(request);
		}

		@Nullable ChatClientResponse find() {
			CacheDirectives directives = this.call.directives();
			if (directives.noCache()) {
				return null;
			}
			ExactCacheAdvisor advisor = ExactCacheAdvisor.this;
			try {
				long start = advisor.ticker.read();
				CachedResponse found = this.store.find(this.key);
				advisor.statistics.recordLookup(TIER, advisor.ticker.read() - start);
				Duration age = (found != null) ? age(found) : Duration.ZERO;
				boolean tooOld = directives.maxAge() != null && age.compareTo(directives.maxAge()) >= 0;
				if (found == null || tooOld) {
					this.ledger.recordMiss();
					return null;
				}
				ChatResponse replayed = found.toChatResponse();
				this.ledger.recordHit(Outcome.EXACT_HIT, SavingTechnique.EXACT_CACHE, found.usage(),
						found.model().isEmpty() ? null : found.model(), age.toSeconds(), null);
				return new ChatClientResponse(replayed, new HashMap<>(this.request.context()));
			}
			catch (RuntimeException ex) {
				fail(ex);
				return null;
			}
		}

		private Duration age(CachedResponse response) {
			Duration age = Duration.between(response.createdAt(), ExactCacheAdvisor.this.clock.instant());
			return age.isNegative() ? Duration.ZERO : age;
		}

		void storeCall(@Nullable ChatResponse response) {
			store(() -> (CacheEligibility.isStorable(response) && !isReplayed(response)) ? response : null);
		}

		Flux<ChatClientResponse> record(Flux<ChatClientResponse> stream) {
			return Flux.defer(() -> {
				StreamRecording recording = new StreamRecording();
				AtomicBoolean replayed = new AtomicBoolean();
				return stream.doOnNext((element) -> {
					if (isReplayed(element.chatResponse())) {
						replayed.set(true);
					}
					recording.add(element.chatResponse(), this::fail);
				}).doOnComplete(() -> {
					if (replayed.get()) {
						return;
					}
					if (this.store.isBlocking()) {
						Schedulers.boundedElastic().schedule(() -> storeStream(recording));
					}
					else {
						storeStream(recording);
					}
				});
			});
		}

		// What another cache inside of this one has answered would become ever older
		private static boolean isReplayed(@Nullable ChatResponse response) {
			return response != null && response.getMetadata().get(SavingsReport.OUTCOME_METADATA_KEY) != null;
		}

		private void storeStream(StreamRecording recording) {
			store(() -> {
				ChatResponse response = recording.assemble();
				return CacheEligibility.isStorableFromStream(response) ? response : null;
			});
		}

		private void fail(RuntimeException failure) {
			ExactCacheAdvisor.this.statistics.recordError(Component.EXACT_CACHE, this.call.plan().id(), failure);
		}

		private void store(Supplier<@Nullable ChatResponse> storable) {
			ExactCacheAdvisor advisor = ExactCacheAdvisor.this;
			try {
				ChatResponse response = storable.get();
				if (response == null) {
					return;
				}
				TokenUsage usage = advisor.tokenCounter.usage(this.request.prompt(), response);
				this.ledger.recordBought(usage);
				Instant now = advisor.clock.instant();
				CachedResponse cached = CachedResponse.of(response, usage, now);
				if (cached.sizeInBytes() <= this.settings.maxEntryBytes()) {
					Duration ttl = this.call.directives().ttl();
					this.store.store(this.key, cached, (ttl != null) ? ttl : this.settings.ttl());
				}
			}
			catch (RuntimeException ex) {
				fail(ex);
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
		 * Build the advisor.
		 * @return the advisor
		 */
		public ExactCacheAdvisor build() {
			return new ExactCacheAdvisor(this);
		}

	}

}

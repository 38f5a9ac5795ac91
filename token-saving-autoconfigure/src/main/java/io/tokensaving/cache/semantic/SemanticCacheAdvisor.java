package io.tokensaving.cache.semantic;

import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.DoubleSupplier;
import java.util.function.Supplier;

import com.github.benmanes.caffeine.cache.Ticker;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.tokensaving.AdvisorOrder;
import io.tokensaving.Outcome;
import io.tokensaving.SavingTechnique;
import io.tokensaving.SavingsReport;
import io.tokensaving.backend.Attempt;
import io.tokensaving.backend.CircuitBreakers;
import io.tokensaving.backend.DaemonThreads;
import io.tokensaving.cache.CacheEligibility;
import io.tokensaving.cache.CacheEviction;
import io.tokensaving.cache.CacheWriter;
import io.tokensaving.cache.CachedResponse;
import io.tokensaving.cache.EntryLabels;
import io.tokensaving.cache.Evictions;
import io.tokensaving.cache.StreamRecording;
import io.tokensaving.cache.WriteBehindQueue;
import io.tokensaving.cache.semantic.guard.EnglishGuards;
import io.tokensaving.cache.semantic.guard.Question;
import io.tokensaving.cache.semantic.guard.SemanticGuard;
import io.tokensaving.plan.CacheSettings;
import io.tokensaving.plan.Plan;
import io.tokensaving.request.CallState;
import io.tokensaving.request.CallerContext;
import io.tokensaving.request.ResponseAssembler;
import io.tokensaving.savings.Component;
import io.tokensaving.savings.PriceTable;
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
import org.springframework.ai.embedding.EmbeddingModel;
import org.springframework.util.Assert;

/**
 * Answers a question with the answer that a question of the same meaning got. Questions
 * are compared only if all else of their requests is equal, by the cosine similarity of
 * their embeddings, and a guard may hold back an answer on evidence that the questions
 * differ after all.
 * <p>
 * A request that cannot be looked up in time goes to the model, and so does every request
 * of a plan without a semantic cache. An embedding model or a store outside this process
 * that keeps failing is left alone for a while. Thread-safe; close it to end its threads.
 */
public final class SemanticCacheAdvisor implements CallAdvisor, StreamAdvisor, CacheWriter, AutoCloseable {

	/**
	 * The number of the most similar answers that are tried, one after a veto of the
	 * other.
	 */
	static final int CANDIDATES = 5;

	private static final String TIER = "semantic";

	private static final String EMBEDDING_MODEL = "embedding_model";

	private static final int MAX_THREADS = 64;

	private final Map<String, SemanticCacheStore> stores;

	private final TextEmbedder embedder;

	private final Map<String, SemanticGuard> guards;

	private final ConcurrentMap<List<String>, List<SemanticGuard>> guardsByNames = new ConcurrentHashMap<>();

	private final @Nullable Plan plan;

	private final SavingsStatistics statistics;

	private final PriceTable prices;

	private final TokenCounter tokenCounter;

	private final Clock clock;

	private final Ticker ticker;

	private final int order;

	private final AnswerVerification verification;

	private final CircuitBreakers breakers;

	private final Evictions evictions = new Evictions();

	private final WriteBehindQueue writes = new WriteBehindQueue("token-saving-semantic-writes");

	private final ThreadPoolExecutor lookups = new ThreadPoolExecutor(0, MAX_THREADS, 30, TimeUnit.SECONDS,
			new SynchronousQueue<>(), new DaemonThreads("token-saving-semantic-lookup"));

	private SemanticCacheAdvisor(Builder builder) {
		this.stores = Map.copyOf(builder.stores);
		this.embedder = new TextEmbedder(builder.embeddingModel);
		this.guards = new LinkedHashMap<>();
		builder.guards.forEach((guard) -> this.guards.put(guard.name(), guard));
		this.plan = builder.plan;
		this.statistics = builder.statistics;
		this.prices = builder.prices;
		this.tokenCounter = builder.tokenCounter;
		this.clock = builder.clock;
		this.ticker = builder.ticker;
		this.order = builder.order;
		this.breakers = builder.breakers;
		Map<String, AnswerJudge> judges = new HashMap<>(builder.judges);
		judges.putIfAbsent(CacheSettings.EMBEDDING_JUDGE, new EmbeddingAnswerJudge(builder.embeddingModel));
		this.verification = new AnswerVerification(judges, builder.statistics, builder.prices, builder.tokenCounter,
				builder.ticker, builder.chance);
	}

	/**
	 * Start an advisor.
	 * @param embeddingModel embeds questions
	 * @param stores the stores that plans can select
	 * @return a builder
	 * @throws IllegalArgumentException if two stores have the same backend
	 */
	public static Builder builder(EmbeddingModel embeddingModel, Collection<? extends SemanticCacheStore> stores) {
		return new Builder(embeddingModel, stores);
	}

	/**
	 * Start an advisor.
	 * @param embeddingModel embeds questions
	 * @param store the store that plans can select
	 * @return a builder
	 */
	public static Builder builder(EmbeddingModel embeddingModel, SemanticCacheStore store) {
		return new Builder(embeddingModel, List.of(store));
	}

	/**
	 * Return the backends that plans can select.
	 * @return the backends, sorted
	 */
	public Set<String> backends() {
		return new TreeSet<>(this.stores.keySet());
	}

	/**
	 * Whether a plan has a semantic cache of this advisor.
	 * @param plan the plan
	 * @return whether its backend is one of {@link #backends()}
	 */
	public boolean serves(Plan plan) {
		return plan.cache() != null && this.stores.containsKey(plan.cache().backend());
	}

	/**
	 * Load what embeds questions, so that the first request need not wait for it. A model
	 * outside this process is not asked.
	 */
	public void load() {
		this.embedder.load();
		Question.of("");
	}

	/**
	 * Return the names of the judges that plans can select.
	 * @return the names
	 */
	public Set<String> judgeNames() {
		return this.verification.judgeNames();
	}

	/**
	 * Return the names of the guards that plans can select.
	 * @return the names, in the order in which guards are asked
	 */
	public Set<String> guardNames() {
		return this.guards.keySet();
	}

	@Override
	public String getName() {
		return "Token Saving Semantic Cache";
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
		Hit hit = lookup.find();
		if (hit != null) {
			lookup.verify(hit, () -> chain.nextCall(request).chatResponse());
			return hit.response();
		}
		ChatClientResponse response = chain.nextCall(request);
		lookup.storeCall(response.chatResponse());
		return response;
	}

	@Override
	public Flux<ChatClientResponse> adviseStream(ChatClientRequest request, StreamAdvisorChain chain) {
		return Flux.defer(() -> {
			Lookup lookup = prepare(request);
			if (lookup == null) {
				return chain.nextStream(request);
			}
			Mono<Hit> found = Mono.fromCallable(lookup::find);
			Flux<ChatClientResponse> bought = Flux.defer(() -> lookup.record(chain.nextStream(request)));
			if (!lookup.isImmediate()) {
				found = found.subscribeOn(Schedulers.boundedElastic());
				Flux<ChatClientResponse> model = bought;
				lookup.ledger.beginLookup();
				bought = CallerContext.capture().stream(() -> {
					lookup.ledger.endLookup();
					return model;
				});
			}
			return found.flux().map((hit) -> {
				lookup.verify(hit, () -> assemble(chain.nextStream(request)));
				return hit.response();
			}).switchIfEmpty(bought);
		});
	}

	private static ChatResponse assemble(Flux<ChatClientResponse> stream) {
		ResponseAssembler assembler = new ResponseAssembler();
		stream.doOnNext((element) -> {
			if (element.chatResponse() != null) {
				assembler.add(element.chatResponse());
			}
		}).blockLast();
		return assembler.assemble();
	}

	private @Nullable Lookup prepare(ChatClientRequest request) {
		CallState call = CallState.of(request, this.plan);
		CacheSettings settings = (call != null) ? call.plan().cache() : null;
		if (call == null || settings == null || call.directives().noStore()) {
			return null;
		}
		SemanticCacheStore store = this.stores.get(settings.backend());
		if (store == null || this.statistics.plan(call.plan().id()).semanticErrors().isSuspended()) {
			return null;
		}
		try {
			SemanticRequest asked = SemanticRequest.of(request, call, settings);
			return (asked != null) ? new Lookup(request, call, settings, store, asked) : null;
		}
		catch (RuntimeException | StackOverflowError ex) {
			this.statistics.recordError(Component.FINGERPRINT, call.plan().id(), ex);
			return null;
		}
	}

	private EmbeddedText embed(String text, String plan, SavingsLedger ledger) {
		EmbeddedText embedding = this.embedder.embed(text);
		if (!ledger.recordOverhead(embedding.model(), embedding.usage())) {
			this.statistics.plan(plan).recordOverhead(embedding.model(), embedding.usage(), this.prices);
		}
		return embedding;
	}

	private boolean isLeftAlone(String backend) {
		return this.breakers.of(backend).getState() == CircuitBreaker.State.OPEN;
	}

	private List<SemanticGuard> guards(List<String> names) {
		return this.guardsByNames.computeIfAbsent(names, (added) -> {
			if (added.contains(CacheSettings.ALL_GUARDS)) {
				return List.copyOf(this.guards.values());
			}
			List<SemanticGuard> selected = new ArrayList<>();
			for (SemanticGuard guard : this.guards.values()) {
				if (added.contains(guard.name())) {
					selected.add(guard);
				}
			}
			return selected;
		});
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
	 * Wait for the writes that are under way, and end all threads.
	 */
	@Override
	public void close() {
		this.writes.close();
		this.verification.close();
		this.lookups.shutdownNow();
	}

	/**
	 * An answer that may be served.
	 *
	 * @param response the response for the caller
	 * @param served the answer in it
	 */
	private record Hit(ChatClientResponse response, ChatResponse served) {

	}

	/**
	 * One request and the store it is looked up in.
	 */
	private final class Lookup {

		private final ChatClientRequest request;

		private final CallState call;

		private final CacheSettings settings;

		private final SemanticCacheStore store;

		private final SemanticRequest asked;

		private final SavingsLedger ledger;

		private volatile @Nullable EmbeddedText embedded;

		private volatile boolean embeddingTried;

		private volatile @Nullable Attempt attempt;

		private volatile boolean skipped;

		private volatile boolean over;

		private final long evictions = SemanticCacheAdvisor.this.evictions.count();

		Lookup(ChatClientRequest request, CallState call, CacheSettings settings, SemanticCacheStore store,
				SemanticRequest asked) {
			this.request = request;
			this.call = call;
			this.settings = settings;
			this.store = store;
			this.asked = asked;
			this.ledger = SavingsLedger.of(request);
			this.embedded = SemanticCacheAdvisor.this.embedder.remembered(asked.text());
		}

		// Nothing has to be waited for
		boolean isImmediate() {
			return this.call.directives().noCache() || (this.embedded != null && !this.store.isBlocking());
		}

		@Nullable Hit find() {
			if (this.call.directives().noCache()) {
				return null;
			}
			SemanticCacheAdvisor advisor = SemanticCacheAdvisor.this;
			try {
				long start = advisor.ticker.read();
				SemanticMatch match = isImmediate() ? search() : searchInTime();
				advisor.statistics.recordLookup(TIER, advisor.ticker.read() - start);
				if (match == null) {
					if (!this.skipped) {
						this.ledger.recordMiss();
					}
					return null;
				}
				return hit(match);
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
				return null;
			}
			catch (Throwable ex) { // a store may fail in any way
				fail(Component.SEMANTIC_CACHE, ex);
				return null;
			}
		}

		private @Nullable SemanticMatch searchInTime() throws InterruptedException {
			Future<@Nullable SemanticMatch> search = SemanticCacheAdvisor.this.lookups.submit(this::search);
			try {
				return search.get(this.settings.semanticTimeout().toNanos(), TimeUnit.NANOSECONDS);
			}
			catch (TimeoutException ex) {
				Attempt attempt = this.attempt;
				if (attempt != null) {
					attempt.failed(ex);
				}
				fail((this.embedded != null) ? Component.SEMANTIC_CACHE : Component.EMBEDDING, ex);
				return null;
			}
			catch (ExecutionException ex) {
				fail((this.embedded != null) ? Component.SEMANTIC_CACHE : Component.EMBEDDING,
						(ex.getCause() != null) ? ex.getCause() : ex);
				return null;
			}
			finally {
				search.cancel(true);
				// It may hang all the same
				this.over = true;
				Attempt attempt = this.attempt;
				if (attempt != null) {
					attempt.end();
				}
			}
		}

		private @Nullable SemanticMatch search() {
			EmbeddedText known = this.embedded;
			EmbeddedText embedding = (known != null) ? known : attempt(EMBEDDING_MODEL, this::embed);
			if (embedding == null) {
				return null;
			}
			Double threshold = this.call.directives().similarityThreshold();
			Supplier<List<SemanticMatch>> search = () -> this.store.search(this.asked.partition(embedding),
					embedding.vector(), CANDIDATES,
					(threshold != null) ? threshold : this.settings.similarityThreshold());
			List<SemanticMatch> matches = this.store.isBlocking() ? attempt(this.store.backend(), search)
					: search.get();
			if (matches == null) {
				Assert.state(this.skipped, "The store returned no list");
				return null;
			}
			Question question = null;
			for (SemanticMatch match : matches) {
				if (isTooOld(match)) {
					continue;
				}
				if (match.question().equals(this.asked.text())) {
					return match;
				}
				question = (question != null) ? question : Question.of(this.asked.text());
				if (!isVetoed(question, Question.of(match.question()))) {
					return match;
				}
			}
			return null;
		}

		// Null if it keeps failing, and is left alone for a while
		private <T> @Nullable T attempt(String backend, Supplier<T> action) {
			SemanticCacheAdvisor advisor = SemanticCacheAdvisor.this;
			Attempt attempt = Attempt.begin(advisor.breakers.of(backend), advisor.ticker);
			if (attempt == null) {
				this.skipped = true;
				return null;
			}
			this.attempt = attempt;
			try {
				if (this.over) {
					this.skipped = true;
					return null;
				}
				T result = action.get();
				attempt.succeeded();
				return result;
			}
			catch (Throwable ex) {
				attempt.failed(ex);
				throw ex;
			}
			finally {
				attempt.end();
			}
		}

		private EmbeddedText embed() {
			EmbeddedText known = this.embedded;
			if (known != null) {
				return known;
			}
			this.embeddingTried = true;
			EmbeddedText embedding = SemanticCacheAdvisor.this.embed(this.asked.text(), this.call.plan().id(),
					this.ledger);
			this.embedded = embedding;
			return embedding;
		}

		private boolean isTooOld(SemanticMatch match) {
			Duration maxAge = this.call.directives().maxAge();
			Duration age = age(match.response());
			return age.compareTo(ttl()) >= 0 || (maxAge != null && age.compareTo(maxAge) >= 0);
		}

		// Also for what was stored when it was longer
		private Duration ttl() {
			Duration ttl = this.call.directives().ttl();
			return (ttl != null) ? ttl : this.settings.ttl();
		}

		private boolean isVetoed(Question question, Question stored) {
			for (SemanticGuard guard : guards(this.settings.guards())) {
				boolean veto;
				try {
					veto = guard.vetoes(question, stored);
				}
				catch (RuntimeException ex) {
					// What a guard could not look at is not served
					fail(Component.SEMANTIC_CACHE, ex);
					return true;
				}
				if (veto) {
					SemanticCacheAdvisor.this.statistics.plan(this.call.plan().id()).recordGuardVeto(guard.name());
					return true;
				}
			}
			return false;
		}

		private Hit hit(SemanticMatch match) {
			CachedResponse found = match.response();
			long age = age(found).toSeconds();
			ChatResponse served = found.toChatResponse(Map.of(SavingsReport.OUTCOME_METADATA_KEY,
					Outcome.SEMANTIC_HIT.value(), SavingsReport.SIMILARITY_METADATA_KEY, match.similarity(),
					SavingsReport.AGE_METADATA_KEY, age));
			this.ledger.recordHit(Outcome.SEMANTIC_HIT, SavingTechnique.SEMANTIC_CACHE, found.usage(),
					found.model().isEmpty() ? null : found.model(), age, match.similarity());
			return new Hit(new ChatClientResponse(served, new HashMap<>(this.request.context())), served);
		}

		private Duration age(CachedResponse response) {
			Duration age = Duration.between(response.createdAt(), SemanticCacheAdvisor.this.clock.instant());
			return age.isNegative() ? Duration.ZERO : age;
		}

		void verify(Hit hit, Supplier<? extends @Nullable ChatResponse> model) {
			SemanticCacheAdvisor.this.verification.sample(this.call.plan().id(), this.settings, this.request,
					this.asked.text(), hit.served(), model);
		}

		void storeCall(@Nullable ChatResponse response) {
			store(() -> CacheEligibility.isStorable(response) ? response : null);
		}

		Flux<ChatClientResponse> record(Flux<ChatClientResponse> stream) {
			return Flux.defer(() -> {
				StreamRecording recording = new StreamRecording();
				return stream
					.doOnNext((element) -> recording.add(element.chatResponse(),
							(failure) -> fail(Component.SEMANTIC_CACHE, failure)))
					.doOnComplete(() -> store(() -> {
						ChatResponse response = recording.assemble();
						return CacheEligibility.isStorableFromStream(response) ? response : null;
					}));
			});
		}

		// What can wait happens behind the answer
		private void store(Supplier<@Nullable ChatResponse> storable) {
			try {
				ChatResponse response = storable.get();
				if (response == null || hasMoreThanText(response) || (this.embedded == null && this.embeddingTried)) {
					return;
				}
				SemanticCacheAdvisor advisor = SemanticCacheAdvisor.this;
				TokenUsage usage = advisor.tokenCounter.usage(this.request.prompt(), response);
				this.ledger.recordBought(usage);
				CachedResponse cached = CachedResponse.of(response, usage, advisor.clock.instant());
				if (cached.sizeInBytes() > this.settings.maxEntryBytes()) {
					return;
				}
				EntryLabels labels = new EntryLabels(this.call.workspace(), this.call.plan().id(),
						this.call.directives().scope(), this.call.directives().tags());
				Write write = new Write(advisor, this.store, this.asked, this.embedded, cached, ttl(), labels,
						this.ledger, this.evictions);
				if (this.embedded != null && !this.store.isBlocking()) {
					write.run();
				}
				else if (!advisor.writes.offer(write)) {
					fail(Component.SEMANTIC_CACHE, new RejectedExecutionException("Too many writes wait"));
				}
			}
			catch (Throwable ex) {
				fail(Component.SEMANTIC_CACHE, ex);
			}
		}

		private static boolean hasMoreThanText(ChatResponse response) {
			return response.getResults()
				.stream()
				.anyMatch((generation) -> generation.getOutput().hasToolCalls()
						|| !generation.getOutput().getMedia().isEmpty());
		}

		private void fail(Component component, Throwable failure) {
			SemanticCacheAdvisor.this.statistics.recordError(component, this.call.plan().id(), failure);
		}

	}

	/**
	 * An answer that is to be written. Holds nothing else of its request, as many may
	 * wait.
	 */
	private record Write(SemanticCacheAdvisor advisor, SemanticCacheStore store, SemanticRequest asked,
			@Nullable EmbeddedText embedded, CachedResponse answer, Duration ttl, EntryLabels labels,
			SavingsLedger ledger, long evictions) implements Runnable {

		@Override
		public void run() {
			Component component = Component.EMBEDDING;
			try {
				if ((this.embedded == null && this.advisor.isLeftAlone(EMBEDDING_MODEL))
						|| (this.store.isBlocking() && this.advisor.isLeftAlone(this.store.backend()))) {
					return;
				}
				EmbeddedText embedding = (this.embedded != null) ? this.embedded
						: this.advisor.embed(this.asked.text(), this.labels.plan(), this.ledger);
				component = Component.SEMANTIC_CACHE;
				SemanticCacheEntry entry = new SemanticCacheEntry(this.asked.partition(embedding), this.asked.text(),
						embedding.vector(), this.answer, this.labels);
				this.advisor.evictions.write(this.evictions, this.labels, () -> this.store.store(entry, this.ttl));
			}
			catch (Throwable ex) {
				this.advisor.statistics.recordError(component, this.labels.plan(), ex);
			}
		}

	}

	/**
	 * Builds a {@link SemanticCacheAdvisor}. Not thread-safe.
	 */
	public static final class Builder {

		private final EmbeddingModel embeddingModel;

		private final Map<String, SemanticCacheStore> stores = new TreeMap<>();

		private final Map<String, AnswerJudge> judges = new HashMap<>();

		private List<SemanticGuard> guards = EnglishGuards.all();

		private @Nullable Plan plan;

		private SavingsStatistics statistics = new SavingsStatistics();

		private PriceTable prices = new PriceTable(List.of());

		private TokenCounter tokenCounter = new TokenCounter();

		private Clock clock = Clock.systemUTC();

		private Ticker ticker = Ticker.systemTicker();

		private DoubleSupplier chance = () -> ThreadLocalRandom.current().nextDouble();

		private int order = AdvisorOrder.SEMANTIC_CACHE;

		private CircuitBreakers breakers = new CircuitBreakers();

		private Builder(EmbeddingModel embeddingModel, Collection<? extends SemanticCacheStore> stores) {
			this.embeddingModel = embeddingModel;
			for (SemanticCacheStore store : stores) {
				SemanticCacheStore other = this.stores.put(store.backend(), store);
				Assert.isTrue(other == null, () -> "Two stores have the backend '" + store.backend() + "'");
			}
		}

		/**
		 * Set the guards that plans can select. Default: {@link EnglishGuards#all()}.
		 * @param guards the guards, in the order in which they are asked; of two with the
		 * same name the later one is taken
		 * @return this builder
		 */
		public Builder guards(List<? extends SemanticGuard> guards) {
			this.guards = List.copyOf(guards);
			return this;
		}

		/**
		 * Add judges that plans can select. There is always one called
		 * {@value CacheSettings#EMBEDDING_JUDGE}.
		 * @param judges the judges by their name
		 * @return this builder
		 */
		public Builder judges(Map<String, ? extends AnswerJudge> judges) {
			this.judges.putAll(judges);
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
		 * Set where to count. Default: statistics of its own.
		 * @param statistics the statistics
		 * @return this builder
		 */
		public Builder statistics(SavingsStatistics statistics) {
			this.statistics = statistics;
			return this;
		}

		/**
		 * Set the prices by which what is done behind the answer is charged. Default: the
		 * built-in ones.
		 * @param prices the prices
		 * @return this builder
		 */
		public Builder prices(PriceTable prices) {
			this.prices = prices;
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
		 * Set the order. Default {@link AdvisorOrder#SEMANTIC_CACHE}.
		 * @param order the order
		 * @return this builder
		 */
		public Builder order(int order) {
			this.order = order;
			return this;
		}

		/**
		 * Set the circuit breakers of the embedding model and of stores outside this
		 * process. Default: breakers of its own.
		 * @param breakers the breakers
		 * @return this builder
		 */
		public Builder circuitBreakers(CircuitBreakers breakers) {
			this.breakers = breakers;
			return this;
		}

		/**
		 * Set what decides which hits are verified.
		 * @param chance supplies numbers from 0 to below 1
		 * @return this builder
		 */
		Builder chance(DoubleSupplier chance) {
			this.chance = chance;
			return this;
		}

		/**
		 * Build the advisor.
		 * @return the advisor
		 */
		public SemanticCacheAdvisor build() {
			return new SemanticCacheAdvisor(this);
		}

	}

}

package io.tokensaving.cache.semantic;

import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.DoubleSupplier;
import java.util.function.Function;
import java.util.function.Supplier;

import io.tokensaving.AdvisorOrder;
import io.tokensaving.Component;
import io.tokensaving.TokenSavingAdvisor;
import io.tokensaving.cache.CacheAdvisorBuilder;
import io.tokensaving.cache.CacheRequest;
import io.tokensaving.cache.CacheSettings;
import io.tokensaving.cache.CacheTier;
import io.tokensaving.cache.CacheWriter;
import io.tokensaving.cache.semantic.ReadableQuestions.Reading;
import io.tokensaving.cache.semantic.guard.EnglishGuards;
import io.tokensaving.cache.semantic.guard.Question;
import io.tokensaving.cache.semantic.guard.SemanticGuard;
import io.tokensaving.feature.Eviction;
import io.tokensaving.plan.Plan;
import io.tokensaving.request.CallState;
import io.tokensaving.request.CallerContext;
import io.tokensaving.request.DirectStreamAdvisor;
import io.tokensaving.request.DirectStreamChain;
import io.tokensaving.sampling.EmbeddingJudge;
import io.tokensaving.sampling.FreshAnswer;
import io.tokensaving.sampling.Judge;
import io.tokensaving.sampling.QuestionJudge;
import io.tokensaving.sampling.Sampler;
import io.tokensaving.text.LanguageIdentifier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.client.advisor.api.CallAdvisor;
import org.springframework.ai.chat.client.advisor.api.CallAdvisorChain;
import org.springframework.ai.chat.client.advisor.api.StreamAdvisorChain;
import org.springframework.ai.embedding.EmbeddingModel;
import org.springframework.util.Assert;

/**
 * Answers a question with the stored answer to a question of the same meaning. Questions
 * are compared by the cosine similarity of their embeddings, and only if everything else
 * in their requests is equal. A guard may veto an answer if it finds evidence that the
 * questions differ.
 * <p>
 * A request goes to the model if its plan has no semantic cache, or if the look-up fails
 * or takes too long. The embedding model and stores outside this process are skipped
 * while their circuit breaker is open. Thread-safe. Close an advisor to stop its threads.
 */
public final class SemanticCacheAdvisor
		implements TokenSavingAdvisor, CallAdvisor, DirectStreamAdvisor, CacheWriter, AutoCloseable {

	/**
	 * The default of {@link Builder#verificationTimeout(Duration)}: two minutes.
	 */
	public static final Duration DEFAULT_VERIFICATION_TIMEOUT = Duration.ofMinutes(2);

	private final Map<String, SemanticCacheStore> stores;

	private final TextEmbedder embedder;

	private final BackgroundLoading loading;

	private final ScriptProbe probe;

	private final BackgroundLoading probing;

	private final ReadableQuestions readable;

	private final GuardChain guards;

	private final CacheTier tier;

	private final SemanticTier semantic;

	private final AnswerConfirmation confirmation;

	private final NearMisses nearMisses;

	private final AnswerVerification verification;

	private SemanticCacheAdvisor(Builder builder) {
		this.stores = Map.copyOf(builder.stores);
		this.guards = new GuardChain(builder.guards);
		this.tier = new CacheTier("semantic", SemanticCacheFeature.COMPONENT, builder);
		this.embedder = new TextEmbedder(builder.embeddingModel, this.tier.tokenCounter());
		this.loading = new BackgroundLoading(this::load, this.tier.ticker(), this.tier.statistics());
		this.probe = new ScriptProbe(this.embedder::load, this.tier.tokenCounter());
		this.probing = new BackgroundLoading(this.probe::run, this.tier.ticker(), this.tier.statistics());
		this.readable = new ReadableQuestions(this.probe, this::probeInBackground);
		this.confirmation = new AnswerConfirmation(builder.questionJudges, this.tier, this.tier.prices());
		this.nearMisses = new NearMisses(this.tier.statistics());
		this.semantic = new SemanticTier(this.tier, this.embedder, this.guards, this.confirmation, this.nearMisses,
				builder.reviews, this.tier.prices());
		Map<String, Judge> judges = new HashMap<>(builder.judges);
		judges.putIfAbsent(CacheSettings.EMBEDDING_JUDGE, new EmbeddingJudge(builder.embeddingModel));
		this.verification = new AnswerVerification(judges, builder.verificationTimeout, this.tier.statistics(),
				this.tier.prices(), this.tier.tokenCounter(), this.tier.ticker(), builder.chance, builder.reviews);
	}

	/**
	 * Return a builder.
	 * @param embeddingModel the model that embeds questions
	 * @param stores the stores that plans can select
	 * @return a builder
	 * @throws IllegalArgumentException if two stores have the same backend
	 */
	public static Builder builder(EmbeddingModel embeddingModel, Collection<? extends SemanticCacheStore> stores) {
		return new Builder(embeddingModel, stores);
	}

	/**
	 * Return a builder.
	 * @param embeddingModel the model that embeds questions
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
	 * Whether a plan selects a store of this advisor.
	 * @param plan the plan
	 * @return whether its backend is one of {@link #backends()}
	 */
	public boolean serves(Plan plan) {
		CacheSettings settings = plan.settings(CacheSettings.class);
		return settings != null && this.stores.containsKey(settings.backend());
	}

	/**
	 * Check that there is an embedding model. If it needs no loading, the rest of the
	 * advisor is prepared in the background.
	 * @throws RuntimeException if there is no embedding model
	 */
	public void check() {
		this.embedder.check();
		if (this.embedder.isLoaded()) {
			loadInBackground();
		}
	}

	/**
	 * Load the embedding model and the data of the guards, waiting until it is done. A
	 * model outside this process is not called.
	 * @throws RuntimeException if the embedding model cannot be loaded
	 */
	public void load() {
		this.embedder.load();
		Question.of("");
	}

	/**
	 * Start to load the embedding model in the background, unless that is in progress.
	 * Until it is loaded, requests go to the chat model without waiting. A failure is
	 * counted, and the first request after a minute starts the loading again.
	 */
	public void loadInBackground() {
		this.loading.begin();
	}

	/**
	 * Begin to find out which scripts the embedding model can read, if a plan has to know
	 * that and it is not known yet.
	 * @param plan the plan
	 */
	public void probeInBackground(Plan plan) {
		CacheSettings settings = plan.settings(CacheSettings.class);
		if (settings != null && ReadableQuestions.needsProbe(settings)) {
			probeInBackground();
		}
	}

	private void probeInBackground() {
		if (!this.probe.isDone()) {
			this.probing.beginAgain();
		}
	}

	// The first request of a plan starts the loading, and no request waits for it
	private boolean isLoaded() {
		if (this.embedder.isLoaded()) {
			return true;
		}
		this.loading.beginAgain();
		return false;
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
		return this.guards.names();
	}

	/**
	 * Return the languages that plans can name.
	 * @return the ISO 639-1 codes of those in which guards can judge and that can be told
	 * from others, sorted
	 */
	public Set<String> languages() {
		Set<String> languages = new TreeSet<>(this.guards.languages());
		languages.retainAll(LanguageIdentifier.builtIn().languages());
		return languages;
	}

	/**
	 * Whether a plan can have answers confirmed as it asks to.
	 * @param settings how the plan caches
	 * @return whether there is the judge that it names, or the default one
	 */
	public boolean canConfirm(CacheSettings settings) {
		return this.confirmation.hasJudge(settings);
	}

	@Override
	public String getName() {
		return "Token Saving Semantic Cache";
	}

	@Override
	public int getOrder() {
		return this.tier.order();
	}

	@Override
	public ChatClientResponse adviseCall(ChatClientRequest request, CallAdvisorChain chain) {
		SemanticLookup lookup = prepare(request, CallerContext::capture);
		if (lookup == null) {
			return chain.nextCall(request);
		}
		SemanticHit hit = lookup.find();
		FreshAnswer fresh = (cutOff) -> chain.nextCall(compared(request)).chatResponse();
		if (hit != null) {
			verify(lookup, hit, fresh);
			return hit.response();
		}
		verifyBelow(lookup, fresh);
		ChatClientResponse response = chain.nextCall(request);
		lookup.store(response.chatResponse(), false);
		return response;
	}

	@Override
	public Flux<ChatClientResponse> adviseStream(ChatClientRequest request, StreamAdvisorChain given) {
		StreamAdvisorChain chain = DirectStreamChain.after(this, given);
		return Flux.deferContextual((context) -> {
			CallerContext caller = CallerContext.capture(context);
			SemanticLookup lookup = prepare(request, () -> caller);
			if (lookup == null) {
				return chain.nextStream(request);
			}
			Supplier<FreshAnswer> fresh = () -> FreshAnswer.ofStream(
					Flux.defer(() -> chain.nextStream(compared(request))).contextWrite(context),
					lookup.cacheRequest().dialect());
			Function<SemanticHit, ChatClientResponse> serve = (hit) -> {
				verify(lookup, hit, fresh.get());
				return hit.response();
			};
			Supplier<Flux<ChatClientResponse>> model = () -> {
				verifyBelow(lookup, fresh.get());
				return lookup.record(chain.nextStream(request));
			};
			return lookup.isImmediate()
					? Mono.fromCallable(lookup::find)
						.map(serve)
						.flatMapMany(lookup.cacheRequest()::stream)
						.switchIfEmpty(Flux.defer(model))
					: lookup.cacheRequest().answer(caller, () -> lookup.findLater().map(serve), model);
		});
	}

	private @Nullable SemanticLookup prepare(ChatClientRequest request, Supplier<CallerContext> caller) {
		CacheRequest cacheRequest = this.tier.open(request);
		SemanticCacheStore store = (cacheRequest != null) ? this.stores.get(cacheRequest.settings().backend()) : null;
		if (cacheRequest == null || store == null || !isLoaded()) {
			return null;
		}
		boolean suspended = isSuspended(cacheRequest);
		// Where nobody sees it, the cache goes on to find out which threshold would do
		if (suspended && !cacheRequest.call().isShadow()) {
			return null;
		}
		try {
			SemanticRequest question = SemanticRequest.of(request, cacheRequest.call(), cacheRequest.settings());
			Reading reading = (question != null) ? read(cacheRequest, question) : Reading.OTHER_LANGUAGE;
			if (question == null || reading.isPast()) {
				return null;
			}
			SemanticLookup lookup = new SemanticLookup(this.semantic, cacheRequest, store, question,
					reading == Reading.GUARDED, caller);
			if (suspended) {
				lookup.suspend();
			}
			return lookup;
		}
		catch (Throwable ex) {
			this.tier.statistics().recordError(Component.FINGERPRINT, cacheRequest.call().planKey(), ex);
			return null;
		}
	}

	private Reading read(CacheRequest cacheRequest, SemanticRequest question) {
		this.probe.charge((paid, usage) -> this.semantic.charge(paid, usage, cacheRequest.call().planKey(),
				cacheRequest.ledger()));
		Reading reading = this.readable.read(question.text(), cacheRequest.settings(), this.embedder.load());
		if (reading.isPast()) {
			this.tier.statistics()
				.plan(cacheRequest.call().planKey())
				.increment(SemanticCacheFeature.BYPASSES, reading.reason());
		}
		return reading;
	}

	private boolean isSuspended(CacheRequest cacheRequest) {
		return this.tier.statistics()
			.plan(cacheRequest.call().planKey())
			.state(SemanticCacheFeature.ERROR_RATE)
			.isSuspended();
	}

	// In shadow the answer of the model is there already. What works for the plan further
	// in must not take reading it for another call
	private static ChatClientRequest compared(ChatClientRequest request) {
		CallState call = CallState.of(request);
		return (call != null && call.isShadow()) ? call.withoutSettings().attachTo(request) : request;
	}

	private void verify(SemanticLookup lookup, SemanticHit hit, FreshAnswer model) {
		this.verification.sample(lookup.cacheRequest(), lookup.question(), hit, lookup.caller(), model);
	}

	private void verifyBelow(SemanticLookup lookup, FreshAnswer model) {
		SemanticHit below = lookup.below();
		if (below != null) {
			this.verification.sampleBelow(lookup.cacheRequest(), lookup.question(), below, lookup.caller(), model);
		}
	}

	NearMisses nearMisses() {
		return this.nearMisses;
	}

	Sampler verificationSampler() {
		return this.verification.sampler();
	}

	@Override
	public boolean beginEviction(Eviction eviction) {
		SemanticReviews reviews = this.semantic.reviews();
		if (reviews != null) {
			reviews.evict(eviction);
		}
		return this.tier.beginEviction(eviction);
	}

	/**
	 * Wait up to five seconds for the writes queued so far. Call this before the
	 * connections of the stores are closed. Further requests are served meanwhile.
	 * @return whether all of them are written
	 */
	public boolean drain() {
		return this.tier.drain();
	}

	/**
	 * Finish queued writes for up to five seconds, and stop all threads.
	 */
	@Override
	public void close() {
		this.verification.close();
		this.confirmation.close();
		this.tier.close();
	}

	/**
	 * Builds a {@link SemanticCacheAdvisor}. Not thread-safe.
	 */
	public static final class Builder extends CacheAdvisorBuilder<Builder> {

		private final EmbeddingModel embeddingModel;

		private final Map<String, SemanticCacheStore> stores;

		private final Map<String, Judge> judges = new HashMap<>();

		private List<SemanticGuard> guards = EnglishGuards.all();

		private Function<String, @Nullable QuestionJudge> questionJudges = (name) -> null;

		private DoubleSupplier chance = () -> ThreadLocalRandom.current().nextDouble();

		private @Nullable SemanticReviews reviews;

		private Duration verificationTimeout = DEFAULT_VERIFICATION_TIMEOUT;

		private Builder(EmbeddingModel embeddingModel, Collection<? extends SemanticCacheStore> stores) {
			super(AdvisorOrder.SEMANTIC_CACHE);
			this.embeddingModel = embeddingModel;
			this.stores = byBackend(stores);
		}

		/**
		 * Set the guards that plans can select. Default: {@link EnglishGuards#all()}.
		 * @param guards the guards, in the order in which they are asked; of guards with
		 * the same name only the last is used
		 * @return this builder
		 */
		public Builder guards(List<? extends SemanticGuard> guards) {
			this.guards = List.copyOf(guards);
			return this;
		}

		/**
		 * Add judges that plans can select. A judge named
		 * {@value CacheSettings#EMBEDDING_JUDGE} is always present; it can be replaced.
		 * @param judges the judges by name
		 * @return this builder
		 */
		public Builder judges(Map<String, ? extends Judge> judges) {
			this.judges.putAll(judges);
			return this;
		}

		/**
		 * Set what confirms answers before they are served. Default: nothing, so that no
		 * plan can have answers confirmed.
		 * @param questionJudges returns the judge for the name of a chat model, or for
		 * the empty name the default one; {@code null} if there is none
		 * @return this builder
		 */
		public Builder questionJudges(Function<String, @Nullable QuestionJudge> questionJudges) {
			this.questionJudges = questionJudges;
			return this;
		}

		/**
		 * Set what keeps pairs of questions for people to judge. Default: nothing, so
		 * that no text is kept for that.
		 * @param reviews keeps pairs, with the statistics of this advisor, or
		 * {@code null} for nothing
		 * @return this builder
		 */
		public Builder reviews(@Nullable SemanticReviews reviews) {
			this.reviews = reviews;
			return this;
		}

		/**
		 * Set how long the verification of an answer may take, model and judge together.
		 * Default {@link #DEFAULT_VERIFICATION_TIMEOUT}.
		 * @param verificationTimeout the time, above zero
		 * @return this builder
		 */
		public Builder verificationTimeout(Duration verificationTimeout) {
			Assert.isTrue(!verificationTimeout.isZero() && !verificationTimeout.isNegative(),
					() -> "'verificationTimeout' must be above zero, but is " + verificationTimeout);
			this.verificationTimeout = verificationTimeout;
			return this;
		}

		/**
		 * Set the random numbers that decide which hits are verified.
		 * @param chance supplies numbers from 0 inclusive to 1 exclusive
		 * @return this builder
		 */
		Builder chance(DoubleSupplier chance) {
			this.chance = chance;
			return this;
		}

		@Override
		protected Builder self() {
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

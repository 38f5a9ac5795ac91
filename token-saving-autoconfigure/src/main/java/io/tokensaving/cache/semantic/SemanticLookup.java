package io.tokensaving.cache.semantic;

import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;

import io.tokensaving.SavingsReport;
import io.tokensaving.backend.Attempt;
import io.tokensaving.backend.HandOver;
import io.tokensaving.cache.CacheRequest;
import io.tokensaving.cache.CacheSettings;
import io.tokensaving.cache.CacheTier;
import io.tokensaving.cache.CachedResponse;
import io.tokensaving.cache.EntryLabels;
import io.tokensaving.cache.PendingEntry;
import io.tokensaving.cache.ReadLimit;
import io.tokensaving.cache.semantic.guard.Language;
import io.tokensaving.cache.semantic.guard.Question;
import io.tokensaving.cache.semantic.guard.SemanticGuard;
import io.tokensaving.event.AnswerVetoedEvent;
import io.tokensaving.ledger.SavingsLedger;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.request.CallerContext;
import io.tokensaving.statistics.SavingsStatistics;
import io.tokensaving.text.LanguageIdentifier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.util.Assert;

/**
 * Looks up the answer to one request by the meaning of its question: it embeds the
 * question, searches its partition for similar ones, and asks the guards. If there is no
 * hit, it stores the answer of the model. Thread-safe.
 */
final class SemanticLookup {

	/**
	 * The number of most similar answers that are tried: after a veto the next one.
	 */
	static final int CANDIDATES = 5;

	/**
	 * How far below the lowest similarity of the plan is looked where nobody sees it, so
	 * that a lower one can be suggested.
	 */
	static final double LOOKED_BELOW = 0.1;

	private static final int QUESTION_OVERHEAD_BYTES = 256;

	/**
	 * The longest time to live, with which the expiry stays within the years that the
	 * codec accepts.
	 */
	private static final Duration LONGEST_TTL = Duration.ofDays(36_500);

	private final SemanticTier semantic;

	private final CacheRequest cacheRequest;

	private final SemanticCacheStore store;

	private final SemanticRequest semanticRequest;

	private final boolean guarded;

	private final Supplier<CallerContext> caller;

	private final long reviewEvictions;

	// Null if the store does not block. Read once, because a store may throw anything
	private final @Nullable String backend;

	private volatile @Nullable EmbeddedText embedded;

	private volatile boolean embeddingTried;

	private volatile @Nullable Attempt attempt;

	private volatile boolean skipped;

	private volatile boolean abandoned;

	private volatile @Nullable SemanticMatch below;

	private volatile boolean suspended;

	/**
	 * Create a look-up.
	 * @param semantic what all look-ups share
	 * @param cacheRequest the request
	 * @param store where answers are
	 * @param semanticRequest the question
	 * @param guarded whether guards can judge in the language of the question; otherwise
	 * every answer has to be confirmed
	 * @param caller supplies the context of the caller
	 */
	SemanticLookup(SemanticTier semantic, CacheRequest cacheRequest, SemanticCacheStore store,
			SemanticRequest semanticRequest, boolean guarded, Supplier<CallerContext> caller) {
		this.semantic = semantic;
		this.cacheRequest = cacheRequest;
		this.store = store;
		this.semanticRequest = semanticRequest;
		this.guarded = guarded;
		this.caller = caller;
		this.backend = store.isBlocking() ? store.backend() : null;
		this.embedded = semantic.embedder().cached(semanticRequest.text());
		SemanticReviews reviews = semantic.reviews();
		this.reviewEvictions = (reviews != null) ? reviews.evictions() : 0;
	}

	SemanticTier semantic() {
		return this.semantic;
	}

	CacheRequest cacheRequest() {
		return this.cacheRequest;
	}

	SemanticCacheStore store() {
		return this.store;
	}

	/**
	 * Return the backend that the search may have to wait for.
	 * @return the name of the backend, or {@code null} if the store does not block
	 */
	@Nullable String backend() {
		return this.backend;
	}

	SemanticRequest semanticRequest() {
		return this.semanticRequest;
	}

	String question() {
		return this.semanticRequest.text();
	}

	Supplier<CallerContext> caller() {
		return this.caller;
	}

	SavingsLedger ledger() {
		return this.cacheRequest.ledger();
	}

	void fail(Throwable failure) {
		this.cacheRequest.fail(failure);
	}

	/**
	 * Whether {@link #find} does not block.
	 * @return {@code false} if it calls a backend outside this process, embeds the
	 * question, or may have an answer confirmed
	 */
	boolean isImmediate() {
		return !this.cacheRequest.mayBeServed() || (isSearchedHere() && !isConfirming());
	}

	private boolean isSearchedHere() {
		return this.embedded != null && this.backend == null;
	}

	private boolean isConfirming() {
		return this.cacheRequest.settings().confirm() != CacheSettings.Confirm.NONE;
	}

	/**
	 * Look up the answer within the time that the plan allows, unless the request demands
	 * a fresh answer.
	 * @return the hit, or {@code null} if none is found in time
	 */
	@Nullable SemanticHit find() {
		if (!this.cacheRequest.mayBeServed()) {
			return null;
		}
		CacheTier tier = this.cacheRequest.tier();
		try {
			long start = tier.ticker().read();
			Candidate found = isSearchedHere() ? search() : searchInTime();
			tier.recordLookup(start);
			if (found != null && isConfirmed(found)) {
				return hit(found);
			}
			if (!this.skipped) {
				ledger().recordMiss();
			}
			return null;
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			return null;
		}
		catch (Throwable ex) { // a store may throw anything
			fail(ex);
			return null;
		}
	}

	/**
	 * Look up the answer on a thread that may block, within the time that the plan
	 * allows.
	 * @return the hit; empty if none is found in time
	 */
	Mono<SemanticHit> findLater() {
		return Mono.fromCallable(this::find)
			.subscribeOn(HandOver.lookups())
			.onErrorResume(RejectedExecutionException.class, (ex) -> {
				fail(ex);
				return Mono.empty();
			});
	}

	private @Nullable Candidate searchInTime() throws InterruptedException {
		CacheTier tier = this.cacheRequest.tier();
		Future<@Nullable Candidate> search = tier.submit(this.caller.get(), this::search);
		try {
			return tier.await(search, this.cacheRequest.settings().semanticTimeout(), this::failToSearch);
		}
		finally {
			// The search may go on, as it need not heed the interrupt
			this.abandoned = true;
			Attempt attempt = this.attempt;
			if (attempt != null) {
				attempt.end();
			}
		}
	}

	private void failToSearch(Throwable failure) {
		Attempt attempt = this.attempt;
		if (attempt != null) {
			attempt.failed(failure);
		}
		if (this.embedded != null) {
			fail(failure);
		}
		else {
			this.semantic.failToEmbed(plan(), failure);
		}
		this.skipped = true;
	}

	private PlanKey plan() {
		return this.cacheRequest.call().planKey();
	}

	private @Nullable Candidate search() {
		EmbeddedText known = this.embedded;
		EmbeddedText embedding = (known != null) ? known : attempt(SemanticTier.EMBEDDING_MODEL, this::embed);
		if (embedding == null) {
			return null;
		}
		SemanticQuery query = query(embedding);
		List<SemanticMatch> matches = (this.backend != null) ? attempt(this.backend, () -> this.store.search(query))
				: this.store.search(query);
		if (matches == null) {
			Assert.state(this.skipped, "The store returned no list");
			return null;
		}
		Question question = null;
		for (SemanticMatch match : matches) {
			if (this.below != null) {
				break;
			}
			if (isTooOld(match)) {
				recordNearMiss(match, NearMiss.AGE, NearMiss.Verdict.TOO_OLD);
				continue;
			}
			if (match.question().equals(question())) {
				return candidate(match, null, null);
			}
			Question stored = analysed(match.question());
			question = (question != null) ? question : analysed(question());
			if (isInAnotherLanguage(question, stored, match) || isVetoed(question, stored, match)) {
				continue;
			}
			if (!isConfirming()
					|| (this.guarded && match.similarity() >= this.cacheRequest.settings().sureSimilarity())) {
				return candidate(match, null, null);
			}
			AnswerConfirmation.Pair pair = new AnswerConfirmation.Pair(query.partition(), question(), match.question());
			Boolean verdict = this.semantic.confirmation().remembered(this.cacheRequest, pair);
			if (!Boolean.FALSE.equals(verdict)) {
				return candidate(match, pair, verdict);
			}
			recordNearMiss(match, NearMiss.CONFIRMATION, NearMiss.Verdict.REFUSED);
		}
		return null;
	}

	// What a lower threshold would serve is only remembered
	private @Nullable Candidate candidate(SemanticMatch match, AnswerConfirmation.@Nullable Pair pair,
			@Nullable Boolean verdict) {
		if (isBelow(match)) {
			this.below = match;
			return null;
		}
		return new Candidate(match, pair, verdict);
	}

	private boolean isBelow(SemanticMatch match) {
		return this.suspended || match.similarity() < threshold();
	}

	// What an active plan does not search for must not cost a confirmation either
	private double lowest() {
		boolean looks = this.cacheRequest.call().isShadow() && !isConfirming()
				&& this.cacheRequest.call().directives().similarityThreshold() == null;
		return looks ? Math.max(0, threshold() - LOOKED_BELOW) : threshold();
	}

	/**
	 * Serve nothing, and only remember what would be served, because the cache is
	 * suspended.
	 */
	void suspend() {
		this.suspended = true;
	}

	/**
	 * Return the answer that a lower threshold would have served, or a cache that is not
	 * suspended, after {@link #find} has found none. Only there if nobody sees the call.
	 * @return the answer, or {@code null} if there is none
	 */
	@Nullable SemanticHit below() {
		SemanticMatch match = this.below;
		if (match == null) {
			return null;
		}
		try {
			CachedResponse found = match.response();
			SemanticHit hit = hit(match, this.cacheRequest.age(found));
			this.cacheRequest.observe(found, hit.age(), match.similarity());
			return hit;
		}
		catch (Throwable ex) { // a stored value may be anything
			fail(ex);
			return null;
		}
	}

	// In the likeliest language of the plan that guards know, otherwise in English
	private Question analysed(String text) {
		List<String> languages = this.cacheRequest.settings().languages();
		if (languages.size() == 1 && languages.get(0).equals(Language.ENGLISH.tag())) {
			return Question.of(text);
		}
		Collection<String> candidates = languages.contains(CacheSettings.ANY_LANGUAGE) ? Language.tags() : languages;
		String tag = LanguageIdentifier.builtIn().likeliest(text, candidates);
		Language language = (tag != null) ? Language.of(tag) : null;
		return Question.of(text, (language != null) ? language : Language.ENGLISH);
	}

	// The answer is in the language of its question. A model that confirms is told so
	private boolean isInAnotherLanguage(Question question, Question stored, SemanticMatch match) {
		if (!this.guarded || question.language() == stored.language()) {
			return false;
		}
		countVeto(NearMiss.LANGUAGE, match);
		return true;
	}

	private void countVeto(String guard, SemanticMatch match) {
		if (isBelow(match)) {
			return;
		}
		recordNearMiss(match, guard, NearMiss.Verdict.VETOED);
		SavingsStatistics statistics = this.cacheRequest.tier().statistics();
		statistics.plan(plan()).increment(SemanticCacheFeature.GUARD_VETOES, guard);
		statistics.publish(new AnswerVetoedEvent(plan().workspace(), plan().plan(), guard));
	}

	private void recordNearMiss(SemanticMatch match, String reason, NearMiss.Verdict verdict) {
		if (isBelow(match)) {
			return;
		}
		this.semantic.nearMisses()
			.record(plan(), new NearMiss(this.cacheRequest.tier().now(), this.cacheRequest.call().feature(),
					match.similarity(), threshold(), reason, verdict));
		review(match, reason);
	}

	private @Nullable String review(SemanticMatch match, @Nullable String reason) {
		SemanticReviews reviews = this.semantic.reviews();
		if (reviews == null) {
			return null;
		}
		try {
			Instant now = this.cacheRequest.tier().now();
			return reviews.record(plan(), this.reviewEvictions, match.similarity(), reason == null, now,
					() -> found(match, reason, now));
		}
		catch (Throwable ex) { // a stored value may be anything
			fail(ex);
			return null;
		}
	}

	private ReviewedPair.Found found(SemanticMatch match, @Nullable String reason, Instant now) {
		CachedResponse.Origin origin = match.response().origin();
		Set<String> tags = new HashSet<>(this.cacheRequest.call().tags());
		if (origin != null) {
			tags.addAll(origin.tags());
		}
		return new ReviewedPair.Found(now, this.cacheRequest.call().feature(), match.similarity(), threshold(), reason,
				question(), match.question(), text(match.response()), this.cacheRequest.labels(tags), origin != null);
	}

	private String text(CachedResponse answer) {
		ChatResponse response = this.cacheRequest.replay(answer, Map.of()).chatResponse();
		if (response == null) {
			return "";
		}
		StringJoiner text = new StringJoiner("\n");
		for (Generation generation : response.getResults()) {
			String part = this.cacheRequest.dialect().isThought(generation) ? null : generation.getOutput().getText();
			if (part != null) {
				text.add(part);
			}
		}
		return text.toString();
	}

	private double threshold() {
		return this.cacheRequest.similarityThreshold();
	}

	// At most one confirmation is paid for, that of the most similar answer
	private boolean isConfirmed(Candidate found) throws InterruptedException {
		if (found.pair() == null || found.verdict() != null) {
			return true;
		}
		AnswerConfirmation confirmation = this.semantic.confirmation();
		if (confirmation.isSuspended(this.cacheRequest)) {
			recordNearMiss(found.match(), NearMiss.CONFIRMATION, NearMiss.Verdict.NOT_ASKED);
			return false;
		}
		if (confirmation.confirm(this.cacheRequest, found.pair(), this.caller.get())) {
			return true;
		}
		boolean refused = Boolean.FALSE.equals(confirmation.remembered(this.cacheRequest, found.pair()));
		recordNearMiss(found.match(), NearMiss.CONFIRMATION,
				refused ? NearMiss.Verdict.REFUSED : NearMiss.Verdict.UNDECIDED);
		return false;
	}

	private SemanticQuery query(EmbeddedText embedding) {
		long questionBytes = QUESTION_OVERHEAD_BYTES
				+ (long) Character.BYTES * this.cacheRequest.settings().maxQuestionLength();
		return new SemanticQuery(this.semanticRequest.partition(embedding), embedding.vector(), CANDIDATES, lowest(),
				new ReadLimit(this.cacheRequest.settings().maxEntryBytes(), () -> this.abandoned),
				new ReadLimit(questionBytes, () -> this.abandoned), this::fail);
	}

	// Null if the circuit breaker of the backend is open
	private <T> @Nullable T attempt(String backend, Supplier<T> action) {
		Attempt attempt = this.cacheRequest.tier().attempt(backend);
		if (attempt == null) {
			this.skipped = true;
			return null;
		}
		this.attempt = attempt;
		try {
			if (this.abandoned) {
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
		EmbeddedText embedding = this.semantic.embed(question(), plan(), ledger());
		this.embedded = embedding;
		return embedding;
	}

	private boolean isTooOld(SemanticMatch match) {
		try {
			return this.cacheRequest.isTooOld(this.cacheRequest.age(match.response()));
		}
		catch (IllegalArgumentException ex) {
			fail(ex);
			return true;
		}
	}

	private boolean isVetoed(Question question, Question stored, SemanticMatch match) {
		for (SemanticGuard guard : this.semantic.guards().select(this.cacheRequest.settings().guards())) {
			boolean veto;
			try {
				veto = guard.vetoes(question, stored, match.similarity());
			}
			catch (Throwable ex) {
				// An answer that a guard could not check is not served
				fail(ex);
				recordNearMiss(match, guard.name(), NearMiss.Verdict.FAILED);
				return true;
			}
			if (veto) {
				countVeto(guard.name(), match);
				return true;
			}
		}
		return false;
	}

	private SemanticHit hit(Candidate candidate) {
		SemanticMatch match = candidate.match();
		CachedResponse found = match.response();
		SemanticHit hit = hit(match, this.cacheRequest.age(found));
		ledger().recordHit(SemanticCacheFeature.HIT, SemanticCacheFeature.TECHNIQUE, found.usage(),
				found.model().isEmpty() ? null : found.model(), hit.age().toSeconds(), match.similarity());
		this.cacheRequest.observe(found, hit.age(), match.similarity());
		if (!this.cacheRequest.call().isShadow()) {
			this.cacheRequest.tier()
				.statistics()
				.plan(plan())
				.increment(SemanticCacheFeature.HITS_BY_SIMILARITY, SimilarityStep.label(match.similarity()));
		}
		if (candidate.pair() != null) {
			this.semantic.confirmation().served(this.cacheRequest, found);
		}
		PendingEntry.reportFound(this.cacheRequest.request(), found);
		return new SemanticHit(hit.response(), hit.served(), hit.age(), hit.similarity(), review(match, null));
	}

	private SemanticHit hit(SemanticMatch match, Duration age) {
		ChatClientResponse response = this.cacheRequest.replay(match.response(),
				Map.of(SavingsReport.OUTCOME_METADATA_KEY, SemanticCacheFeature.HIT.value(),
						SavingsReport.SIMILARITY_METADATA_KEY, match.similarity(), SavingsReport.AGE_METADATA_KEY,
						age.toSeconds()));
		ChatResponse served = response.chatResponse();
		Assert.state(served != null, "A replayed answer has a response");
		return new SemanticHit(response, served, age, match.similarity(), null);
	}

	/**
	 * Record a stream of the model, and store its answer at the end.
	 * @param stream the stream of the model
	 * @return the stream, which can be subscribed to once
	 */
	Flux<ChatClientResponse> record(Flux<ChatClientResponse> stream) {
		return Flux.defer(() -> this.cacheRequest.record(stream, () -> true, (answer) -> store(answer, true)));
	}

	/**
	 * Store an answer of the model if it may be stored. Embedding the question and stores
	 * that block are left to the background.
	 * @param answer the answer, or {@code null} if it could not be recorded as a whole
	 * @param streamed whether the answer was assembled from a stream
	 */
	void store(@Nullable ChatResponse answer, boolean streamed) {
		try {
			EmbeddedText embedded = this.embedded;
			if (answer == null || hasMoreThanText(answer) || (embedded == null && this.embeddingTried)) {
				return;
			}
			CachedResponse bought = this.cacheRequest.bought(answer, streamed);
			if (bought == null) {
				return;
			}
			EntryLabels labels = this.cacheRequest.labels(this.cacheRequest.call().tags());
			bought = bought.withOrigin(origin(bought.createdAt(), labels));
			if (this.cacheRequest.fits(bought)) {
				SemanticWrite write = new SemanticWrite(this, embedded, bought, labels);
				this.cacheRequest.tier()
					.write(write, write.backends().isEmpty() ? null : this.caller.get(), (stored) -> {
					});
			}
		}
		catch (Throwable ex) {
			fail(ex);
		}
	}

	private CachedResponse.Origin origin(Instant createdAt, EntryLabels labels) {
		Duration ttl = this.cacheRequest.ttl();
		return new CachedResponse.Origin(this.cacheRequest.call().fingerprint(this.cacheRequest.request()).exact(),
				labels.tags(), createdAt.plus((ttl.compareTo(LONGEST_TTL) < 0) ? ttl : LONGEST_TTL));
	}

	private static boolean hasMoreThanText(ChatResponse answer) {
		return answer.getResults()
			.stream()
			.map(Generation::getOutput)
			.anyMatch((output) -> output == null || output.hasToolCalls() || !output.getMedia().isEmpty());
	}

	/**
	 * An answer that no guard vetoes.
	 *
	 * @param match the answer
	 * @param pair what has to be confirmed before it is served, or {@code null} if
	 * nothing has to be
	 * @param verdict the verdict if it is remembered, otherwise {@code null}
	 */
	private record Candidate(SemanticMatch match, AnswerConfirmation.@Nullable Pair pair, @Nullable Boolean verdict) {

	}

}

package io.tokensaving.cache;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;

import io.tokensaving.SavingsReport;
import io.tokensaving.backend.HandOver;
import io.tokensaving.ledger.SavingsLedger;
import io.tokensaving.provider.Dialect;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.request.CallState;
import io.tokensaving.request.CallerContext;
import io.tokensaving.request.PendingAnswer;
import io.tokensaving.request.StreamGuard;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.model.ChatResponse;

/**
 * A request in one cache tier: decides which stored answers may be served to it, and
 * whether its answer may be stored. Thread-safe.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public final class CacheRequest {

	private static final Log logger = LogFactory.getLog(CacheRequest.class);

	private final CacheTier tier;

	private final ChatClientRequest request;

	private final CallState call;

	private final CacheSettings settings;

	private final SavingsLedger ledger;

	private final long evictions;

	CacheRequest(CacheTier tier, ChatClientRequest request, CallState call, CacheSettings settings, long evictions) {
		this.tier = tier;
		this.request = request;
		this.call = call;
		this.settings = settings;
		this.ledger = SavingsLedger.of(request);
		this.evictions = evictions;
	}

	/**
	 * Return the tier.
	 * @return the tier
	 */
	public CacheTier tier() {
		return this.tier;
	}

	/**
	 * Return the request as it reached this tier.
	 * @return the request
	 */
	public ChatClientRequest request() {
		return this.request;
	}

	/**
	 * Return the state of the call.
	 * @return the state
	 */
	public CallState call() {
		return this.call;
	}

	/**
	 * Return the dialect of the provider that the request goes to.
	 * @return the dialect
	 */
	public Dialect dialect() {
		return this.call.dialect(this.request);
	}

	/**
	 * Return the cache settings of the plan.
	 * @return the settings
	 */
	public CacheSettings settings() {
		return this.settings;
	}

	/**
	 * Return the ledger of the call.
	 * @return the ledger
	 */
	public SavingsLedger ledger() {
		return this.ledger;
	}

	/**
	 * Return the number of evictions up to the start of this request.
	 * @return the number
	 */
	public long evictions() {
		return this.evictions;
	}

	/**
	 * Whether the request accepts a stored answer.
	 * @return {@code false} if the request demands a fresh answer
	 */
	public boolean mayBeServed() {
		return !this.call.directives().noCache();
	}

	/**
	 * Return how long an answer may be served. A directive of the request overrides the
	 * plan.
	 * @return the time to live, above zero
	 */
	public Duration ttl() {
		Duration ttl = this.call.directives().ttl();
		return (ttl != null) ? ttl : this.settings.ttl();
	}

	/**
	 * Return the age of an answer.
	 * @param found the answer
	 * @return the age, zero or more
	 * @throws IllegalArgumentException if the answer is dated more than a minute ahead
	 */
	public Duration age(CachedResponse found) {
		return found.age(this.tier.now());
	}

	/**
	 * Whether an answer is too old for this request. The store may keep answers longer
	 * than this request accepts.
	 * @param age the age of the answer
	 * @return whether the answer must not be served
	 */
	public boolean isTooOld(Duration age) {
		Duration maxAge = this.call.directives().maxAge();
		return age.compareTo(ttl()) >= 0 || (maxAge != null && age.compareTo(maxAge) >= 0);
	}

	/**
	 * Return how long an answer that another tier found may be stored in this tier.
	 * @param found the answer
	 * @param origin the origin of the answer
	 * @return the time to live; zero or less if the answer must not be stored
	 * @throws IllegalArgumentException if the answer is dated more than a minute ahead
	 */
	public Duration timeLeft(CachedResponse found, CachedResponse.Origin origin) {
		Duration untilExpiry = Duration.between(this.tier.now(), origin.expiresAt());
		Duration untilTooOld = ttl().minus(age(found));
		return (untilExpiry.compareTo(untilTooOld) < 0) ? untilExpiry : untilTooOld;
	}

	/**
	 * Count what was found for a call of which the caller sees nothing, so that a plan
	 * can be told what other settings would find. Of other calls nothing is counted.
	 * @param found the answer
	 * @param age its age
	 * @param similarity the cosine similarity of both questions, or {@code null} if the
	 * requests are equal
	 */
	public void observe(CachedResponse found, Duration age, @Nullable Double similarity) {
		if (!this.call.isShadow()) {
			return;
		}
		ModelPrice price = this.tier.prices().find(found.model());
		long picoUsd = (price != null) ? price.picoUsd(found.usage()) : 0;
		HitTally tally = this.tier.statistics().plan(this.call.planKey()).state(CacheFeature.HITS);
		if (similarity != null && isSimilarityOfPlan()) {
			tally.similar(similarity, picoUsd);
		}
		boolean served = similarity == null || similarity >= similarityThreshold();
		if (served && isAgeOfPlan()) {
			tally.aged(age, picoUsd);
		}
	}

	/**
	 * Count whether an answer that was {@linkplain #observe observed} is right.
	 * @param right whether it is
	 * @param age its age
	 * @param similarity the cosine similarity of both questions
	 */
	public void judged(boolean right, Duration age, double similarity) {
		if (!this.call.isShadow()) {
			return;
		}
		HitTally tally = this.tier.statistics().plan(this.call.planKey()).state(CacheFeature.HITS);
		if (isSimilarityOfPlan()) {
			tally.judged(similarity, right);
		}
		if (similarity >= similarityThreshold() && isAgeOfPlan()) {
			tally.judged(age, right);
		}
	}

	/**
	 * Return the lowest similarity at which an answer may be served. A directive of the
	 * request overrides the plan.
	 * @return the similarity, 0 to 1
	 */
	public double similarityThreshold() {
		Double threshold = this.call.directives().similarityThreshold();
		return (threshold != null) ? threshold : this.settings.similarityThreshold();
	}

	private boolean isSimilarityOfPlan() {
		return this.call.directives().similarityThreshold() == null;
	}

	private boolean isAgeOfPlan() {
		return this.call.directives().ttl() == null && this.call.directives().maxAge() == null;
	}

	/**
	 * Build the response that the caller receives for a stored answer.
	 * @param found the answer
	 * @param added metadata about the hit, such as its outcome and age
	 * @return a new response
	 * @throws IllegalArgumentException if a stored value cannot be rebuilt
	 */
	public ChatClientResponse replay(CachedResponse found, Map<String, Object> added) {
		return new ChatClientResponse(found.toChatResponse(added, dialect().metadataTypes()),
				new HashMap<>(this.request.context()));
	}

	/**
	 * Return a stored answer as a stream: as one element, or word by word if the plan
	 * says so.
	 * @param hit the response with the whole answer
	 * @return the stream, which has at least one element
	 */
	public Flux<ChatClientResponse> stream(ChatClientResponse hit) {
		int wordsPerSecond = this.settings.replayChunks();
		return (wordsPerSecond > 0) ? ReplayedStream.of(hit, wordsPerSecond) : Flux.just(hit);
	}

	/**
	 * Whether an answer may be stored as a fresh one. An answer that an inner cache
	 * served may not: each cache would restart its time to live, so the answer could be
	 * served for ever.
	 * @param answer the answer
	 * @param streamed whether the answer was assembled from a stream
	 * @return whether the answer is {@linkplain CacheEligibility storable} and was not
	 * served by an inner cache
	 */
	public boolean isStorable(ChatResponse answer, boolean streamed) {
		return !wasServed(answer) && CacheEligibility.check(answer, this.request, dialect(), streamed) == null;
	}

	/**
	 * Whether an answer was served by an inner cache.
	 * @param answer the answer
	 * @return {@code false} if the model answered
	 */
	public static boolean wasServed(ChatResponse answer) {
		return answer.getMetadata().get(SavingsReport.OUTCOME_METADATA_KEY) != null;
	}

	/**
	 * Convert an answer into its stored form, and record in the ledger which tokens it
	 * cost. An answer that is not stored is counted once, by the outermost cache.
	 * @param answer the answer
	 * @param streamed whether the answer was assembled from a stream
	 * @return the stored form, or {@code null} if the answer is not to be stored
	 */
	public @Nullable CachedResponse bought(ChatResponse answer, boolean streamed) {
		if (wasServed(answer)) {
			return null;
		}
		NotStored reason = CacheEligibility.check(answer, this.request, dialect(), streamed);
		if (reason != null) {
			notStored(reason);
			return null;
		}
		TokenUsage usage = this.ledger.usage(this.tier.tokenCounter(), this.request.prompt(), answer);
		this.ledger.recordBought(usage);
		try {
			CachedResponse bought = CachedResponse.of(answer, usage, this.tier.now(), dialect().metadataTypes());
			if (fits(bought)) {
				return bought;
			}
			notStored(NotStored.SIZE);
		}
		catch (NotStorableException ex) {
			logger.debug("An answer is not stored", ex);
			notStored(NotStored.CONTENT);
		}
		return null;
	}

	private void notStored(NotStored reason) {
		PendingAnswer outer = PendingAnswer.of(this.request);
		if (outer == null) {
			this.tier.statistics().plan(this.call.planKey()).increment(CacheFeature.NOT_STORED, reason.reason());
		}
	}

	/**
	 * Whether an answer is small enough to be stored.
	 * @param answer the answer
	 * @return whether its size is within the limit of the plan
	 */
	public boolean fits(CachedResponse answer) {
		return answer.sizeInBytes() <= this.settings.maxEntryBytes();
	}

	/**
	 * Return the labels of an answer to this request.
	 * @param tags the tags of the answer
	 * @return the labels
	 */
	public EntryLabels labels(Set<String> tags) {
		return new EntryLabels(this.call.workspace(), this.call.plan().id(), this.call.directives().scope(), tags);
	}

	/**
	 * Answer a streamed request with the result of an asynchronous look-up, or with the
	 * stream of the model if nothing is found. If the caller cancels during the look-up,
	 * the model is not called.
	 * @param caller the context of the caller
	 * @param lookup starts the look-up
	 * @param model starts the stream of the model
	 * @return the stream, which can be subscribed to once
	 */
	public Flux<ChatClientResponse> answer(CallerContext caller, Supplier<Mono<ChatClientResponse>> lookup,
			Supplier<Flux<ChatClientResponse>> model) {
		if (!HandOver.hasRoom()) {
			fail(new RejectedExecutionException("All threads are in use"));
			return model.get();
		}
		this.ledger.beginLookup();
		return StreamGuard.guard(lookup.get().flatMapMany(this::stream).switchIfEmpty(caller.stream(() -> {
			this.ledger.endLookup();
			return model.get();
		})));
	}

	/**
	 * Record a stream as long as this tier is to store its answer.
	 * @param stream the stream
	 * @param recorded whether this tier still is to store the answer, asked at each
	 * element; the first {@code false} ends the recording for good
	 * @param whenComplete receives the whole answer when the stream has completed, or
	 * {@code null} if the answer was not or could not be recorded
	 * @return the stream, which can be subscribed to once
	 */
	public Flux<ChatClientResponse> record(Flux<ChatClientResponse> stream, BooleanSupplier recorded,
			Consumer<@Nullable ChatResponse> whenComplete) {
		StreamRecording recording = new StreamRecording(this.request.prompt(), dialect(), this.settings.maxEntryBytes(),
				this.tier.streams());
		return stream.doOnNext((element) -> {
			if (recorded.getAsBoolean()) {
				recording.add(element.chatResponse(), this::fail);
			}
			else {
				recording.close();
			}
		}).doOnComplete(() -> complete(recording, recorded, whenComplete)).doFinally((signal) -> recording.close());
	}

	private void complete(StreamRecording recording, BooleanSupplier recorded,
			Consumer<@Nullable ChatResponse> whenComplete) {
		try {
			ChatResponse answer = recording.assemble();
			NotStored reason = recording.notStored();
			if (reason != null && recorded.getAsBoolean()) {
				notStored(reason);
			}
			whenComplete.accept(answer);
		}
		catch (Throwable ex) { // storing may run out of memory
			fail(ex);
		}
	}

	/**
	 * Count a failure of the tier.
	 * @param failure the failure
	 */
	public void fail(Throwable failure) {
		this.tier.fail(this.call.planKey(), failure);
	}

}

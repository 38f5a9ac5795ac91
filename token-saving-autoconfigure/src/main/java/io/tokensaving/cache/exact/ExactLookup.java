package io.tokensaving.cache.exact;

import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import java.util.function.Supplier;

import com.github.benmanes.caffeine.cache.Ticker;
import io.tokensaving.Outcome;
import io.tokensaving.SavingTechnique;
import io.tokensaving.SavingsReport;
import io.tokensaving.backend.Attempt;
import io.tokensaving.backend.HandOver;
import io.tokensaving.cache.CacheKey;
import io.tokensaving.cache.CacheRequest;
import io.tokensaving.cache.CachedResponse;
import io.tokensaving.cache.ReadLimit;
import io.tokensaving.ledger.SavingsLedger;
import io.tokensaving.request.CallState;
import io.tokensaving.request.CallerContext;
import io.tokensaving.request.StreamGuard;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

import org.springframework.ai.chat.client.ChatClientResponse;

/**
 * Looks up the answer to one request by its fingerprint. Thread-safe.
 */
final class ExactLookup {

	private static final Map<String, Object> HIT = Map.of(SavingsReport.OUTCOME_METADATA_KEY,
			ExactCacheFeature.HIT.value());

	private final CacheRequest cacheRequest;

	private final ExactCacheStore store;

	private final CacheKey key;

	// Null if the store does not block. Read once, because a store may throw anything
	private final @Nullable String backend;

	private ExactLookup(CacheRequest cacheRequest, ExactCacheStore store, CacheKey key, @Nullable String backend) {
		this.cacheRequest = cacheRequest;
		this.store = store;
		this.key = key;
		this.backend = backend;
	}

	/**
	 * Prepare a look-up.
	 * @param cacheRequest the request
	 * @param store the store of its plan
	 * @return the look-up
	 * @throws RuntimeException if the request has no fingerprint, or the store fails
	 */
	static ExactLookup of(CacheRequest cacheRequest, ExactCacheStore store) {
		CallState call = cacheRequest.call();
		CacheKey key = new CacheKey(call.workspace(), call.plan().id(), call.directives().scope(),
				call.fingerprint(cacheRequest.request()).exact());
		return new ExactLookup(cacheRequest, store, key, store.isBlocking() ? store.backend() : null);
	}

	CacheRequest cacheRequest() {
		return this.cacheRequest;
	}

	ExactCacheStore store() {
		return this.store;
	}

	CacheKey key() {
		return this.key;
	}

	SavingsLedger ledger() {
		return this.cacheRequest.ledger();
	}

	/**
	 * Return the backend that the look-up may have to wait for.
	 * @return the name of the backend, or {@code null} if the store does not block
	 */
	@Nullable String backend() {
		return this.backend;
	}

	void fail(Throwable failure) {
		this.cacheRequest.fail(failure);
	}

	/**
	 * Look up the answer within the time that the plan allows, unless the request demands
	 * a fresh answer.
	 * @return the response, or {@code null} if none is found in time
	 */
	@Nullable ChatClientResponse find() {
		return this.cacheRequest.mayBeServed()
				? find(ExactCacheFeature.HIT, ExactCacheFeature.TECHNIQUE, this.cacheRequest.settings().lookupTimeout())
				: null;
	}

	/**
	 * Look up the answer.
	 * @param outcome the outcome to record if the answer is found
	 * @param technique the technique to which the saving is credited
	 * @param timeout the longest time that the look-up may block
	 * @return the response, or {@code null} if none is found in time
	 */
	@Nullable ChatClientResponse find(Outcome outcome, SavingTechnique technique, Duration timeout) {
		long start = this.cacheRequest.tier().ticker().read();
		try {
			return (this.backend != null) ? findInTime(start, outcome, technique, timeout)
					: answer(this.store.find(this.key), start, outcome, technique);
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

	private @Nullable ChatClientResponse findInTime(long start, Outcome outcome, SavingTechnique technique,
			Duration timeout) throws InterruptedException {
		Supplier<@Nullable CachedResponse> reader = ask(() -> begin(limit(start, timeout)), timeout);
		return (reader != null) ? answer(reader.get(), start, outcome, technique) : null;
	}

	/**
	 * Add tags to the answer that is stored or is about to be.
	 * @param tags the tags
	 * @param timeout the longest time that this may block
	 * @return whether from now on an eviction by these tags finds the answer
	 */
	boolean addTags(Set<String> tags, Duration timeout) {
		Supplier<Boolean> adding = () -> this.store.addTags(this.key, this.cacheRequest.ttl(), tags);
		try {
			return (this.backend != null)
					? Boolean.TRUE
						.equals(ask(() -> this.cacheRequest.tier().submit(CallerContext.capture(), adding), timeout))
					: adding.get();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			return false;
		}
		catch (Throwable ex) { // a store may throw anything
			fail(ex);
			return false;
		}
	}

	private @Nullable Attempt attempt() {
		return (this.backend != null) ? this.cacheRequest.tier().attempt(this.backend) : null;
	}

	// Null if the circuit breaker is open, or the store fails or takes too long
	private <T> @Nullable T ask(Supplier<Future<T>> question, Duration timeout) throws InterruptedException {
		Attempt attempt = attempt();
		if (attempt == null) {
			return null;
		}
		try {
			T found = this.cacheRequest.tier().await(question.get(), timeout, (failure) -> {
				attempt.failed(failure);
				fail(failure);
			});
			if (found != null) {
				attempt.succeeded();
			}
			return found;
		}
		catch (RuntimeException | Error ex) { // all threads may be in use
			attempt.failed(ex);
			fail(ex);
			return null;
		}
		finally {
			attempt.end();
		}
	}

	/**
	 * Look up the answer asynchronously, within the time that the plan allows. Only for
	 * stores that block.
	 * @param caller the context of the caller
	 * @return the response; empty if none is found in time
	 */
	Mono<ChatClientResponse> findLater(CallerContext caller) {
		Attempt attempt = this.cacheRequest.mayBeServed() ? attempt() : null;
		if (attempt == null) {
			return Mono.empty();
		}
		long start = this.cacheRequest.tier().ticker().read();
		Duration timeout = this.cacheRequest.settings().lookupTimeout();
		ReadLimit limit = limit(start, timeout);
		return Mono.fromCompletionStage(() -> caller.call(() -> beginStream(limit)))
			.timeout(timeout)
			.doOnError(attempt::failed)
			.doOnNext((reader) -> attempt.succeeded())
			.doFinally((signal) -> attempt.end())
			// Neither decoding nor the subscriber may run on a thread of the client
			.publishOn(HandOver.streams())
			.mapNotNull((reader) -> caller.call(() -> read(reader, start)))
			.onErrorResume((ex) -> {
				fail(ex);
				return Mono.empty();
			});
	}

	// Does not throw, because Reactor does not signal errors that it considers fatal
	private @Nullable ChatClientResponse read(Supplier<@Nullable CachedResponse> reader, long start) {
		try {
			return answer(reader.get(), start, ExactCacheFeature.HIT, ExactCacheFeature.TECHNIQUE);
		}
		catch (Throwable ex) {
			fail(ex);
			return null;
		}
	}

	// After the timeout no caller waits for the reading, so it ends by itself
	private ReadLimit limit(long start, Duration timeout) {
		Ticker ticker = this.cacheRequest.tier().ticker();
		long nanos = timeout.toNanos();
		return new ReadLimit(this.cacheRequest.settings().maxEntryBytes(), () -> ticker.read() - start > nanos);
	}

	private CompletableFuture<Supplier<@Nullable CachedResponse>> begin(ReadLimit limit) {
		if (this.store instanceof AsyncExactCacheStore async) {
			return async.findAsync(this.key, limit)
				.thenApply((reader) -> Objects.requireNonNull(reader, "The store returned no reader"))
				.toCompletableFuture();
		}
		return this.cacheRequest.tier().submit(CallerContext.capture(), () -> {
			CachedResponse found = this.store.find(this.key, limit);
			return () -> found;
		});
	}

	private CompletionStage<Supplier<@Nullable CachedResponse>> beginStream(ReadLimit limit) {
		try {
			return begin(limit).exceptionallyCompose(ExactLookup::failed);
		}
		catch (Throwable ex) { // from the store, or because all threads are in use
			return failed(ex);
		}
	}

	private static <T> CompletionStage<T> failed(Throwable failure) {
		Throwable cause = (failure instanceof CompletionException && failure.getCause() != null) ? failure.getCause()
				: failure;
		return CompletableFuture.failedFuture(StreamGuard.nonFatal("The look-up failed", cause));
	}

	private @Nullable ChatClientResponse answer(@Nullable CachedResponse found, long start, Outcome outcome,
			SavingTechnique technique) {
		this.cacheRequest.tier().recordLookup(start);
		Duration age = (found != null) ? this.cacheRequest.age(found) : Duration.ZERO;
		if (found == null || this.cacheRequest.isTooOld(age)) {
			ledger().recordMiss();
			return null;
		}
		Map<String, Object> added = outcome.equals(ExactCacheFeature.HIT) ? HIT
				: Map.of(SavingsReport.OUTCOME_METADATA_KEY, outcome.value());
		ChatClientResponse response = this.cacheRequest.replay(found, added);
		ledger().recordHit(outcome, technique, found.usage(), found.model().isEmpty() ? null : found.model(),
				age.toSeconds(), null);
		if (outcome.equals(ExactCacheFeature.HIT)) {
			this.cacheRequest.observe(found, age, null);
		}
		return response;
	}

}

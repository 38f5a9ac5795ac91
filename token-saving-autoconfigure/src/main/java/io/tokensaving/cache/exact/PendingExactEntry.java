package io.tokensaving.cache.exact;

import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

import io.tokensaving.Outcome;
import io.tokensaving.SavingTechnique;
import io.tokensaving.cache.AnswerWrite;
import io.tokensaving.cache.CacheKey;
import io.tokensaving.cache.CacheRequest;
import io.tokensaving.cache.CachedResponse;
import io.tokensaving.cache.PendingEntry;
import io.tokensaving.request.CallState;
import io.tokensaving.request.CallerContext;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.model.ChatResponse;

/**
 * The pending answer to a request that the exact cache could not answer. It captures the
 * context of the caller when it is created, because the answer may arrive on another
 * thread. Thread-safe.
 */
final class PendingExactEntry extends PendingEntry {

	private final ExactLookup lookup;

	private final ExactCacheWatch watch;

	private final CacheRequest cacheRequest;

	private final @Nullable CallerContext caller;

	PendingExactEntry(ExactLookup lookup, ExactCacheWatch watch) {
		this.lookup = lookup;
		this.watch = watch;
		this.cacheRequest = lookup.cacheRequest();
		this.caller = (lookup.backend() != null) ? CallerContext.capture() : null;
	}

	/**
	 * Attach this pending answer to a request, so that inner advisors can take it over.
	 * @param request the request
	 * @return the request to pass to the inner advisors; the given one if there is no
	 * {@link io.tokensaving.request.PlanAdvisor}, which would remove the attachment from
	 * the response
	 */
	ChatClientRequest handOn(ChatClientRequest request) {
		return (CallState.of(request) != null) ? attachTo(request) : request;
	}

	/**
	 * Store the answer, unless an inner advisor has taken over this pending answer.
	 * @param answer the answer, or {@code null} if it could not be recorded as a whole
	 * @param streamed whether the answer was assembled from a stream
	 */
	void storeIfOwned(@Nullable ChatResponse answer, boolean streamed) {
		if (belongsToCache()) {
			storeAny(answer, streamed, (stored) -> {
			});
		}
	}

	@Override
	public void store(ChatResponse answer, boolean streamed, Consumer<Boolean> whenDone) {
		storeAny(answer, streamed, whenDone);
	}

	private void storeAny(@Nullable ChatResponse answer, boolean streamed, Consumer<Boolean> whenDone) {
		AnswerWrite write = null;
		try {
			CachedResponse found = found();
			if (answer != null && !CacheRequest.wasServed(answer)) {
				// After the hit, an advisor in between asked again and the model answered
				found = null;
			}
			write = (found != null) ? writeFound(found) : writeBought(answer, streamed);
		}
		catch (Throwable ex) { // a failure to store must not reach the caller
			this.cacheRequest.fail(ex);
		}
		if (write != null) {
			this.cacheRequest.tier().write(write, this.caller, whenDone);
		}
		else {
			whenDone.accept(false);
		}
	}

	private @Nullable AnswerWrite writeBought(@Nullable ChatResponse answer, boolean streamed) {
		CachedResponse bought = (answer != null) ? this.cacheRequest.bought(answer, streamed) : null;
		if (bought != null) {
			this.watch.bought(this.lookup, bought);
		}
		return (bought != null)
				? new Write(this.lookup, bought, this.cacheRequest.ttl(), this.cacheRequest.call().tags()) : null;
	}

	// Only an answer that was bought for an equal request may be stored here
	private @Nullable AnswerWrite writeFound(CachedResponse found) {
		CachedResponse.Origin origin = found.origin();
		if (origin == null || !origin.fingerprint().equals(this.lookup.key().fingerprint())) {
			return null;
		}
		Duration left = this.cacheRequest.timeLeft(found, origin);
		CachedResponse copy = found.withOrigin(null);
		if (left.isZero() || left.isNegative() || !this.cacheRequest.fits(copy)) {
			return null;
		}
		Set<String> tags = new HashSet<>(origin.tags());
		tags.addAll(this.cacheRequest.call().tags());
		return new Write(this.lookup, copy, left, tags);
	}

	@Override
	public boolean isShared() {
		try {
			return this.lookup.store().isShared();
		}
		catch (Throwable ex) { // a store may throw anything
			this.cacheRequest.fail(ex);
			return false;
		}
	}

	@Override
	public long maxBytes() {
		return this.cacheRequest.settings().maxEntryBytes();
	}

	@Override
	public Duration lookupTimeout() {
		return this.cacheRequest.settings().lookupTimeout();
	}

	@Override
	public @Nullable ChatClientResponse find(Outcome outcome, SavingTechnique technique, Duration timeout) {
		return this.lookup.find(outcome, technique, timeout);
	}

	@Override
	public boolean addTags(Set<String> tags, Duration timeout) {
		return this.lookup.addTags(tags, timeout);
	}

	/**
	 * The write of an answer to its store.
	 */
	private static final class Write extends AnswerWrite {

		private final ExactCacheStore store;

		private final CacheKey key;

		private final Duration ttl;

		private final List<String> backends;

		Write(ExactLookup lookup, CachedResponse answer, Duration ttl, Set<String> tags) {
			super(lookup.cacheRequest().tier(), answer, lookup.cacheRequest().labels(tags),
					lookup.cacheRequest().evictions());
			this.store = lookup.store();
			this.key = lookup.key();
			this.ttl = ttl;
			this.backends = (lookup.backend() != null) ? List.of(lookup.backend()) : List.of();
		}

		@Override
		protected Collection<String> backends() {
			return this.backends;
		}

		@Override
		protected void store() {
			this.store.store(this.key, answer(), this.ttl, labels().tags());
		}

	}

}

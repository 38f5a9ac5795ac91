package io.tokensaving.cache.exact;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import io.tokensaving.AdvisorOrder;
import io.tokensaving.Component;
import io.tokensaving.TokenSavingAdvisor;
import io.tokensaving.cache.CacheAdvisorBuilder;
import io.tokensaving.cache.CacheRequest;
import io.tokensaving.cache.CacheTier;
import io.tokensaving.cache.CacheWriter;
import io.tokensaving.feature.Eviction;
import io.tokensaving.request.CallerContext;
import io.tokensaving.request.DirectStreamAdvisor;
import io.tokensaving.request.DirectStreamChain;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.client.advisor.api.CallAdvisor;
import org.springframework.ai.chat.client.advisor.api.CallAdvisorChain;
import org.springframework.ai.chat.client.advisor.api.StreamAdvisorChain;
import org.springframework.util.Assert;

/**
 * Answers a request with the stored answer to an equal one. Requests are equal if their
 * {@linkplain io.tokensaving.request.RequestFingerprint fingerprints} are. An answer to a
 * call is served to streams too, and vice versa.
 * <p>
 * A request goes to the model if its plan has no cache, or if the look-up fails or takes
 * too long. Stores outside this process are written to in the background, and are skipped
 * while their circuit breaker is open. Thread-safe. Close an advisor to finish queued
 * writes.
 */
public final class ExactCacheAdvisor
		implements TokenSavingAdvisor, CallAdvisor, DirectStreamAdvisor, CacheWriter, AutoCloseable {

	private final Map<String, ExactCacheStore> stores;

	private final Map<String, String> exactBackends;

	private final CacheTier tier;

	private final ExactCacheWatch watch = new ExactCacheWatch();

	private ExactCacheAdvisor(Builder builder) {
		this.stores = Map.copyOf(builder.stores);
		this.exactBackends = Map.copyOf(builder.exactBackends);
		this.tier = new CacheTier("exact", ExactCacheFeature.COMPONENT, builder);
	}

	/**
	 * Return a builder.
	 * @param stores the stores that plans can select
	 * @return a builder
	 * @throws IllegalArgumentException if two stores have the same backend
	 */
	public static Builder builder(Collection<? extends ExactCacheStore> stores) {
		return new Builder(stores);
	}

	/**
	 * Return a builder.
	 * @param store the store that plans can select
	 * @return a builder
	 */
	public static Builder builder(ExactCacheStore store) {
		return new Builder(List.of(store));
	}

	/**
	 * Whether other instances of the application find the answers that a plan stores.
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
		return this.tier.order();
	}

	@Override
	public ChatClientResponse adviseCall(ChatClientRequest request, CallAdvisorChain chain) {
		ExactLookup lookup = prepare(request);
		if (lookup == null) {
			return chain.nextCall(request);
		}
		ChatClientResponse hit = lookup.find();
		if (hit != null) {
			return hit;
		}
		PendingExactEntry pending = pending(lookup);
		ChatClientResponse response = chain.nextCall(pending.handOn(request));
		pending.storeIfOwned(response.chatResponse(), false);
		return response;
	}

	@Override
	public Flux<ChatClientResponse> adviseStream(ChatClientRequest request, StreamAdvisorChain given) {
		StreamAdvisorChain chain = DirectStreamChain.after(this, given);
		return Flux.deferContextual((context) -> {
			ExactLookup lookup = prepare(request);
			if (lookup == null) {
				return chain.nextStream(request);
			}
			if (lookup.backend() == null) {
				ChatClientResponse hit = lookup.find();
				return (hit != null) ? lookup.cacheRequest().stream(hit) : buy(request, lookup, chain);
			}
			CallerContext caller = CallerContext.capture(context);
			return lookup.cacheRequest()
				.answer(caller, () -> lookup.findLater(caller), () -> buy(request, lookup, chain));
		});
	}

	private PendingExactEntry pending(ExactLookup lookup) {
		this.watch.missed(lookup);
		return new PendingExactEntry(lookup, this.watch);
	}

	private Flux<ChatClientResponse> buy(ChatClientRequest request, ExactLookup lookup, StreamAdvisorChain chain) {
		PendingExactEntry pending = pending(lookup);
		return lookup.cacheRequest()
			.record(chain.nextStream(pending.handOn(request)), pending::belongsToCache,
					(answer) -> pending.storeIfOwned(answer, true));
	}

	private @Nullable ExactLookup prepare(ChatClientRequest request) {
		CacheRequest cacheRequest = this.tier.open(request);
		if (cacheRequest == null) {
			return null;
		}
		try {
			String backend = cacheRequest.settings().backend();
			ExactCacheStore store = this.stores.get(this.exactBackends.getOrDefault(backend, backend));
			Assert.state(store != null,
					() -> "No store for the backend '%s', known are %s".formatted(backend, this.stores.keySet()));
			return ExactLookup.of(cacheRequest, store);
		}
		catch (Throwable ex) {
			this.tier.statistics().recordError(Component.FINGERPRINT, cacheRequest.call().planKey(), ex);
			return null;
		}
	}

	@Override
	public boolean beginEviction(Eviction eviction) {
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
		this.tier.close();
	}

	/**
	 * Builds an {@link ExactCacheAdvisor}. Not thread-safe.
	 */
	public static final class Builder extends CacheAdvisorBuilder<Builder> {

		private final Map<String, ExactCacheStore> stores;

		private final Map<String, String> exactBackends = new HashMap<>();

		private Builder(Collection<? extends ExactCacheStore> stores) {
			super(AdvisorOrder.EXACT_CACHE);
			this.stores = byBackend(stores);
		}

		/**
		 * Set the store in which this advisor looks up requests of plans whose backend is
		 * semantic. Without it, each exact look-up for such a plan fails and is counted
		 * as an error.
		 * @param backend the semantic backend that plans select
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

		@Override
		protected Builder self() {
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

package io.tokensaving.promptcache;

import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.RemovalCause;
import com.github.benmanes.caffeine.cache.Ticker;
import org.jspecify.annotations.Nullable;

import org.springframework.util.Assert;

/**
 * Decides which prefixes of a request are worth being kept by the provider, from what it
 * has seen of earlier requests. Thread-safe; holds digests only, and a bounded number of
 * them.
 */
public final class CachePlanner {

	/**
	 * How many prefixes are remembered at most.
	 */
	static final int MAX_PREFIXES = 100_000;

	static final int MAX_SCOPES = 500;

	static final int MAX_FRONTS = 10_000;

	private final SteadyTime time = new SteadyTime();

	private final AtomicInteger sightings = new AtomicInteger();

	private final AtomicInteger scopeNumbers = new AtomicInteger();

	private final Cache<PrefixKey, PrefixEntry> prefixes;

	private final Cache<PrefixHash.Value, ScopePlanner> scopes;

	// Which scope had the same front last, whatever its model
	private final Cache<Front, CacheScope> fronts;

	private final @Nullable Others others;

	/**
	 * Create a planner that has seen nothing, and learns from the requests of this
	 * instance.
	 */
	public CachePlanner() {
		this(null, (failure) -> {
		});
	}

	/**
	 * Create a planner that has seen nothing, and learns from the requests of all
	 * instances.
	 * @param exchange passes on what instances have sent, or {@code null} for nothing
	 * @param failures is told why something could not be passed on; must not throw
	 */
	public CachePlanner(@Nullable PrefixExchange exchange, Consumer<Throwable> failures) {
		this.others = (exchange != null) ? new Others(exchange, failures) : null;
		Ticker ticker = () -> TimeUnit.MILLISECONDS.toNanos(this.time.latest());
		this.prefixes = Caffeine.newBuilder()
			.maximumSize(MAX_PREFIXES)
			.expireAfterAccess(PrefixExchange.KEPT_MINUTES, TimeUnit.MINUTES)
			.ticker(ticker)
			.executor(Runnable::run)
			.build();
		this.scopes = Caffeine.newBuilder()
			.maximumSize(MAX_SCOPES)
			.executor(Runnable::run)
			.removalListener((PrefixHash.@Nullable Value scope, @Nullable ScopePlanner planner, RemovalCause cause) -> {
				if (planner != null) {
					planner.close();
				}
			})
			.build();
		this.fronts = Caffeine.newBuilder()
			.maximumSize(MAX_FRONTS)
			.expireAfterWrite(PrefixExchange.KEPT_MINUTES, TimeUnit.MINUTES)
			.ticker(ticker)
			.executor(Runnable::run)
			.build();
	}

	/**
	 * Begin to learn from other instances, so that the first request knows what they have
	 * sent before. Otherwise the first request begins.
	 */
	public void listen() {
		Others heard = this.others;
		if (heard != null) {
			heard.listen();
		}
	}

	/**
	 * Decide what a request marks. What is decided counts as sent until
	 * {@link #failed(CacheDecision)} says otherwise.
	 * @param scope within which prefixes are shared
	 * @param rules the rules of provider and model
	 * @param boundaries all boundaries of the prompt, from its beginning on; tokens never
	 * fall
	 * @param now the time
	 * @return the decision
	 * @throws IllegalArgumentException if the tokens of the boundaries fall
	 */
	public CacheDecision plan(CacheScope scope, CacheRules rules, List<PrefixBoundary> boundaries, Instant now) {
		int tokens = 0;
		PrefixBoundary last = null;
		for (PrefixBoundary boundary : boundaries) {
			Assert.isTrue(boundary.tokens() >= tokens, "The tokens of the boundaries must not fall");
			tokens = boundary.tokens();
			last = boundary.segment().isFront() ? boundary : last;
		}
		listen();
		ScopePlanner planner = planner(scope.digest());
		long time = this.time.at(now);
		boolean elsewhere = false;
		if (last != null) {
			Front front = new Front(scope.workspace(), scope.baseUrl(), last.high(), last.low());
			CacheScope before = this.fronts.getIfPresent(front);
			elsewhere = before != null && !before.equals(scope);
			if (!scope.equals(before)) {
				this.fronts.put(front, scope);
			}
		}
		return planner.plan(rules, boundaries, time, elsewhere);
	}

	private ScopePlanner planner(PrefixHash.Value scope) {
		return this.scopes.get(scope, (digest) -> new ScopePlanner(digest, this.scopeNumbers.incrementAndGet(),
				this.prefixes, this.sightings, this.others != null));
	}

	private void heard(byte[] message, Instant now) {
		SentPrefixes sent = SentPrefixes.decoded(message);
		if (sent != null && now.toEpochMilli() - sent.at() < TimeUnit.MINUTES.toMillis(PrefixExchange.KEPT_MINUTES)) {
			planner(sent.scope()).heard(sent, this.time.at(now));
		}
	}

	/**
	 * Tell that the response to a request has begun, before its usage is known: what the
	 * request has written can be read from now on. Only the first call counts.
	 * @param decision the decision for the request
	 */
	public void begun(CacheDecision decision) {
		decision.request().scope.begun(decision.request());
	}

	/**
	 * Tell what the provider reported for a request. Only the first call counts.
	 * @param decision the decision for the request
	 * @param usage what was reported
	 * @return why less was read than an earlier request would have let the provider read,
	 * or {@code null} if there was nothing to read or it was read
	 */
	public @Nullable MissCause observed(CacheDecision decision, CacheUsage usage) {
		PlannedRequest request = decision.request();
		MissCause cause = request.scope.observed(request, usage);
		Others told = this.others;
		if (told != null) {
			byte[] message = request.scope.told(request);
			if (message != null) {
				told.exchange.send(message);
			}
		}
		return cause;
	}

	/**
	 * Work out how many of the written tokens are kept for the longest of the times that
	 * a request asked for.
	 * @param decision the decision for the request
	 * @param usage what the provider reported
	 * @return the tokens, or {@code null} if the request asked for one time only, or if
	 * it cannot be said
	 */
	public @Nullable Long writtenForLonger(CacheDecision decision, CacheUsage usage) {
		return decision.request().scope.writtenForLonger(decision.request(), usage);
	}

	/**
	 * Tell that a request never went through: nothing was read or written for it. Only
	 * the first call counts, and none after {@link #observed}.
	 * @param decision the decision for the request
	 */
	public void failed(CacheDecision decision) {
		decision.request().scope.failed(decision.request());
	}

	/**
	 * Count what is remembered.
	 * @return the numbers
	 */
	Size size() {
		this.prefixes.cleanUp();
		this.scopes.cleanUp();
		this.fronts.cleanUp();
		return new Size(this.prefixes.estimatedSize(), this.scopes.estimatedSize(), this.fronts.estimatedSize(),
				this.sightings.get());
	}

	/**
	 * How much is remembered.
	 *
	 * @param prefixes at most {@link #MAX_PREFIXES}
	 * @param scopes at most {@link #MAX_SCOPES}
	 * @param fronts at most {@link #MAX_FRONTS}
	 * @param sightings at most {@link ReuseModel#MAX_SIGHTINGS}
	 */
	record Size(long prefixes, long scopes, long fronts, int sightings) {

	}

	/**
	 * The other instances.
	 */
	private final class Others implements PrefixExchange.Listener {

		private final PrefixExchange exchange;

		private final Consumer<Throwable> failures;

		private final AtomicBoolean listening = new AtomicBoolean();

		Others(PrefixExchange exchange, Consumer<Throwable> failures) {
			this.exchange = exchange;
			this.failures = failures;
		}

		void listen() {
			if (!this.listening.get() && this.listening.compareAndSet(false, true)) {
				this.exchange.listen(this);
			}
		}

		@Override
		public void received(byte[] message, Instant now) {
			try {
				heard(message, now);
			}
			catch (RuntimeException ex) {
				failed(ex);
			}
		}

		@Override
		public void failed(Throwable failure) {
			this.failures.accept(failure);
		}

	}

	private record Front(String workspace, String baseUrl, long high, long low) {

	}

}

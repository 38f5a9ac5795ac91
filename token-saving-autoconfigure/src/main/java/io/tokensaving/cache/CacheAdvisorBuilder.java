package io.tokensaving.cache;

import java.time.Clock;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import com.github.benmanes.caffeine.cache.Ticker;
import io.tokensaving.backend.CircuitBreakers;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.plan.Plan;
import io.tokensaving.statistics.SavingsStatistics;
import org.jspecify.annotations.Nullable;

import org.springframework.util.Assert;

/**
 * Base class of the builders of cache advisors. Not thread-safe.
 *
 * @param <B> the type of the builder
 */
public abstract class CacheAdvisorBuilder<B extends CacheAdvisorBuilder<B>> {

	private @Nullable Plan plan;

	private SavingsStatistics statistics = new SavingsStatistics();

	private TokenCounter tokenCounter = new TokenCounter();

	private Clock clock = Clock.systemUTC();

	private Ticker ticker = Ticker.systemTicker();

	private PriceTable prices = new PriceTable(List.of());

	private CircuitBreakers breakers = new CircuitBreakers();

	private int order;

	/**
	 * Start a builder.
	 * @param order the default order of the advisor
	 */
	protected CacheAdvisorBuilder(int order) {
		this.order = order;
	}

	/**
	 * Return this builder.
	 * @return this builder
	 */
	protected abstract B self();

	/**
	 * Map stores by their backends, the names by which plans select them.
	 * @param <S> the type of the stores
	 * @param stores the stores
	 * @return the stores by backend, sorted by name
	 * @throws IllegalArgumentException if two stores have the same backend
	 */
	protected static <S extends CacheStore> Map<String, S> byBackend(Collection<? extends S> stores) {
		Map<String, S> storesByBackend = new TreeMap<>();
		for (S store : stores) {
			S other = storesByBackend.put(store.backend(), store);
			Assert.isTrue(other == null, () -> "Two stores have the backend '" + store.backend() + "'");
		}
		return storesByBackend;
	}

	/**
	 * Set the plan of an advisor that is used alone, without a
	 * {@link io.tokensaving.request.PlanAdvisor}. Default {@code null}.
	 * @param plan the plan
	 * @return this builder
	 */
	public B plan(@Nullable Plan plan) {
		this.plan = plan;
		return self();
	}

	/**
	 * Set the statistics that count look-ups and failures. Default: statistics of its
	 * own.
	 * @param statistics the statistics
	 * @return this builder
	 */
	public B statistics(SavingsStatistics statistics) {
		this.statistics = statistics;
		return self();
	}

	/**
	 * Set the counter that estimates tokens for models that report no usage. Default: a
	 * new {@link TokenCounter}.
	 * @param tokenCounter the counter
	 * @return this builder
	 */
	public B tokenCounter(TokenCounter tokenCounter) {
		this.tokenCounter = tokenCounter;
		return self();
	}

	/**
	 * Set the clock that dates entries. Default: the system clock in UTC.
	 * @param clock the clock
	 * @return this builder
	 */
	public B clock(Clock clock) {
		this.clock = clock;
		return self();
	}

	/**
	 * Set the clock that measures look-ups. Default: the system ticker.
	 * @param ticker the clock
	 * @return this builder
	 */
	public B ticker(Ticker ticker) {
		this.ticker = ticker;
		return self();
	}

	/**
	 * Set the prices of background work, such as verification, and of what answers had
	 * cost. Default: the built-in prices.
	 * @param prices the prices
	 * @return this builder
	 */
	public B prices(PriceTable prices) {
		this.prices = prices;
		return self();
	}

	/**
	 * Set the circuit breakers of the backends outside this process. Default: breakers of
	 * its own.
	 * @param breakers the breakers
	 * @return this builder
	 */
	public B circuitBreakers(CircuitBreakers breakers) {
		this.breakers = breakers;
		return self();
	}

	/**
	 * Set the order of the advisor. Default: its constant in
	 * {@link io.tokensaving.AdvisorOrder}.
	 * @param order the order
	 * @return this builder
	 */
	public B order(int order) {
		this.order = order;
		return self();
	}

	@Nullable Plan plan() {
		return this.plan;
	}

	SavingsStatistics statistics() {
		return this.statistics;
	}

	TokenCounter tokenCounter() {
		return this.tokenCounter;
	}

	Clock clock() {
		return this.clock;
	}

	Ticker ticker() {
		return this.ticker;
	}

	PriceTable prices() {
		return this.prices;
	}

	CircuitBreakers circuitBreakers() {
		return this.breakers;
	}

	int order() {
		return this.order;
	}

}

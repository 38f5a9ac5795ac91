package io.tokensaving;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

import io.tokensaving.cache.exact.CaffeineExactCacheStore;
import io.tokensaving.cache.exact.ExactCacheAdvisor;
import io.tokensaving.cache.exact.ExactCacheStore;
import io.tokensaving.compression.CompressionAdvisor;
import io.tokensaving.dedup.DedupAdvisor;
import io.tokensaving.plan.Plan;
import io.tokensaving.savings.ModelPrice;
import io.tokensaving.savings.PlanAdvisor;
import io.tokensaving.savings.PriceTable;
import io.tokensaving.savings.SavingsStatistics;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.advisor.api.Advisor;
import org.springframework.ai.chat.model.ChatModel;

/**
 * The whole chain, built by hand as an application without Spring Boot would.
 */
public final class TokenSavingTestChain {

	private final SavingsStatistics statistics = new SavingsStatistics();

	private final List<ModelPrice> prices = new ArrayList<>();

	private final List<Plan> plans = new ArrayList<>();

	private ExactCacheStore store = new CaffeineExactCacheStore();

	private Consumer<PlanAdvisor.Builder> planCustomizer = (builder) -> {
	};

	private Consumer<ExactCacheAdvisor.Builder> cacheCustomizer = (builder) -> {
	};

	private Consumer<DedupAdvisor.Builder> dedupCustomizer = (builder) -> {
	};

	private DedupAdvisor dedup;

	private ExactCacheAdvisor cacheAdvisor;

	public TokenSavingTestChain(Plan... plans) {
		this.plans.addAll(List.of(plans));
	}

	public TokenSavingTestChain store(ExactCacheStore store) {
		this.store = store;
		return this;
	}

	public TokenSavingTestChain dedup(Consumer<DedupAdvisor.Builder> customizer) {
		this.dedupCustomizer = customizer;
		return this;
	}

	/**
	 * Return the cache of the client that was made last.
	 * @return the advisor
	 */
	public ExactCacheAdvisor cacheAdvisor() {
		return this.cacheAdvisor;
	}

	/**
	 * Return the advisor of the client that was made last.
	 * @return the advisor
	 */
	public DedupAdvisor dedup() {
		return this.dedup;
	}

	public TokenSavingTestChain price(ModelPrice price) {
		this.prices.add(price);
		return this;
	}

	public TokenSavingTestChain plan(Consumer<PlanAdvisor.Builder> customizer) {
		this.planCustomizer = customizer;
		return this;
	}

	public TokenSavingTestChain cache(Consumer<ExactCacheAdvisor.Builder> customizer) {
		this.cacheCustomizer = customizer;
		return this;
	}

	public SavingsStatistics statistics() {
		return this.statistics;
	}

	public ChatClient client(ChatModel model, Advisor... others) {
		PlanAdvisor.Builder plan = PlanAdvisor.builder(this.plans.toArray(Plan[]::new))
			.defaultPlan(this.plans.isEmpty() ? null : this.plans.get(0).id())
			.prices(new PriceTable(this.prices))
			.statistics(this.statistics);
		this.planCustomizer.accept(plan);
		ExactCacheAdvisor.Builder cache = ExactCacheAdvisor.builder(this.store).statistics(this.statistics);
		this.cacheCustomizer.accept(cache);
		this.cacheAdvisor = cache.build();
		DedupAdvisor.Builder dedup = DedupAdvisor.builder().statistics(this.statistics);
		this.dedupCustomizer.accept(dedup);
		this.dedup = dedup.build();
		TokenSavingAdvisors advisors = new TokenSavingAdvisors(List.of(this.cacheAdvisor, this.dedup,
				CompressionAdvisor.builder().statistics(this.statistics).build(), plan.build()));
		return ChatClient.builder(model).defaultAdvisors(advisors).defaultAdvisors(others).build();
	}

}

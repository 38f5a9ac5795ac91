package io.tokensaving;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;

import io.tokensaving.cache.exact.CaffeineExactCacheStore;
import io.tokensaving.cache.exact.ExactCacheAdvisor;
import io.tokensaving.cache.exact.ExactCacheStore;
import io.tokensaving.cache.semantic.SemanticCacheAdvisor;
import io.tokensaving.cache.semantic.SemanticCacheStore;
import io.tokensaving.compression.CompressionAdvisor;
import io.tokensaving.dedup.DedupAdvisor;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.plan.Plan;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.request.PlanAdvisor;
import io.tokensaving.statistics.SavingsStatistics;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.advisor.api.Advisor;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.embedding.EmbeddingModel;

/**
 * The whole chain, built by hand as an application without Spring Boot would.
 */
public final class TokenSavingTestChain implements AutoCloseable {

	private SavingsStatistics statistics = new SavingsStatistics();

	private final List<ModelPrice> prices = new ArrayList<>();

	private final List<Plan> plans = new ArrayList<>();

	private ExactCacheStore store = new CaffeineExactCacheStore();

	private Consumer<PlanAdvisor.Builder> planCustomizer = (builder) -> {
	};

	private Consumer<ExactCacheAdvisor.Builder> cacheCustomizer = (builder) -> {
	};

	private Consumer<DedupAdvisor.Builder> dedupCustomizer = (builder) -> {
	};

	private Consumer<CompressionAdvisor.Builder> compressionCustomizer = (builder) -> {
	};

	private final List<AutoCloseable> closed = new ArrayList<>();

	private Supplier<SemanticCacheAdvisor.Builder> semanticBuilder;

	private String semanticBackend;

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

	public TokenSavingTestChain compression(Consumer<CompressionAdvisor.Builder> customizer) {
		this.compressionCustomizer = customizer;
		return this;
	}

	/**
	 * Add a semantic cache, whose exact one is the store of this chain.
	 * @param embeddingModel embeds questions
	 * @param store the store
	 * @param customizer may change the advisor
	 * @return this chain
	 */
	public TokenSavingTestChain semantic(EmbeddingModel embeddingModel, SemanticCacheStore store,
			Consumer<SemanticCacheAdvisor.Builder> customizer) {
		this.semanticBuilder = () -> {
			SemanticCacheAdvisor.Builder builder = SemanticCacheAdvisor.builder(embeddingModel, store);
			customizer.accept(builder);
			return builder;
		};
		this.semanticBackend = store.backend();
		return this;
	}

	public TokenSavingTestChain statistics(SavingsStatistics statistics) {
		this.statistics = statistics;
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
		if (this.semanticBuilder != null) {
			cache.exactBackend(this.semanticBackend, this.store.backend());
		}
		this.cacheCustomizer.accept(cache);
		this.cacheAdvisor = cache.build();
		DedupAdvisor.Builder dedup = DedupAdvisor.builder().statistics(this.statistics);
		this.dedupCustomizer.accept(dedup);
		this.dedup = dedup.build();
		// No ranking is cancelled because the machine is busy
		CompressionAdvisor.Builder compression = CompressionAdvisor.builder()
			.statistics(this.statistics)
			.ticker(() -> 0);
		this.compressionCustomizer.accept(compression);
		List<Advisor> advisors = new ArrayList<>(
				List.of(this.cacheAdvisor, this.dedup, compression.build(), plan.build()));
		this.closed.addAll(List.of(this.cacheAdvisor, this.dedup));
		if (this.semanticBuilder != null) {
			SemanticCacheAdvisor semantic = this.semanticBuilder.get().statistics(this.statistics).build();
			this.closed.add(semantic);
			advisors.add(semantic);
		}
		return ChatClient.builder(model)
			.defaultAdvisors(new TokenSavingAdvisors(advisors))
			.defaultAdvisors(others)
			.build();
	}

	@Override
	public void close() throws Exception {
		for (AutoCloseable closeable : this.closed) {
			closeable.close();
		}
	}

}

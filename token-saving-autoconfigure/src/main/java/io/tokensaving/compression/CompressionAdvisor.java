package io.tokensaving.compression;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;

import com.github.benmanes.caffeine.cache.Ticker;
import io.tokensaving.AdvisorOrder;
import io.tokensaving.TokenSavingAdvisor;
import io.tokensaving.backend.HandOver;
import io.tokensaving.compression.CompactionTally.Sum;
import io.tokensaving.ledger.LedgerEvent;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.ledger.SavingsLedger;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.ledger.TokenScale;
import io.tokensaving.material.RetrievedDocuments;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.provider.PrefixPrice;
import io.tokensaving.request.CallState;
import io.tokensaving.request.CallerContext;
import io.tokensaving.request.DirectStreamAdvisor;
import io.tokensaving.request.DirectStreamChain;
import io.tokensaving.request.MarkedText;
import io.tokensaving.statistics.SavingsStatistics;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.client.advisor.api.CallAdvisor;
import org.springframework.ai.chat.client.advisor.api.CallAdvisorChain;
import org.springframework.ai.chat.client.advisor.api.StreamAdvisorChain;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;

/**
 * Brings the history of a request within the token limit of its plan. The limit applies
 * to messages and tool definitions together, in tokens of the request's model. A request
 * within the limit is not changed, and one that is far below it is not even tokenised. If
 * an engine takes longer than the plan allows, the request is trimmed instead. A request
 * that cannot be brought within the limit is sent nevertheless. Timeouts and requests
 * over the limit are counted. Thread-safe.
 */
public final class CompressionAdvisor implements TokenSavingAdvisor, CallAdvisor, DirectStreamAdvisor {

	/**
	 * The name in plans of the engine that drops the oldest turns.
	 */
	public static final String TRIM = "trim";

	/**
	 * The name of {@link TextRankEngine} in plans.
	 */
	public static final String TEXT_RANK = "text_rank";

	/**
	 * The name of {@link LexRankEngine} in plans.
	 */
	public static final String LEX_RANK = "lex_rank";

	/**
	 * The name of {@link LsaEngine} in plans.
	 */
	public static final String LSA = "lsa";

	/**
	 * The name of {@link SummaryEngine} in plans.
	 */
	public static final String SUMMARY = "summary";

	// Of a token, for each US dollar per million tokens
	private static final double PICO_USD = 1e6;

	private static final TrimCompressor TRIM_COMPRESSOR = new TrimCompressor();

	private final ExtractiveCompressor extractiveCompressor = new ExtractiveCompressor();

	private final RewritingCompressor rewritingCompressor;

	private final Map<String, CompressionEngine> engines;

	private final Map<String, RewritingEngine> rewritingEngines;

	private final PriceTable prices;

	private final CompressionEngine fallback = new TextRankEngine();

	private final @Nullable Plan plan;

	private final TokenCounter tokenCounter;

	private final SavingsStatistics statistics;

	private final Ticker ticker;

	private final int order;

	private CompressionAdvisor(Builder builder) {
		this.engines = Map.copyOf(builder.engines);
		this.rewritingEngines = Map.copyOf(builder.rewritingEngines);
		this.rewritingCompressor = new RewritingCompressor(builder.store, builder.ticker);
		this.prices = builder.prices;
		this.plan = builder.plan;
		this.tokenCounter = builder.tokenCounter;
		this.statistics = builder.statistics;
		this.ticker = builder.ticker;
		this.order = builder.order;
	}

	/**
	 * Start an advisor with the built-in engines.
	 * @return a builder
	 */
	public static Builder builder() {
		return new Builder();
	}

	/**
	 * Return the names of the engines that a plan can select.
	 * @return the names, sorted
	 */
	public List<String> engineNames() {
		Set<String> names = new TreeSet<>(this.engines.keySet());
		names.addAll(this.rewritingEngines.keySet());
		names.add(TRIM);
		return List.copyOf(names);
	}

	/**
	 * Load the resources of the ranking engines, such as stop words, so that the first
	 * request does not wait for them.
	 */
	public void load() {
		this.extractiveCompressor.load();
	}

	@Override
	public String getName() {
		return "Token Saving Compression";
	}

	@Override
	public int getOrder() {
		return this.order;
	}

	@Override
	public ChatClientResponse adviseCall(ChatClientRequest request, CallAdvisorChain chain) {
		return chain.nextCall(compress(request));
	}

	@Override
	public Flux<ChatClientResponse> adviseStream(ChatClientRequest request, StreamAdvisorChain given) {
		StreamAdvisorChain chain = DirectStreamChain.after(this, given);
		CallState call = CallState.of(request, this.plan);
		CompressionSettings settings = (call != null) ? call.plan().settings(CompressionSettings.class) : null;
		if (settings == null || !mayTakeLong(settings.engine())) {
			return chain.nextStream(compress(request));
		}
		// Ranking and rewriting may take long, and so must not run on an event loop
		return Flux.deferContextual((context) -> Schedulers.isInNonBlockingThread()
				? elsewhere(request, chain, CallerContext.capture(context)) : chain.nextStream(compress(request)));
	}

	private boolean mayTakeLong(String engine) {
		return this.engines.containsKey(engine) || this.rewritingEngines.containsKey(engine);
	}

	private Flux<ChatClientResponse> elsewhere(ChatClientRequest request, StreamAdvisorChain chain,
			CallerContext caller) {
		return Mono.fromSupplier(() -> caller.call(() -> compress(request)))
			.subscribeOn(HandOver.streams())
			.flatMapMany((compressed) -> caller.stream(() -> chain.nextStream(compressed)));
	}

	private ChatClientRequest compress(ChatClientRequest given) {
		// There may be no PlanAdvisor that has taken them out
		ChatClientRequest request = MarkedText.takeFrom(given);
		CallState call = CallState.of(request, this.plan);
		CompressionSettings settings = (call != null) ? call.plan().settings(CompressionSettings.class) : null;
		if (call == null || settings == null) {
			return request;
		}
		try {
			if (call.isShadow()) {
				observe(request.prompt(), call.planKey(), settings);
			}
			return compress(request, call.planKey(), settings);
		}
		catch (Throwable ex) {
			this.statistics.recordError(CompressionFeature.COMPONENT, call.planKey(), ex);
			return request;
		}
	}

	private ChatClientRequest compress(ChatClientRequest request, PlanKey plan, CompressionSettings settings) {
		Prompt prompt = request.prompt();
		ChatOptions options = prompt.getOptions();
		TokenScale scale = this.tokenCounter.scale(options);
		if (this.tokenCounter.isSurelyWithin(prompt, settings.maxInputTokens(), scale)) {
			return request;
		}
		int tools = this.tokenCounter.countTools(options, scale);
		List<Message> messages = prompt.getInstructions();
		ModelPrice price = this.prices.find((options != null) ? options.getModel() : null);
		CompressionBudget budget = new CompressionBudget(settings.maxInputTokens() - tools, settings.lowMark(),
				scale.factor(), scale.encoding(), (text) -> this.tokenCounter.count(text, scale),
				(message) -> this.tokenCounter.count(message, scale), PrefixPrice.of(price))
			.counted(messages);
		long before = budget.count(messages);
		if (before <= budget.maxTokens()) {
			return request;
		}
		SavingsLedger ledger = SavingsLedger.of(request);
		List<Message> compressed = compress(compressionRequest(request), plan, settings, budget, ledger,
				(effect) -> tally(this.statistics.plan(plan).state(CompressionFeature.COMPACTIONS), effect,
						budget.prefix(), price));
		long after = budget.count(compressed);
		if (after > budget.maxTokens()) {
			ledger.record(new LedgerEvent.Counted(CompressionFeature.OVER_BUDGET));
		}
		if (after >= before) {
			return request;
		}
		ledger.record(new LedgerEvent.Compressed(CompressionFeature.TECHNIQUE, before - after));
		return new ChatClientRequest(new Prompt(compressed, options), request.context());
	}

	// What other limits would leave out, by dropping the oldest turns: the other engines
	// leave out as much, but take longer to choose
	private void observe(Prompt prompt, PlanKey plan, CompressionSettings settings) {
		try {
			observe(prompt, settings.lowMark(), this.statistics.plan(plan).state(CompressionFeature.LIMITS));
		}
		catch (RuntimeException ex) {
			this.statistics.recordError(CompressionFeature.COMPONENT, plan, ex);
		}
	}

	private void observe(Prompt prompt, double lowMark, LimitTally tally) {
		tally.request();
		ChatOptions options = prompt.getOptions();
		TokenScale scale = this.tokenCounter.scale(options);
		if (this.tokenCounter.isSurelyWithin(prompt, LimitTally.LIMITS.get(0), scale)) {
			return;
		}
		int tools = this.tokenCounter.countTools(options, scale);
		List<Message> messages = prompt.getInstructions();
		ModelPrice price = this.prices.find((options != null) ? options.getModel() : null);
		double picoUsd = (price != null) ? PICO_USD * price.input().doubleValue() : 0;
		CompressionBudget counted = new CompressionBudget(0, lowMark, scale.factor(), scale.encoding(),
				(text) -> this.tokenCounter.count(text, scale), (message) -> this.tokenCounter.count(message, scale),
				PrefixPrice.of(price))
			.counted(messages);
		long before = counted.count(messages);
		for (int limit : LimitTally.LIMITS) {
			if (tools + before <= limit) {
				break;
			}
			CompressionBudget budget = counted.withMaxTokens(limit - tools);
			List<CompactionEffect> effects = new ArrayList<>(1);
			List<Message> left = TRIM_COMPRESSOR.compress(messages, budget, effects::add);
			long leftOut = Math.max(0, before - budget.count(left));
			double cost = effects.stream().mapToDouble((effect) -> effect.cost(budget.prefix())).sum();
			tally.shortened(limit, leftOut, Math.round(picoUsd * budget.prefix().read() * leftOut),
					Math.round(picoUsd * cost));
		}
	}

	private CompressionRequest compressionRequest(ChatClientRequest request) {
		List<String> documents = new ArrayList<>(RetrievedDocuments.texts(request.context()));
		documents.addAll(MarkedText.of(request));
		return new CompressionRequest(request.prompt().getInstructions(), documents);
	}

	private static void tally(CompactionTally tally, CompactionEffect effect, PrefixPrice prefix,
			@Nullable ModelPrice price) {
		double cost = effect.cost(prefix);
		double saving = effect.saving(prefix);
		tally.add(Sum.COMPACTIONS, 1);
		tally.add(Sum.UNPAID, (cost > saving) ? 1 : 0);
		if (price != null) {
			double picoUsd = PICO_USD * price.input().doubleValue();
			tally.add(Sum.PREFIX_COST, Math.round(picoUsd * cost));
			tally.add(Sum.EXPECTED_SAVING, Math.round(picoUsd * saving));
		}
	}

	private List<Message> compress(CompressionRequest request, PlanKey plan, CompressionSettings settings,
			CompressionBudget budget, SavingsLedger ledger, Consumer<CompactionEffect> compacted) {
		RewritingEngine rewriting = this.rewritingEngines.get(settings.engine());
		if (rewriting != null) {
			return rewrite(request, rewriting, plan, settings, budget, ledger, compacted);
		}
		CompressionEngine engine = this.engines.get(settings.engine());
		if (engine == null) {
			if (!TRIM.equals(settings.engine())) {
				throw new IllegalStateException(
						"Unknown compression engine '%s', known are %s".formatted(settings.engine(), engineNames()));
			}
			return TRIM_COMPRESSOR.compress(request.messages(), budget, compacted);
		}
		return rank(request, engine, plan, settings, budget, compacted);
	}

	private List<Message> rewrite(CompressionRequest request, RewritingEngine engine, PlanKey plan,
			CompressionSettings settings, CompressionBudget budget, SavingsLedger ledger,
			Consumer<CompactionEffect> compacted) {
		RewritingCompressor.Job job = new RewritingCompressor.Job(plan, settings, budget, (model, usage) -> {
			if (!ledger.recordOverhead(model, usage)) {
				this.statistics.plan(plan).recordOverhead(model, usage, this.prices);
			}
		}, (failure) -> this.statistics.recordError(CompressionFeature.REWRITING, plan, failure),
				() -> this.statistics.plan(plan).increment(CompressionFeature.TIMEOUTS), compacted);
		List<Message> rewritten = this.rewritingCompressor.compress(request.messages(), engine, job);
		return (budget.count(rewritten) <= budget.maxTokens()) ? rewritten
				: rank(request.with(rewritten), this.fallback, plan, settings, budget, compacted);
	}

	private List<Message> rank(CompressionRequest request, CompressionEngine engine, PlanKey plan,
			CompressionSettings settings, CompressionBudget budget, Consumer<CompactionEffect> compacted) {
		try {
			Deadline deadline = Deadline.after(settings.maxTime(), this.ticker::read);
			return this.extractiveCompressor.compress(request, engine, settings, budget, deadline, compacted);
		}
		catch (Deadline.ExceededException ex) {
			this.statistics.plan(plan).increment(CompressionFeature.TIMEOUTS);
			return TRIM_COMPRESSOR.compress(request.messages(), budget, compacted);
		}
	}

	/**
	 * Builds a {@link CompressionAdvisor}. Not thread-safe.
	 */
	public static final class Builder {

		private final Map<String, CompressionEngine> engines = new TreeMap<>(
				Map.of(TEXT_RANK, new TextRankEngine(), LEX_RANK, new LexRankEngine(), LSA, new LsaEngine()));

		private final Map<String, RewritingEngine> rewritingEngines = new TreeMap<>();

		private @Nullable RewrittenTextStore store;

		private PriceTable prices = new PriceTable(List.of());

		private @Nullable Plan plan;

		private TokenCounter tokenCounter = new TokenCounter();

		private SavingsStatistics statistics = new SavingsStatistics();

		private Ticker ticker = Ticker.systemTicker();

		private int order = AdvisorOrder.COMPRESSION;

		private Builder() {
		}

		/**
		 * Add engines. An engine with the name of a built-in one replaces it.
		 * @param engines the engines by name
		 * @return this builder
		 */
		public Builder engines(Map<String, ? extends CompressionEngine> engines) {
			this.engines.putAll(engines);
			return this;
		}

		/**
		 * Add engines that rewrite. Default: none.
		 * @param engines the engines by name
		 * @return this builder
		 */
		public Builder rewritingEngines(Map<String, ? extends RewritingEngine> engines) {
			this.rewritingEngines.putAll(engines);
			return this;
		}

		/**
		 * Set where texts of engines that rewrite are kept beyond this process. Default
		 * {@code null}.
		 * @param store the store, or {@code null} to keep them in memory only
		 * @return this builder
		 */
		public Builder rewrittenTextStore(@Nullable RewrittenTextStore store) {
			this.store = store;
			return this;
		}

		/**
		 * Set the prices of what engines that rewrite cost, and by which the beginning of
		 * a prompt is valued that a prompt cache knows. Default: the built-in prices.
		 * @param prices the prices
		 * @return this builder
		 */
		public Builder prices(PriceTable prices) {
			this.prices = prices;
			return this;
		}

		/**
		 * Set the plan of an advisor that is used without a
		 * {@link io.tokensaving.request.PlanAdvisor}. Default {@code null}.
		 * @param plan the plan
		 * @return this builder
		 */
		public Builder plan(@Nullable Plan plan) {
			this.plan = plan;
			return this;
		}

		/**
		 * Set the token counter.
		 * @param tokenCounter the counter
		 * @return this builder
		 */
		public Builder tokenCounter(TokenCounter tokenCounter) {
			this.tokenCounter = tokenCounter;
			return this;
		}

		/**
		 * Set the statistics that count failures. Default: statistics that nothing else
		 * uses.
		 * @param statistics the statistics
		 * @return this builder
		 */
		public Builder statistics(SavingsStatistics statistics) {
			this.statistics = statistics;
			return this;
		}

		/**
		 * Set the clock that measures the time of compression. Default: that of the
		 * system.
		 * @param ticker the clock
		 * @return this builder
		 */
		public Builder ticker(Ticker ticker) {
			this.ticker = ticker;
			return this;
		}

		/**
		 * Set the order. Default {@link AdvisorOrder#COMPRESSION}.
		 * @param order the order
		 * @return this builder
		 */
		public Builder order(int order) {
			this.order = order;
			return this;
		}

		/**
		 * Build the advisor.
		 * @return the advisor
		 */
		public CompressionAdvisor build() {
			return new CompressionAdvisor(this);
		}

	}

}

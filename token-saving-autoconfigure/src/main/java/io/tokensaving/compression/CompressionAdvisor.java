package io.tokensaving.compression;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

import com.github.benmanes.caffeine.cache.Ticker;
import io.tokensaving.AdvisorOrder;
import io.tokensaving.plan.CompressionSettings;
import io.tokensaving.plan.Plan;
import io.tokensaving.request.CallState;
import io.tokensaving.savings.Component;
import io.tokensaving.savings.SavingsLedger;
import io.tokensaving.savings.SavingsStatistics;
import io.tokensaving.savings.TokenCounter;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.client.advisor.api.CallAdvisor;
import org.springframework.ai.chat.client.advisor.api.CallAdvisorChain;
import org.springframework.ai.chat.client.advisor.api.StreamAdvisor;
import org.springframework.ai.chat.client.advisor.api.StreamAdvisorChain;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;

/**
 * Brings the history of a request within the token limit of its plan: messages and tool
 * definitions together, counted for the request's model. A request that is within the
 * limit goes on as it is, and one that is surely within it is not even tokenised. An
 * engine that takes longer than the plan gives it is given up in favour of trimming. A
 * request that cannot be brought within the limit is sent all the same. Both are counted.
 * Thread-safe.
 */
public final class CompressionAdvisor implements CallAdvisor, StreamAdvisor {

	/**
	 * The name in plans of what drops the oldest turns.
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

	private static final TrimCompressor TRIM_COMPRESSOR = new TrimCompressor();

	private final ExtractiveCompressor extractiveCompressor = new ExtractiveCompressor();

	private final Map<String, CompressionEngine> engines;

	private final @Nullable Plan plan;

	private final TokenCounter tokenCounter;

	private final SavingsStatistics statistics;

	private final Ticker ticker;

	private final int order;

	private CompressionAdvisor(Builder builder) {
		this.engines = Map.copyOf(builder.engines);
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
		names.add(TRIM);
		return List.copyOf(names);
	}

	/**
	 * Load what engines that rank need, such as stop words, so that the first request
	 * need not wait for it.
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
	public Flux<ChatClientResponse> adviseStream(ChatClientRequest request, StreamAdvisorChain chain) {
		CallState call = CallState.of(request, this.plan);
		CompressionSettings settings = (call != null) ? call.plan().compression() : null;
		if (settings == null || !this.engines.containsKey(settings.engine())) {
			return chain.nextStream(compress(request));
		}
		// Ranking may take a while, which an event loop cannot spare
		return Flux.defer(() -> Schedulers.isInNonBlockingThread() ? Mono.fromSupplier(() -> compress(request))
			.subscribeOn(Schedulers.boundedElastic())
			.flatMapMany(chain::nextStream) : chain.nextStream(compress(request)));
	}

	private ChatClientRequest compress(ChatClientRequest request) {
		CallState call = CallState.of(request, this.plan);
		CompressionSettings settings = (call != null) ? call.plan().compression() : null;
		if (call == null || settings == null) {
			return request;
		}
		try {
			return compress(request, call.plan().id(), settings);
		}
		catch (RuntimeException | StackOverflowError ex) {
			this.statistics.recordError(Component.COMPRESSION, call.plan().id(), ex);
			return request;
		}
	}

	private ChatClientRequest compress(ChatClientRequest request, String plan, CompressionSettings settings) {
		Prompt prompt = request.prompt();
		ChatOptions options = prompt.getOptions();
		double factor = this.tokenCounter.factor((options != null) ? options.getModel() : null);
		if (this.tokenCounter.isSurelyWithin(prompt, settings.maxInputTokens(), factor)) {
			return request;
		}
		int tools = this.tokenCounter.countTools(options, factor);
		CompressionBudget budget = new CompressionBudget(settings.maxInputTokens() - tools, settings.lowMark(), factor,
				(text) -> this.tokenCounter.count(text, factor), (message) -> this.tokenCounter.count(message, factor));
		List<Message> messages = prompt.getInstructions();
		long before = budget.count(messages);
		if (before <= budget.maxTokens()) {
			return request;
		}
		SavingsLedger ledger = SavingsLedger.of(request);
		List<Message> compressed = compress(messages, plan, settings, budget);
		long after = budget.count(compressed);
		if (after > budget.maxTokens()) {
			ledger.recordOverBudget();
		}
		if (after >= before) {
			return request;
		}
		ledger.recordCompression(before - after);
		return new ChatClientRequest(new Prompt(compressed, options), request.context());
	}

	private List<Message> compress(List<Message> messages, String plan, CompressionSettings settings,
			CompressionBudget budget) {
		CompressionEngine engine = this.engines.get(settings.engine());
		if (engine == null) {
			if (!TRIM.equals(settings.engine())) {
				throw new IllegalStateException(
						"Unknown compression engine '%s', known are %s".formatted(settings.engine(), engineNames()));
			}
			return TRIM_COMPRESSOR.compress(messages, budget);
		}
		try {
			Deadline deadline = Deadline.after(settings.maxTime(), this.ticker::read);
			return this.extractiveCompressor.compress(messages, engine, settings, budget, deadline);
		}
		catch (Deadline.ExceededException ex) {
			this.statistics.plan(plan).recordCompressionTimeout();
			return TRIM_COMPRESSOR.compress(messages, budget);
		}
	}

	/**
	 * Builds a {@link CompressionAdvisor}. Not thread-safe.
	 */
	public static final class Builder {

		private final Map<String, CompressionEngine> engines = new TreeMap<>(
				Map.of(TEXT_RANK, new TextRankEngine(), LEX_RANK, new LexRankEngine(), LSA, new LsaEngine()));

		private @Nullable Plan plan;

		private TokenCounter tokenCounter = new TokenCounter();

		private SavingsStatistics statistics = new SavingsStatistics();

		private Ticker ticker = Ticker.systemTicker();

		private int order = AdvisorOrder.COMPRESSION;

		private Builder() {
		}

		/**
		 * Add engines. One with the name of a built-in engine takes its place.
		 * @param engines the engines by name
		 * @return this builder
		 */
		public Builder engines(Map<String, ? extends CompressionEngine> engines) {
			this.engines.putAll(engines);
			return this;
		}

		/**
		 * Set the plan of an advisor that is used alone, without a
		 * {@link io.tokensaving.savings.PlanAdvisor}. Default {@code null}.
		 * @param plan the plan
		 * @return this builder
		 */
		public Builder plan(@Nullable Plan plan) {
			this.plan = plan;
			return this;
		}

		/**
		 * Set what counts tokens.
		 * @param tokenCounter the counter
		 * @return this builder
		 */
		public Builder tokenCounter(TokenCounter tokenCounter) {
			this.tokenCounter = tokenCounter;
			return this;
		}

		/**
		 * Set where to count failures. Default: statistics of its own.
		 * @param statistics the statistics
		 * @return this builder
		 */
		public Builder statistics(SavingsStatistics statistics) {
			this.statistics = statistics;
			return this;
		}

		/**
		 * Set the clock by which compression is given up. Default: that of the system.
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

package io.tokensaving.compression;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

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
 * limit goes on as it is, and one that is surely within it is not even tokenised. A
 * request that cannot be brought within the limit is sent all the same, and counted.
 * Thread-safe.
 */
public final class CompressionAdvisor implements CallAdvisor, StreamAdvisor {

	/**
	 * The name of {@link TrimCompressionEngine} in plans.
	 */
	public static final String TRIM = "trim";

	private static final CompressionEngine TRIM_ENGINE = new TrimCompressionEngine();

	private final Map<String, CompressionEngine> engines;

	private final @Nullable Plan plan;

	private final TokenCounter tokenCounter;

	private final SavingsStatistics statistics;

	private final int order;

	private CompressionAdvisor(Builder builder) {
		this.engines = Map.copyOf(builder.engines);
		this.plan = builder.plan;
		this.tokenCounter = builder.tokenCounter;
		this.statistics = builder.statistics;
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
		return this.engines.keySet().stream().sorted().toList();
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
		return chain.nextStream(compress(request));
	}

	private ChatClientRequest compress(ChatClientRequest request) {
		CallState call = CallState.of(request, this.plan);
		CompressionSettings settings = (call != null) ? call.plan().compression() : null;
		if (call == null || settings == null) {
			return request;
		}
		try {
			return compress(request, settings);
		}
		catch (RuntimeException | StackOverflowError ex) {
			this.statistics.recordError(Component.COMPRESSION, call.plan().id(), ex);
			return request;
		}
	}

	private ChatClientRequest compress(ChatClientRequest request, CompressionSettings settings) {
		Prompt prompt = request.prompt();
		ChatOptions options = prompt.getOptions();
		double factor = this.tokenCounter.factor((options != null) ? options.getModel() : null);
		if (this.tokenCounter.isSurelyWithin(prompt, settings.maxInputTokens(), factor)) {
			return request;
		}
		int tools = this.tokenCounter.countTools(options, factor);
		CompressionBudget budget = new CompressionBudget(settings.maxInputTokens() - tools, settings.lowMark(),
				(text) -> this.tokenCounter.count(text, factor), (message) -> this.tokenCounter.count(message, factor));
		List<Message> messages = prompt.getInstructions();
		long before = budget.count(messages);
		if (before <= budget.maxTokens()) {
			return request;
		}
		SavingsLedger ledger = SavingsLedger.of(request);
		List<Message> compressed = engine(settings.engine()).compress(messages, budget);
		long after = budget.count(compressed);
		if (after > budget.maxTokens()) {
			compressed = TRIM_ENGINE.compress(compressed, budget);
			after = budget.count(compressed);
		}
		if (after > budget.maxTokens()) {
			ledger.recordOverBudget();
		}
		if (after >= before) {
			return request;
		}
		ledger.recordCompression(before - after);
		return new ChatClientRequest(new Prompt(compressed, options), request.context());
	}

	private CompressionEngine engine(String name) {
		CompressionEngine engine = this.engines.get(name);
		if (engine == null) {
			throw new IllegalStateException(
					"Unknown compression engine '%s', known are %s".formatted(name, engineNames()));
		}
		return engine;
	}

	/**
	 * Builds a {@link CompressionAdvisor}. Not thread-safe.
	 */
	public static final class Builder {

		private final Map<String, CompressionEngine> engines = new TreeMap<>(Map.of(TRIM, TRIM_ENGINE));

		private @Nullable Plan plan;

		private TokenCounter tokenCounter = new TokenCounter();

		private SavingsStatistics statistics = new SavingsStatistics();

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

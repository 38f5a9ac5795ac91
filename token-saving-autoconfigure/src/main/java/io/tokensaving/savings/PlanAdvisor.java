package io.tokensaving.savings;

import java.util.List;
import java.util.stream.Collectors;

import com.github.benmanes.caffeine.cache.Ticker;
import io.tokensaving.AdvisorOrder;
import io.tokensaving.plan.InMemoryPlanRepository;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanRepository;
import io.tokensaving.plan.WorkspaceResolver;
import io.tokensaving.request.CallState;
import io.tokensaving.request.RequestParameters;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.client.advisor.api.CallAdvisor;
import org.springframework.ai.chat.client.advisor.api.CallAdvisorChain;
import org.springframework.ai.chat.client.advisor.api.StreamAdvisor;
import org.springframework.ai.chat.client.advisor.api.StreamAdvisorChain;
import org.springframework.util.Assert;
import org.springframework.util.StringUtils;

/**
 * The outermost of the advisors: finds the plan of a request and puts it on the request
 * for the others, and writes down what was saved on every way out, be it an answer, a
 * failure of the model or a cancelled stream.
 * <p>
 * A request without a plan goes on as it is. Thread-safe.
 */
public final class PlanAdvisor implements CallAdvisor, StreamAdvisor {

	private static final Log logger = LogFactory.getLog(PlanAdvisor.class);

	private final PlanRepository plans;

	private final WorkspaceResolver workspaceResolver;

	private final @Nullable String defaultPlan;

	private final UnknownPlanPolicy unknownPlanPolicy;

	private final SavingsStatistics statistics;

	private final PriceTable prices;

	private final TokenCounter tokenCounter;

	private final int order;

	private final RateLimitedLog unknownPlanLog;

	private PlanAdvisor(Builder builder) {
		this.plans = builder.plans;
		this.workspaceResolver = builder.workspaceResolver;
		this.defaultPlan = builder.defaultPlan;
		this.unknownPlanPolicy = builder.unknownPlanPolicy;
		this.statistics = builder.statistics;
		this.prices = builder.prices;
		this.tokenCounter = builder.tokenCounter;
		this.order = builder.order;
		this.unknownPlanLog = new RateLimitedLog(logger, builder.ticker);
	}

	/**
	 * Start an advisor that applies plans.
	 * @param plans where the plans are found
	 * @return a builder
	 */
	public static Builder builder(PlanRepository plans) {
		return new Builder(plans);
	}

	/**
	 * Start an advisor that applies the given plans.
	 * @param plans the plans
	 * @return a builder
	 */
	public static Builder builder(Plan... plans) {
		return new Builder(new InMemoryPlanRepository(List.of(plans)));
	}

	@Override
	public String getName() {
		return "Token Saving Plan";
	}

	@Override
	public int getOrder() {
		return this.order;
	}

	@Override
	public ChatClientResponse adviseCall(ChatClientRequest request, CallAdvisorChain chain) {
		Opened opened = open(request);
		if (opened.call() == null) {
			return chain.nextCall(opened.request());
		}
		SavingsAccount account = account(opened.call(), opened.request());
		ChatClientResponse response;
		try {
			response = chain.nextCall(opened.request());
		}
		catch (RuntimeException | Error ex) {
			account.closeFailed();
			throw ex;
		}
		return account.answer(response, account.close(response::chatResponse));
	}

	@Override
	public Flux<ChatClientResponse> adviseStream(ChatClientRequest request, StreamAdvisorChain chain) {
		Opened opened = open(request);
		if (opened.call() == null) {
			return chain.nextStream(opened.request());
		}
		CallState call = opened.call();
		return Flux.defer(() -> {
			StreamedSavings stream = new StreamedSavings(account(call, opened.request()));
			return chain.nextStream(opened.request())
				.handle(stream::next)
				.onErrorResume(stream::flush)
				.concatWith(Flux.defer(stream::complete))
				.doOnError((ex) -> stream.fail())
				.doOnCancel(stream::cancel);
		});
	}

	private SavingsAccount account(CallState call, ChatClientRequest request) {
		return new SavingsAccount(call, SavingsLedger.of(request), request.prompt(), this.statistics, this.prices,
				this.tokenCounter);
	}

	private Opened open(ChatClientRequest request) {
		if (CallState.of(request) != null) {
			// A second instance in the chain: the first has done it all
			return Opened.untouched(request);
		}
		RequestParameters parameters = RequestParameters.from(request.context());
		String id = (parameters.planId() != null) ? parameters.planId() : this.defaultPlan;
		if (id == null || Plan.NONE.equals(id)) {
			return Opened.untouched(parameters.isEmpty() ? request : CallState.withoutParameters(request));
		}
		String workspace = resolveWorkspace(request);
		Plan plan = (workspace != null) ? find(workspace, id) : null;
		if (workspace == null || plan == null) {
			return Opened.untouched(CallState.withoutParameters(request));
		}
		CallState call = new CallState(workspace, plan, parameters.directives());
		ChatClientRequest attached = call.attachTo(request);
		new SavingsLedger().attachTo(attached);
		return new Opened(attached, call);
	}

	private @Nullable String resolveWorkspace(ChatClientRequest request) {
		try {
			String workspace = this.workspaceResolver.resolve(request);
			Assert.state(StringUtils.hasText(workspace), "The workspace must not be empty");
			return workspace;
		}
		catch (RuntimeException ex) {
			this.statistics.recordError(Component.WORKSPACE, null, ex);
			return null;
		}
	}

	private @Nullable Plan find(String workspace, String id) {
		Plan plan;
		try {
			plan = this.plans.find(workspace, id);
		}
		catch (RuntimeException ex) {
			this.statistics.recordError(Component.PLAN, null, ex);
			return null;
		}
		if (plan == null) {
			this.statistics.recordUnknownPlan();
			if (this.unknownPlanPolicy == UnknownPlanPolicy.FAIL) {
				throw new IllegalArgumentException(describeUnknownPlan(workspace, id));
			}
			this.unknownPlanLog
				.warn(() -> describeUnknownPlan(workspace, id) + "; the request goes to the model with no plan");
		}
		return plan;
	}

	private String describeUnknownPlan(String workspace, String id) {
		String known = this.plans.findAll(workspace).stream().map(Plan::id).collect(Collectors.joining("', '"));
		return "Unknown plan '%s', ".formatted(id)
				+ (known.isEmpty() ? "there are no plans" : "known plans are '%s'".formatted(known));
	}

	private record Opened(ChatClientRequest request, @Nullable CallState call) {

		static Opened untouched(ChatClientRequest request) {
			return new Opened(request, null);
		}

	}

	/**
	 * Builds a {@link PlanAdvisor}. Not thread-safe.
	 */
	public static final class Builder {

		private final PlanRepository plans;

		private WorkspaceResolver workspaceResolver = (request) -> "default";

		private @Nullable String defaultPlan;

		private UnknownPlanPolicy unknownPlanPolicy = UnknownPlanPolicy.WARN;

		private SavingsStatistics statistics = new SavingsStatistics();

		private PriceTable prices = new PriceTable(List.of());

		private TokenCounter tokenCounter = new TokenCounter();

		private Ticker ticker = Ticker.systemTicker();

		private int order = AdvisorOrder.PLAN;

		private Builder(PlanRepository plans) {
			this.plans = plans;
		}

		/**
		 * Set what names the workspace of a request. Default: all are in the workspace
		 * {@code default}.
		 * @param workspaceResolver the resolver
		 * @return this builder
		 */
		public Builder workspaceResolver(WorkspaceResolver workspaceResolver) {
			this.workspaceResolver = workspaceResolver;
			return this;
		}

		/**
		 * Set the plan of requests that name none. Default {@code null}: no plan.
		 * @param defaultPlan the id of the plan
		 * @return this builder
		 */
		public Builder defaultPlan(@Nullable String defaultPlan) {
			this.defaultPlan = defaultPlan;
			return this;
		}

		/**
		 * Set what happens to a request that names an unknown plan. Default
		 * {@link UnknownPlanPolicy#WARN}.
		 * @param unknownPlanPolicy the policy
		 * @return this builder
		 */
		public Builder unknownPlanPolicy(UnknownPlanPolicy unknownPlanPolicy) {
			this.unknownPlanPolicy = unknownPlanPolicy;
			return this;
		}

		/**
		 * Set where to count. Default: statistics of its own.
		 * @param statistics the statistics
		 * @return this builder
		 */
		public Builder statistics(SavingsStatistics statistics) {
			this.statistics = statistics;
			return this;
		}

		/**
		 * Set the prices. Default: the built-in ones.
		 * @param prices the prices
		 * @return this builder
		 */
		public Builder prices(PriceTable prices) {
			this.prices = prices;
			return this;
		}

		/**
		 * Set what counts the tokens of models that do not report usage.
		 * @param tokenCounter the counter
		 * @return this builder
		 */
		public Builder tokenCounter(TokenCounter tokenCounter) {
			this.tokenCounter = tokenCounter;
			return this;
		}

		/**
		 * Set the clock that limits the rate of warnings. Default: the system's.
		 * @param ticker the clock
		 * @return this builder
		 */
		public Builder ticker(Ticker ticker) {
			this.ticker = ticker;
			return this;
		}

		/**
		 * Set the order. Default {@link AdvisorOrder#PLAN}.
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
		public PlanAdvisor build() {
			return new PlanAdvisor(this);
		}

	}

}

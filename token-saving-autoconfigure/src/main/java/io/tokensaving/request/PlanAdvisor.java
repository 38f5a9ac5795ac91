package io.tokensaving.request;

import java.util.List;
import java.util.UUID;
import java.util.function.BiFunction;
import java.util.stream.Collectors;

import com.github.benmanes.caffeine.cache.Ticker;
import io.tokensaving.AdvisorOrder;
import io.tokensaving.Component;
import io.tokensaving.ForeignText;
import io.tokensaving.TokenSavingAdvisor;
import io.tokensaving.backend.RateLimitedLog;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.ledger.SavingsLedger;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.plan.InMemoryPlanRepository;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.plan.PlanRepository;
import io.tokensaving.plan.TenantResolver;
import io.tokensaving.plan.WorkspaceResolver;
import io.tokensaving.provider.Dialects;
import io.tokensaving.statistics.SavingsStatistics;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.client.advisor.api.CallAdvisor;
import org.springframework.ai.chat.client.advisor.api.CallAdvisorChain;
import org.springframework.ai.chat.client.advisor.api.StreamAdvisorChain;
import org.springframework.util.Assert;
import org.springframework.util.StringUtils;

/**
 * The outermost of the advisors: finds the plan of a request, attaches it to the request
 * for the other advisors, and closes the ledger of the call when it ends, be it with an
 * answer, a failure of the model or a cancelled stream.
 * <p>
 * A request without a plan is not changed. Thread-safe.
 */
public final class PlanAdvisor implements TokenSavingAdvisor, CallAdvisor, DirectStreamAdvisor {

	private static final Log logger = LogFactory.getLog(PlanAdvisor.class);

	private static final int MAX_LISTED_PLANS = 100;

	private final PlanRepository plans;

	private final WorkspaceResolver workspaceResolver;

	private final @Nullable String defaultPlan;

	private final UnknownPlanPolicy unknownPlanPolicy;

	private final SavingsStatistics statistics;

	private final PriceTable prices;

	private final Dialects dialects;

	private final TokenCounter tokenCounter;

	private final int order;

	private final RateLimitedLog unknownPlanLog;

	private final CallLabels labels;

	private final BiFunction<PlanKey, Plan, @Nullable String> answerInputs;

	private final @Nullable String local;

	private final Ticker ticker;

	private final StreamMemory streams = StreamMemory.ofHeap();

	private PlanAdvisor(Builder builder) {
		this.plans = builder.plans;
		this.workspaceResolver = builder.workspaceResolver;
		this.defaultPlan = builder.defaultPlan;
		this.unknownPlanPolicy = builder.unknownPlanPolicy;
		this.statistics = builder.statistics;
		this.prices = builder.prices;
		this.dialects = builder.dialects;
		this.tokenCounter = builder.tokenCounter;
		this.order = builder.order;
		this.labels = new CallLabels(builder.tenantResolver, builder.statistics);
		this.answerInputs = builder.answerInputs;
		this.local = builder.local;
		this.ticker = builder.ticker;
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
		SavingsAccount account = account(opened, opened.call());
		ChatClientResponse response;
		try {
			response = chain.nextCall(opened.request());
		}
		catch (RuntimeException | Error ex) {
			account.closeFailed(ex);
			throw ex;
		}
		return account.answer(response, account.close(response::chatResponse));
	}

	@Override
	public Flux<ChatClientResponse> adviseStream(ChatClientRequest request, StreamAdvisorChain given) {
		StreamAdvisorChain chain = DirectStreamChain.after(this, given);
		Opened opened = open(request);
		if (opened.call() == null) {
			return chain.nextStream(opened.request());
		}
		CallState call = opened.call();
		return Flux.deferContextual((context) -> {
			if (!opened.named()) {
				this.labels.resolve(call, context);
			}
			StreamedSavings stream = new StreamedSavings(account(opened, call), call.dialect(opened.request()),
					this.streams);
			return chain.nextStream(opened.request())
				.handle(stream::next)
				.onErrorResume(stream::flush)
				.concatWith(Flux.defer(stream::complete))
				.doOnError(stream::fail)
				.doOnCancel(stream::cancel)
				.doFinally((signal) -> stream.release());
		});
	}

	private SavingsAccount account(Opened opened, CallState call) {
		Task.Part task = Task.of(opened.request(), opened.taskId());
		call.setTask(task);
		return new SavingsAccount(call, SavingsLedger.of(opened.request()), opened.request(), this.statistics,
				this.prices, this.tokenCounter, this.ticker, task);
	}

	private Opened open(ChatClientRequest given) {
		ChatClientRequest request = MarkedText.takeFrom(given);
		if (CallState.of(request) != null) {
			// An outer PlanAdvisor of the same chain has attached the plan already
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
		CallState call = new CallState(workspace, plan, parameters.directives(), this.dialects);
		call.setAnswerInputs(parameters.tier(), answerInputs(call));
		call.setLocal(this.local);
		call.setWithin(parameters.within());
		ChatClientRequest attached = call.attachTo(request);
		SavingsLedger.open(attached);
		this.labels.resolve(call, attached, parameters.feature());
		return new Opened(attached, call, parameters.feature() != null, parameters.taskId());
	}

	private @Nullable String resolveWorkspace(ChatClientRequest request) {
		try {
			String workspace = this.workspaceResolver.resolve(request);
			Assert.state(StringUtils.hasText(workspace), "The workspace must not be empty");
			return workspace;
		}
		catch (Throwable ex) {
			this.statistics.recordError(Component.WORKSPACE, null, ex);
			return null;
		}
	}

	private @Nullable String answerInputs(CallState call) {
		try {
			return this.answerInputs.apply(call.planKey(), call.plan());
		}
		catch (Throwable ex) {
			this.statistics.recordError(Component.PLAN, call.planKey(), ex);
			// As it is not known who will answer, no answer is shared
			return UUID.randomUUID().toString();
		}
	}

	private @Nullable Plan find(String workspace, String id) {
		Plan plan;
		try {
			plan = this.plans.find(workspace, id);
		}
		catch (Throwable ex) {
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
		return "Unknown plan '%s', ".formatted(ForeignText.printable(id)) + describeKnownPlans(workspace);
	}

	// The list of plans only completes the message, so a failure to read it is ignored
	private String describeKnownPlans(String workspace) {
		try {
			String known = this.plans.findAll(workspace)
				.stream()
				.map((plan) -> ForeignText.printable(plan.id()))
				.limit(MAX_LISTED_PLANS)
				.collect(Collectors.joining("', '"));
			return known.isEmpty() ? "there are no plans" : "known plans are '%s'".formatted(known);
		}
		catch (Throwable ex) {
			this.statistics.recordError(Component.PLAN, null, ex);
			return "the known plans cannot be listed";
		}
	}

	// Named means that the request itself names its feature
	private record Opened(ChatClientRequest request, @Nullable CallState call, boolean named, @Nullable String taskId) {

		static Opened untouched(ChatClientRequest request) {
			return new Opened(request, null, false, null);
		}

	}

	/**
	 * Builds a {@link PlanAdvisor}. Not thread-safe.
	 */
	public static final class Builder {

		private final PlanRepository plans;

		private WorkspaceResolver workspaceResolver = (request) -> "default";

		private @Nullable TenantResolver tenantResolver;

		private @Nullable String defaultPlan;

		private UnknownPlanPolicy unknownPlanPolicy = UnknownPlanPolicy.WARN;

		private SavingsStatistics statistics = new SavingsStatistics();

		private PriceTable prices = new PriceTable(List.of());

		private Dialects dialects = Dialects.builtIn();

		private TokenCounter tokenCounter = new TokenCounter();

		private BiFunction<PlanKey, Plan, @Nullable String> answerInputs = (key, plan) -> null;

		private @Nullable String local;

		private Ticker ticker = Ticker.systemTicker();

		private int order = AdvisorOrder.PLAN;

		private Builder(PlanRepository plans) {
			this.plans = plans;
		}

		/**
		 * Set the resolver of workspaces. Default: all requests are in the workspace
		 * {@code default}.
		 * @param workspaceResolver the resolver
		 * @return this builder
		 */
		public Builder workspaceResolver(WorkspaceResolver workspaceResolver) {
			this.workspaceResolver = workspaceResolver;
			return this;
		}

		/**
		 * Set the resolver of tenants. Default {@code null}: requests have no tenant.
		 * @param tenantResolver the resolver
		 * @return this builder
		 */
		public Builder tenantResolver(@Nullable TenantResolver tenantResolver) {
			this.tenantResolver = tenantResolver;
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
		 * Set the statistics. Default: statistics that nothing else uses.
		 * @param statistics the statistics
		 * @return this builder
		 */
		public Builder statistics(SavingsStatistics statistics) {
			this.statistics = statistics;
			return this;
		}

		/**
		 * Set the dialects of providers. Default: the built-in ones.
		 * @param dialects the dialects
		 * @return this builder
		 */
		public Builder dialects(Dialects dialects) {
			this.dialects = dialects;
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
		 * Set the token counter for models that do not report usage.
		 * @param tokenCounter the counter
		 * @return this builder
		 */
		public Builder tokenCounter(TokenCounter tokenCounter) {
			this.tokenCounter = tokenCounter;
			return this;
		}

		/**
		 * Set what decides which model answers the requests of a plan. No answer is
		 * shared between requests of which that differs. Default: nothing.
		 * @param answerInputs describes it without text of requests; {@code null} if the
		 * model answers that the request was made for
		 * @return this builder
		 */
		public Builder answerInputs(BiFunction<PlanKey, Plan, @Nullable String> answerInputs) {
			this.answerInputs = answerInputs;
			return this;
		}

		/**
		 * Set what identifies the local models that answer in place of all others. No
		 * answer is shared between requests of which it differs, and nothing that they
		 * answer saves money. Default {@code null}: there are none.
		 * @param local a short text
		 * @return this builder
		 */
		public Builder local(@Nullable String local) {
			this.local = local;
			return this;
		}

		/**
		 * Set the clock that limits the rate of warnings and measures how long calls
		 * take. Default: the system's.
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

package io.tokensaving.budget;

import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

import com.github.benmanes.caffeine.cache.Ticker;
import io.tokensaving.AdvisorOrder;
import io.tokensaving.ForeignText;
import io.tokensaving.InternalContext;
import io.tokensaving.TokenSavingAdvisor;
import io.tokensaving.backend.HandOver;
import io.tokensaving.backend.RateLimitedLog;
import io.tokensaving.ledger.PicoUsd;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.ledger.SavingsLedger;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.plan.SettingText;
import io.tokensaving.request.CallState;
import io.tokensaving.request.CallerContext;
import io.tokensaving.request.DirectStreamAdvisor;
import io.tokensaving.request.DirectStreamChain;
import io.tokensaving.statistics.SavingsStatistics;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.client.advisor.api.CallAdvisor;
import org.springframework.ai.chat.client.advisor.api.CallAdvisorChain;
import org.springframework.ai.chat.client.advisor.api.StreamAdvisorChain;

/**
 * Reserves what a call may cost from its budgets before it goes to the model, and settles
 * with what it did cost. Stands behind the caches and the sharing of requests in flight,
 * so that an answer that is not bought needs no budget, and inside Spring AI's tool loop,
 * so that each round reserves for itself.
 * <p>
 * A failed call gives back what it has reserved; of a cancelled stream, what had arrived
 * is paid. Thread-safe.
 */
public final class BudgetAdvisor implements TokenSavingAdvisor, CallAdvisor, DirectStreamAdvisor {

	/**
	 * The default of how long a call waits for its budgets: 500 milliseconds.
	 */
	public static final Duration DEFAULT_TIMEOUT = Duration.ofMillis(500);

	private static final Log logger = LogFactory.getLog(BudgetAdvisor.class);

	private static final String CONTEXT_KEY = InternalContext.PREFIX + "budget";

	private final @Nullable Plan plan;

	private final Budgets budgets;

	private final SavingsStatistics statistics;

	private final TokenCounter tokenCounter;

	private final PriceTable prices;

	private final Duration timeout;

	private final int order;

	private final RateLimitedLog log = new RateLimitedLog(logger, Ticker.systemTicker());

	private BudgetAdvisor(Builder builder) {
		this.plan = builder.plan;
		this.budgets = builder.budgets;
		this.statistics = builder.statistics;
		this.tokenCounter = builder.tokenCounter;
		this.prices = builder.prices;
		this.timeout = builder.timeout;
		this.order = builder.order;
		this.budgets.accounts().setListener(new Messages());
	}

	/**
	 * Return a builder.
	 * @param budgets the budgets
	 * @return a builder
	 */
	public static Builder builder(Budgets budgets) {
		return new Builder(budgets);
	}

	/**
	 * Return a builder of an advisor for budgets of plans only, which are kept in memory.
	 * @return a builder
	 */
	public static Builder builder() {
		Clock clock = Clock.systemUTC();
		return new Builder(new Budgets(List.of(), new InMemoryBudgetAccounts(clock), clock));
	}

	@Override
	public String getName() {
		return "Token Saving Budget";
	}

	@Override
	public int getOrder() {
		return this.order;
	}

	@Override
	public boolean worksInShadow() {
		return false;
	}

	@Override
	public ChatClientResponse adviseCall(ChatClientRequest request, CallAdvisorChain chain) {
		BudgetedCall call = prepare(request);
		if (call == null) {
			return chain.nextCall(request);
		}
		call.hold(await(call));
		ChatClientResponse response;
		try {
			response = chain.nextCall(call.request());
		}
		catch (RuntimeException | Error ex) {
			call.failed();
			throw ex;
		}
		call.answered(response.chatResponse());
		return response;
	}

	@Override
	public Flux<ChatClientResponse> adviseStream(ChatClientRequest request, StreamAdvisorChain given) {
		StreamAdvisorChain chain = DirectStreamChain.after(this, given);
		return Flux.deferContextual((context) -> {
			BudgetedCall call = prepare(request);
			if (call == null) {
				return chain.nextStream(request);
			}
			CompletableFuture<BudgetAccounts.Answer> answer = reserve(call);
			if (answer.isDone()) {
				return decided(call, answer, chain);
			}
			CallerContext caller = CallerContext.capture(context);
			return Mono.fromFuture(answer, true)
				.timeout(this.timeout)
				// The subscriber may not run on a thread of the accounts
				.publishOn(HandOver.streams())
				.then(Mono.just(answer))
				.onErrorResume((ex) -> Mono.just(failed(ex)))
				.flatMapMany((known) -> caller.stream(() -> decided(call, known, chain)))
				// Whatever happened in between
				.doFinally((signal) -> giveBack(answer));
		});
	}

	private Flux<ChatClientResponse> decided(BudgetedCall call, CompletableFuture<BudgetAccounts.Answer> answer,
			StreamAdvisorChain chain) {
		BudgetAccounts.@Nullable Reservation reservation;
		try {
			reservation = decide(call, answer);
		}
		catch (TokenBudgetExceededException ex) {
			return Flux.error(ex);
		}
		call.hold(reservation);
		return chain.nextStream(call.request())
			.doOnNext((response) -> call.next(response.chatResponse()))
			.doOnComplete(call::complete)
			.doOnError((ex) -> call.failed())
			.doOnCancel(call::cancel);
	}

	private static <T> CompletableFuture<T> failed(Throwable failure) {
		return CompletableFuture.failedFuture(failure);
	}

	private static void giveBack(CompletableFuture<BudgetAccounts.Answer> answer) {
		var unused = answer.whenComplete((known, failure) -> {
			if (known != null && known.reservation() != null) {
				known.reservation().settle(BudgetAmount.ZERO);
			}
		});
	}

	private @Nullable BudgetedCall prepare(ChatClientRequest request) {
		CallState call = CallState.of(request, this.plan);
		// A second advisor in the chain has nothing left to do, and what the caller sees
		// nothing of is overhead
		if (call == null || call.isShadow() || request.context().containsKey(CONTEXT_KEY)) {
			return null;
		}
		List<BudgetClaim> claims = List.of();
		try {
			claims = this.budgets.claims(call);
			if (claims.isEmpty()) {
				return null;
			}
			int maxOutputTokens = claims.stream()
				.mapToInt((claim) -> claim.settings().maxOutputTokens())
				.max()
				.orElse(0);
			BudgetEstimate estimate = BudgetEstimate.of(request, maxOutputTokens, this.tokenCounter, this.prices);
			if (!estimate.priced()) {
				withoutPrice(request, call, claims);
			}
			return new BudgetedCall(marked(request), call.planKey(), claims, estimate, this.statistics,
					this.tokenCounter, this.prices);
		}
		catch (TokenBudgetExceededException ex) {
			throw ex;
		}
		catch (Throwable ex) {
			unavailable(request, call.planKey(), claims, ex);
			return null;
		}
	}

	private void withoutPrice(ChatClientRequest request, CallState call, List<BudgetClaim> claims) {
		boolean inUsd = false;
		for (BudgetClaim claim : claims) {
			inUsd = inUsd || claim.settings().usd() != null;
			if (claim.settings().usd() != null
					&& claim.settings().unknownPrice() == BudgetSettings.UnknownPrice.REFUSE) {
				throw refuse(request, call.planKey(), TokenBudgetExceededException.Reason.UNKNOWN_PRICE, claim,
						BudgetUsage.NONE, null);
			}
		}
		if (inUsd) {
			this.statistics.plan(call.planKey()).increment(BudgetFeature.UNPRICED);
		}
	}

	private static ChatClientRequest marked(ChatClientRequest request) {
		Map<String, @Nullable Object> context = new HashMap<>(request.context());
		context.put(CONTEXT_KEY, true);
		return new ChatClientRequest(request.prompt(), context);
	}

	private CompletableFuture<BudgetAccounts.Answer> reserve(BudgetedCall call) {
		try {
			return this.budgets.accounts().reserve(call.claims(), call.estimate().amount());
		}
		catch (Throwable ex) {
			return failed(ex);
		}
	}

	private BudgetAccounts.@Nullable Reservation await(BudgetedCall call) {
		CompletableFuture<BudgetAccounts.Answer> answer = reserve(call);
		if (!answer.isDone()) {
			try {
				answer.get(this.timeout.toNanos(), TimeUnit.NANOSECONDS);
			}
			catch (ExecutionException ex) {
				// Is the answer
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
				giveBack(answer);
				return decide(call, failed(ex));
			}
			catch (Exception ex) {
				giveBack(answer);
				return decide(call, failed(ex));
			}
		}
		return decide(call, answer);
	}

	// Null if the budgets cannot be read and calls are allowed then
	private BudgetAccounts.@Nullable Reservation decide(BudgetedCall call,
			CompletableFuture<BudgetAccounts.Answer> known) {
		BudgetAccounts.Answer answer;
		try {
			answer = known.join();
		}
		catch (Throwable ex) {
			Throwable cause = (ex instanceof CompletionException && ex.getCause() != null) ? ex.getCause() : ex;
			unavailable(call.request(), call.planKey(), call.claims(), cause);
			return null;
		}
		if (answer.refusedBy() != null) {
			throw refuse(call.request(), call.planKey(), TokenBudgetExceededException.Reason.LIMIT, answer.refusedBy(),
					answer.usage(), null);
		}
		return answer.reservation();
	}

	private void unavailable(ChatClientRequest request, PlanKey plan, List<BudgetClaim> claims, Throwable failure) {
		this.statistics.recordError(BudgetFeature.COMPONENT, plan, failure);
		for (BudgetClaim claim : claims) {
			if (claim.settings().onFailure() == BudgetSettings.OnFailure.REFUSE) {
				throw refuse(request, plan, TokenBudgetExceededException.Reason.UNAVAILABLE, claim, BudgetUsage.NONE,
						failure);
			}
		}
	}

	private TokenBudgetExceededException refuse(ChatClientRequest request, PlanKey plan,
			TokenBudgetExceededException.Reason reason, BudgetClaim claim, BudgetUsage usage,
			@Nullable Throwable cause) {
		this.statistics.plan(plan).increment(BudgetFeature.REFUSALS, claim.key().budget());
		SavingsLedger.of(request).refuse();
		return new TokenBudgetExceededException(reason, claim, usage, cause);
	}

	/**
	 * Counts, logs and publishes that budgets reach their warning or their limit.
	 */
	private final class Messages implements BudgetAccounts.Listener {

		@Override
		public void warned(BudgetClaim claim, BudgetUsage usage) {
			tell(claim, usage, false);
		}

		@Override
		public void exceeded(BudgetClaim claim, BudgetUsage usage) {
			tell(claim, usage, true);
		}

		private void tell(BudgetClaim claim, BudgetUsage usage, boolean exceeded) {
			SavingsStatistics statistics = BudgetAdvisor.this.statistics;
			try {
				BudgetKey key = claim.key();
				statistics.plan(new PlanKey(key.workspace(), claim.plan()))
					.increment(exceeded ? BudgetFeature.EXHAUSTED : BudgetFeature.WARNINGS, key.budget());
				BudgetAdvisor.this.log.warn(
						() -> "The budget '%s' of workspace '%s'%s has %s: %s USD and %d tokens are used, it is whole again at %s"
							.formatted(key.budget(), ForeignText.printable(key.workspace()),
									key.value().isEmpty() ? ""
											: ", %s '%s',".formatted(SettingText.of(key.scope()),
													ForeignText.printable(key.value())),
									exceeded ? "no room left" : "reached its warning",
									PicoUsd.toUsd(usage.used().picoUsd()).toPlainString(), usage.used().tokens(),
									claim.window().end()));
				statistics
					.publish(exceeded ? BudgetExceededEvent.of(claim, usage) : BudgetWarnedEvent.of(claim, usage));
			}
			catch (Throwable ex) {
				failed(ex);
			}
		}

		@Override
		public void failed(Throwable failure) {
			BudgetAdvisor.this.statistics.recordError(BudgetFeature.COMPONENT, null, failure);
		}

	}

	/**
	 * Builds a {@link BudgetAdvisor}. Not thread-safe.
	 */
	public static final class Builder {

		private final Budgets budgets;

		private @Nullable Plan plan;

		private SavingsStatistics statistics = new SavingsStatistics();

		private TokenCounter tokenCounter = new TokenCounter();

		private PriceTable prices = new PriceTable(List.of());

		private Duration timeout = DEFAULT_TIMEOUT;

		private int order = AdvisorOrder.BUDGET;

		private Builder(Budgets budgets) {
			this.budgets = budgets;
		}

		/**
		 * Set the plan of an advisor that is used without a PlanAdvisor. Default
		 * {@code null}: only requests with a plan are looked at.
		 * @param plan the plan
		 * @return this builder
		 */
		public Builder plan(@Nullable Plan plan) {
			this.plan = plan;
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
		 * Set the token counter. Default: one with the built-in dialects.
		 * @param tokenCounter the counter
		 * @return this builder
		 */
		public Builder tokenCounter(TokenCounter tokenCounter) {
			this.tokenCounter = tokenCounter;
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
		 * Set how long a call waits for its budgets. Default {@link #DEFAULT_TIMEOUT}.
		 * @param timeout the duration, above zero
		 * @return this builder
		 */
		public Builder timeout(Duration timeout) {
			this.timeout = timeout;
			return this;
		}

		/**
		 * Set the order. Default {@link AdvisorOrder#BUDGET}.
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
		public BudgetAdvisor build() {
			return new BudgetAdvisor(this);
		}

	}

}

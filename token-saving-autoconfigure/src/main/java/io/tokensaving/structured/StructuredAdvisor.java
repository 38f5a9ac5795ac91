package io.tokensaving.structured;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.DoubleSupplier;
import java.util.function.Supplier;

import io.tokensaving.AdvisorOrder;
import io.tokensaving.InternalContext;
import io.tokensaving.TokenSavingAdvisor;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.ledger.SavingsLedger;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.plan.Plan;
import io.tokensaving.provider.Dialect;
import io.tokensaving.provider.Dialects;
import io.tokensaving.request.CallState;
import io.tokensaving.request.DirectStreamAdvisor;
import io.tokensaving.request.DirectStreamChain;
import io.tokensaving.request.RequestedOutput;
import io.tokensaving.statistics.SavingsStatistics;
import io.tokensaving.tier.OptionsTranslator;
import io.tokensaving.tier.Tiers;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;

import org.springframework.ai.chat.client.ChatClientAttributes;
import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.client.advisor.api.CallAdvisor;
import org.springframework.ai.chat.client.advisor.api.CallAdvisorChain;
import org.springframework.ai.chat.client.advisor.api.StreamAdvisorChain;

/**
 * Looks after structured output: has the provider enforce the schema where provider,
 * model and schema allow it, repairs answers that are not valid, and counts who asks
 * again.
 * <p>
 * It is the innermost of the advisors that look at answers. There it knows the model that
 * routing has chosen, and asks for each attempt of a cascade anew whether that model is
 * held to schemas; and on the way back, the checks of a cascade, what is shared and
 * stored by the caches, and Spring AI's validation, which is outside of all, see the
 * repaired answer. Further out, a cascade would pay a dearer model for a comma, and a
 * cache would not store the answer. The schema is taken from the instructions that Spring
 * AI's converters write, and is given to Spring AI's last advisor: so nobody without a
 * plan, no advisor further out and no choice of a tier sees any of it.
 * <p>
 * Streams pass as they are: Spring AI adds no format to them, and their beginning has
 * been read when their end is known. Thread-safe.
 */
public final class StructuredAdvisor implements TokenSavingAdvisor, CallAdvisor, DirectStreamAdvisor {

	private static final String CONTEXT_KEY = InternalContext.PREFIX + "structured";

	private final @Nullable Plan plan;

	private final SavingsStatistics statistics;

	private final NativeSchemas natives;

	private final AnsweredOutput.Tools tools;

	private final int order;

	private StructuredAdvisor(Builder builder) {
		this.plan = builder.plan;
		this.statistics = builder.statistics;
		this.natives = new NativeSchemas(builder.chance);
		this.tools = new AnsweredOutput.Tools(builder.statistics, builder.tokenCounter, builder.prices, builder.tiers,
				new OptionsTranslator(builder.dialects));
		this.order = builder.order;
	}

	/**
	 * Return a builder.
	 * @return a builder
	 */
	public static Builder builder() {
		return new Builder();
	}

	@Override
	public String getName() {
		return "Token Saving Structured Output";
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
		CallState call = CallState.of(request, this.plan);
		StructuredSettings settings = (call != null) ? call.plan().settings(StructuredSettings.class) : null;
		// A second advisor in the chain has nothing left to do
		if (call == null || settings == null || request.context().containsKey(CONTEXT_KEY)) {
			return chain.nextCall(request);
		}
		Prepared prepared = prepare(request, call, settings);
		if (prepared == null) {
			return chain.nextCall(request);
		}
		NativeSchemas.Decision decision = prepared.decision();
		ChatClientRequest enforced = decision.enforced();
		if (enforced == null) {
			return prepared.answered(chain.nextCall(marked(decision.plain())), false, chain);
		}
		ChatClientResponse response;
		try {
			response = chain.nextCall(marked(enforced));
		}
		catch (RuntimeException ex) {
			if (!mayBeRejection(decision, call, ex)) {
				throw ex;
			}
			return prepared.answered(withoutSchema(decision, call, ex, chain), false, chain);
		}
		return prepared.answered(response, true, chain);
	}

	// If it fails as well, the first failure says more, and nothing is learned
	private ChatClientResponse withoutSchema(NativeSchemas.Decision decision, CallState call, RuntimeException failure,
			CallAdvisorChain chain) {
		ChatClientResponse response;
		try {
			response = chain.copy(this).nextCall(marked(NativeSchemas.withoutSchema(decision.plain())));
		}
		catch (RuntimeException ex) {
			if (ex != failure) {
				failure.addSuppressed(ex);
			}
			throw failure;
		}
		try {
			this.natives.rejected(decision);
			this.statistics.plan(call.planKey()).increment(StructuredFeature.REJECTIONS);
		}
		catch (Throwable ex) {
			fail(call, ex);
		}
		return response;
	}

	private boolean mayBeRejection(NativeSchemas.Decision decision, CallState call, RuntimeException failure) {
		try {
			return this.natives.mayBeRejection(decision, failure);
		}
		catch (Throwable ex) {
			fail(call, ex);
			return false;
		}
	}

	@Override
	public Flux<ChatClientResponse> adviseStream(ChatClientRequest request, StreamAdvisorChain given) {
		return DirectStreamChain.after(this, given).nextStream(request);
	}

	private @Nullable Prepared prepare(ChatClientRequest request, CallState call, StructuredSettings settings) {
		try {
			Dialect dialect = call.dialect(request);
			if (!RequestedOutput.isAskedFor(request, dialect)) {
				return null;
			}
			RequestedOutput output = RequestedOutput.of(request, dialect);
			if (!output.isJson()) {
				return null;
			}
			NativeSchemas.Decision decision = this.natives.decide(request, output, settings, dialect);
			// What is made again is counted with its answer
			if (decision.withheld() != null && call.deferral() == null) {
				this.statistics.plan(call.planKey()).increment(StructuredFeature.WITHHELD, decision.withheld().value());
			}
			return new Prepared(decision, new AnsweredOutput(request, call, settings, output, dialect, this.tools));
		}
		catch (Throwable ex) {
			fail(call, ex);
			return null;
		}
	}

	private static ChatClientRequest marked(ChatClientRequest request) {
		Map<String, @Nullable Object> context = new HashMap<>(request.context());
		context.put(CONTEXT_KEY, true);
		return new ChatClientRequest(request.prompt(), context);
	}

	private void fail(CallState call, Throwable failure) {
		this.statistics.recordError(StructuredFeature.COMPONENT, call.planKey(), failure);
	}

	/**
	 * A request before it is sent.
	 */
	private final class Prepared {

		private final NativeSchemas.Decision decision;

		private final AnsweredOutput output;

		Prepared(NativeSchemas.Decision decision, AnsweredOutput output) {
			this.decision = decision;
			this.output = output;
		}

		NativeSchemas.Decision decision() {
			return this.decision;
		}

		ChatClientResponse answered(ChatClientResponse response, boolean enforced, CallAdvisorChain chain) {
			ChatClientResponse answer = restored(response);
			try {
				countWithheld();
				StructuredTally.Group group = StructuredTally.Group.PROMPT;
				if (enforced) {
					group = StructuredTally.Group.NATIVE;
				}
				else if (this.decision.withheld() == Withheld.HOLDOUT) {
					group = StructuredTally.Group.HOLDOUT;
				}
				AnsweredOutput.Answer whole = this.output.answered(answer, group,
						(request) -> chain.copy(StructuredAdvisor.this).nextCall(marked(request)));
				if (enforced && whole.checked()) {
					StructuredAdvisor.this.natives.answered(this.decision, whole.json());
				}
				return whole.response();
			}
			catch (Throwable ex) {
				fail(this.output.call(), ex);
				return answer;
			}
		}

		private void countWithheld() {
			CallState call = this.output.call();
			if (this.decision.withheld() != null && call.deferral() != null
					&& !SavingsLedger.of(this.output.request()).isLeftOut()) {
				StructuredAdvisor.this.statistics.plan(call.planKey())
					.increment(StructuredFeature.WITHHELD, this.decision.withheld().value());
			}
		}

		// What was added to the request comes back with the response
		private ChatClientResponse restored(ChatClientResponse response) {
			Map<String, @Nullable Object> context = new HashMap<>(response.context());
			context.remove(CONTEXT_KEY);
			for (String key : List.of(ChatClientAttributes.STRUCTURED_OUTPUT_NATIVE.getKey(),
					ChatClientAttributes.STRUCTURED_OUTPUT_SCHEMA.getKey())) {
				Object given = this.output.request().context().get(key);
				if (given != null) {
					context.put(key, given);
				}
				else {
					context.remove(key);
				}
			}
			return new ChatClientResponse(response.chatResponse(), context);
		}

	}

	/**
	 * Builds a {@link StructuredAdvisor}. Not thread-safe.
	 */
	public static final class Builder {

		private @Nullable Plan plan;

		private SavingsStatistics statistics = new SavingsStatistics();

		private TokenCounter tokenCounter = new TokenCounter();

		private PriceTable prices = new PriceTable(List.of());

		private Dialects dialects = Dialects.builtIn();

		private Supplier<Tiers> tiers = () -> Tiers.NONE;

		private DoubleSupplier chance = () -> ThreadLocalRandom.current().nextDouble();

		private int order = AdvisorOrder.STRUCTURED;

		private Builder() {
		}

		/**
		 * Set the plan of an advisor that is used alone, without a
		 * {@link io.tokensaving.request.PlanAdvisor}. Default {@code null}.
		 * @param plan the plan
		 * @return this builder
		 */
		public Builder plan(@Nullable Plan plan) {
			this.plan = plan;
			return this;
		}

		/**
		 * Set the statistics that count answers and failures. Default: statistics of its
		 * own.
		 * @param statistics the statistics
		 * @return this builder
		 */
		public Builder statistics(SavingsStatistics statistics) {
			this.statistics = statistics;
			return this;
		}

		/**
		 * Set the counter that reads what is reported of tokens. Default: a new
		 * {@link TokenCounter}.
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
		 * Set the dialects of providers, which know how models name their options.
		 * Default: the built-in ones.
		 * @param dialects the dialects
		 * @return this builder
		 */
		public Builder dialects(Dialects dialects) {
			this.dialects = dialects;
			return this;
		}

		/**
		 * Set the tiers that may patch answers. Default: none.
		 * @param tiers supplies the tiers, always the same; called when one is needed
		 * @return this builder
		 */
		public Builder tiers(Supplier<Tiers> tiers) {
			this.tiers = tiers;
			return this;
		}

		/**
		 * Set the random numbers that choose the requests of the holdout.
		 * @param chance supplies numbers from 0 inclusive to 1 exclusive
		 * @return this builder
		 */
		Builder chance(DoubleSupplier chance) {
			this.chance = chance;
			return this;
		}

		/**
		 * Set the order. Default {@link AdvisorOrder#STRUCTURED}.
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
		public StructuredAdvisor build() {
			return new StructuredAdvisor(this);
		}

	}

}

package io.tokensaving.budget;

import java.util.List;
import java.util.function.Supplier;

import io.tokensaving.ledger.PriceTable;
import io.tokensaving.ledger.SavingsLedger;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.statistics.SavingsStatistics;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.chat.prompt.ChatOptions;

/**
 * A call that holds an amount of its budgets. Nothing in here reaches the caller; what
 * fails is counted, and the reserved amount is taken for the cost. Belongs to one call.
 */
final class BudgetedCall {

	// Enough to tell how many tokens the characters of this answer make
	private static final int SAMPLE = 4096;

	private final ChatClientRequest request;

	private final PlanKey planKey;

	private final List<BudgetClaim> claims;

	private final BudgetEstimate estimate;

	private final SavingsStatistics statistics;

	private final TokenCounter tokenCounter;

	private final PriceTable prices;

	private volatile BudgetAccounts.@Nullable Reservation reservation;

	private @Nullable ChatResponse reported;

	private @Nullable ChatResponse last;

	private final StringBuilder sample = new StringBuilder();

	private long characters;

	BudgetedCall(ChatClientRequest request, PlanKey planKey, List<BudgetClaim> claims, BudgetEstimate estimate,
			SavingsStatistics statistics, TokenCounter tokenCounter, PriceTable prices) {
		this.request = request;
		this.planKey = planKey;
		this.claims = claims;
		this.estimate = estimate;
		this.statistics = statistics;
		this.tokenCounter = tokenCounter;
		this.prices = prices;
	}

	ChatClientRequest request() {
		return this.request;
	}

	PlanKey planKey() {
		return this.planKey;
	}

	List<BudgetClaim> claims() {
		return this.claims;
	}

	BudgetEstimate estimate() {
		return this.estimate;
	}

	/**
	 * Set what is held.
	 * @param held the reservation, or {@code null} if nothing is held because the budgets
	 * cannot be read
	 */
	void hold(BudgetAccounts.@Nullable Reservation held) {
		this.reservation = held;
	}

	/**
	 * The call is answered.
	 * @param response the response, or {@code null} if there is none
	 */
	void answered(@Nullable ChatResponse response) {
		settle((response != null && !SavingsLedger.of(this.request).isCharged()) ? () -> cost(usage(response), response)
				: () -> BudgetAmount.ZERO);
	}

	/**
	 * An element of a stream has come.
	 * @param response the response, or {@code null} if there is none
	 */
	synchronized void next(@Nullable ChatResponse response) {
		if (response == null) {
			return;
		}
		try {
			this.last = response;
			if (this.tokenCounter.reported(response.getMetadata().getUsage(), options()) != null) {
				this.reported = response;
			}
			for (Generation generation : response.getResults()) {
				add(generation.getOutput().getText());
			}
		}
		catch (Throwable ex) {
			fail(ex);
		}
	}

	private void add(@Nullable String text) {
		if (text != null) {
			this.characters += text.length();
			this.sample.append(text, 0, Math.min(text.length(), SAMPLE - this.sample.length()));
		}
	}

	/**
	 * The stream is complete.
	 */
	void complete() {
		settle(this::streamedCost);
	}

	/**
	 * The caller has left; what had arrived is paid.
	 */
	void cancel() {
		settle(this::streamedCost);
	}

	/**
	 * The model has failed, which costs nothing.
	 */
	void failed() {
		settle(() -> BudgetAmount.ZERO);
	}

	private synchronized BudgetAmount streamedCost() {
		ChatResponse known = this.reported;
		if (known != null) {
			return cost(usage(known), known);
		}
		long output = this.tokenCounter.count(this.sample.toString(), this.tokenCounter.scale(options()));
		if (this.characters > SAMPLE) {
			output = Math.round(output * (double) this.characters / SAMPLE);
		}
		return cost(new TokenUsage(this.estimate.input(), output, 0, 0, true), this.last);
	}

	private @Nullable ChatOptions options() {
		return this.request.prompt().getOptions();
	}

	private TokenUsage usage(ChatResponse response) {
		return SavingsLedger.of(this.request).usage(this.tokenCounter, this.request.prompt(), response);
	}

	private BudgetAmount cost(TokenUsage usage, @Nullable ChatResponse response) {
		ModelPrice price = this.prices.find(TokenCounter.model(response, options()));
		return new BudgetAmount((price != null) ? price.picoUsd(usage) : 0, usage.total());
	}

	private void settle(Supplier<BudgetAmount> cost) {
		BudgetAccounts.Reservation held = this.reservation;
		if (held == null) {
			return;
		}
		BudgetAmount amount = this.estimate.amount();
		try {
			amount = cost.get();
		}
		catch (Throwable ex) {
			fail(ex);
		}
		try {
			held.settle(amount);
		}
		catch (Throwable ex) {
			fail(ex);
		}
	}

	private void fail(Throwable failure) {
		this.statistics.recordError(BudgetFeature.COMPONENT, this.planKey, failure);
	}

}

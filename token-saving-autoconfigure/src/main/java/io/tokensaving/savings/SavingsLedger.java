package io.tokensaving.savings;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;

import io.tokensaving.Outcome;
import io.tokensaving.SavingTechnique;
import io.tokensaving.SavingsReport;
import io.tokensaving.request.CallState;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.client.ChatClientRequest;

/**
 * What one call saved so far. Advisors write into it on the way to the model; the
 * {@link PlanAdvisor} closes it. Thread-safe.
 */
public final class SavingsLedger {

	private static final String CONTEXT_KEY = CallState.INTERNAL_PREFIX + "ledger";

	private Outcome outcome = Outcome.BYPASS;

	private @Nullable TokenUsage bought;

	private @Nullable Served served;

	private final List<Overhead> overheads = new ArrayList<>();

	private long tokensCompressed;

	private boolean overBudget;

	private boolean closed;

	// Not null while the answer of another request is waited for
	private @Nullable Outcome beforeJoining;

	private boolean left;

	private boolean lookedUp;

	private @Nullable BooleanSupplier othersWait;

	/**
	 * Return the ledger of a request.
	 * @param request the request
	 * @return the ledger that the {@link PlanAdvisor} opened, or one that nobody reads if
	 * there is none
	 */
	public static SavingsLedger of(ChatClientRequest request) {
		return (request.context().get(CONTEXT_KEY) instanceof SavingsLedger ledger) ? ledger : new SavingsLedger();
	}

	void attachTo(ChatClientRequest request) {
		request.context().put(CONTEXT_KEY, this);
	}

	/**
	 * Write down that history was shortened.
	 * @param tokens the tokens that were taken away, 0 or more
	 */
	public synchronized void recordCompression(long tokens) {
		this.tokensCompressed = tokens;
	}

	/**
	 * Write down that the request is sent although it is over the limit of the plan.
	 */
	public synchronized void recordOverBudget() {
		this.overBudget = true;
	}

	/**
	 * Write down that the answer is being looked up. A request that ends meanwhile has
	 * bought nothing.
	 */
	public synchronized void beginLookup() {
		this.lookedUp = true;
	}

	/**
	 * Write down that the request goes on to the model.
	 */
	public synchronized void endLookup() {
		this.lookedUp = false;
	}

	/**
	 * Write down that the answer was looked up and not found.
	 */
	public synchronized void recordMiss() {
		this.outcome = Outcome.MISS;
		this.served = null;
		this.beforeJoining = null;
	}

	/**
	 * Write down that the request waits for the answer of an equal one, whose usage is
	 * not known yet. If it ends before that, nothing was bought and nothing saved.
	 */
	public synchronized void recordJoined() {
		this.beforeJoining = this.outcome;
		this.outcome = Outcome.DEDUP_HIT;
		this.served = new Served(SavingTechnique.DEDUP, TokenUsage.ZERO, null, 0, null);
	}

	/**
	 * Write down that the request pays for the answer that it has waited for, because the
	 * one who would have paid has left.
	 */
	public synchronized void recordPaying() {
		if (this.beforeJoining != null) {
			this.outcome = this.beforeJoining;
			this.beforeJoining = null;
			this.served = null;
		}
	}

	/**
	 * Write down that others wait for the same answer: if this request is cancelled, they
	 * pay.
	 * @param othersWait whether there are any at present
	 */
	public synchronized void recordShared(BooleanSupplier othersWait) {
		this.othersWait = othersWait;
	}

	/**
	 * Write down that the request has left those who share an answer: what is bought from
	 * now on, others pay.
	 */
	public synchronized void recordLeft() {
		this.left = true;
		this.bought = null;
	}

	/**
	 * Write down that the request does not wait for an equal one any more, but goes to
	 * the model by itself.
	 */
	public synchronized void recordAlone() {
		recordPaying();
		this.othersWait = null;
		this.left = false;
	}

	/**
	 * Write down that the answer is the one that an equal request was served, if it was.
	 * @param other the ledger of the other request
	 * @return {@code false} if the other one was not served
	 */
	public boolean recordSharedHit(SavingsLedger other) {
		Served shared;
		synchronized (other) {
			shared = (other.beforeJoining == null) ? other.served : null;
		}
		if (shared != null) {
			recordHit(Outcome.DEDUP_HIT, SavingTechnique.DEDUP, shared.usage(), shared.model(), shared.ageSeconds(),
					shared.similarity());
		}
		return shared != null;
	}

	/**
	 * Return what the answer cost when it was bought, if it was served.
	 * @return the usage, or {@code null} if the answer is not a hit
	 */
	public synchronized @Nullable TokenUsage servedUsage() {
		return (this.served != null && this.beforeJoining == null) ? this.served.usage() : null;
	}

	/**
	 * Write down that the answer was found.
	 * @param outcome the kind of hit
	 * @param technique what the saved tokens are credited to
	 * @param usage the usage of the call that bought the answer
	 * @param model the model that gave the answer, or {@code null} if it is not known
	 * @param ageSeconds the age of the answer in seconds
	 * @param similarity the similarity of a semantic hit, otherwise {@code null}
	 */
	public synchronized void recordHit(Outcome outcome, SavingTechnique technique, TokenUsage usage,
			@Nullable String model, long ageSeconds, @Nullable Double similarity) {
		this.outcome = outcome;
		this.served = new Served(technique, usage, model, ageSeconds, similarity);
		this.beforeJoining = null;
	}

	/**
	 * Write down what token saving itself spent on this request.
	 * @param model the model that was paid, or {@code null} if it is not known
	 * @param usage the tokens
	 * @return {@code false} if it comes too late, because the ledger is closed
	 */
	public synchronized boolean recordOverhead(@Nullable String model, TokenUsage usage) {
		if (this.closed) {
			return false;
		}
		if (usage.total() > 0) {
			this.overheads.add(new Overhead(model, usage));
		}
		return true;
	}

	/**
	 * Write down what the model was paid for, for an advisor that needs to know it
	 * earlier than the {@link PlanAdvisor}.
	 * @param usage the usage
	 */
	public synchronized void recordBought(TokenUsage usage) {
		if (!this.left) {
			this.bought = usage;
		}
	}

	/**
	 * Return whether the answer is being looked up.
	 * @return whether it is, and the model has not been asked
	 */
	public synchronized boolean isLookedUp() {
		return this.lookedUp;
	}

	synchronized boolean isHit() {
		return this.outcome.isHit() && this.beforeJoining == null;
	}

	boolean isPaidByOthers() {
		BooleanSupplier others;
		synchronized (this) {
			others = this.othersWait;
		}
		return others != null && others.getAsBoolean();
	}

	synchronized @Nullable TokenUsage bought() {
		return this.outcome.isHit() ? TokenUsage.ZERO : this.bought;
	}

	synchronized TokenUsage boughtBeforeFailure() {
		return (this.bought != null) ? this.bought : TokenUsage.ZERO;
	}

	synchronized long tokensCompressed() {
		return this.tokensCompressed;
	}

	/**
	 * Close the ledger.
	 * @param call the call
	 * @param model the model that answered, or {@code null} if it is not known
	 * @param usage what the model was paid for
	 * @param answered whether the caller was given what was served or bought, if only in
	 * part: a call that failed saved nothing
	 * @param prices the prices
	 * @return the report
	 */
	synchronized SavingsReport close(CallState call, @Nullable String model, TokenUsage usage, boolean answered,
			PriceTable prices) {
		this.closed = true;
		// What it waited for, or what was found, may not have reached the caller
		recordPaying();
		if (!answered && this.outcome.isHit()) {
			recordMiss();
		}
		Served served = this.served;
		TokenUsage reference = (served != null) ? served.usage() : usage;
		String answering = (served != null && served.model() != null) ? served.model() : model;
		long compressed = answered ? this.tokensCompressed : 0;
		Map<String, Long> saved = new HashMap<>();
		if (compressed > 0) {
			saved.put(SavingTechnique.COMPRESSION.value(), compressed);
		}
		if (served != null) {
			saved.put(served.technique().value(), served.usage().total());
		}
		long savedTokens = saved.values().stream().mapToLong(Long::longValue).sum();
		ModelPrice price = prices.find(answering);
		BigDecimal costSaved = BigDecimal.ZERO;
		if (price != null) {
			costSaved = PlanStatistics.usd(price.picoUsdOfUnsent(compressed, reference)
					+ ((served != null) ? price.picoUsd(served.usage()) : 0));
		}
		long overheadTokens = 0;
		long overheadPicoUsd = 0;
		for (Overhead overhead : this.overheads) {
			ModelPrice overheadPrice = prices.find(overhead.model());
			overheadTokens += overhead.usage().total();
			overheadPicoUsd += (overheadPrice != null) ? overheadPrice.picoUsd(overhead.usage()) : 0;
		}
		BigDecimal overheadUsd = PlanStatistics.usd(overheadPicoUsd);
		boolean priced = price != null || savedTokens + usage.total() == 0;
		return new SavingsReport(call.workspace(), call.plan().id(), this.outcome, answering,
				(served != null) ? served.similarity() : null, (served != null) ? served.ageSeconds() : null,
				usage.total(), usage.total() + savedTokens, saved, costSaved.subtract(overheadUsd), overheadTokens,
				overheadUsd, priced, reference.estimated(), this.overBudget);
	}

	/**
	 * Return the models that token saving itself paid and that have no price.
	 * @param prices the prices
	 * @return their names
	 */
	synchronized List<String> unpricedOverheads(PriceTable prices) {
		return this.overheads.stream()
			.map(Overhead::model)
			.filter((model) -> prices.find(model) == null)
			.map((model) -> (model != null) ? model : PlanStatistics.UNKNOWN_MODEL)
			.toList();
	}

	private record Overhead(@Nullable String model, TokenUsage usage) {

	}

	private record Served(SavingTechnique technique, TokenUsage usage, @Nullable String model, long ageSeconds,
			@Nullable Double similarity) {

	}

}

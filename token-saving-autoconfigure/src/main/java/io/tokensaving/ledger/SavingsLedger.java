package io.tokensaving.ledger;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

import io.tokensaving.InternalContext;
import io.tokensaving.Outcome;
import io.tokensaving.SavingTechnique;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.provider.ServiceTier;
import io.tokensaving.provider.TokenUsage;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;

/**
 * The events of one call. Advisors record events on the way to the model and back; the
 * outermost advisor closes the ledger, after which no event is recorded. Thread-safe.
 */
public final class SavingsLedger {

	private static final String CONTEXT_KEY = InternalContext.PREFIX + "ledger";

	private static final int USUAL_EVENTS = 4;

	private final List<LedgerEvent> events = new ArrayList<>(USUAL_EVENTS);

	private LedgerEvent.@Nullable Served served;

	private @Nullable TokenUsage bought;

	private @Nullable ChatOptions sentOptions;

	private long writes;

	private long hourWrites;

	private boolean lookedUp;

	private @Nullable PendingPurchase pending;

	private @Nullable Supplier<List<ChatResponse>> unread;

	private @Nullable ServiceTier tier;

	private boolean charged;

	private boolean leftOut;

	private boolean refused;

	private boolean real;

	private boolean closed;

	/**
	 * Return the ledger of a request.
	 * @param request the request
	 * @return the ledger that the outermost advisor opened; if there is none, a new
	 * ledger that is never closed
	 */
	public static SavingsLedger of(ChatClientRequest request) {
		return (request.context().get(CONTEXT_KEY) instanceof SavingsLedger ledger) ? ledger : new SavingsLedger();
	}

	/**
	 * Open the ledger of a request, replacing an earlier one.
	 * @param request the request, whose context must be modifiable
	 */
	public static void open(ChatClientRequest request) {
		request.context().put(CONTEXT_KEY, new SavingsLedger());
	}

	/**
	 * Record an event.
	 * @param event the event
	 * @return {@code false} if the ledger is closed already
	 */
	public synchronized boolean record(LedgerEvent event) {
		if (this.closed) {
			if (isOfAnswer(event)) {
				// For who pays in place of a request that has ended
				this.events.add(event);
			}
			return false;
		}
		if (event instanceof LedgerEvent.Served hit) {
			this.served = hit;
		}
		else if (event instanceof LedgerEvent.Missed) {
			this.served = null;
		}
		else if (event instanceof LedgerEvent.Bought purchase) {
			this.bought = purchase.usage();
		}
		this.events.add(event);
		return true;
	}

	// What advisors below those that share an answer know of how it comes about
	private static boolean isOfAnswer(LedgerEvent event) {
		return event instanceof LedgerEvent.Rerouted || event instanceof LedgerEvent.CacheMarked
				|| event instanceof LedgerEvent.Discounted
				|| (event instanceof LedgerEvent.Labelled label && label.name().equals(Labels.TIER));
	}

	/**
	 * Take over how the answer came about from the request that has asked for it, because
	 * this one pays for it in its place.
	 * @param asking the ledger of the other request
	 */
	public void takeOver(SavingsLedger asking) {
		List<LedgerEvent> events;
		synchronized (asking) {
			events = asking.events.stream().filter(SavingsLedger::isOfAnswer).toList();
		}
		events.forEach(this::record);
	}

	/**
	 * Record that the answer was looked up and not found.
	 */
	public void recordMiss() {
		record(LedgerEvent.Missed.EVENT);
	}

	/**
	 * Record that the answer was found.
	 * @param outcome the kind of hit
	 * @param technique the technique to which the saved tokens are credited
	 * @param usage the usage of the call that bought the answer
	 * @param model the model that gave the answer, or {@code null} if it is not known
	 * @param ageSeconds the age of the answer in seconds
	 * @param similarity the similarity of a semantic hit, otherwise {@code null}
	 */
	public void recordHit(Outcome outcome, SavingTechnique technique, TokenUsage usage, @Nullable String model,
			long ageSeconds, @Nullable Double similarity) {
		record(new LedgerEvent.Served(outcome, technique, usage, model, ageSeconds, similarity));
	}

	/**
	 * Record what token saving itself spent on this request, such as on an embedding.
	 * @param model the model that was paid, or {@code null} if it is not known
	 * @param usage the tokens; none are not recorded
	 * @return {@code false} if the ledger is closed already
	 */
	public synchronized boolean recordOverhead(@Nullable String model, TokenUsage usage) {
		return (usage.total() > 0) ? record(new LedgerEvent.Overhead(model, usage)) : !this.closed;
	}

	/**
	 * Record the tokens that were bought, if an advisor knows them before the outermost
	 * advisor does.
	 * @param usage the tokens
	 */
	public void recordBought(TokenUsage usage) {
		record(new LedgerEvent.Bought(usage));
	}

	/**
	 * Record the options that the model is called with, if an advisor has changed them:
	 * what a call costs may depend on them.
	 * @param options the options, or {@code null} if they are those of the request
	 */
	public synchronized void recordSent(@Nullable ChatOptions options) {
		this.sentOptions = options;
	}

	/**
	 * Return the options that the model is called with.
	 * @param given the options of the request
	 * @return those that were {@linkplain #recordSent recorded}, otherwise the given ones
	 */
	public synchronized @Nullable ChatOptions sent(@Nullable ChatOptions given) {
		return (this.sentOptions != null) ? this.sentOptions : given;
	}

	/**
	 * Record what one call of the model wrote to the provider's prompt cache, and for how
	 * long. A call of the caller may be several of the model.
	 * @param usage what the call of the model cost
	 */
	public synchronized void recordWrites(TokenUsage usage) {
		this.writes += usage.cacheWrite();
		this.hourWrites += usage.cacheWriteOneHour();
	}

	/**
	 * Record an answer that was bought but that the caller does not get, because another
	 * model is asked instead. What was recorded of its purchase does not apply to the
	 * next one.
	 * @param attempt the event
	 * @return {@code false} if the ledger is closed already
	 */
	public synchronized boolean recordAttempt(LedgerEvent.Attempted attempt) {
		this.sentOptions = null;
		this.writes = 0;
		this.hourWrites = 0;
		this.tier = null;
		this.charged = false;
		return record(attempt);
	}

	/**
	 * Take back that an answer was bought in vain: the caller gets it after all, as
	 * nobody has a better one.
	 * @param attempt the event that was recorded
	 */
	public synchronized void revokeAttempt(LedgerEvent.Attempted attempt) {
		if (!this.closed && this.events.remove(attempt)) {
			this.sentOptions = null;
			recordBought(attempt.usage());
		}
	}

	/**
	 * Record that what arrives of a stream is held back for a time. If the stream is
	 * cancelled meanwhile, it is paid as if the caller had seen it.
	 * @param unread supplies the elements that have arrived and were not passed on, in
	 * order; called in any thread until the ledger is closed, and replaces an earlier one
	 */
	public synchronized void recordUnread(Supplier<List<ChatResponse>> unread) {
		this.unread = unread;
	}

	/**
	 * Return what has arrived of a stream, and nobody in front of the model has seen.
	 * @return the elements in order, mostly none
	 */
	public List<ChatResponse> unread() {
		Supplier<List<ChatResponse>> held;
		synchronized (this) {
			held = this.unread;
		}
		// Called without the lock, because whoever holds it back has one
		return (held != null) ? held.get() : List.of();
	}

	/**
	 * Record how fast the model processed the request, if its response does not say so.
	 * @param tier the tier
	 */
	public synchronized void recordTier(ServiceTier tier) {
		this.tier = tier;
	}

	/**
	 * Record that the answer, which this call counts as bought, was taken from budgets by
	 * an earlier call.
	 */
	public synchronized void recordCharged() {
		this.charged = true;
	}

	/**
	 * Whether nothing is to be taken from budgets for the answer.
	 * @return whether it was found, or taken from budgets by an earlier call
	 */
	public synchronized boolean isCharged() {
		return this.charged || this.served != null;
	}

	/**
	 * Leave the call out of all figures, because it is made again or repeats one that is
	 * counted.
	 */
	public synchronized void leaveOut() {
		this.leftOut = true;
	}

	/**
	 * Whether the call is left out of all figures.
	 * @return whether it is
	 */
	public synchronized boolean isLeftOut() {
		return this.leftOut;
	}

	/**
	 * Read what a call cost, by the options that the model was called with and what was
	 * recorded of its writes.
	 * @param counter reads and estimates usages
	 * @param prompt the request as the caller sees it
	 * @param response the response
	 * @return the usage
	 */
	public TokenUsage usage(TokenCounter counter, Prompt prompt, ChatResponse response) {
		ChatOptions options;
		long written;
		long writtenForAnHour;
		ServiceTier known;
		synchronized (this) {
			known = this.tier;
			options = this.sentOptions;
			written = this.writes;
			writtenForAnHour = this.hourWrites;
		}
		TokenUsage usage = counter.usage((options != null) ? new Prompt(prompt.getInstructions(), options) : prompt,
				response);
		if (written > 0 && usage.cacheWrite() == written) {
			usage = usage.withWritesOfOneHour(writtenForAnHour);
		}
		return (known != null) ? usage.at(known) : usage;
	}

	/**
	 * Record that the real model answers where local ones would. It has its price, even
	 * if a local one has the same name.
	 */
	public synchronized void recordReal() {
		this.real = true;
	}

	/**
	 * Whether the real model answers where local ones would.
	 * @return whether it does
	 */
	public synchronized boolean isReal() {
		return this.real;
	}

	/**
	 * Record that the request was refused in front of the model, so that its failure is
	 * none of the model.
	 */
	public synchronized void refuse() {
		this.refused = true;
	}

	/**
	 * Whether the request was refused in front of the model.
	 * @return whether it was
	 */
	public synchronized boolean isRefused() {
		return this.refused;
	}

	/**
	 * Record that the answer is being looked up. A request that ends during the look-up
	 * has bought nothing.
	 */
	public synchronized void beginLookup() {
		this.lookedUp = true;
	}

	/**
	 * Record that the look-up has ended and the request goes to the model.
	 */
	public synchronized void endLookup() {
		this.lookedUp = false;
	}

	/**
	 * Whether the answer is being looked up.
	 * @return {@code true} if a look-up is in progress, so that the model has not been
	 * called
	 */
	public synchronized boolean isLookedUp() {
		return this.lookedUp;
	}

	/**
	 * Record that the request waits for an answer that other requests wait for too, and
	 * that another one may pay for.
	 * @param pending decides whether this request would pay if it ended now; called until
	 * the ledger is {@linkplain #settle settled}
	 */
	public synchronized void await(PendingPurchase pending) {
		this.pending = pending;
	}

	/**
	 * Record that the request does not wait any more.
	 * @param event how the request was answered, or {@code null} if it buys its answer
	 * itself
	 */
	public synchronized void settle(@Nullable LedgerEvent event) {
		this.pending = null;
		if (event != null) {
			record(event);
		}
	}

	/**
	 * Return the hit that answered the request.
	 * @return the event, or {@code null} if there is no hit
	 */
	public synchronized LedgerEvent.@Nullable Served served() {
		return this.served;
	}

	/**
	 * Return the tokens bought so far.
	 * @return the tokens, zero for a hit and while another request pays, or {@code null}
	 * if they are not known
	 */
	public @Nullable TokenUsage bought() {
		PendingPurchase waiting;
		synchronized (this) {
			if (this.served != null) {
				return TokenUsage.ZERO;
			}
			waiting = this.pending;
		}
		// Called without the lock, because it may read other ledgers
		if (waiting != null && waiting.isPaidByOthers()) {
			return TokenUsage.ZERO;
		}
		synchronized (this) {
			return this.bought;
		}
	}

	/**
	 * Return the number of input tokens that compression removed.
	 * @return the sum over all techniques
	 */
	public synchronized long tokensCompressed() {
		return LedgerClosing.compressed(this.events).values().stream().mapToLong(Long::longValue).sum();
	}

	/**
	 * Close the ledger, so that no further event is recorded, and compute the savings.
	 * @param plan the plan and its workspace
	 * @param purchase what was bought
	 * @param prices the prices
	 * @return what the call saved
	 */
	public synchronized ClosedLedger close(PlanKey plan, Purchase purchase, PriceTable prices) {
		this.closed = true;
		return LedgerClosing.close(plan, this.events, purchase, prices, this.real ? prices.real() : prices);
	}

	/**
	 * Decides whether a request that shares an answer with others pays for it.
	 */
	@FunctionalInterface
	public interface PendingPurchase {

		/**
		 * Whether another request, or none, would pay if this request ended now. Must not
		 * block.
		 * @return {@code true} if the request would have bought nothing
		 */
		boolean isPaidByOthers();

	}

}

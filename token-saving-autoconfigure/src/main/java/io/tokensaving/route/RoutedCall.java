package io.tokensaving.route;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;

import io.tokensaving.InternalContext;
import io.tokensaving.ledger.Labels;
import io.tokensaving.ledger.LedgerEvent;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.ledger.SavingsLedger;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.provider.Dialect;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.request.CallState;
import io.tokensaving.route.log.RouteDecision;
import io.tokensaving.statistics.DescribedException;
import io.tokensaving.statistics.PlanStatistics;
import io.tokensaving.tier.Tier;
import io.tokensaving.tier.TierSwitch;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.ChatOptions;

/**
 * One call on its way through the tiers: makes the requests for them and records what
 * they cost. Belongs to one call and moves with it from thread to thread.
 */
final class RoutedCall {

	private static final String CONTEXT_KEY = InternalContext.PREFIX + "route";

	private final ChatClientRequest request;

	private final CallState call;

	private final RouteSettings settings;

	private final Decision decision;

	private final SavingsLedger ledger;

	private final @Nullable ChatModel source;

	private final boolean callsTiers;

	private final TierSwitch tierSwitch;

	private final TokenCounter tokenCounter;

	private final PlanStatistics statistics;

	private final PriceTable prices;

	private final boolean acts;

	private final String settingsDigest;

	private final Consumer<Throwable> onFailure;

	private final long start;

	private final List<RouteDecision.Escalation> escalations = new ArrayList<>(0);

	private final List<LedgerEvent.Attempted> attempts = new ArrayList<>(0);

	private volatile Tier tier;

	private ChatClientRequest sent;

	private volatile boolean ownAsked;

	private volatile @Nullable Rejected rejectedOwn;

	private volatile @Nullable TokenUsage boughtBefore;

	RoutedCall(ChatClientRequest request, CallState call, RouteSettings settings, Decision decision, boolean acts,
			@Nullable ChatModel source, boolean callsTiers, TierSwitch tierSwitch, TokenCounter tokenCounter,
			PlanStatistics statistics, PriceTable prices, String settingsDigest, Consumer<Throwable> onFailure,
			long start) {
		this.request = request;
		this.call = call;
		this.settings = settings;
		this.decision = decision;
		this.acts = acts;
		this.source = source;
		this.callsTiers = callsTiers;
		this.tierSwitch = tierSwitch;
		this.tokenCounter = tokenCounter;
		this.statistics = statistics;
		this.prices = prices;
		this.settingsDigest = settingsDigest;
		this.onFailure = onFailure;
		this.start = start;
		this.ledger = SavingsLedger.of(request);
		this.tier = RouteDecider.OWN;
		this.sent = request;
	}

	/**
	 * Whether a request has been routed by another advisor of the chain.
	 * @param request the request
	 * @return whether it has
	 */
	static boolean isRouted(ChatClientRequest request) {
		return request.context().containsKey(CONTEXT_KEY);
	}

	ChatClientRequest request() {
		return this.request;
	}

	CallState call() {
		return this.call;
	}

	RouteSettings settings() {
		return this.settings;
	}

	Decision decision() {
		return this.decision;
	}

	/**
	 * Whether the chosen tier answers, and not only would.
	 * @return whether it does
	 */
	boolean acts() {
		return this.acts;
	}

	/**
	 * Return the tier that was asked last.
	 * @return the tier
	 */
	Tier tier() {
		return this.tier;
	}

	/**
	 * Return the model that the request was made for.
	 * @return the model, or {@code null} if it is not known
	 */
	@Nullable ChatModel source() {
		return this.source;
	}

	String settingsDigest() {
		return this.settingsDigest;
	}

	/**
	 * Identify what is judged when a tier answers: its model, and the instructions that
	 * it is given.
	 * @param tier the tier
	 * @return hexadecimal digits
	 */
	String version(Tier tier) {
		int instructions = 0;
		for (Message message : this.request.prompt().getInstructions()) {
			if (message instanceof SystemMessage) {
				instructions = 31 * instructions + String.valueOf(message.getText()).hashCode();
			}
		}
		return tier.currentDigest() + Integer.toHexString(instructions);
	}

	long start() {
		return this.start;
	}

	synchronized List<RouteDecision.Escalation> escalations() {
		return List.copyOf(this.escalations);
	}

	/**
	 * Return the dialect of the tier that was asked last.
	 * @return the dialect
	 */
	Dialect dialect() {
		return this.call.dialect(this.request);
	}

	/**
	 * Make the request for a tier, and note that it is asked.
	 * @param tier the tier; the model that the request was made for takes its place if
	 * its options cannot be made
	 * @return the request
	 */
	ChatClientRequest send(Tier tier) {
		TierSwitch.Switched switched = switched(tier);
		Tier asked = (switched != null) ? tier : RouteDecider.OWN;
		ChatClientRequest made = (switched != null) ? switched.request() : this.request;
		if (switched != null) {
			for (String option : switched.dropped()) {
				this.statistics.increment(RouteFeature.DROPPED_OPTIONS, option);
			}
		}
		else {
			this.statistics.increment(RouteFeature.FALLBACKS, tier.name());
		}
		boolean own = RouteDecider.OWN.equals(asked);
		this.ownAsked = this.ownAsked || own;
		Map<String, @Nullable Object> context = new HashMap<>(made.context());
		context.put(CONTEXT_KEY, true);
		ChatClientRequest sent = new ChatClientRequest(made.prompt(), context);
		this.tier = asked;
		this.sent = sent;
		this.ledger.record(new LedgerEvent.Labelled(Labels.TIER, asked.name()));
		if (!own) {
			this.ledger.record(new LedgerEvent.Rerouted(RouteFeature.TECHNIQUE));
		}
		this.ledger.recordSent(own ? null : made.prompt().getOptions());
		this.call.sentElsewhere(own ? null : made.prompt().getOptions());
		return sent;
	}

	/**
	 * Return a request as it is, but marked, so that another advisor of the chain does
	 * not decide once more.
	 * @param request the request
	 * @return the request
	 */
	static ChatClientRequest asItIs(ChatClientRequest request) {
		Map<String, @Nullable Object> context = new HashMap<>(request.context());
		context.put(CONTEXT_KEY, true);
		return new ChatClientRequest(request.prompt(), context);
	}

	/**
	 * Whether a request that is sent on to a tier asks a model that was not asked before,
	 * or has an answer that can be passed on. The model that the request was made for is
	 * never asked twice.
	 * @param tier the tier
	 * @return whether it does
	 */
	boolean canGoOnTo(Tier tier) {
		if (!this.ownAsked) {
			return true;
		}
		return RouteDecider.OWN.equals(tier) ? this.rejectedOwn != null : switched(tier) != null;
	}

	/**
	 * Take back that the answer of the model that the request was made for is not good
	 * enough, since there is no other.
	 * @return the answer, which is the only element of a call and all of a stream;
	 * {@code null} if that model has not answered, or not completely
	 */
	@Nullable List<ChatClientResponse> ownAnswer() {
		Rejected rejected = this.rejectedOwn;
		if (rejected == null) {
			return null;
		}
		this.tier = RouteDecider.OWN;
		this.sent = this.request;
		this.call.sentElsewhere(null);
		this.ledger.record(new LedgerEvent.Labelled(Labels.TIER, Tier.OWN));
		LedgerEvent.Attempted attempt = rejected.attempt();
		if (attempt != null) {
			this.boughtBefore = attempt.usage();
			this.ledger.revokeAttempt(attempt);
			synchronized (this) {
				this.attempts.remove(attempt);
			}
		}
		return rejected.elements();
	}

	/**
	 * Make the request for a tier that is asked in the background. Nothing of it is
	 * counted as a part of this call.
	 * @param tier the tier
	 * @return the request, or {@code null} if its options cannot be made
	 */
	@Nullable ChatClientRequest inBackground(Tier tier) {
		TierSwitch.Switched switched = switched(tier);
		if (switched == null) {
			return null;
		}
		ChatClientRequest made = this.call.inShadow().withoutSettings().attachTo(switched.request());
		SavingsLedger.open(made);
		made.context().put(CONTEXT_KEY, true);
		return made;
	}

	private TierSwitch.@Nullable Switched switched(Tier tier) {
		try {
			if (tier.chatModel() != null && !this.callsTiers) {
				throw new DescribedException(
						"The chat client has no TierModelAdvisor, so that tier '%s' cannot be asked"
							.formatted(tier.name()));
			}
			return this.tierSwitch.apply(this.request, tier, this.source, (message) -> isOf(tier, message));
		}
		catch (Throwable ex) {
			// Such as of a model that cannot be created
			this.onFailure.accept(ex);
			return null;
		}
	}

	/**
	 * Whether a tier has written a message of the conversation.
	 * @param tier the tier
	 * @param message the message
	 * @return whether it has; before there was routing, the model that the request was
	 * made for had written all
	 */
	static boolean isOf(Tier tier, AssistantMessage message) {
		String mark = StickyTiers.mark(message);
		return (mark != null) ? mark.equals(tier.name()) : RouteDecider.OWN.equals(tier);
	}

	/**
	 * Note that the tier that was asked last has failed.
	 */
	void failed() {
		this.statistics.increment(RouteFeature.FALLBACKS, this.tier.name());
		escalate("error");
	}

	/**
	 * Note that the answer of the tier that was asked last is not good enough. It is
	 * paid.
	 * @param reason why
	 * @param response the answer, or what of it has arrived; {@code null} if nothing has
	 * @param elements what the caller would have got of it, or {@code null} if the answer
	 * is not complete
	 */
	void rejected(String reason, @Nullable ChatResponse response, @Nullable List<ChatClientResponse> elements) {
		this.statistics.increment(RouteFeature.ESCALATIONS, reason);
		LedgerEvent.Attempted attempt = (response != null) ? pay(response) : null;
		escalate(reason);
		if (elements != null && RouteDecider.OWN.equals(this.tier)) {
			this.rejectedOwn = new Rejected(elements, attempt);
		}
	}

	private synchronized void escalate(String reason) {
		this.escalations.add(new RouteDecision.Escalation(this.tier.name(), reason));
	}

	/**
	 * Note that the answer of the tier that was asked last is held back until it is
	 * judged.
	 * @param unread supplies what has arrived and nobody has seen
	 */
	void holdsBack(Supplier<List<ChatResponse>> unread) {
		this.ledger.recordUnread(unread);
	}

	private LedgerEvent.Attempted pay(ChatResponse response) {
		TokenUsage usage = this.ledger.usage(this.tokenCounter, this.sent.prompt(), response);
		LedgerEvent.Attempted attempt = new LedgerEvent.Attempted(RouteFeature.TECHNIQUE, model(response), usage,
				Map.of(Labels.TIER, this.tier.name()));
		if (!this.ledger.recordAttempt(attempt)) {
			payLate(attempt.model(), usage);
		}
		synchronized (this) {
			this.attempts.add(attempt);
		}
		return attempt;
	}

	/**
	 * Return what was bought in vain.
	 * @return the attempts, in order
	 */
	synchronized List<LedgerEvent.Attempted> attempts() {
		return List.copyOf(this.attempts);
	}

	/**
	 * Note what was paid for judging an answer.
	 * @param model the model, or {@code null} if it is not known
	 * @param usage the tokens
	 */
	void payOverhead(@Nullable String model, TokenUsage usage) {
		if (!this.ledger.recordOverhead(model, usage)) {
			payLate(model, usage);
		}
	}

	// The caller has left while others wait for the answer, or nobody does
	private void payLate(@Nullable String model, TokenUsage usage) {
		this.statistics.recordOverhead(model, usage, this.prices);
	}

	/**
	 * Read what the answer of the tier that was asked last costs.
	 * @param response the answer
	 * @return the tokens
	 */
	TokenUsage usage(ChatResponse response) {
		TokenUsage before = this.boughtBefore;
		return (before != null) ? before : this.ledger.usage(this.tokenCounter, this.sent.prompt(), response);
	}

	/**
	 * Return the name of the model that was asked last.
	 * @param response its answer, or {@code null}
	 * @return the name, or {@code null} if it is not known
	 */
	@Nullable String model(@Nullable ChatResponse response) {
		return TokenCounter.model(response,
				this.call.isLocal() ? this.ledger.sent(null) : this.sent.prompt().getOptions());
	}

	/**
	 * Return the name of the model that a tier asks.
	 * @param tier the tier
	 * @return the name, or {@code null} if it is not known
	 */
	@Nullable String configuredModel(Tier tier) {
		if (tier.model() != null) {
			return tier.model();
		}
		ChatOptions options = (tier.chatModel() != null) ? tier.chatModel().getOptions()
				: this.request.prompt().getOptions();
		return (options != null) ? options.getModel() : null;
	}

	/**
	 * Whether the real model has answered where local ones would.
	 * @return whether it has
	 */
	boolean isReal() {
		return this.ledger.isReal();
	}

	/**
	 * Whether the request was refused in front of the model, so that no other tier can
	 * answer it either.
	 * @return whether it was
	 */
	boolean isRefused() {
		return this.ledger.isRefused();
	}

	/**
	 * An answer that was not good enough.
	 *
	 * @param elements its elements
	 * @param attempt what it cost, or {@code null} if there is nothing to tell it by
	 */
	private record Rejected(List<ChatClientResponse> elements, LedgerEvent.@Nullable Attempted attempt) {

	}

}

package io.tokensaving.promptcache;

import java.time.Clock;
import java.time.Instant;
import java.util.List;

import io.tokensaving.ledger.LedgerEvent;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.ledger.SavingsLedger;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.plan.SettingText;
import io.tokensaving.promptcache.PromptCacheTally.Sum;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.statistics.PlanStatistics;
import io.tokensaving.statistics.SavingsStatistics;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.ChatOptions;

/**
 * A request on its way to the model and back: what was decided for it, and what became of
 * it. Nothing in here reaches the caller; what fails is counted. Belongs to one request.
 */
final class SentRequest {

	private final PlanKey planKey;

	private final CacheScope scope;

	private final PromptCacheInjector injector;

	private final CacheRules rules;

	private final CacheDecision decision;

	private final CachePlanner planner;

	private final SavingsStatistics statistics;

	private final TokenCounter tokenCounter;

	private final PriceTable prices;

	private final Clock clock;

	private @Nullable ChatClientRequest request;

	private @Nullable ChatOptions sentBefore;

	private boolean told;

	private boolean marked;

	private volatile @Nullable Instant begun;

	private @Nullable ChatResponse last;

	SentRequest(PlanKey planKey, CacheScope scope, PromptCacheInjector injector, CacheRules rules,
			CacheDecision decision, CachePlanner planner, SavingsStatistics statistics, TokenCounter tokenCounter,
			PriceTable prices, Clock clock) {
		this.planKey = planKey;
		this.scope = scope;
		this.injector = injector;
		this.rules = rules;
		this.decision = decision;
		this.planner = planner;
		this.statistics = statistics;
		this.tokenCounter = tokenCounter;
		this.prices = prices;
		this.clock = clock;
	}

	/**
	 * Set what is sent.
	 * @param changed the request that is sent
	 * @param given the options before anything was changed
	 * @param injected the options that are sent
	 * @param segments the prompt
	 * @param target where it goes
	 */
	@SuppressWarnings("ReferenceEquality")
	void sent(ChatClientRequest changed, ChatOptions given, PromptCacheInjector.Injected injected,
			PromptSegments segments, CacheTarget target) {
		this.request = changed;
		this.told = injected.options() != given;
		SavingsLedger ledger = SavingsLedger.of(changed);
		// Those of the model that the request was sent on to, if it was
		this.sentBefore = ledger.sent(null);
		if (this.told) {
			ledger.recordSent(injected.options());
		}
		this.marked = injected.marked();
		PlanStatistics plan = this.statistics.plan(this.planKey);
		List<CacheMark> marks = this.decision.marks();
		plan.increment(PromptCacheFeature.DECISIONS, describe(marks, target));
		if (this.marked) {
			marks.forEach((mark) -> plan.increment(PromptCacheFeature.MARKS,
					SettingText.of(segments.boundaries().get(mark.boundary()).segment())));
		}
	}

	private String describe(List<CacheMark> marks, CacheTarget target) {
		if (target.managed()) {
			return "user_managed";
		}
		if (!this.rules.isSteerable()) {
			return "automatic";
		}
		return marks.isEmpty() ? "none" : SettingText.of(marks.get(marks.size() - 1).ttl().duration());
	}

	ChatClientRequest request() {
		if (this.request == null) {
			throw new IllegalStateException("Nothing has been sent");
		}
		return this.request;
	}

	CacheScope scope() {
		return this.scope;
	}

	PlanKey planKey() {
		return this.planKey;
	}

	boolean hasBegun() {
		return this.begun != null;
	}

	/**
	 * Whether the model has failed because of what was added, perhaps.
	 * @param failure the failure
	 * @return whether to send the request once more, as it was
	 */
	boolean isRejection(Throwable failure) {
		try {
			return this.told && this.injector.isRejection(failure);
		}
		catch (Throwable ex) {
			fail(ex);
			return false;
		}
	}

	/**
	 * An element of a stream has come.
	 * @param response the response, or {@code null} if there is none
	 */
	void next(@Nullable ChatResponse response) {
		try {
			if (this.begun == null) {
				Instant now = this.clock.instant();
				this.begun = now;
				this.planner.begun(this.decision);
				credit();
			}
			if (response != null && this.tokenCounter.reported(response.getMetadata().getUsage(),
					request().prompt().getOptions()) != null) {
				this.last = response;
			}
		}
		catch (Throwable ex) {
			fail(ex);
		}
	}

	/**
	 * The stream is complete.
	 */
	void complete() {
		ChatResponse response = this.last;
		if (response != null) {
			observe(response);
		}
	}

	/**
	 * The call is answered.
	 * @param response the response, or {@code null} if there is none
	 */
	void answered(@Nullable ChatResponse response) {
		try {
			credit();
		}
		catch (Throwable ex) {
			fail(ex);
		}
		if (response != null) {
			observe(response);
		}
	}

	/**
	 * The request is sent later, as it was planned.
	 */
	void putOff() {
		try {
			// What is sent later counts from now on, or none of a batch would be marked
			this.planner.begun(this.decision);
		}
		catch (Throwable ex) {
			fail(ex);
		}
	}

	/**
	 * The model has failed. What it wrote before that is not known.
	 */
	void failed() {
		try {
			SavingsLedger.of(request()).recordSent(this.sentBefore);
			if (this.begun == null) {
				this.planner.failed(this.decision);
			}
		}
		catch (Throwable ex) {
			fail(ex);
		}
	}

	private void credit() {
		if (this.marked) {
			SavingsLedger.of(request()).record(new LedgerEvent.CacheMarked(PromptCacheFeature.TECHNIQUE));
		}
	}

	private void observe(ChatResponse response) {
		try {
			ChatOptions options = request().prompt().getOptions();
			TokenUsage usage = this.tokenCounter.reported(response.getMetadata().getUsage(), options);
			if (usage == null) {
				return;
			}
			Instant at = this.begun;
			CacheUsage cacheUsage = new CacheUsage(usage.input(), usage.cacheRead(), usage.cacheWrite(),
					(at != null) ? at : this.clock.instant());
			Long longer = this.rules.writesTold() ? null : this.planner.writtenForLonger(this.decision, cacheUsage);
			if (longer != null && this.marked) {
				usage = usage.withWritesOfOneHour(longer);
			}
			SavingsLedger.of(request()).recordWrites(usage);
			MissCause cause = this.planner.observed(this.decision, cacheUsage);
			PlanStatistics plan = this.statistics.plan(this.planKey);
			if (cause != null) {
				plan.increment(PromptCacheFeature.MISSES, SettingText.of(cause));
			}
			tally(plan.state(PromptCacheFeature.TALLY), usage, TokenCounter.model(response, options));
		}
		catch (Throwable ex) {
			fail(ex);
		}
	}

	private void tally(PromptCacheTally tally, TokenUsage usage, @Nullable String model) {
		tally.add(Sum.READ_TOKENS, usage.cacheRead());
		tally.add(Sum.WRITTEN_TOKENS, usage.cacheWrite());
		tally.add(Sum.UNCACHED_TOKENS, usage.input() - usage.cacheRead() - usage.cacheWrite());
		ModelPrice price = this.prices.find(model);
		if (price == null) {
			return;
		}
		if (this.marked) {
			tally.add(Sum.WRITE_PREMIUM, price.picoUsd(usage) - price.picoUsd(new TokenUsage(usage.input(),
					usage.output(), usage.cacheRead(), 0, 0, usage.reasoning(), usage.tier(), usage.estimated())));
		}
		else {
			tally.add(Sum.PROVIDER_DISCOUNT, price.picoUsdOfCache(usage));
		}
	}

	private void fail(Throwable failure) {
		this.statistics.recordError(PromptCacheFeature.COMPONENT, this.planKey, failure);
	}

}

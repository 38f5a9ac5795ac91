package io.tokensaving.promptcache;

import java.time.Clock;
import java.util.List;

import io.tokensaving.ledger.LedgerEvent;
import io.tokensaving.ledger.PicoUsd;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.ledger.SavingsLedger;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.promptcache.PlannedRequest.Expected;
import io.tokensaving.promptcache.PlannedRequest.Marked;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.statistics.SavingsStatistics;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.model.ChatResponse;

/**
 * A request that is sent without marks, and what it would have cost with those that were
 * planned for it. The provider is assumed to do as its rules say: it keeps each marked
 * prefix that is long enough for as long as it was asked to, and reads the longest one
 * that it keeps; where marks do nothing, it does with them what it did without. Nothing
 * in here reaches the caller; what fails is counted. Belongs to one request.
 */
final class ForeseenRequest {

	private static final long ONE_HOUR = 60 * 60 * 1000;

	private final PlanKey planKey;

	private final ChatClientRequest request;

	private final CacheScope scope;

	private final List<PrefixBoundary> boundaries;

	private final CacheRules rules;

	private final CacheDecision decision;

	private final CachePlanner planner;

	private final PrefixLengths lengths;

	private final SavingsStatistics statistics;

	private final TokenCounter tokenCounter;

	private final PriceTable prices;

	private final Clock clock;

	ForeseenRequest(PlanKey planKey, ChatClientRequest request, CacheScope scope, List<PrefixBoundary> boundaries,
			CacheRules rules, CacheDecision decision, CachePlanner planner, PrefixLengths lengths,
			SavingsStatistics statistics, TokenCounter tokenCounter, PriceTable prices, Clock clock) {
		this.planKey = planKey;
		this.request = request;
		this.scope = scope;
		this.boundaries = List.copyOf(boundaries);
		this.rules = rules;
		this.decision = decision;
		this.planner = planner;
		this.lengths = lengths;
		this.statistics = statistics;
		this.tokenCounter = tokenCounter;
		this.prices = prices;
		this.clock = clock;
	}

	/**
	 * Follow the answer to the end.
	 * @param answer the answer
	 * @return the same answer
	 */
	Flux<ChatClientResponse> follow(Flux<ChatClientResponse> answer) {
		return answer.doOnNext((response) -> answered(response.chatResponse()))
			.doOnError((ex) -> failed())
			.doOnCancel(this::failed)
			// An answer that nobody knows is none
			.doOnComplete(this::failed);
	}

	private void failed() {
		this.planner.failed(this.decision);
	}

	/**
	 * Tell the answer to the request that was sent without marks.
	 * @param response the answer, or {@code null} if there is none
	 */
	void answered(@Nullable ChatResponse response) {
		try {
			TokenUsage usage = (response != null)
					? this.tokenCounter.reported(response.getMetadata().getUsage(), this.request.prompt().getOptions())
					: null;
			if (response == null || usage == null || estimated() == 0) {
				failed();
				return;
			}
			SavingsLedger ledger = SavingsLedger.of(this.request);
			observe(ledger, input(usage, ledger.tokensCompressed()), response);
		}
		catch (Throwable ex) {
			this.statistics.recordError(PromptCacheFeature.COMPONENT, this.planKey, ex);
		}
	}

	// What the model was sent was not compressed
	private static TokenUsage input(TokenUsage usage, long compressed) {
		long cached = usage.cacheRead() + usage.cacheWrite();
		return new TokenUsage(Math.max(cached, usage.input() - compressed), 0, usage.cacheRead(), usage.cacheWrite(),
				usage.cacheWriteOneHour(), 0, usage.tier(), usage.estimated());
	}

	private int estimated() {
		return this.boundaries.isEmpty() ? 0 : this.boundaries.get(this.boundaries.size() - 1).tokens();
	}

	private void observe(SavingsLedger ledger, TokenUsage spent, ChatResponse response) {
		TokenUsage foreseen = this.rules.isSteerable() ? foreseen(spent) : spent;
		ForeseenTally tally = this.statistics.plan(this.planKey).state(PromptCacheFeature.FORESEEN);
		ModelPrice price = this.prices.find(TokenCounter.model(response, this.request.prompt().getOptions()));
		tally.record(spent, foreseen, !this.decision.marks().isEmpty(), price);
		if (price != null) {
			long saved = price.picoUsd(spent) - price.picoUsd(foreseen);
			ledger.record(new LedgerEvent.Discounted(PromptCacheFeature.TECHNIQUE, PicoUsd.toUsd(saved)));
		}
	}

	private TokenUsage foreseen(TokenUsage spent) {
		long[] lengths = this.lengths.measure(this.scope, this.boundaries, spent.input());
		int read = 0;
		for (Expected expected : this.decision.request().expected) {
			read = expected.far() ? read : Math.max(read, expected.tokens());
		}
		int kept = read;
		int keptForAnHour = read;
		for (Marked marked : this.decision.request().marked) {
			if (length(lengths, marked.tokens()) < this.rules.minimumTokens()) {
				continue;
			}
			kept = Math.max(kept, marked.tokens());
			if (marked.ttl().duration().toMillis() >= ONE_HOUR) {
				keptForAnHour = Math.max(keptForAnHour, marked.tokens());
			}
		}
		tellPlanner(spent.input(), read, kept - read);
		long readTokens = length(lengths, read);
		return new TokenUsage(spent.input(), 0, readTokens, length(lengths, kept) - readTokens,
				length(lengths, keptForAnHour) - readTokens, 0, spent.tier(), true);
	}

	// In the planner's own measure, so that it finds what it expects
	private void tellPlanner(long input, int read, int written) {
		double perToken = (double) input / estimated();
		this.planner.observed(this.decision, new CacheUsage(input, Math.round(perToken * read),
				Math.round(perToken * written), this.clock.instant()));
	}

	private long length(long[] lengths, int estimate) {
		for (int index = lengths.length - 1; index >= 0; index--) {
			if (this.boundaries.get(index).tokens() <= estimate) {
				return lengths[index];
			}
		}
		return 0;
	}

}

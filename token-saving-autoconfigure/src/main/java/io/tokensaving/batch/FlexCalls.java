package io.tokensaving.batch;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;

import io.tokensaving.ledger.LedgerEvent;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.ledger.SavingsLedger;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.provider.ServiceTier;
import io.tokensaving.request.CallState;
import io.tokensaving.statistics.SavingsStatistics;
import io.tokensaving.tier.OptionsTranslator;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.client.advisor.api.CallAdvisor;
import org.springframework.ai.chat.client.advisor.api.CallAdvisorChain;
import org.springframework.ai.chat.client.advisor.api.StreamAdvisor;
import org.springframework.ai.chat.client.advisor.api.StreamAdvisorChain;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;

/**
 * Sends calls whose callers can wait to the flex tier of a provider, if the price list
 * knows one of their model and their options can name it. What the tier refuses, or does
 * not answer in time, is sent once more in the usual one. Thread-safe.
 */
public final class FlexCalls {

	private static final String SERVICE_TIER = "serviceTier";

	private static final String TIMEOUT = "timeout";

	private static final String MAX_RETRIES = "maxRetries";

	private static final String FLEX = "flex";

	// Of the caller's time, what is kept for the usual tier: a quarter, within limits
	private static final int RESERVED_SHARE = 4;

	private static final Duration LEAST_RESERVED = Duration.ofSeconds(10);

	private static final Duration MOST_RESERVED = Duration.ofMinutes(2);

	private final PriceTable prices;

	private final SavingsStatistics statistics;

	/**
	 * Create it.
	 * @param prices know which models have such a tier
	 * @param statistics count what happens
	 */
	public FlexCalls(PriceTable prices, SavingsStatistics statistics) {
		this.prices = prices;
		this.statistics = statistics;
	}

	ChatClientResponse call(ChatClientRequest request, CallState call, CallAdvisorChain chain, CallAdvisor advisor) {
		ChatClientRequest flex = flex(request, call);
		if (flex == null) {
			return chain.nextCall(request);
		}
		ChatClientResponse response;
		try {
			response = chain.nextCall(flex);
		}
		catch (RuntimeException ex) {
			if (Thread.currentThread().isInterrupted()) {
				throw ex;
			}
			count(call, "standard");
			return chain.copy(advisor).nextCall(request);
		}
		answered(flex, call);
		return response;
	}

	Flux<ChatClientResponse> stream(ChatClientRequest request, CallState call, StreamAdvisorChain chain,
			StreamAdvisorChain given, StreamAdvisor advisor) {
		if (call.within() == null) {
			return chain.nextStream(request);
		}
		return Flux.defer(() -> {
			ChatClientRequest flex = flex(request, call);
			if (flex == null) {
				return chain.nextStream(request);
			}
			AtomicBoolean begun = new AtomicBoolean();
			return chain.nextStream(flex).doOnNext((element) -> {
				if (!begun.getAndSet(true)) {
					answered(flex, call);
				}
			}).onErrorResume((ex) -> {
				if (begun.get()) {
					return Flux.error(ex);
				}
				count(call, "standard");
				return given.copy(advisor).nextStream(request);
			});
		});
	}

	private @Nullable ChatClientRequest flex(ChatClientRequest request, CallState call) {
		Duration within = call.within();
		BatchSettings settings = (within != null) ? call.plan().settings(BatchSettings.class) : null;
		if (within == null || settings == null || !settings.flex() || call.isShadow() || call.isLocal()) {
			return null;
		}
		try {
			ChatOptions options = options(request.prompt().getOptions(), within);
			if (options != null) {
				return new ChatClientRequest(new Prompt(request.prompt().getInstructions(), options),
						request.context());
			}
			count(call, "ignored");
		}
		catch (Throwable ex) {
			this.statistics.recordError(BatchFeature.COMPONENT, call.planKey(), ex);
		}
		return null;
	}

	private @Nullable ChatOptions options(@Nullable ChatOptions given, Duration within) {
		Duration time = within.minus(reserved(within));
		if (given == null || time.isNegative() || time.isZero() || !isCheaper(given.getModel())
		// What the application has chosen stays
				|| OptionsTranslator.read(given, SERVICE_TIER) != null) {
			return null;
		}
		ChatOptions options = OptionsTranslator.with(given, SERVICE_TIER, FLEX);
		if (options == null) {
			return null;
		}
		ChatOptions limited = OptionsTranslator.with(options, TIMEOUT, time);
		// The client's own attempts would be made in the tier that has no room
		ChatOptions once = OptionsTranslator.with((limited != null) ? limited : options, MAX_RETRIES, 0);
		return (once != null) ? once : (limited != null) ? limited : options;
	}

	static Duration reserved(Duration within) {
		Duration share = within.dividedBy(RESERVED_SHARE);
		return (share.compareTo(LEAST_RESERVED) < 0) ? LEAST_RESERVED
				: (share.compareTo(MOST_RESERVED) > 0) ? MOST_RESERVED : share;
	}

	private boolean isCheaper(@Nullable String model) {
		ModelPrice price = this.prices.find(model);
		return price != null && price.variants().stream().anyMatch((variant) -> variant.tier() == ServiceTier.FLEX);
	}

	// The response says in which tier it was made
	private void answered(ChatClientRequest flex, CallState call) {
		count(call, FLEX);
		SavingsLedger ledger = SavingsLedger.of(flex);
		ledger.record(new LedgerEvent.Unhurried(BatchFeature.FLEX));
		ledger.recordSent(flex.prompt().getOptions());
	}

	private void count(CallState call, String result) {
		this.statistics.plan(call.planKey()).increment(BatchFeature.FLEX_REQUESTS, result);
	}

}

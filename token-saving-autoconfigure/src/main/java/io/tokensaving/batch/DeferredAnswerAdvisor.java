package io.tokensaving.batch;

import io.tokensaving.AdvisorOrder;
import io.tokensaving.Component;
import io.tokensaving.TokenSavingAdvisor;
import io.tokensaving.ledger.SavingsLedger;
import io.tokensaving.plan.Plan;
import io.tokensaving.request.CallState;
import io.tokensaving.request.DirectStreamAdvisor;
import io.tokensaving.request.DirectStreamChain;
import io.tokensaving.request.FingerprintException;
import io.tokensaving.request.RequestFingerprint;
import io.tokensaving.statistics.SavingsStatistics;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.client.advisor.api.CallAdvisor;
import org.springframework.ai.chat.client.advisor.api.CallAdvisorChain;
import org.springframework.ai.chat.client.advisor.api.StreamAdvisorChain;

/**
 * Recognises the calls of work whose answers may come later, on the thread that runs it.
 * Each of them is in the figures once, however often the work is run. Thread-safe.
 */
public final class DeferredAnswerAdvisor implements TokenSavingAdvisor, CallAdvisor, DirectStreamAdvisor {

	// Of requests without a plan, which are deferred all the same and counted nowhere
	static final Plan NO_PLAN = Plan.builder("no-plan").build();

	private final SavingsStatistics statistics;

	/**
	 * Create an advisor.
	 * @param statistics count failures
	 */
	public DeferredAnswerAdvisor(SavingsStatistics statistics) {
		this.statistics = statistics;
	}

	@Override
	public String getName() {
		return "Token Saving Deferred Answer";
	}

	@Override
	public int getOrder() {
		return AdvisorOrder.DEFERRED;
	}

	@Override
	public boolean worksInShadow() {
		return false;
	}

	@Override
	public ChatClientResponse adviseCall(ChatClientRequest given, CallAdvisorChain chain) {
		BatchScope scope = BatchScope.current();
		if (scope == null) {
			return chain.nextCall(given);
		}
		CallState known = CallState.of(given);
		CallState call = (known != null) ? known : CallState.of(given, NO_PLAN);
		if (call == null || call.isLocal() || call.deferral() != null) {
			return chain.nextCall(given);
		}
		ChatClientRequest request = (known != null) ? given : call.attachTo(given);
		RequestFingerprint fingerprint = fingerprint(call, request);
		if (fingerprint == null) {
			return chain.nextCall(given);
		}
		int index = scope.next(fingerprint);
		call.defer(scope);
		SavingsLedger ledger = SavingsLedger.of(request);
		if (scope.isCompleted(index)) {
			ledger.leaveOut();
		}
		ChatClientResponse response;
		try {
			response = chain.nextCall(request);
		}
		catch (RuntimeException ex) {
			if (!scope.isPutOff()) {
				throw ex;
			}
			ledger.leaveOut();
			throw (ex instanceof DeferredAnswerException) ? ex : new DeferredAnswerException();
		}
		if (scope.isPutOff()) {
			// An advisor has made do without an answer that is yet to come
			ledger.leaveOut();
			throw new DeferredAnswerException();
		}
		scope.completed(index);
		return (known != null) ? response : CallState.detachFrom(response);
	}

	private @Nullable RequestFingerprint fingerprint(CallState call, ChatClientRequest request) {
		try {
			return call.lastingFingerprint(request, null);
		}
		catch (FingerprintException | StackOverflowError ex) {
			this.statistics.recordError(Component.FINGERPRINT, call.planKey(), ex);
			return null;
		}
	}

	// A stream is read as it comes, so it is asked at once
	@Override
	public Flux<ChatClientResponse> adviseStream(ChatClientRequest request, StreamAdvisorChain given) {
		CallState call = CallState.of(request);
		if (call != null && BatchScope.current() != null) {
			this.statistics.plan(call.planKey()).increment(BatchFeature.LIVE, "stream");
		}
		return DirectStreamChain.after(this, given).nextStream(request);
	}

}

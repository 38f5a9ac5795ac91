package io.tokensaving.request;

import com.github.benmanes.caffeine.cache.Ticker;
import io.tokensaving.AdvisorOrder;
import io.tokensaving.TokenSavingAdvisor;
import reactor.core.publisher.Flux;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.client.advisor.api.CallAdvisor;
import org.springframework.ai.chat.client.advisor.api.CallAdvisorChain;
import org.springframework.ai.chat.client.advisor.api.StreamAdvisorChain;

/**
 * Measures how long the model takes, directly before it. Thread-safe.
 */
public final class ModelCallAdvisor implements TokenSavingAdvisor, CallAdvisor, DirectStreamAdvisor {

	private final Ticker ticker;

	/**
	 * Create an advisor that reads the system's clock.
	 */
	public ModelCallAdvisor() {
		this(Ticker.systemTicker());
	}

	/**
	 * Create an advisor.
	 * @param ticker the clock
	 */
	public ModelCallAdvisor(Ticker ticker) {
		this.ticker = ticker;
	}

	@Override
	public String getName() {
		return "Token Saving Model Call";
	}

	@Override
	public int getOrder() {
		return AdvisorOrder.MODEL_CALL;
	}

	@Override
	public boolean worksInShadow() {
		return false;
	}

	@Override
	public ChatClientResponse adviseCall(ChatClientRequest request, CallAdvisorChain chain) {
		CallState call = CallState.of(request);
		if (call == null) {
			return chain.nextCall(request);
		}
		long start = this.ticker.read();
		try {
			return chain.nextCall(request);
		}
		finally {
			call.addModelNanos(this.ticker.read() - start);
		}
	}

	@Override
	public Flux<ChatClientResponse> adviseStream(ChatClientRequest request, StreamAdvisorChain given) {
		StreamAdvisorChain chain = DirectStreamChain.after(this, given);
		CallState call = CallState.of(request);
		if (call == null) {
			return chain.nextStream(request);
		}
		return Flux.defer(() -> {
			long start = this.ticker.read();
			Runnable end = () -> call.addModelNanos(this.ticker.read() - start);
			// Before the end is passed on, as the ledger is closed then
			return chain.nextStream(request).doOnTerminate(end).doOnCancel(end);
		});
	}

}

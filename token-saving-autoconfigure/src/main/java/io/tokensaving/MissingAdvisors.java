package io.tokensaving;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

import com.github.benmanes.caffeine.cache.Ticker;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.client.advisor.api.CallAdvisor;
import org.springframework.ai.chat.client.advisor.api.CallAdvisorChain;
import org.springframework.core.Ordered;

/**
 * Is added with the plan that a request names and warns, at most once a minute, if no
 * advisor applies that plan because the chat client was built without the advisors. It
 * stands directly before the model, so a cache hit does not reach it.
 * <p>
 * Does not advise streams, because the chain would aggregate every stream once more for
 * it. Thread-safe.
 */
final class MissingAdvisors implements CallAdvisor {

	static final MissingAdvisors WARNING = new MissingAdvisors(LogFactory.getLog(TokenSaving.class),
			Ticker.systemTicker());

	private static final long INTERVAL = TimeUnit.MINUTES.toNanos(1);

	private static final long NEVER = Long.MIN_VALUE;

	private final Log log;

	private final Ticker ticker;

	private final AtomicLong last = new AtomicLong(NEVER);

	MissingAdvisors(Log log, Ticker ticker) {
		this.log = log;
		this.ticker = ticker;
	}

	@Override
	public String getName() {
		return "Token Saving Check";
	}

	@Override
	public int getOrder() {
		return Ordered.LOWEST_PRECEDENCE - 1;
	}

	@Override
	public ChatClientResponse adviseCall(ChatClientRequest request, CallAdvisorChain chain) {
		// The advisor that applies a plan removes its id from the request; an advisor
		// that is used without a PlanAdvisor leaves it there
		Object id = request.context().get(TokenSaving.PLAN_ID);
		if (id != null && !TokenSaving.NONE.equals(id) && !hasOthers(chain)) {
			warn();
		}
		return chain.nextCall(request);
	}

	private static boolean hasOthers(CallAdvisorChain chain) {
		for (CallAdvisor advisor : chain.getCallAdvisors()) {
			if (advisor instanceof TokenSavingAdvisor) {
				return true;
			}
		}
		return false;
	}

	// The id is not logged, as it may be any text; the caller's stack trace says more
	private void warn() {
		long now = this.ticker.read();
		long before = this.last.get();
		if ((before == NEVER || now - before >= INTERVAL) && this.last.compareAndSet(before, now)) {
			this.log.warn("A request names a plan, but its ChatClient has none of the advisors that apply it, so the "
					+ "request goes to the model with no plan. Use the auto-configured ChatClient.Builder, or build "
					+ "the client with defaultAdvisors(tokenSavingAdvisors)");
		}
	}

}

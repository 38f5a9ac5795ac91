package io.tokensaving.request;

import java.util.HashMap;
import java.util.Map;

import io.tokensaving.AdvisorOrder;
import io.tokensaving.TokenSavingAdvisor;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.client.advisor.api.CallAdvisor;
import org.springframework.ai.chat.client.advisor.api.CallAdvisorChain;

/**
 * Marks what belongs to one task. It is outside the tool loop, and outside of what asks
 * again for an answer that is not accepted; each of their requests carries the mark on.
 * <p>
 * Does not advise streams, because the chain would aggregate every stream once more for
 * it: the later rounds of a streamed tool loop are known by their last message.
 * Thread-safe.
 */
public final class TaskAdvisor implements TokenSavingAdvisor, CallAdvisor {

	@Override
	public String getName() {
		return "Token Saving Task";
	}

	@Override
	public int getOrder() {
		return AdvisorOrder.TASK;
	}

	@Override
	public ChatClientResponse adviseCall(ChatClientRequest request, CallAdvisorChain chain) {
		Map<String, @Nullable Object> context = new HashMap<>(request.context());
		context.put(Task.CONTEXT_KEY, new Task());
		ChatClientResponse response = chain.nextCall(new ChatClientRequest(request.prompt(), context));
		return response.context().containsKey(Task.CONTEXT_KEY) ? CallState.detachFrom(response) : response;
	}

}

package io.tokensaving.request;

import java.lang.reflect.Field;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import io.tokensaving.AdvisorOrder;
import io.tokensaving.TokenSavingAdvisor;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.client.advisor.StructuredOutputValidationAdvisor;
import org.springframework.ai.chat.client.advisor.api.CallAdvisor;
import org.springframework.ai.chat.client.advisor.api.CallAdvisorChain;
import org.springframework.util.ReflectionUtils;

/**
 * Marks what belongs to one task. It is outside the tool loop, and outside of what asks
 * again for an answer that is not accepted; each of their requests carries the mark on.
 * <p>
 * Does not advise streams, because the chain would aggregate every stream once more for
 * it: the later rounds of a streamed tool loop are known by their last message.
 * Thread-safe.
 */
public final class TaskAdvisor implements TokenSavingAdvisor, CallAdvisor {

	// Has no getter. Without it, nothing is taken for sure to be asked again
	private static final @Nullable Field ATTEMPTS = ReflectionUtils.findField(StructuredOutputValidationAdvisor.class,
			"maxRepeatAttempts", int.class);

	@Override
	public String getName() {
		return "Token Saving Task";
	}

	@Override
	public int getOrder() {
		return AdvisorOrder.TASK;
	}

	@Override
	public boolean worksInShadow() {
		return false;
	}

	@Override
	public ChatClientResponse adviseCall(ChatClientRequest request, CallAdvisorChain chain) {
		Map<String, @Nullable Object> context = new HashMap<>(request.context());
		context.put(Task.CONTEXT_KEY, new Task(validations(chain.getCallAdvisors())));
		ChatClientResponse response = chain.nextCall(new ChatClientRequest(request.prompt(), context));
		return response.context().containsKey(Task.CONTEXT_KEY) ? CallState.detachFrom(response) : response;
	}

	private static int validations(List<? extends CallAdvisor> advisors) {
		int validations = 0;
		for (int i = 0; i < advisors.size(); i++) {
			if (advisors.get(i) instanceof StructuredOutputValidationAdvisor validation) {
				validations = Math.max(validations, attempts(validation));
			}
		}
		return validations;
	}

	private static int attempts(StructuredOutputValidationAdvisor validation) {
		Field field = ATTEMPTS;
		try {
			return (field != null && field.trySetAccessible()) ? field.getInt(validation) : 0;
		}
		catch (IllegalAccessException ex) {
			return 0;
		}
	}

}

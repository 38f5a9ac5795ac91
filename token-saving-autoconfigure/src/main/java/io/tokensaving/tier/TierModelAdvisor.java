package io.tokensaving.tier;

import java.util.Map;

import io.tokensaving.AdvisorOrder;
import io.tokensaving.InternalContext;
import io.tokensaving.TokenSavingAdvisor;
import io.tokensaving.request.DirectStreamAdvisor;
import io.tokensaving.request.DirectStreamChain;
import io.tokensaving.request.StreamGuard;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.client.advisor.ChatModelCallAdvisor;
import org.springframework.ai.chat.client.advisor.ChatModelStreamAdvisor;
import org.springframework.ai.chat.client.advisor.api.CallAdvisor;
import org.springframework.ai.chat.client.advisor.api.CallAdvisorChain;
import org.springframework.ai.chat.client.advisor.api.StreamAdvisorChain;
import org.springframework.ai.chat.model.ChatModel;

/**
 * Sends a request to the model of the tier that was chosen for it, in place of that of
 * the chat client. It does so through Spring AI's own last advisor, which adds the format
 * and the schema of the output; a model that is called directly would get neither.
 * Thread-safe.
 */
public final class TierModelAdvisor implements TokenSavingAdvisor, CallAdvisor, DirectStreamAdvisor {

	private static final String SELECTED = InternalContext.PREFIX + "tier";

	/**
	 * Choose the tier that serves a request, whose options must be of the class that its
	 * model takes: see {@link TierSwitch}.
	 * @param context the context of the request, which is changed
	 * @param tier the tier
	 */
	public static void select(Map<String, Object> context, Tier tier) {
		context.put(SELECTED, tier);
	}

	/**
	 * Return the tier that was chosen for a request.
	 * @param request the request
	 * @return the tier, or {@code null} for the model of the chat client as it is
	 */
	public static @Nullable Tier selected(ChatClientRequest request) {
		return (request.context().get(SELECTED) instanceof Tier tier) ? tier : null;
	}

	/**
	 * Forget the choice, so that the model of the chat client serves the request.
	 * @param context the context of the request, which is changed
	 */
	public static void clear(Map<String, Object> context) {
		context.remove(SELECTED);
	}

	@Override
	public String getName() {
		return "Token Saving Tier Model";
	}

	@Override
	public int getOrder() {
		return AdvisorOrder.TIER_MODEL;
	}

	@Override
	public boolean worksInShadow() {
		return false;
	}

	@Override
	public ChatClientResponse adviseCall(ChatClientRequest request, CallAdvisorChain chain) {
		ChatModel model = model(request);
		if (model == null) {
			return chain.nextCall(request);
		}
		return ChatModelCallAdvisor.builder().chatModel(model).build().adviseCall(request, chain);
	}

	@Override
	public Flux<ChatClientResponse> adviseStream(ChatClientRequest request, StreamAdvisorChain given) {
		StreamAdvisorChain chain = DirectStreamChain.after(this, given);
		ChatModel model = model(request);
		if (model == null) {
			return chain.nextStream(request);
		}
		return StreamGuard
			.guard(ChatModelStreamAdvisor.builder().chatModel(model).build().adviseStream(request, chain));
	}

	private static @Nullable ChatModel model(ChatClientRequest request) {
		Tier tier = selected(request);
		return (tier != null) ? tier.chatModel() : null;
	}

}

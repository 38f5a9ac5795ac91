package io.tokensaving.tier;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;

import io.tokensaving.provider.Dialects;
import reactor.core.publisher.Flux;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.client.advisor.api.Advisor;
import org.springframework.ai.chat.client.advisor.api.CallAdvisor;
import org.springframework.ai.chat.client.advisor.api.CallAdvisorChain;
import org.springframework.ai.chat.client.advisor.api.StreamAdvisor;
import org.springframework.ai.chat.client.advisor.api.StreamAdvisorChain;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.core.Ordered;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Sends each request to one tier, as a router does.
 */
final class SwitchingAdvisor implements CallAdvisor, StreamAdvisor {

	private final TierSwitch tiers = new TierSwitch(Dialects.builtIn());

	private final Tier tier;

	private final Function<ChatClientRequest, ChatModel> source;

	private final Predicate<AssistantMessage> own;

	private final List<List<String>> dropped = new ArrayList<>();

	SwitchingAdvisor(Tier tier) {
		this(tier, null, (message) -> false);
	}

	/**
	 * Create an advisor.
	 * @param tier the tier
	 * @param source finds the model that a request was made for, or {@code null} to look
	 * for that of the client
	 * @param own whether the tier has written a message
	 */
	SwitchingAdvisor(Tier tier, Function<ChatClientRequest, ChatModel> source, Predicate<AssistantMessage> own) {
		this.tier = tier;
		this.source = source;
		this.own = own;
	}

	List<List<String>> dropped() {
		return this.dropped;
	}

	private ChatClientRequest switched(ChatClientRequest request, List<? extends Advisor> advisors) {
		ChatModel model = (this.source != null) ? this.source.apply(request) : SourceModels.of(advisors);
		TierSwitch.Switched switched = this.tiers.apply(request, this.tier, model, this.own);
		assertThat(switched).isNotNull();
		this.dropped.add(switched.dropped());
		return switched.request();
	}

	@Override
	public ChatClientResponse adviseCall(ChatClientRequest request, CallAdvisorChain chain) {
		return chain.nextCall(switched(request, chain.getCallAdvisors()));
	}

	@Override
	public Flux<ChatClientResponse> adviseStream(ChatClientRequest request, StreamAdvisorChain chain) {
		return chain.nextStream(switched(request, chain.getStreamAdvisors()));
	}

	@Override
	public String getName() {
		return "switching";
	}

	@Override
	public int getOrder() {
		return Ordered.LOWEST_PRECEDENCE - 100;
	}

}

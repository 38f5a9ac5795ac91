package io.tokensaving.samples.gateway.door;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

import reactor.core.publisher.Flux;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.client.advisor.api.Advisor;
import org.springframework.ai.chat.client.advisor.api.CallAdvisor;
import org.springframework.ai.chat.client.advisor.api.CallAdvisorChain;
import org.springframework.ai.chat.client.advisor.api.StreamAdvisor;
import org.springframework.ai.chat.client.advisor.api.StreamAdvisorChain;
import org.springframework.core.OrderComparator;

/**
 * Calls advisors one after the other. Spring AI's own chain is used up by one request and
 * observes every advisor; this one is built once. Immutable.
 */
final class AdvisorChain implements CallAdvisorChain, StreamAdvisorChain {

	private final List<CallAdvisor> callAdvisors;

	private final List<StreamAdvisor> streamAdvisors;

	private final int position;

	private AdvisorChain(List<CallAdvisor> callAdvisors, List<StreamAdvisor> streamAdvisors, int position) {
		this.callAdvisors = callAdvisors;
		this.streamAdvisors = streamAdvisors;
		this.position = position;
	}

	/**
	 * Create a chain.
	 * @param advisors the advisors, in any order
	 * @return the chain
	 */
	static AdvisorChain of(Collection<? extends Advisor> advisors) {
		List<Advisor> sorted = new ArrayList<>(advisors);
		OrderComparator.sort(sorted);
		return new AdvisorChain(only(sorted, CallAdvisor.class), only(sorted, StreamAdvisor.class), 0);
	}

	private static <T> List<T> only(List<Advisor> advisors, Class<T> type) {
		return advisors.stream().filter(type::isInstance).map(type::cast).toList();
	}

	@Override
	public ChatClientResponse nextCall(ChatClientRequest request) {
		return this.callAdvisors.get(this.position).adviseCall(request, next());
	}

	@Override
	public Flux<ChatClientResponse> nextStream(ChatClientRequest request) {
		StreamAdvisor advisor = this.streamAdvisors.get(this.position);
		return Flux.defer(() -> advisor.adviseStream(request, next()));
	}

	private AdvisorChain next() {
		return new AdvisorChain(this.callAdvisors, this.streamAdvisors, this.position + 1);
	}

	@Override
	public CallAdvisorChain copy(CallAdvisor after) {
		return new AdvisorChain(behind(this.callAdvisors, after), List.of(), 0);
	}

	@Override
	public StreamAdvisorChain copy(StreamAdvisor after) {
		return new AdvisorChain(List.of(), behind(this.streamAdvisors, after), 0);
	}

	private static <T> List<T> behind(List<T> advisors, T after) {
		int index = advisors.indexOf(after);
		if (index < 0) {
			throw new IllegalArgumentException("'after' must be an advisor of the chain");
		}
		return advisors.subList(index + 1, advisors.size());
	}

	@Override
	public List<CallAdvisor> getCallAdvisors() {
		return this.callAdvisors;
	}

	@Override
	public List<StreamAdvisor> getStreamAdvisors() {
		return this.streamAdvisors;
	}

}

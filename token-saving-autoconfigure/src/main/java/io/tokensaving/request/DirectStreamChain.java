package io.tokensaving.request;

import java.util.List;

import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.observation.contextpropagation.ObservationThreadLocalAccessor;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.client.advisor.ChatModelStreamAdvisor;
import org.springframework.ai.chat.client.advisor.api.StreamAdvisor;
import org.springframework.ai.chat.client.advisor.api.StreamAdvisorChain;
import org.springframework.ai.chat.client.advisor.observation.AdvisorObservationContext;
import org.springframework.ai.chat.client.advisor.observation.AdvisorObservationDocumentation;
import org.springframework.ai.chat.client.advisor.observation.DefaultAdvisorObservationConvention;

/**
 * Calls consecutive advisors of this library, and then Spring AI's model advisor,
 * directly. Spring AI's chain would aggregate the text of the stream once for each
 * advisor and so hold the whole answer in memory as many times. Advisors of the
 * application are called by Spring AI's chain. Each advisor has its usual observation,
 * but without the response. Immutable.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public final class DirectStreamChain implements StreamAdvisorChain {

	private static final DefaultAdvisorObservationConvention CONVENTION = new DefaultAdvisorObservationConvention();

	private final StreamAdvisorChain chain;

	private final List<StreamAdvisor> advisors;

	private final int from;

	private final int to;

	private DirectStreamChain(StreamAdvisorChain chain, List<StreamAdvisor> advisors, int from, int to) {
		this.chain = chain;
		this.advisors = advisors;
		this.from = from;
		this.to = to;
	}

	/**
	 * Return the chain through which an advisor calls the next one.
	 * @param advisor the advisor
	 * @param chain the chain that the advisor was given
	 * @return a direct chain, or the given chain if the next advisor cannot be called
	 * directly or if it is not known which one is next
	 */
	public static StreamAdvisorChain after(DirectStreamAdvisor advisor, StreamAdvisorChain chain) {
		if (chain instanceof DirectStreamChain) {
			return chain;
		}
		List<StreamAdvisor> advisors = chain.getStreamAdvisors();
		int position = advisors.indexOf(advisor);
		if (position < 0 || advisors.lastIndexOf(advisor) != position) {
			return chain;
		}
		int to = position + 1;
		while (to < advisors.size() && advisors.get(to) instanceof DirectStreamAdvisor) {
			to++;
		}
		if (to < advisors.size() && isModel(advisors.get(to))) {
			to++;
		}
		else if (to == position + 1 || !isCopied(chain, advisors, to)) {
			return chain;
		}
		return new DirectStreamChain(chain, advisors, position + 1, to);
	}

	// For advisors with the same order number, Spring AI's copy may have another order
	private static boolean isCopied(StreamAdvisorChain chain, List<StreamAdvisor> advisors, int to) {
		StreamAdvisor last = advisors.get(to - 1);
		return advisors.indexOf(last) == to - 1
				&& chain.copy(last).getStreamAdvisors().equals(advisors.subList(to, advisors.size()));
	}

	private static boolean isModel(StreamAdvisor advisor) {
		return advisor.getClass() == ChatModelStreamAdvisor.class;
	}

	@Override
	public Flux<ChatClientResponse> nextStream(ChatClientRequest request) {
		if (this.from == this.to) {
			return StreamGuard.guard(rest().nextStream(request));
		}
		StreamAdvisor advisor = this.advisors.get(this.from);
		StreamAdvisorChain next = new DirectStreamChain(this.chain, this.advisors, this.from + 1, this.to);
		Flux<ChatClientResponse> stream = getObservationRegistry().isNoop()
				? Flux.defer(() -> advisor.adviseStream(request, next)) : observed(advisor, request, next);
		return isModel(advisor) ? StreamGuard.guard(stream) : stream;
	}

	private Flux<ChatClientResponse> observed(StreamAdvisor advisor, ChatClientRequest request,
			StreamAdvisorChain next) {
		return Flux.deferContextual((context) -> {
			Observation observation = AdvisorObservationDocumentation.AI_ADVISOR.observation(null, CONVENTION,
					() -> AdvisorObservationContext.builder()
						.advisorName(advisor.getName())
						.chatClientRequest(request)
						.order(advisor.getOrder())
						.build(),
					getObservationRegistry());
			Observation parent = context.<@Nullable Observation>getOrDefault(ObservationThreadLocalAccessor.KEY, null);
			if (parent != null) {
				observation.parentObservation(parent);
			}
			observation.start();
			return Flux.defer(() -> advisor.adviseStream(request, next))
				.doOnError(observation::error)
				.doFinally((signal) -> observation.stop())
				.contextWrite((written) -> written.put(ObservationThreadLocalAccessor.KEY, observation));
		});
	}

	// The given chain has not advanced past the advisors that were called directly
	private StreamAdvisorChain rest() {
		return this.chain.copy(this.advisors.get(this.to - 1));
	}

	@Override
	public List<StreamAdvisor> getStreamAdvisors() {
		return this.advisors;
	}

	@Override
	public StreamAdvisorChain copy(StreamAdvisor after) {
		return this.chain.copy(after);
	}

	@Override
	public ObservationRegistry getObservationRegistry() {
		return this.chain.getObservationRegistry();
	}

}

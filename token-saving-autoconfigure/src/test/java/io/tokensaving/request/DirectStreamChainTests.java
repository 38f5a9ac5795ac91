package io.tokensaving.request;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import io.tokensaving.ScriptedChatModel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.client.advisor.api.StreamAdvisor;
import org.springframework.ai.chat.client.advisor.api.StreamAdvisorChain;
import org.springframework.ai.chat.client.advisor.observation.AdvisorObservationContext;
import org.springframework.core.Ordered;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link DirectStreamChain}.
 */
class DirectStreamChainTests {

	private final List<String> called = Collections.synchronizedList(new ArrayList<>());

	@ParameterizedTest
	@ValueSource(ints = { 35, 30, 25, 20, 15, 10, 5, 1, 0 })
	void callsAdvisorsOfTheApplicationWhereverTheyStand(int application) {
		List<String> expected = called(List.of(new Plain("o1", 30), new Plain("o2", 20), new Plain("o3", 10),
				new Plain("a1", application), new Plain("a2", application)));
		List<String> direct = called(List.of(new Direct("o1", 30), new Direct("o2", 20), new Direct("o3", 10),
				new Plain("a1", application), new Plain("a2", application)));
		assertThat(direct).isEqualTo(expected).hasSize((application == 0) ? expected.size() : 5);
	}

	@Test
	void callsAnAdvisorThatStandsTwiceInTheChainAsSpringDoes() {
		Direct twice = new Direct("o1", 30);
		Plain plain = new Plain("o1", 30);
		assertThat(called(List.of(twice, new Direct("o2", 20), twice)))
			.isEqualTo(called(List.of(plain, new Plain("o2", 20), plain)));
	}

	@Test
	void observesEachAdvisor() throws InterruptedException {
		List<String> observed = Collections.synchronizedList(new ArrayList<>());
		// An observation stops after the reader was told of the end
		CountDownLatch stopped = new CountDownLatch(3);
		ObservationRegistry registry = ObservationRegistry.create();
		registry.observationConfig().observationHandler(new ObservationHandler<AdvisorObservationContext>() {

			@Override
			public void onStop(AdvisorObservationContext context) {
				if (Set.of("o1", "o2", "stream").contains(context.getAdvisorName())) {
					observed.add(context.getAdvisorName());
					stopped.countDown();
				}
			}

			@Override
			public boolean supportsContext(Observation.Context context) {
				return context instanceof AdvisorObservationContext;
			}

		});
		ChatClient.builder(ScriptedChatModel.echoing(), registry, null, null, null)
			.defaultAdvisors(new Direct("o1", 30), new Direct("o2", 20))
			.build()
			.prompt()
			.user("x")
			.stream()
			.content()
			.blockLast();
		assertThat(stopped.await(20, TimeUnit.SECONDS)).isTrue();
		assertThat(observed).containsExactlyInAnyOrder("o1", "o2", "stream");
	}

	private List<String> called(List<? extends StreamAdvisor> advisors) {
		this.called.clear();
		String text = String.join("",
				ChatClient.builder(ScriptedChatModel.echoing())
					.defaultAdvisors(advisors.toArray(StreamAdvisor[]::new))
					.build()
					.prompt()
					.user("x")
					.stream()
					.content()
					.collectList()
					.block());
		assertThat(text).isEqualTo("Answer 1 to: x");
		return List.copyOf(this.called);
	}

	private class Plain implements StreamAdvisor {

		private final String name;

		private final int order;

		Plain(String name, int above) {
			this.name = name;
			this.order = Ordered.LOWEST_PRECEDENCE - above;
		}

		@Override
		public Flux<ChatClientResponse> adviseStream(ChatClientRequest request, StreamAdvisorChain chain) {
			DirectStreamChainTests.this.called.add(this.name);
			return chain.nextStream(request);
		}

		@Override
		public String getName() {
			return this.name;
		}

		@Override
		public int getOrder() {
			return this.order;
		}

	}

	private final class Direct extends Plain implements DirectStreamAdvisor {

		Direct(String name, int above) {
			super(name, above);
		}

		@Override
		public Flux<ChatClientResponse> adviseStream(ChatClientRequest request, StreamAdvisorChain chain) {
			return super.adviseStream(request, DirectStreamChain.after(this, chain));
		}

	}

}

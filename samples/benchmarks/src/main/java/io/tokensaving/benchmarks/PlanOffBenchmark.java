package io.tokensaving.benchmarks;

import java.util.List;
import java.util.concurrent.TimeUnit;

import io.tokensaving.statistics.SavingsStatistics;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import reactor.core.publisher.Flux;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.client.advisor.api.CallAdvisor;
import org.springframework.ai.chat.client.advisor.api.CallAdvisorChain;
import org.springframework.ai.chat.client.advisor.api.StreamAdvisor;
import org.springframework.ai.chat.client.advisor.api.StreamAdvisorChain;
import org.springframework.ai.chat.messages.Message;

/**
 * What the advisors cost a request that no plan applies to: a chat client with them,
 * against one with as many advisors that do nothing and one with none.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 8, time = 1)
@Fork(3)
public class PlanOffBenchmark {

	private final List<Message> messages = Fixture.conversation(20, 8_000);

	private ChatClient none = ChatClient.create(Fixture.model());

	private ChatClient idle = ChatClient.create(Fixture.model());

	private ChatClient off = ChatClient.create(Fixture.model());

	@Setup
	public void setUp() {
		this.none = ChatClient.create(Fixture.model());
		this.idle = ChatClient.builder(Fixture.model())
			.defaultAdvisors(new IdleAdvisor(1), new IdleAdvisor(2), new IdleAdvisor(3), new IdleAdvisor(4),
					new IdleAdvisor(5))
			.build();
		this.off = ChatClient.builder(Fixture.model())
			.defaultAdvisors(Fixture.allAdvisors(new SavingsStatistics()))
			.build();
	}

	@Benchmark
	public ChatClientResponse noAdvisors() {
		return this.none.prompt().messages(this.messages).call().chatClientResponse();
	}

	@Benchmark
	public ChatClientResponse fiveIdleAdvisors() {
		return this.idle.prompt().messages(this.messages).call().chatClientResponse();
	}

	@Benchmark
	public ChatClientResponse planOff() {
		return this.off.prompt().messages(this.messages).call().chatClientResponse();
	}

	private record IdleAdvisor(int order) implements CallAdvisor, StreamAdvisor {

		@Override
		public ChatClientResponse adviseCall(ChatClientRequest request, CallAdvisorChain chain) {
			return chain.nextCall(request);
		}

		@Override
		public Flux<ChatClientResponse> adviseStream(ChatClientRequest request, StreamAdvisorChain chain) {
			return chain.nextStream(request);
		}

		@Override
		public String getName() {
			return "idle";
		}

		@Override
		public int getOrder() {
			return this.order;
		}

	}

}

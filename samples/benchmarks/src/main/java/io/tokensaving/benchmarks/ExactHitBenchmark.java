package io.tokensaving.benchmarks;

import java.util.List;
import java.util.concurrent.TimeUnit;

import io.tokensaving.TokenSaving;
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
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.messages.Message;

/**
 * An exact hit through a whole {@link ChatClient}, against the same client without
 * advisors and with the plan switched off, whose model answers at once.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 2)
@Measurement(iterations = 5, time = 3)
@Fork(2)
public class ExactHitBenchmark {

	final SavingsStatistics statistics = new SavingsStatistics();

	List<Message> messages = List.of();

	ChatClient plain = ChatClient.create(Fixture.model());

	ChatClient saving = ChatClient.create(Fixture.model());

	@Setup
	public void setUp() {
		this.messages = Fixture.conversation(20, 8_000);
		this.plain = ChatClient.create(Fixture.model());
		this.saving = ChatClient.builder(Fixture.model())
			.defaultAdvisors(Fixture.advisors(this.statistics, Fixture.plan()))
			.build();
		exactHit();
		long bytes = this.messages.stream().mapToLong((message) -> message.getText().length()).sum();
		long tokens = this.messages.stream().mapToLong((message) -> Fixture.COUNTER.count(message, 1)).sum();
		System.out.printf("%nPrompt: %d messages, %,d tokens, %,d bytes%n", this.messages.size(), tokens, bytes);
	}

	@Benchmark
	public ChatClientResponse withoutAdvisors() {
		return this.plain.prompt().messages(this.messages).call().chatClientResponse();
	}

	@Benchmark
	public ChatClientResponse planOff() {
		return this.saving.prompt().messages(this.messages).call().chatClientResponse();
	}

	@Benchmark
	public ChatClientResponse exactHit() {
		return this.saving.prompt()
			.messages(this.messages)
			.advisors(TokenSaving.plan("bench"))
			.call()
			.chatClientResponse();
	}

	@Benchmark
	public ChatClientResponse exactHitOfFreshStrings() {
		return this.saving.prompt()
			.messages(Fixture.copy(this.messages))
			.advisors(TokenSaving.plan("bench"))
			.call()
			.chatClientResponse();
	}

	@Benchmark
	public List<Message> freshStringsAlone() {
		return Fixture.copy(this.messages);
	}

	@Benchmark
	@BenchmarkMode(Mode.Throughput)
	@OutputTimeUnit(TimeUnit.SECONDS)
	@Threads(2)
	public ChatClientResponse exactHitOnTwoThreads() {
		return exactHit();
	}

}

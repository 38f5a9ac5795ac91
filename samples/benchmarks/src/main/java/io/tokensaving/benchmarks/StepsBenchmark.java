package io.tokensaving.benchmarks;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.concurrent.TimeUnit;

import io.tokensaving.compression.CompressionAdvisor;
import io.tokensaving.compression.CompressionSettings;
import io.tokensaving.plan.Plan;
import io.tokensaving.provider.Dialects;
import io.tokensaving.request.CacheDirectives;
import io.tokensaving.request.CallState;
import io.tokensaving.request.RequestFingerprint;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.prompt.Prompt;

/**
 * The steps of a request on their own, by the size of the conversation.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class StepsBenchmark {

	@Param({ "1000", "8000", "64000" })
	int tokens;

	private final Plan plan = Plan.builder("bench").build();

	private List<Message> messages = new ArrayList<>();

	private ChatClientRequest request = new ChatClientRequest(new Prompt(List.of()), new HashMap<>());

	private CompressionAdvisor trim = CompressionAdvisor.builder().build();

	@Setup
	public void setUp() {
		this.messages = Fixture.conversation(Math.max(20, this.tokens / 80), this.tokens);
		this.request = new ChatClientRequest(new Prompt(this.messages, Fixture.model().getOptions()), new HashMap<>());
		CompressionSettings settings = CompressionSettings.builder(CompressionAdvisor.TRIM, this.tokens / 2)
			.lowMark(0.5)
			.build();
		this.trim = CompressionAdvisor.builder()
			.tokenCounter(Fixture.COUNTER)
			.plan(Plan.builder("trim").with(settings).build())
			.build();
	}

	@Benchmark
	public RequestFingerprint fingerprint() {
		return new CallState("default", this.plan, CacheDirectives.NONE, Dialects.builtIn()).fingerprint(this.request);
	}

	@Benchmark
	public List<Message> trim() {
		return Fixture.compress(this.trim, this.request);
	}

}

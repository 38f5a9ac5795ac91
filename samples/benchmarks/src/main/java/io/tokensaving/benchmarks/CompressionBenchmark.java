package io.tokensaving.benchmarks;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.concurrent.TimeUnit;

import io.tokensaving.compression.CompressionAdvisor;
import io.tokensaving.compression.CompressionSettings;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.plan.Plan;
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
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;

/**
 * Compression of a conversation of 100,000 tokens from end to end: counting, splitting,
 * stemming, ranking, selecting. The first time nothing is remembered; a turn later
 * everything but the new turn is. A chat is turns of two and eight sentences; a document
 * is one user message after the other with no reply, all of it ranked at once.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 6, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(2)
public class CompressionBenchmark {

	private static final int TOKENS = 100_000;

	@Param({ "text_rank", "lex_rank", "lsa" })
	String engine;

	@Param({ "4096", "25000" })
	int limit;

	@Param({ "chat", "document" })
	String kind;

	private List<Message> conversation = List.of();

	private CompressionAdvisor warm = CompressionAdvisor.builder().build();

	private int turn;

	@Setup
	public void setUp() {
		MadeUpText text = new MadeUpText(42);
		List<Message> messages = new ArrayList<>();
		messages.add(new SystemMessage(text.sentence()));
		long tokens = 0;
		while (tokens < TOKENS) {
			messages.add(new UserMessage(sentences(text, 2)));
			boolean reply = this.kind.equals("chat");
			messages.add(reply ? new AssistantMessage(sentences(text, 8)) : new UserMessage(sentences(text, 8)));
			for (Message message : messages.subList(messages.size() - 2, messages.size())) {
				tokens += Fixture.COUNTER.count(message, 1);
			}
		}
		messages.add(new UserMessage(text.sentence()));
		this.conversation = messages;
		this.warm = advisor(new TokenCounter());
		Fixture.compress(this.warm, request(messages));
	}

	private static String sentences(MadeUpText text, int count) {
		StringBuilder sentences = new StringBuilder();
		for (int i = 0; i < count; i++) {
			sentences.append(text.sentence());
		}
		return sentences.toString();
	}

	private CompressionAdvisor advisor(TokenCounter counter) {
		CompressionSettings settings = new CompressionSettings(this.engine, this.limit);
		return CompressionAdvisor.builder()
			.tokenCounter(counter)
			.plan(Plan.builder("bench").with(settings).build())
			.build();
	}

	private static ChatClientRequest request(List<Message> messages) {
		Prompt prompt = new Prompt(messages, ChatOptions.builder().model("gpt-4o").build());
		return new ChatClientRequest(prompt, new HashMap<>());
	}

	@Benchmark
	public List<Message> firstTime() {
		return Fixture.compress(advisor(new TokenCounter()), request(Fixture.copy(this.conversation)));
	}

	@Benchmark
	public List<Message> nextTurn() {
		List<Message> messages = new ArrayList<>(Fixture.copy(this.conversation));
		int number = this.turn++;
		messages.add(new AssistantMessage("The answer to question " + number + " is not known yet. Please wait."));
		messages.add(new UserMessage("And what about question " + (number + 1) + ", which I asked on the phone?"));
		return Fixture.compress(this.warm, request(messages));
	}

}

package io.tokensaving.cache;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;

import io.tokensaving.Outcome;
import io.tokensaving.SavingsReport;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TokenSavingTestChain;
import io.tokensaving.cache.exact.ExactCacheFeature;
import io.tokensaving.cache.exact.TestExactStore;
import io.tokensaving.cache.semantic.InMemorySemanticCacheStore;
import io.tokensaving.cache.semantic.SemanticCacheFeature;
import io.tokensaving.cache.semantic.WordsEmbeddingModel;
import io.tokensaving.plan.Plan;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;
import reactor.test.scheduler.VirtualTimeScheduler;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.AssistantMessage.ToolCall;
import org.springframework.ai.chat.metadata.ChatGenerationMetadata;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.chat.model.MessageAggregator;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ReplayedStream}.
 */
@Timeout(60)
class ReplayedStreamTests {

	private static final String TEXT = "One fish,  two fish.\n\nRed fish \uD83D\uDE00 blue";

	private final VirtualTimeScheduler timer = VirtualTimeScheduler.create();

	@Test
	void wordsArriveAtTheRateAndTheLastElementHasTheRest() {
		Flux<ChatClientResponse> stream = stream(TEXT, 10);
		StepVerifier.create(stream.map(ReplayedStreamTests::text))
			.then(() -> this.timer.advanceTimeBy(Duration.ofMillis(100)))
			.expectNext("One ")
			.then(() -> this.timer.advanceTimeBy(Duration.ofMillis(99)))
			.expectNoEvent(Duration.ZERO)
			.then(() -> this.timer.advanceTimeBy(Duration.ofMillis(1)))
			.expectNext("fish,  ")
			.then(() -> this.timer.advanceTimeBy(Duration.ofMillis(700)))
			.expectNext("two ", "fish.\n\n", "Red ", "fish ", "\uD83D\uDE00 ", "blue", "")
			.verifyComplete();
	}

	@Test
	void aSlowReaderGetsNoMoreThanItHasAskedFor() {
		List<String> words = new ArrayList<>();
		StepVerifier.create(stream(TEXT, 10).map(ReplayedStreamTests::text).doOnNext(words::add), 0)
			.then(() -> this.timer.advanceTimeBy(Duration.ofSeconds(60)))
			.thenRequest(2)
			.then(() -> this.timer.advanceTimeBy(Duration.ofSeconds(60)))
			.expectNext("One ", "fish,  ")
			.then(() -> assertThat(words).hasSize(2))
			.thenRequest(Long.MAX_VALUE)
			.then(() -> this.timer.advanceTimeBy(Duration.ofSeconds(60)))
			.expectNextCount(7)
			.verifyComplete();
	}

	@Test
	void nothingGoesOnAfterACancellation() {
		List<String> words = new ArrayList<>();
		StepVerifier.create(stream("word ".repeat(1000), 10).map(ReplayedStreamTests::text).doOnNext(words::add))
			.then(() -> this.timer.advanceTimeBy(Duration.ofMillis(500)))
			.expectNextCount(5)
			.thenCancel()
			.verify();
		long tasks = this.timer.getScheduledTaskCount();
		this.timer.advanceTimeBy(Duration.ofSeconds(100));
		assertThat(words).hasSize(5);
		assertThat(this.timer.getScheduledTaskCount()).isEqualTo(tasks);
	}

	@Test
	void textWithoutSpacesIsDividedBetweenCharacters() {
		String text = "\u4F60\u597D".repeat(40) + "\uD83D\uDC68\u200D\uD83D\uDC69".repeat(30) + "e\u0301".repeat(40);
		List<String> chunks = new ArrayList<>();
		stream(text, 10_000).map(ReplayedStreamTests::text).subscribe(chunks::add);
		this.timer.advanceTimeBy(Duration.ofSeconds(1));
		assertThat(chunks).hasSizeGreaterThan(5);
		assertThat(String.join("", chunks)).isEqualTo(text);
		assertThat(chunks).noneMatch((chunk) -> chunk.startsWith("\u0301") || chunk.startsWith("\u200D")
				|| chunk.endsWith("\u200D") || (!chunk.isEmpty() && Character.isLowSurrogate(chunk.charAt(0))));
	}

	@Test
	void whatIsPutTogetherEqualsTheWholeAnswer() {
		ToolCall call = new ToolCall("1", "function", "f", "{}");
		ChatResponse answer = ScriptedChatModel.response(new Generation(AssistantMessage.builder()
			.content(TEXT)
			.properties(Map.of("index", 0, "finishReason", "STOP", "refusal", ""))
			.toolCalls(List.of(call))
			.build(), ChatGenerationMetadata.builder().finishReason("STOP").metadata("logprob", 1.5).build()));
		AtomicReference<ChatResponse> aggregated = new AtomicReference<>();
		new MessageAggregator()
			.aggregate(ReplayedStream
				.of(new ChatClientResponse(answer, Map.of()), 10_000, this.timer, Schedulers.immediate())
				.map(ChatClientResponse::chatResponse), aggregated::set)
			.subscribe();
		this.timer.advanceTimeBy(Duration.ofSeconds(10));
		assertThat(aggregated.get().getResult()).isEqualTo(answer.getResult());
		assertThat(aggregated.get().getMetadata().getId()).isEqualTo(answer.getMetadata().getId());
	}

	@Test
	void severalGenerationsAndSingleWordsAreOneElement() {
		Generation generation = new Generation(new AssistantMessage(TEXT));
		assertThat(ReplayedStream
			.of(new ChatClientResponse(ScriptedChatModel.response(generation, generation), Map.of()), 1)
			.collectList()
			.block()).hasSize(1);
		for (String text : new String[] { "", "word", null }) {
			assertThat(
					ReplayedStream
						.of(new ChatClientResponse(ScriptedChatModel
							.response(new Generation(AssistantMessage.builder().content(text).build())), Map.of()), 1)
						.collectList()
						.block())
				.hasSize(1);
		}
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void aPlanMayAskForWords(boolean blocking) throws Exception {
		CacheSettings settings = CacheSettings.builder("in_memory_semantic")
			.similarityThreshold(0.7)
			.verifySampleRate(0)
			.lookupTimeout(Duration.ofSeconds(20))
			.semanticTimeout(Duration.ofSeconds(20))
			.replayChunks(5000)
			.build();
		try (TokenSavingTestChain chain = new TokenSavingTestChain(Plan.builder("p").with(settings).build())) {
			chain.store(new TestExactStore("exact", blocking))
				.semantic(new WordsEmbeddingModel(), new InMemorySemanticCacheStore(), (builder) -> {
				});
			ChatClient client = chain.client(ScriptedChatModel.echoing());
			ask(client, "How do I reset my account password?");
			assertThat(chain.cacheAdvisor().drain()).isTrue();
			assertWords(ask(client, "How do I reset my account password?"), ExactCacheFeature.HIT);
			assertWords(ask(client, "how do i reset the account password"), SemanticCacheFeature.HIT);
			assertThat(client.prompt("How do I reset my account password?").call().content()).contains("password?");
		}
	}

	private static List<ChatClientResponse> ask(ChatClient client, String question) {
		return client.prompt(question).stream().chatClientResponse().collectList().block();
	}

	private static void assertWords(List<ChatClientResponse> elements, Outcome outcome) {
		assertThat(elements).hasSizeGreaterThan(5);
		assertThat(String.join("", elements.stream().map(ReplayedStreamTests::text).toList()))
			.isEqualTo("Answer 1 to: How do I reset my account password?");
		ChatClientResponse last = elements.get(elements.size() - 1);
		assertThat(((SavingsReport) last.context().get(SavingsReport.CONTEXT_KEY)).outcome()).isEqualTo(outcome);
		assertThat(last.chatResponse().getResult().getMetadata().getFinishReason()).isEqualTo("STOP");
		assertThat(elements.subList(0, elements.size() - 1))
			.noneMatch((element) -> element.context().containsKey(SavingsReport.CONTEXT_KEY));
	}

	private Flux<ChatClientResponse> stream(String text, int wordsPerSecond) {
		return ReplayedStream.of(new ChatClientResponse(ScriptedChatModel.answer(text), Map.of()), wordsPerSecond,
				this.timer, Schedulers.immediate());
	}

	private static String text(ChatClientResponse element) {
		return element.chatResponse().getResult().getOutput().getText();
	}

}

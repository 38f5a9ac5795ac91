package io.tokensaving.batch;

import java.math.BigDecimal;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;

import io.tokensaving.AdvisorOrder;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TokenSavingTestChain;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.ledger.SavingsLedger;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.provider.PriceVariant;
import io.tokensaving.provider.ServiceTier;
import io.tokensaving.provider.TokenPrice;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.statistics.SavingsStatistics;
import io.tokensaving.statistics.StatisticsSnapshot;
import io.tokensaving.structured.NativeMode;
import io.tokensaving.structured.RetryMode;
import io.tokensaving.structured.StructuredAdvisor;
import io.tokensaving.structured.StructuredSettings;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.client.advisor.ToolCallingAdvisor;
import org.springframework.ai.chat.client.advisor.api.Advisor;
import org.springframework.ai.chat.client.advisor.api.CallAdvisor;
import org.springframework.ai.chat.client.advisor.api.CallAdvisorChain;
import org.springframework.ai.chat.memory.ChatMemory;
import org.springframework.ai.chat.memory.InMemoryChatMemoryRepository;
import org.springframework.ai.chat.memory.MessageWindowChatMemory;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.metadata.ChatGenerationMetadata;
import org.springframework.ai.chat.metadata.ChatResponseMetadata;
import org.springframework.ai.chat.metadata.DefaultUsage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.model.tool.DefaultToolCallingChatOptions;
import org.springframework.ai.model.tool.ToolCallingManager;
import org.springframework.ai.openai.OpenAiChatOptions;
import org.springframework.ai.tool.annotation.Tool;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link TokenSavingBatch} with work that is not as it should be, and with a
 * queue that fails.
 */
class TokenSavingBatchHazardTests {

	private static final Instant NOW = Instant.parse("2026-11-01T12:00:00Z");

	private static final PlanKey KEY = new PlanKey("default", "enrichment");

	// 1,000 tokens in and 100 out are 0.003 USD, half of it in a batch
	private static final ModelPrice PRICE = new ModelPrice("large-model",
			new TokenPrice(new BigDecimal("2"), new BigDecimal("10"), null, null),
			List.of(new PriceVariant(ServiceTier.BATCH, 0,
					new TokenPrice(new BigDecimal("1"), new BigDecimal("5"), null, null))));

	private final List<String> asked = new ArrayList<>();

	private final ScriptedChatModel model = new ScriptedChatModel((prompt) -> {
		this.asked.add(prompt.getInstructions().toString());
		return answer("live: " + prompt.getUserMessage().getText());
	}).options(new DefaultToolCallingChatOptions.Builder().model("large-model").build());

	private String answerInputs = "before";

	private final FakeBatchQueue queue = new FakeBatchQueue();

	private final List<Runnable> again = new ArrayList<>();

	private final TokenSavingBatch batch = batch(this.queue);

	private TokenSavingTestChain chain = new TokenSavingTestChain();

	@AfterEach
	void close() throws Exception {
		this.chain.close();
	}

	private TokenSavingBatch batch(BatchQueue queue) {
		return new TokenSavingBatch(queue, this.again::add, Clock.fixed(NOW, ZoneOffset.UTC));
	}

	private static ChatResponse answer(String text) {
		return answer(new AssistantMessage(text));
	}

	private static ChatResponse answer(AssistantMessage message) {
		return new ChatResponse(
				List.of(new Generation(message, ChatGenerationMetadata.builder().finishReason("STOP").build())),
				ChatResponseMetadata.builder().model("large-model").usage(new DefaultUsage(1000, 100, 1100)).build());
	}

	private ChatClient client(Advisor... others) {
		return client(this.queue, null, others);
	}

	private ChatClient client(BatchQueue queue, StructuredSettings structured, Advisor... others) {
		Plan.Builder plan = Plan.builder("enrichment")
			.with(new BatchSettings(Duration.ofHours(24), BatchSettings.Tools.LIVE, true));
		if (structured != null) {
			plan.with(structured);
		}
		this.chain = new TokenSavingTestChain(plan.build()).price(PRICE)
			.plan((builder) -> builder.answerInputs((key, given) -> this.answerInputs));
		List<Advisor> advisors = new ArrayList<>(List.of(others));
		advisors.add(new DeferredAnswerAdvisor(this.chain.statistics()));
		advisors.add(new BatchAdvisor(FakeBatchModel.models(this.model), queue, true,
				new FlexCalls(new PriceTable(List.of(PRICE)), this.chain.statistics()), this.chain.statistics(),
				new TokenCounter()));
		return this.chain.client(this.model, advisors.toArray(Advisor[]::new));
	}

	private void batchEnds() {
		this.queue.answer((text) -> answer("batch: " + text.strip()));
		runAgain();
	}

	private void runAgain() {
		List<Runnable> runs = List.copyOf(this.again);
		this.again.clear();
		runs.forEach(Runnable::run);
	}

	private StatisticsSnapshot figures() {
		return this.chain.statistics().plan(KEY).snapshot();
	}

	private static Throwable failure(CompletableFuture<?> result) {
		assertThat(result).isCompletedExceptionally();
		return result.handle((value, failure) -> failure).join();
	}

	@Test
	void workWhoseQueueCannotSayWhenItSettlesFailsAndIsNotOpenForEver() {
		BatchQueue failing = new FailingQueue(this.queue);
		ChatClient client = client();
		CompletableFuture<String> result = batch(failing).submit("one", () -> client.prompt("Why?").call().content());
		assertThat(result).isCompletedExceptionally();
		TokenSavingBatch other = batch(failing);
		other.submit("one", () -> client.prompt("Why?").call().content());
		assertThat(other.open()).isZero();
	}

	@Test
	void aModelThatAToolAsksAnswersAtOnceSoThatTheToolIsExecutedOnce() {
		ChatClient inner = client();
		AtomicInteger executed = new AtomicInteger();
		Object tool = new Object() {

			@Tool
			public String weather() {
				executed.incrementAndGet();
				return inner.prompt("Which weather?").call().content();
			}

		};
		ToolCallingAdvisor loop = ToolCallingAdvisor.builder()
			.toolCallingManager(new DeferredToolCallingManager(ToolCallingManager.builder().build()))
			.build();
		ChatClient client = client(loop);
		CompletableFuture<String> result = this.batch.submit("tools",
				() -> client.prompt("Weather?").tools(tool).call().content());
		this.queue.answer((text) -> answer(AssistantMessage.builder()
			.content("")
			.toolCalls(List.of(new AssistantMessage.ToolCall("call-1", "function", "weather", "{}")))
			.build()));
		runAgain();
		assertThat(result).isCompletedWithValue("live: Weather?");
		assertThat(executed).hasValue(1);
		assertThat(this.asked).hasSize(2);
		assertThat(this.asked.get(1)).contains("live: Which weather?");
	}

	@Test
	void equalRequestsOfOnePieceOfWorkArePaidOnce() {
		ChatClient client = client();
		CompletableFuture<String> result = this.batch.submit("twice",
				() -> client.prompt("Why?").call().content() + client.prompt("Why?").call().content());
		batchEnds();
		assertThat(result).isCompletedWithValue("batch: user: Why?batch: user: Why?");
		assertThat(figures().totalRequests()).isEqualTo(2);
		assertThat(figures().spentUsd()).isEqualByComparingTo("0.0015");
		assertThat(figures().requests(BatchFeature.SHARED)).isEqualTo(1);
	}

	@Test
	void equalRequestsOfOnePieceOfWorkThatAreAskedAtOnceArePaidOnce() {
		ChatClient client = client();
		CompletableFuture<String> result = this.batch.submit("twice",
				() -> client.prompt("Why?").call().content() + client.prompt("Why?").call().content());
		this.queue.settle((key) -> new BatchQueue.Entry(key, BatchQueue.Entry.State.EXPIRED, null, null));
		runAgain();
		assertThat(result).isCompletedWithValue("live: Why?live: Why?");
		assertThat(this.model.calls()).isEqualTo(1);
		assertThat(figures().totalRequests()).isEqualTo(2);
		assertThat(figures().spentUsd()).isEqualByComparingTo("0.003");
	}

	@Test
	void aRequestThatWorkHasGoneOnWithoutIsCountedOnceItsAnswerIsThere() {
		ChatClient client = client();
		CompletableFuture<String> result = this.batch.submit("careful", () -> {
			String first;
			try {
				first = client.prompt("First").call().content();
			}
			catch (RuntimeException ex) {
				first = "none";
			}
			return first + client.prompt("Known").call().content();
		});
		// The answer of the second comes from elsewhere, before that of the first
		String known = List.copyOf(this.queue.entries.keySet()).get(1);
		this.queue.entries.put(known,
				new BatchQueue.Entry(known, BatchQueue.Entry.State.DONE, FakeBatchModel.answer(answer("known")), null));
		this.queue.settled(known).toCompletableFuture().complete(null);
		String first = List.copyOf(this.queue.entries.keySet()).get(0);
		this.queue.settled(first).toCompletableFuture().complete(null);
		runAgain();
		assertThat(result).isNotDone();
		batchEnds();
		runAgain();
		assertThat(result).isCompletedWithValue("batch: user: Firstknown");
		assertThat(figures().totalRequests()).isEqualTo(2);
		assertThat(figures().spentUsd()).isEqualByComparingTo("0.003");
	}

	@Test
	void anAdvisorThatMakesDoWithoutTheAnswerDoesNotKeepIt() {
		CallAdvisor careful = new Inner() {

			@Override
			public ChatClientResponse adviseCall(ChatClientRequest request, CallAdvisorChain chain) {
				try {
					return chain.nextCall(request);
				}
				catch (RuntimeException ex) {
					return ChatClientResponse.builder()
						.chatResponse(answer("made up"))
						.context(request.context())
						.build();
				}
			}

		};
		ChatClient client = client(careful);
		List<String> seen = new ArrayList<>();
		CompletableFuture<String> result = this.batch.submit("one", () -> {
			String text = client.prompt("Why?").call().content();
			seen.add(text);
			return text;
		});
		assertThat(seen).isEmpty();
		assertThat(figures().totalRequests()).isZero();
		batchEnds();
		assertThat(result).isCompletedWithValue("batch: user: Why?");
		assertThat(figures().totalRequests()).isEqualTo(1);
		assertThat(figures().spentUsd()).isEqualByComparingTo("0.0015");
	}

	@Test
	void whatARunHasSpentIsCountedEvenIfItIsPutOff() {
		CallAdvisor spending = new Inner() {

			@Override
			public ChatClientResponse adviseCall(ChatClientRequest request, CallAdvisorChain chain) {
				SavingsLedger.of(request).recordOverhead("large-model", new TokenUsage(1000, 100, 0, 0, false));
				return chain.nextCall(request);
			}

		};
		ChatClient client = client(spending);
		this.batch.submit("one", () -> client.prompt("Why?").call().content());
		assertThat(figures().totalRequests()).isZero();
		assertThat(figures().overheadUsd()).isEqualByComparingTo("0.003");
		batchEnds();
		assertThat(figures().totalRequests()).isEqualTo(1);
		assertThat(figures().overheadUsd()).isEqualByComparingTo("0.006");
	}

	@Test
	void whatRoutingHasLearnedMeanwhileMakesNoOtherRequest() {
		ChatClient client = client();
		CompletableFuture<String> result = this.batch.submit("one", () -> client.prompt("Why?").call().content());
		this.answerInputs = "after";
		batchEnds();
		assertThat(result).isCompletedWithValue("batch: user: Why?");
		assertThat(this.queue.entries).hasSize(1);
	}

	@Test
	void equalRequestsToTwoProvidersDoNotShareALine() {
		ChatClient client = client();
		ScriptedChatModel elsewhere = ScriptedChatModel.echoing().options(this.model.getOptions());
		ChatClient other = this.chain.client(elsewhere, new DeferredAnswerAdvisor(this.chain.statistics()),
				new BatchAdvisor(FakeBatchModel.models(elsewhere), this.queue, true,
						new FlexCalls(new PriceTable(List.of()), this.chain.statistics()), this.chain.statistics(),
						new TokenCounter()));
		this.batch.submit("one", () -> client.prompt("Why?").call().content());
		this.batch.submit("two", () -> other.prompt("Why?").call().content());
		assertThat(this.queue.waiting()).hasSize(2);
	}

	@Test
	void workWaitsForAQueueThatCannotBeReadForAWhile() {
		FailingQueue moody = new FailingQueue(this.queue);
		moody.settling = false;
		ChatClient client = client(moody, null);
		CompletableFuture<String> result = this.batch.submit("one", () -> client.prompt("Why?").call().content());
		moody.finding = true;
		batchEnds();
		assertThat(result).isNotDone();
		moody.finding = false;
		moody.claiming = true;
		runAgain();
		assertThat(result).isCompletedWithValue("batch: user: Why?");
		// Booked once the answer is deleted
		assertThat(figures().spentUsd()).isZero();
	}

	@Test
	void workThatCannotBeQueuedFails() {
		FailingQueue moody = new FailingQueue(this.queue);
		moody.finding = true;
		ChatClient client = client(moody, null);
		assertThat(failure(batch(moody).submit("one", () -> client.prompt("Why?").call().content())))
			.hasMessageContaining("cannot be read");
		assertThat(this.model.calls()).isZero();
	}

	@Test
	void aSchemaThatTheProviderRejectsIsToldToTheModelInWordsInTheNextBatch() {
		this.model.options(OpenAiChatOptions.builder().model("gpt-4o").build());
		ChatClient client = client(this.queue, new StructuredSettings(NativeMode.ON, true, RetryMode.SAME, null, 0),
				StructuredAdvisor.builder().build());
		CompletableFuture<Ticket> result = this.batch.submit("one",
				() -> client.prompt("Why?").call().entity(Ticket.class));
		assertThat(this.queue.waiting()).singleElement().asString().doesNotContain("JSON");
		this.queue.settle((key) -> new BatchQueue.Entry(key, BatchQueue.Entry.State.FAILED, null,
				"400 invalid_request_error Invalid schema"));
		runAgain();
		assertThat(result).isNotDone();
		assertThat(this.queue.waiting()).singleElement().asString().contains("JSON");
		this.queue.answer((text) -> answer("{\"category\":\"bug\"}"));
		runAgain();
		assertThat(result).isCompletedWithValue(new Ticket("bug"));
		assertThat(figures().totalRequests()).isEqualTo(1);
		assertThat(this.model.calls()).isZero();
	}

	@Test
	void chanceDoesNotQueueARequestTwice() {
		this.model.options(OpenAiChatOptions.builder().model("gpt-4o").build());
		ChatClient client = client(this.queue, new StructuredSettings(NativeMode.ON, true, RetryMode.SAME, null, 1),
				StructuredAdvisor.builder().build());
		this.batch.submit("one", () -> client.prompt("Why?").call().entity(Ticket.class));
		assertThat(this.queue.waiting()).singleElement().asString().doesNotContain("JSON");
	}

	@Test
	void repairsOfAnAnswerThatIsPlayedBackTwiceAreCountedOnce() {
		SavingsStatistics statistics = new SavingsStatistics();
		ChatClient client = client(this.queue, StructuredSettings.DEFAULTS,
				StructuredAdvisor.builder().statistics(statistics).build());
		CompletableFuture<String> result = this.batch.submit("one",
				() -> client.prompt("Why?").call().entity(Ticket.class).category()
						+ client.prompt("Second").call().content());
		this.queue.answer((text) -> answer("{'category': 'bug'}"));
		runAgain();
		batchEnds();
		assertThat(result).isCompletedWithValue("bugbatch: user: Second");
		StatisticsSnapshot snapshot = statistics.plan(KEY).snapshot();
		assertThat(snapshot.counters()
			.stream()
			.filter((counter) -> counter.name().equals("structured_repairs"))
			.flatMap((counter) -> snapshot.counts(counter).values().stream())).isNotEmpty().containsOnly(1L);
	}

	@Test
	void workDoesNotSubmitWork() {
		CompletableFuture<String> result = this.batch.submit("outer",
				() -> this.batch.submit("inner", () -> "never").join());
		assertThat(failure(result)).isInstanceOf(IllegalStateException.class).hasMessageContaining("'inner'");
		assertThat(this.batch.open()).isZero();
	}

	@Test
	void whatFollowsWorkMaySubmitWork() {
		ChatClient client = client();
		CompletableFuture<String> result = this.batch.submit("first", () -> client.prompt("First").call().content())
			.thenCompose((first) -> this.batch.submit("second", () -> client.prompt("Second").call().content()));
		batchEnds();
		batchEnds();
		assertThat(result).isCompletedWithValue("batch: user: Second");
	}

	@Test
	void workEndsIfTheQueueIsClosed() {
		ChatClient client = client();
		CompletableFuture<String> result = this.batch.submit("one", () -> client.prompt("Why?").call().content());
		String key = this.queue.entries.keySet().iterator().next();
		this.queue.settled(key).toCompletableFuture().completeExceptionally(new IllegalStateException("closed"));
		assertThat(this.again).isEmpty();
		assertThat(failure(result)).hasMessage("closed");
	}

	@Test
	void whatOthersAddToAConversationStaysEvenIfItsWindowIsFull() {
		InMemoryChatMemoryRepository repository = new InMemoryChatMemoryRepository();
		ChatMemory memory = MessageWindowChatMemory.builder()
			.chatMemoryRepository(new DeferredChatMemoryRepository(repository))
			.maxMessages(3)
			.build();
		memory.add("c", new UserMessage("1"));
		memory.add("c", new UserMessage("2"));
		memory.add("c", new UserMessage("3"));
		ChatClient client = client();
		CompletableFuture<String> result = this.batch.submit("chat", () -> {
			memory.add("c", new UserMessage("Mine"));
			return client.prompt("Why?").call().content();
		});
		CompletableFuture.runAsync(() -> repository.saveAll("c", messages("1", "2", "3", "Meanwhile"))).join();
		batchEnds();
		assertThat(result).isCompleted();
		assertThat(repository.findByConversationId("c").stream().map(Message::getText)).containsExactly("2", "3",
				"Meanwhile", "Mine");
	}

	@Test
	void cancelledWorkWritesNothing() {
		InMemoryChatMemoryRepository repository = new InMemoryChatMemoryRepository();
		DeferredChatMemoryRepository deferred = new DeferredChatMemoryRepository(repository);
		List<CompletableFuture<String>> self = new ArrayList<>();
		ChatClient client = client();
		self.add(this.batch.submit("gone", () -> {
			String text = client.prompt("Why?").call().content();
			deferred.saveAll("c", messages(text));
			self.get(0).cancel(true);
			return text;
		}));
		batchEnds();
		assertThat(self.get(0)).isCancelled();
		assertThat(repository.findByConversationId("c")).isEmpty();
	}

	private static List<Message> messages(String... texts) {
		List<Message> messages = new ArrayList<>();
		for (String text : texts) {
			messages.add(new UserMessage(text));
		}
		return messages;
	}

	private abstract static class Inner implements CallAdvisor {

		@Override
		public String getName() {
			return "inner";
		}

		@Override
		public int getOrder() {
			return AdvisorOrder.PROMPT_CACHE;
		}

	}

	private record Ticket(String category) {

	}

	private static final class FailingQueue implements BatchQueue {

		private final BatchQueue delegate;

		private boolean finding;

		private boolean settling = true;

		private boolean claiming;

		FailingQueue(BatchQueue delegate) {
			this.delegate = delegate;
		}

		private static void check(boolean fails) {
			if (fails) {
				throw new IllegalStateException("The store cannot be read");
			}
		}

		@Override
		public Entry find(String key) {
			check(this.finding);
			return this.delegate.find(key);
		}

		@Override
		public Entry add(String key, String workspace, String plan, BatchTarget target, byte[] body, Instant deadline) {
			return this.delegate.add(key, workspace, plan, target, body, deadline);
		}

		@Override
		public CompletionStage<Entry> settled(String key) {
			check(this.settling);
			return this.delegate.settled(key);
		}

		@Override
		public boolean claimPayment(String key) {
			check(this.claiming);
			return this.delegate.claimPayment(key);
		}

		@Override
		public void askedLive(String key) {
			this.delegate.askedLive(key);
		}

	}

}

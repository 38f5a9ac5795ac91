package io.tokensaving.batch;

import java.math.BigDecimal;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

import io.tokensaving.Eventually;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TokenSaving;
import io.tokensaving.TokenSavingAdvisors;
import io.tokensaving.TokenSavingTestChain;
import io.tokensaving.budget.Budget;
import io.tokensaving.budget.BudgetAdvisor;
import io.tokensaving.budget.BudgetFeature;
import io.tokensaving.budget.BudgetSettings;
import io.tokensaving.budget.Budgets;
import io.tokensaving.budget.InMemoryBudgetAccounts;
import io.tokensaving.cache.CacheSettings;
import io.tokensaving.cache.exact.CaffeineExactCacheStore;
import io.tokensaving.dedup.DedupSettings;
import io.tokensaving.event.BatchAnsweredEvent;
import io.tokensaving.event.TokenSavingEvent;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.provider.PriceVariant;
import io.tokensaving.provider.ServiceTier;
import io.tokensaving.provider.TokenPrice;
import io.tokensaving.route.CascadeSettings;
import io.tokensaving.route.RouteAdvisor;
import io.tokensaving.route.RouteMode;
import io.tokensaving.route.RouteSettings;
import io.tokensaving.route.cascade.StreamMode;
import io.tokensaving.statistics.SavingsStatistics;
import io.tokensaving.statistics.StatisticsSnapshot;
import io.tokensaving.tier.Tier;
import io.tokensaving.tier.TierModelAdvisor;
import io.tokensaving.tier.Tiers;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.advisor.MessageChatMemoryAdvisor;
import org.springframework.ai.chat.client.advisor.ToolCallingAdvisor;
import org.springframework.ai.chat.client.advisor.api.Advisor;
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
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.model.tool.DefaultToolCallingChatOptions;
import org.springframework.ai.model.tool.ToolCallingManager;
import org.springframework.ai.tool.annotation.Tool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link TokenSavingBatch} and its advisors.
 */
class TokenSavingBatchTests {

	private static final Instant NOW = Instant.parse("2026-11-01T12:00:00Z");

	private static final PlanKey KEY = new PlanKey("default", "enrichment");

	// 1,000 tokens in and 100 out are 0.003 USD, half of it in a batch
	private static final ModelPrice PRICE = price("large-model", "2", "10", "1", "5");

	private static final ModelPrice CHEAP = price("small-model", "0.2", "1", "0.1", "0.5");

	private static final String FAILS_ONCE = "Fail once";

	private final ScriptedChatModel model = model("large-model");

	private final ScriptedChatModel small = model("small-model");

	private final FakeBatchQueue queue = new FakeBatchQueue();

	private final List<Runnable> again = new CopyOnWriteArrayList<>();

	private final TokenSavingBatch batch = new TokenSavingBatch(this.queue, this.again::add,
			Clock.fixed(NOW, ZoneOffset.UTC));

	private final Budgets budgets = new Budgets(List.<Budget>of(),
			new InMemoryBudgetAccounts(Clock.fixed(NOW, ZoneOffset.UTC)), Clock.fixed(NOW, ZoneOffset.UTC));

	private List<Plan> plans = List.of();

	private TokenSavingTestChain chain = new TokenSavingTestChain();

	private boolean liveFallback = true;

	@AfterEach
	void close() throws Exception {
		this.chain.close();
	}

	private static ModelPrice price(String model, String input, String output, String batchInput, String batchOutput) {
		return new ModelPrice(model, new TokenPrice(new BigDecimal(input), new BigDecimal(output), null, null),
				List.of(new PriceVariant(ServiceTier.BATCH, 0,
						new TokenPrice(new BigDecimal(batchInput), new BigDecimal(batchOutput), null, null))));
	}

	private static ScriptedChatModel model(String name) {
		AtomicBoolean failed = new AtomicBoolean();
		return new ScriptedChatModel((prompt) -> {
			String text = prompt.getUserMessage().getText();
			if (FAILS_ONCE.equals(text) && failed.compareAndSet(false, true)) {
				throw new IllegalStateException("overloaded");
			}
			return answer(name, "live: " + text);
		}).options(new DefaultToolCallingChatOptions.Builder().model(name).build());
	}

	private static ChatResponse answer(String model, String text) {
		return answer(model, new AssistantMessage(text));
	}

	private static ChatResponse answer(String model, AssistantMessage message) {
		return new ChatResponse(
				List.of(new Generation(message, ChatGenerationMetadata.builder().finishReason("STOP").build())),
				ChatResponseMetadata.builder().model(model).usage(new DefaultUsage(1000, 100, 1100)).build());
	}

	private static BatchSettings settings(BatchSettings.Tools tools) {
		return new BatchSettings(Duration.ofHours(24), tools, true);
	}

	private ChatClient client(Advisor... others) {
		return client(Plan.builder("enrichment").with(settings(BatchSettings.Tools.LIVE)).build(), others);
	}

	private ChatClient client(Plan plan, Advisor... others) {
		this.plans = List.of(plan);
		this.chain = new TokenSavingTestChain(plan).price(PRICE).price(CHEAP);
		PriceTable prices = new PriceTable(List.of(PRICE, CHEAP));
		List<Advisor> advisors = new ArrayList<>(List.of(others));
		advisors.add(new DeferredAnswerAdvisor(this.chain.statistics()));
		advisors.add(batchAdvisor());
		advisors.add(new TierModelAdvisor());
		advisors.add(BudgetAdvisor.builder(this.budgets).prices(prices).statistics(this.chain.statistics()).build());
		return this.chain.client(this.model, advisors.toArray(Advisor[]::new));
	}

	private BatchAdvisor batchAdvisor() {
		return new BatchAdvisor(FakeBatchModel.models(this.model, this.small), this.queue, this.liveFallback,
				new FlexCalls(new PriceTable(List.of(PRICE, CHEAP)), this.chain.statistics()), this.chain.statistics(),
				new TokenCounter());
	}

	private void batchEnds() {
		this.queue.answer((text) -> answer("large-model", "batch: " + text.strip()));
		runAgain();
	}

	private void runAgain() {
		List<Runnable> runs = List.copyOf(this.again);
		this.again.removeAll(runs);
		runs.forEach(Runnable::run);
	}

	private StatisticsSnapshot figures() {
		return this.chain.statistics().plan(KEY).snapshot();
	}

	private static Throwable failure(CompletableFuture<?> result) {
		assertThat(result).isCompletedExceptionally();
		return result.handle((value, failure) -> failure).join();
	}

	private Supplier<String> asking(ChatClient client, String question) {
		return () -> client.prompt(question).call().content();
	}

	@Test
	void workGetsTheAnswerOfTheBatchAndTheModelIsNeverAsked() {
		ChatClient client = client();
		CompletableFuture<String> result = this.batch.submit("ticket-17", Duration.ofHours(6), asking(client, "Why?"));
		assertThat(result).isNotDone();
		assertThat(this.queue.waiting()).containsExactly("user: Why?\n");
		assertThat(this.queue.deadlines.values()).containsExactly(NOW.plus(Duration.ofHours(6)));
		batchEnds();
		assertThat(result).isCompletedWithValue("batch: user: Why?");
		assertThat(this.model.calls()).isZero();
		assertThat(this.batch.open()).isZero();
	}

	@Test
	void theAnswerIsCountedOnceAtThePriceOfTheBatch() {
		ChatClient client = client();
		this.batch.submit("one", asking(client, "Why?"));
		assertThat(figures().totalRequests()).isZero();
		batchEnds();
		StatisticsSnapshot figures = figures();
		assertThat(figures.totalRequests()).isEqualTo(1);
		assertThat(figures.spentUsd()).isEqualByComparingTo("0.0015");
		assertThat(figures.costSavedUsd()).isEqualByComparingTo("0.0015");
		assertThat(figures.savedUsdByTechnique()).containsOnlyKeys("batch");
	}

	@Test
	void equalRequestsShareALineOfWhichOneIsPaid() {
		ChatClient client = client();
		CompletableFuture<String> one = this.batch.submit("one", asking(client, "Why?"));
		CompletableFuture<String> other = this.batch.submit("other", asking(client, "Why?"));
		List<TokenSavingEvent> events = new ArrayList<>();
		this.chain.statistics().addListener(new SavingsStatistics.Listener() {

			@Override
			public void happened(TokenSavingEvent event) {
				if (event instanceof BatchAnsweredEvent) {
					events.add(event);
				}
			}

		});
		assertThat(this.queue.waiting()).hasSize(1);
		batchEnds();
		assertThat(one.join()).isEqualTo(other.join());
		assertThat(events).hasSize(2)
			.extracting((event) -> ((BatchAnsweredEvent) event).shared())
			.containsExactly(false, true);
		assertThat(events).extracting((event) -> ((BatchAnsweredEvent) event).work())
			.containsExactlyInAnyOrder("one", "other");
		StatisticsSnapshot figures = figures();
		assertThat(figures.totalRequests()).isEqualTo(2);
		assertThat(figures.spentUsd()).isEqualByComparingTo("0.0015");
		assertThat(figures.costSavedUsd()).isEqualByComparingTo("0.0045");
		assertThat(figures.requests(BatchFeature.SHARED)).isEqualTo(1);
	}

	@ParameterizedTest
	@ValueSource(strings = { TokenSaving.NO_STORE, TokenSaving.NO_CACHE })
	void whoWantsNoStoredAnswerHasALineOfItsOwn(String directive) {
		ChatClient client = client();
		Supplier<String> fresh = () -> client.prompt("Why?")
			.advisors((spec) -> spec.param(TokenSaving.CACHE, Map.of(directive, true)))
			.call()
			.content();
		CompletableFuture<String> one = this.batch.submit("one", fresh);
		CompletableFuture<String> other = this.batch.submit("other", fresh);
		assertThat(this.queue.waiting()).hasSize(2);
		AtomicInteger answers = new AtomicInteger();
		this.queue.answer((text) -> answer("large-model", "answer " + answers.incrementAndGet()));
		runAgain();
		assertThat(List.of(one.join(), other.join())).containsExactlyInAnyOrder("answer 1", "answer 2");
		assertThat(figures().spentUsd()).isEqualByComparingTo("0.003");
	}

	@Test
	void theExactCacheIsAskedFirstAndFilledAfterwards() {
		Plan plan = Plan.builder("enrichment")
			.with(CacheSettings.builder(CaffeineExactCacheStore.BACKEND).build())
			.with(DedupSettings.DEFAULTS)
			.build();
		ChatClient client = client(plan);
		this.batch.submit("one", asking(client, "Why?"));
		batchEnds();
		assertThat(client.prompt("Why?").call().content()).isEqualTo("batch: user: Why?");
		assertThat(this.batch.submit("two", asking(client, "Why?"))).isCompletedWithValue("batch: user: Why?");
		assertThat(this.model.calls()).isZero();
		assertThat(this.queue.entries).hasSize(1);
	}

	@Test
	void aCallerWhoWaitsNeverSharesTheEndOfARunThatIsPutOff() {
		ChatClient client = client(Plan.builder("enrichment").with(DedupSettings.DEFAULTS).build());
		this.batch.submit("one", () -> {
			String live = CompletableFuture.supplyAsync(asking(client, "Why?")).join();
			return live + asking(client, "Why?").get();
		});
		assertThat(this.model.calls()).isEqualTo(1);
		assertThat(this.queue.waiting()).hasSize(1);
	}

	@Test
	void workOfSeveralRequestsGetsOneAnswerAfterTheOther() {
		ChatClient client = client();
		CompletableFuture<String> result = this.batch.submit("two steps", () -> {
			String first = client.prompt("First").call().content();
			return client.prompt("Second after " + first.length()).call().content();
		});
		batchEnds();
		assertThat(result).isNotDone();
		batchEnds();
		assertThat(result).isCompletedWithValue("batch: user: Second after 18");
		assertThat(figures().totalRequests()).isEqualTo(2);
		assertThat(figures().spentUsd()).isEqualByComparingTo("0.003");
	}

	@Test
	void workThatCatchesEverythingIsRunAgainAllTheSame() {
		ChatClient client = client();
		CompletableFuture<String> result = this.batch.submit("careful", () -> {
			try {
				return client.prompt("Why?").call().content();
			}
			catch (RuntimeException ex) {
				return "nothing";
			}
		});
		assertThat(result).isNotDone();
		batchEnds();
		assertThat(result).isCompletedWithValue("batch: user: Why?");
	}

	@Test
	void whatWorkThrowsReachesTheCallerAsItIs() {
		IllegalStateException failure = new IllegalStateException("mine");
		CompletableFuture<String> result = this.batch.submit("failing", () -> {
			throw failure;
		});
		assertThat(result).isCompletedExceptionally();
		assertThat(failure(result)).isSameAs(failure);
	}

	@Test
	void workThatAsksForSomethingElseEachTimeFailsAndSaysWhere() {
		ChatClient client = client();
		AtomicInteger runs = new AtomicInteger();
		CompletableFuture<String> result = this.batch.submit("moody",
				() -> client.prompt("Run " + runs.incrementAndGet()).call().content());
		batchEnds();
		assertThat(failure(result)).isInstanceOf(NotRepeatableException.class)
			.hasMessageContaining("Request 1 of 'moody'")
			.hasMessageContaining("last user message")
			.hasMessageNotContaining("Run");
		assertThat(this.queue.entries).hasSize(1);
	}

	@Test
	void toolsAreExecutedOnceAndTheNextRoundIsAskedAtOnce() {
		Weather weather = new Weather();
		ChatClient client = client(toolLoop());
		CompletableFuture<String> result = this.batch.submit("tools",
				() -> client.prompt("Weather?").tools(weather).call().content());
		this.queue.answer((text) -> answer("large-model", toolCall()));
		runAgain();
		assertThat(result).isCompletedWithValue("live: Weather?");
		assertThat(weather.calls).hasValue(1);
		assertThat(this.model.calls()).isEqualTo(1);
		assertThat(figures().totalRequests()).isEqualTo(2);
		// One round at half the price, one at the full price
		assertThat(figures().spentUsd()).isEqualByComparingTo("0.0045");
	}

	@Test
	void toolsAreExecutedOnceEvenIfEachRoundComesWithABatch() {
		Weather weather = new Weather();
		ChatClient client = client(Plan.builder("enrichment").with(settings(BatchSettings.Tools.BATCH)).build(),
				toolLoop());
		CompletableFuture<String> result = this.batch.submit("tools", () -> {
			String report = client.prompt("Weather?").tools(weather).call().content();
			return report + "!" + client.prompt("Again").call().content();
		});
		this.queue.answer((text) -> answer("large-model", toolCall()));
		runAgain();
		assertThat(result).isNotDone();
		this.queue.answer((text) -> answer("large-model", "sunny"));
		runAgain();
		this.queue.answer((text) -> answer("large-model", "again"));
		runAgain();
		assertThat(result).isCompletedWithValue("sunny!again");
		assertThat(weather.calls).hasValue(1);
		assertThat(this.model.calls()).isZero();
		assertThat(figures().totalRequests()).isEqualTo(3);
		assertThat(figures().spentUsd()).isEqualByComparingTo("0.0045");
	}

	private static ToolCallingAdvisor toolLoop() {
		return ToolCallingAdvisor.builder()
			.toolCallingManager(new DeferredToolCallingManager(ToolCallingManager.builder().build()))
			.build();
	}

	private static AssistantMessage toolCall() {
		return AssistantMessage.builder()
			.content("")
			.toolCalls(List.of(new AssistantMessage.ToolCall("call-1", "function", "weather", "{}")))
			.build();
	}

	@Test
	void whatWasAskedAtOnceIsNotAskedAgainInTheNextRun() {
		ChatClient client = client(toolLoop());
		CompletableFuture<String> result = this.batch.submit("mixed", () -> {
			String report = client.prompt("Weather?").tools(new Weather()).call().content();
			return report + " " + client.prompt("Second").call().content();
		});
		this.queue.answer((text) -> answer("large-model", toolCall()));
		runAgain();
		assertThat(this.model.calls()).isEqualTo(1);
		batchEnds();
		assertThat(result).isCompletedWithValue("live: Weather? batch: user: Second");
		assertThat(this.model.calls()).isEqualTo(1);
		assertThat(figures().totalRequests()).isEqualTo(3);
		assertThat(figures().spentUsd()).isEqualByComparingTo("0.006");
	}

	@Test
	void aConversationIsWrittenOnceAndOnlyWithItsAnswer() {
		InMemoryChatMemoryRepository repository = new InMemoryChatMemoryRepository();
		ChatMemory memory = MessageWindowChatMemory.builder()
			.chatMemoryRepository(new DeferredChatMemoryRepository(repository))
			.build();
		memory.add("c", new UserMessage("Earlier"));
		ChatClient client = client(MessageChatMemoryAdvisor.builder(memory).build());
		CompletableFuture<String> result = this.batch.submit("chat",
				() -> client.prompt("Why?")
					.advisors((spec) -> spec.param(ChatMemory.CONVERSATION_ID, "c"))
					.call()
					.content());
		assertThat(repository.findByConversationId("c")).hasSize(1);
		memory.add("c", new UserMessage("Meanwhile"));
		batchEnds();
		assertThat(result).isCompleted();
		assertThat(repository.findByConversationId("c").stream().map(Message::getText)).containsExactly("Earlier",
				"Meanwhile", "Why?", "batch: user: Earlier\nuser: Why?");
	}

	@Test
	void eachAttemptOfACascadeComesWithABatchAndIsCountedOnce() {
		Tiers tiers = new Tiers(List.of(new Tier("small", this.small, null, Tier.Limits.NONE, "small-1")));
		RouteAdvisor route = RouteAdvisor.builder()
			.tiers(() -> tiers)
			.prices(new PriceTable(List.of(PRICE, CHEAP)))
			.build();
		RouteSettings settings = RouteSettings.builder("small", Tier.OWN)
			.mode(RouteMode.ACTIVE)
			.classifier("fixed")
			.defaultTier("small")
			.cascade(new CascadeSettings(List.of(CascadeSettings.MIN_LENGTH), 1, 5, StreamMode.PREFIX))
			.build();
		ChatClient client = client(Plan.builder("enrichment")
			.with(settings)
			.with(new BudgetSettings(BudgetSettings.Period.DAY, new BigDecimal("1"), null, 1,
					BudgetSettings.Action.WARN, BudgetSettings.UnknownPrice.COUNT, BudgetSettings.OnFailure.ALLOW, 100,
					ZoneOffset.UTC))
			.build(), route);
		CompletableFuture<String> result = this.batch.submit("cascade", asking(client, "Why?"));
		assertThat(this.queue.targets.values()).extracting(BatchTarget::model).containsExactly("small-model");
		this.queue.answer((text) -> answer("small-model", "no"));
		runAgain();
		assertThat(this.queue.targets.values()).extracting(BatchTarget::model)
			.containsExactly("small-model", "large-model");
		batchEnds();
		assertThat(result).isCompletedWithValue("batch: user: Why?");
		assertThat(this.model.calls() + this.small.calls()).isZero();
		StatisticsSnapshot figures = figures();
		assertThat(figures.totalRequests()).isEqualTo(1);
		assertThat(figures.spentUsd()).isEqualByComparingTo("0.00165");
		assertThat(figures.costSavedUsd()).isEqualByComparingTo("0.00135");
		assertThat(figures.modelErrors()).isZero();
		assertThat(new BudgetFeature(this.budgets, (workspace) -> this.plans).views()
			.get("budgets")
			.apply("default")
			.toString()).contains("0.00165");
		route.close();
	}

	@Test
	void aRequestForWhichNoTimeIsLeftIsAskedAtOnce() {
		ChatClient client = client();
		CompletableFuture<String> result = this.batch.submit("late", asking(client, "Why?"));
		this.queue.settle((key) -> new BatchQueue.Entry(key, BatchQueue.Entry.State.EXPIRED, null, null));
		runAgain();
		assertThat(result).isCompletedWithValue("live: Why?");
		assertThat(this.queue.askedLive).hasSize(1);
		assertThat(figures().spentUsd()).isEqualByComparingTo("0.003");
		assertThat(figures().costSavedUsd()).isZero();
	}

	@Test
	void equalRequestsForWhichNoTimeIsLeftShareOneCall() {
		ChatClient client = client();
		CompletableFuture<String> one = this.batch.submit("one", asking(client, "Why?"));
		CompletableFuture<String> other = this.batch.submit("other", asking(client, "Why?"));
		this.queue.settle((key) -> new BatchQueue.Entry(key, BatchQueue.Entry.State.EXPIRED, null, null));
		runAgain();
		assertThat(one).isCompletedWithValue("live: Why?");
		assertThat(other).isCompletedWithValue("live: Why?");
		assertThat(this.model.calls()).isEqualTo(1);
		assertThat(figures().totalRequests()).isEqualTo(2);
		assertThat(figures().spentUsd()).isEqualByComparingTo("0.003");
		assertThat(figures().requests(BatchFeature.SHARED)).isEqualTo(1);
	}

	@Test
	void aCallThatFailsIsNotShared() {
		ChatClient client = client();
		CompletableFuture<String> one = this.batch.submit("one", asking(client, FAILS_ONCE));
		CompletableFuture<String> other = this.batch.submit("other", asking(client, FAILS_ONCE));
		this.queue.settle((key) -> new BatchQueue.Entry(key, BatchQueue.Entry.State.EXPIRED, null, null));
		runAgain();
		List<CompletableFuture<String>> results = List.of(one, other);
		assertThat(results).filteredOn(CompletableFuture::isCompletedExceptionally).hasSize(1);
		assertThat(results).filteredOn((result) -> !result.isCompletedExceptionally())
			.singleElement()
			.satisfies((result) -> assertThat(result).isCompletedWithValue("live: " + FAILS_ONCE));
		assertThat(figures().spentUsd()).isEqualByComparingTo("0.003");
	}

	@Test
	void aRequestForWhichNoTimeIsLeftFailsIfNothingMayBeAskedAtOnce() {
		this.liveFallback = false;
		CompletableFuture<String> result = this.batch.submit("late", asking(client(), "Why?"));
		this.queue.settle((key) -> new BatchQueue.Entry(key, BatchQueue.Entry.State.EXPIRED, null, null));
		runAgain();
		assertThat(failure(result)).isInstanceOf(RejectedRequestException.class);
		assertThat(this.model.calls()).isZero();
	}

	@Test
	void aRejectedRequestFailsWithWhatTheProviderSays() {
		CompletableFuture<String> result = this.batch.submit("bad", asking(client(), "Why?"));
		this.queue.settle((key) -> new BatchQueue.Entry(key, BatchQueue.Entry.State.FAILED, null, "400 no such model"));
		runAgain();
		assertThat(failure(result)).isInstanceOf(RejectedRequestException.class).hasMessage("400 no such model");
	}

	@Test
	void requestsWithoutAPlanAreDeferredToo() {
		ChatClient client = client();
		CompletableFuture<String> result = this.batch.submit("plain",
				() -> client.prompt("Why?").advisors(TokenSaving.none()).call().content());
		assertThat(this.queue.waiting()).hasSize(1);
		batchEnds();
		assertThat(result).isCompletedWithValue("batch: user: Why?");
	}

	@Test
	void streamsAndModelsWithoutABatchApiAreAskedAtOnce() {
		ChatClient client = client();
		assertThat(this.batch.submit("stream",
				() -> String.join("", client.prompt("Why?").stream().content().collectList().block())))
			.isCompletedWithValue("live: Why?");
		ScriptedChatModel other = ScriptedChatModel.echoing();
		ChatClient plain = this.chain.client(other, new DeferredAnswerAdvisor(this.chain.statistics()),
				new BatchAdvisor(FakeBatchModel.models(this.model), this.queue, true,
						new FlexCalls(new PriceTable(List.of()), this.chain.statistics()), this.chain.statistics(),
						new TokenCounter()));
		assertThat(this.batch.submit("other", asking(plain, "Why?"))).isCompleted();
		assertThat(other.calls()).isEqualTo(1);
		assertThat(this.queue.entries).isEmpty();
		assertThat(figures().counts(BatchFeature.LIVE)).isEqualTo(Map.of("stream", 1L, "no_batch_api", 1L));
	}

	@Test
	void promptsAreAnsweredByABatchToo() {
		client();
		TokenSavingAdvisors advisors = new TokenSavingAdvisors(
				List.of(new DeferredAnswerAdvisor(this.chain.statistics()), batchAdvisor(), new TierModelAdvisor()));
		BatchChatModel prompts = new BatchChatModel(this.model, this.batch, advisors);
		CompletableFuture<ChatResponse> one = prompts.submit(new Prompt("One"));
		CompletableFuture<List<ChatResponse>> both = CompletableFuture
			.supplyAsync(() -> prompts.answer(List.of(new Prompt("Two"), new Prompt("One"))));
		Eventually.await(() -> this.batch.open() == 3 && this.queue.waiting().size() == 2);
		batchEnds();
		// The other thread may come to wait for its second answer only now
		Eventually.await(() -> {
			runAgain();
			return both.isDone();
		});
		assertThat(one.join().getResult().getOutput().getText()).isEqualTo("batch: user: One");
		assertThat(both.join()).extracting((response) -> response.getResult().getOutput().getText())
			.containsExactly("batch: user: Two", "batch: user: One");
	}

	@Test
	void cancelledWorkIsRunNoMore() {
		AtomicInteger runs = new AtomicInteger();
		ChatClient client = client();
		CompletableFuture<String> result = this.batch.submit("gone", () -> {
			runs.incrementAndGet();
			return client.prompt("Why?").call().content();
		});
		result.cancel(false);
		batchEnds();
		assertThat(runs).hasValue(1);
		assertThat(this.batch.open()).isZero();
	}

	@Test
	void onlyOnePieceOfWorkOfANameCanBeOpen() {
		ChatClient client = client();
		this.batch.submit("one", asking(client, "Why?"));
		assertThatIllegalStateException().isThrownBy(() -> this.batch.submit("one", asking(client, "What?")))
			.withMessageContaining("'one'");
		batchEnds();
		assertThat(this.batch.submit("one", asking(client, "What?"))).isNotDone();
	}

	@Test
	void theTimeMustBeWithinItsLimits() {
		assertThatIllegalArgumentException()
			.isThrownBy(() -> this.batch.submit("one", Duration.ofSeconds(59), () -> "never"))
			.withMessageContaining("from 1 minute to 14 days");
	}

	static final class Weather {

		private final AtomicInteger calls = new AtomicInteger();

		@Tool
		public String weather() {
			return "sunny, asked " + this.calls.incrementAndGet();
		}

	}

}

package io.tokensaving.request;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

import io.tokensaving.AdvisorOrder;
import io.tokensaving.Outcome;
import io.tokensaving.SavingTechnique;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TokenSaving;
import io.tokensaving.TokenSavingTestChain;
import io.tokensaving.batch.BatchFeature;
import io.tokensaving.cache.CacheSettings;
import io.tokensaving.cache.exact.ExactCacheFeature;
import io.tokensaving.cache.semantic.SemanticCacheFeature;
import io.tokensaving.dedup.DedupFeature;
import io.tokensaving.ledger.Labels;
import io.tokensaving.ledger.LedgerEvent;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.ledger.Purchase;
import io.tokensaving.ledger.SavingsLedger;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.statistics.CallMeasures;
import io.tokensaving.statistics.InMemoryStatisticsRepository;
import io.tokensaving.statistics.Measure;
import io.tokensaving.statistics.StatisticsAggregator;
import io.tokensaving.statistics.StatisticsSnapshot;
import io.tokensaving.statistics.TestClock;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.client.advisor.api.AdvisorChain;
import org.springframework.ai.chat.client.advisor.api.BaseAdvisor;
import org.springframework.ai.chat.client.advisor.api.CallAdvisorChain;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.model.tool.ToolCallingChatOptions;
import org.springframework.ai.retry.TransientAiException;
import org.springframework.ai.tool.function.FunctionToolCallback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for what is kept of calls by feature and model.
 */
class CallFiguresTests {

	private static final PlanKey KEY = new PlanKey("default", "support-bot");

	private static final ModelPrice PRICE = new ModelPrice("scripted-model", new BigDecimal("2"), new BigDecimal("10"),
			null, null);

	private static final Duration DEADLINE = Duration.ofSeconds(10);

	private final AtomicLong nanos = new AtomicLong();

	private final TokenSavingTestChain chain = new TokenSavingTestChain(
			Plan.builder("support-bot").with(new CacheSettings("in_memory")).build())
		.price(PRICE)
		.plan((builder) -> builder.ticker(this.nanos::get));

	private final TestClock clock = new TestClock("2026-03-31T12:00:00Z");

	private final StatisticsAggregator aggregator = new StatisticsAggregator(this.chain.statistics(),
			new InMemoryStatisticsRepository(this.clock), this.clock, Duration.ofHours(1));

	@AfterEach
	void close() throws Exception {
		this.aggregator.close();
		this.chain.close();
	}

	@Test
	void aHitCostsNothingAndHasTheFullCounterfactual() {
		ChatClient client = client(ScriptedChatModel.echoing());
		for (int i = 0; i < 4; i++) {
			client.prompt("one").advisors(TokenSaving.feature("faq")).call().content();
		}
		StatisticsSnapshot figures = figures("faq", "scripted-model");
		// 100 tokens at 2 and 20 at 10 dollars per million
		assertThat(figures.spentUsd()).isEqualByComparingTo("0.0004");
		assertThat(figures.counterfactualUsd()).isEqualByComparingTo("0.0016");
		assertThat(figures.effectiveDiscount()).isEqualTo(0.75);
		assertThat(figures.tasks()).isEqualTo(4);
		assertThat(figures.costPerTaskUsd()).isEqualByComparingTo("0.0001");
		assertThat(figures.tokensByKind()).containsEntry("input", 100L).containsEntry("output", 20L);
		assertThat(figures.distribution(Measure.OUTPUT_TOKENS).count()).isEqualTo(1);
	}

	@Test
	void roundsOfAToolLoopAreOneTask() {
		ScriptedChatModel model = new ScriptedChatModel((prompt) -> {
			boolean answered = prompt.getInstructions().stream().anyMatch(ToolResponseMessage.class::isInstance);
			return answered ? ScriptedChatModel.answer("sunny")
					: ScriptedChatModel.response(new Generation(AssistantMessage.builder()
						.content("")
						.toolCalls(List.of(new AssistantMessage.ToolCall("id", "function", "weather", "{}")))
						.build()));
		});
		model.options(ToolCallingChatOptions.builder().model("scripted-model").build());
		ChatClient client = client(model);
		String answer = client.prompt("How is the weather?")
			.toolCallbacks(FunctionToolCallback.builder("weather", (input) -> "sunny").inputType(Void.class).build())
			.call()
			.content();
		assertThat(answer).isEqualTo("sunny");
		StatisticsSnapshot figures = figures("support-bot", "scripted-model");
		assertThat(figures.totalRequests()).isEqualTo(2);
		assertThat(figures.tasks()).isEqualTo(1);
		assertThat(figures.retries()).isZero();
		assertThat(figures.costPerTaskUsd()).isEqualByComparingTo("0.0008");
	}

	@Test
	void laterAttemptsOfATaskAreRetries() {
		BaseAdvisor again = new BaseAdvisor() {

			@Override
			public ChatClientResponse adviseCall(ChatClientRequest request, CallAdvisorChain next) {
				next.copy(this).nextCall(request);
				return next.nextCall(request.mutate()
					.prompt(request.prompt().augmentUserMessage("Answer as JSON: " + request.prompt().getContents()))
					.build());
			}

			@Override
			public ChatClientRequest before(ChatClientRequest request, AdvisorChain next) {
				return request;
			}

			@Override
			public ChatClientResponse after(ChatClientResponse response, AdvisorChain next) {
				return response;
			}

			@Override
			public String getName() {
				return "again";
			}

			@Override
			public int getOrder() {
				return AdvisorOrder.TASK + 1;
			}

		};
		client(ScriptedChatModel.echoing()).prompt("one").advisors(again).call().content();
		StatisticsSnapshot figures = figures("support-bot", "scripted-model");
		assertThat(figures.totalRequests()).isEqualTo(2);
		assertThat(figures.tasks()).isEqualTo(1);
		assertThat(figures.retries()).isEqualTo(1);
		// 100 tokens at 2 and 20 at 10 dollars per million
		assertThat(figures.retryUsd()).isEqualByComparingTo("0.0004");
		assertThat(figures.spentUsd()).isEqualByComparingTo("0.0008");
	}

	@Test
	void aRoundThatTheApplicationSendsItselfContinuesATask() {
		ChatClient client = client(ScriptedChatModel.echoing());
		client.prompt(new Prompt(List.of(new UserMessage("How is the weather?"),
				AssistantMessage.builder()
					.content("")
					.toolCalls(List.of(new AssistantMessage.ToolCall("id", "function", "weather", "{}")))
					.build(),
				ToolResponseMessage.builder()
					.responses(List.of(new ToolResponseMessage.ToolResponse("id", "weather", "sunny")))
					.build())))
			.stream()
			.content()
			.blockLast(DEADLINE);
		client.prompt("one").stream().content().blockLast(DEADLINE);
		assertThat(figures("support-bot", "scripted-model").totalRequests()).isEqualTo(2);
		assertThat(figures("support-bot", "scripted-model").tasks()).isEqualTo(1);
	}

	@Test
	void failuresAreCountedByTheirReason() {
		ChatClient client = client(new ScriptedChatModel((prompt) -> {
			throw new TransientAiException("HTTP 429 - {}");
		}));
		assertThatExceptionOfType(TransientAiException.class).isThrownBy(() -> client.prompt("one").call().content());
		assertThatExceptionOfType(TransientAiException.class)
			.isThrownBy(() -> client.prompt("one").stream().content().blockLast(DEADLINE));
		StatisticsSnapshot figures = figures("support-bot", "scripted-model");
		assertThat(figures.modelErrors()).isEqualTo(2);
		assertThat(figures.modelErrorsByType()).hasSize(1).containsEntry("rate_limited", 2L);
	}

	@Test
	void timesAreThoseOfTheCallTheModelAndTheFirstContent() {
		ScriptedChatModel model = new ScriptedChatModel((prompt) -> {
			this.nanos.addAndGet(TimeUnit.MILLISECONDS.toNanos(800));
			return ScriptedChatModel.answer("a longer answer");
		});
		ChatClient client = client(model);
		client.prompt("one").call().content();
		client.prompt("one").call().content();
		client.prompt("another").stream().content().blockLast(DEADLINE);
		StatisticsSnapshot figures = figures("support-bot", "scripted-model");
		assertThat(figures.distribution(Measure.CALL).count()).isEqualTo(3);
		assertThat(figures.distribution(Measure.CALL).p95()).isCloseTo(800_000, Percentage.withPercentage(8));
		assertThat(figures.distribution(Measure.HIT).count()).isEqualTo(1);
		// The hit did not reach the model
		assertThat(figures.distribution(Measure.MODEL).count()).isEqualTo(2);
		assertThat(figures.distribution(Measure.MODEL).p50()).isCloseTo(800_000, Percentage.withPercentage(8));
		assertThat(figures.distribution(Measure.FIRST_TOKEN).count()).isEqualTo(1);
	}

	@Test
	void timesOfHitsAreThoseOfWholeCallsWhoseAnswerWasNotBought() {
		List<Outcome> outcomes = List.of(ExactCacheFeature.HIT, SemanticCacheFeature.HIT, DedupFeature.HIT,
				BatchFeature.SHARED, Outcome.MISS, Outcome.BYPASS);
		outcomes.forEach((outcome) -> record(outcome, true));
		StatisticsSnapshot figures = figures("faq", "scripted-model");
		assertThat(figures.distribution(Measure.CALL).count()).isEqualTo(outcomes.size());
		Measure.Distribution hits = figures.distribution(Measure.HIT);
		assertThat(hits.count()).isEqualTo(4);
		assertThat(hits.p50()).isCloseTo(5_000, Percentage.withPercentage(8));
	}

	@Test
	void aHitThatNobodyReceivedIsNotAmongTheTimesOfHits() {
		record(ExactCacheFeature.HIT, false);
		StatisticsSnapshot figures = figures("faq", "scripted-model");
		assertThat(figures.distribution(Measure.CALL).count()).isEqualTo(1);
		assertThat(figures.distribution(Measure.HIT)).isNull();
	}

	private void record(Outcome outcome, boolean answered) {
		ChatClientRequest request = new ChatClientRequest(new Prompt("question"), new HashMap<>());
		SavingsLedger.open(request);
		SavingsLedger ledger = SavingsLedger.of(request);
		ledger.record(new LedgerEvent.Labelled(Labels.FEATURE, "faq"));
		if (outcome.isHit()) {
			ledger.recordHit(outcome, SavingTechnique.of("test", "A test"), TokenUsage.ZERO, "scripted-model", 1L,
					null);
		}
		long nanos = TimeUnit.MILLISECONDS.toNanos(outcome.isHit() ? 5 : 800);
		this.chain.statistics()
			.plan(KEY)
			.record(ledger.close(KEY, new Purchase("scripted-model", "scripted-model", TokenUsage.ZERO, answered),
					new PriceTable(List.of(PRICE))), new CallMeasures(null, true, false, nanos, -1, -1));
	}

	private ChatClient client(ScriptedChatModel model) {
		return this.chain.client(model, new TaskAdvisor(), new ModelCallAdvisor(this.nanos::get));
	}

	private StatisticsSnapshot figures(String feature, String model) {
		return this.aggregator.labelled(KEY)
			.figures()
			.get(Labels.NONE.with(Labels.FEATURE, feature).with(Labels.MODEL, model));
	}

}

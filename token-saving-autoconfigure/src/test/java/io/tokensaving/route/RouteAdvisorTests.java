package io.tokensaving.route;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.regex.Pattern;

import io.tokensaving.AdvisorOrder;
import io.tokensaving.Eventually;
import io.tokensaving.SavingsReport;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TokenSaving;
import io.tokensaving.TokenSavingTestChain;
import io.tokensaving.budget.BudgetAdvisor;
import io.tokensaving.budget.BudgetSettings;
import io.tokensaving.budget.TokenBudgetExceededException;
import io.tokensaving.cache.CacheSettings;
import io.tokensaving.cache.exact.ExactCacheFeature;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.route.cascade.StreamMode;
import io.tokensaving.route.log.RouteDecision;
import io.tokensaving.route.log.RouteLog;
import io.tokensaving.route.log.RouteOutcome;
import io.tokensaving.route.log.RouteVerdict;
import io.tokensaving.route.state.InMemoryRouteStateStore;
import io.tokensaving.route.state.RouteStateStore;
import io.tokensaving.sampling.GradedJudge;
import io.tokensaving.sampling.NotJudged;
import io.tokensaving.statistics.PlanStatistics;
import io.tokensaving.tier.Tier;
import io.tokensaving.tier.TierModelAdvisor;
import io.tokensaving.tier.Tiers;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.memory.ChatMemory;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.metadata.ChatGenerationMetadata;
import org.springframework.ai.chat.metadata.ChatResponseMetadata;
import org.springframework.ai.chat.metadata.DefaultUsage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link RouteAdvisor}.
 */
@ExtendWith(OutputCaptureExtension.class)
class RouteAdvisorTests {

	private static final ModelPrice SMALL = new ModelPrice("small-model", new BigDecimal("0.1"), new BigDecimal("0.4"),
			null, null);

	private static final ModelPrice LARGE = new ModelPrice("large-model", new BigDecimal("2"), new BigDecimal("10"),
			new BigDecimal("0.2"), null);

	private static final List<RouteRule> EASY_IS_SMALL = List
		.of(new RouteRule(null, Pattern.compile("easy"), 0, 0, "small"));

	private final ScriptedChatModel small = model("small-model", (prompt) -> "from small");

	private final ScriptedChatModel large = model("large-model", (prompt) -> "from large");

	private final Map<String, RouteClassifier> classifiers = new HashMap<>(Map.of("rules", new RulesClassifier()));

	private final Map<String, GradedJudge> judges = new HashMap<>();

	private final RouteLog log = RouteLog.builder().build();

	private final List<AutoCloseable> closed = new ArrayList<>();

	private double chance = 0.99;

	private @Nullable RouteStateStore store;

	private TokenSavingTestChain chain = new TokenSavingTestChain();

	@AfterEach
	void close() throws Exception {
		for (AutoCloseable closeable : this.closed) {
			closeable.close();
		}
	}

	static ScriptedChatModel model(String name, Function<Prompt, String> answers) {
		return new ScriptedChatModel((prompt) -> answer(name, answers.apply(prompt)))
			.options(ChatOptions.builder().model(name).build());
	}

	static ChatResponse answer(String model, String text) {
		return new ChatResponse(
				List.of(new Generation(new AssistantMessage(text),
						ChatGenerationMetadata.builder().finishReason("STOP").build())),
				ChatResponseMetadata.builder().model(model).usage(new DefaultUsage(1000, 100, 1100)).build());
	}

	private static RouteSettings.Builder settings() {
		return RouteSettings.builder("small", Tier.OWN).mode(RouteMode.ACTIVE).classifier("rules").rules(EASY_IS_SMALL);
	}

	private ChatClient client(RouteSettings settings) {
		return client(Plan.builder("support-bot").with(settings).build());
	}

	private ChatClient client(Plan plan) {
		this.chain = new TokenSavingTestChain(plan).price(SMALL).price(LARGE);
		Tiers tiers = new Tiers(List.of(new Tier("small", this.small, null, Tier.Limits.NONE, "small-1")));
		RouteFeature feature = new RouteFeature(() -> tiers, List::of, List::of, List::of, () -> {
			throw new IllegalStateException();
		});
		RouteAdvisor advisor = RouteAdvisor.builder()
			.feature(feature)
			.tiers(() -> tiers)
			.classifiers(() -> this.classifiers)
			.judges(() -> this.judges)
			.log(this.log)
			.prices(new PriceTable(List.of(SMALL, LARGE)))
			.statistics(this.chain.statistics())
			.chance(() -> this.chance)
			.store(this.store)
			.build();
		this.closed.add(advisor);
		this.chain.plan((builder) -> builder.answerInputs((key, each) -> {
			RouteSettings routed = each.settings(RouteSettings.class);
			return (routed != null && routed.mode() == RouteMode.ACTIVE)
					? feature.digests().of(routed, tiers) + advisor.answerInputs(key, routed) : null;
		}));
		BudgetAdvisor budget = BudgetAdvisor.builder()
			.statistics(this.chain.statistics())
			.prices(new PriceTable(List.of(SMALL, LARGE)))
			.build();
		return this.chain.client(this.large, advisor, new TierModelAdvisor(), budget);
	}

	private static String ask(ChatClient client, String question, boolean stream) {
		ChatClient.ChatClientRequestSpec spec = client.prompt(question);
		return stream ? String.join("", spec.stream().content().collectList().block()) : spec.call().content();
	}

	private static SavingsReport report(ChatClientResponse response) {
		return (SavingsReport) response.context().get(SavingsReport.CONTEXT_KEY);
	}

	private RouteDecision logged() {
		List<RouteDecision> newest = this.log.newest(new PlanKey("default", "support-bot"), 1);
		return newest.isEmpty() ? null : newest.get(0);
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void sendsARequestToTheTierOfItsRule(boolean stream) {
		ChatClient client = client(settings().build());
		assertThat(ask(client, "an easy one", stream)).isEqualTo("from small");
		assertThat(ask(client, "a hard one", stream)).isEqualTo("from large");
		assertThat(this.small.calls()).isEqualTo(1);
		assertThat(this.large.calls()).isEqualTo(1);
		assertThat(this.small.lastPrompt().getOptions().getModel()).isEqualTo("small-model");
		assertThat(this.large.lastPrompt().getOptions().getModel()).isEqualTo("large-model");
	}

	@Test
	void whatTheCheaperModelSavesIsCreditedToRouting() {
		ChatClient client = client(settings().build());
		SavingsReport report = report(client.prompt("easy").call().chatClientResponse());
		// 1,000 x 2 + 100 x 10 against 1,000 x 0.1 + 100 x 0.4, in millionths
		assertThat(report.costSavedUsd()).isEqualByComparingTo("0.00286");
		assertThat(report.costSavedUsdByTechnique()).containsOnlyKeys("routing");
		assertThat(report.model()).isEqualTo("small-model");
		assertThat(report(client.prompt("hard").call().chatClientResponse()).costSavedUsd()).isZero();
		RouteDecision hard = logged();
		assertThat(hard.answer().tier()).isEqualTo(Tier.OWN);
		assertThat(hard.answer().costPicoUsd()).isEqualTo(hard.answer().counterfactualPicoUsd())
			.isEqualTo(3000_000_000L);
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void aPlanThatOnlyObservesChangesNothingAndLogsWhatItWouldDo(boolean stream) {
		ChatClient client = client(settings().mode(RouteMode.SHADOW).build());
		assertThat(ask(client, "an easy one", stream)).isEqualTo("from large");
		assertThat(this.small.calls()).isZero();
		RouteDecision decision = logged();
		assertThat(decision.choice().tier()).isEqualTo("small");
		assertThat(decision.answer().tier()).isEqualTo(Tier.OWN);
		assertThat(decision.mode()).isEqualTo("shadow");
		// Nor is what the request says of it heeded
		client.prompt("easy").advisors(TokenSaving.tier("unknown")).call().content();
		assertThat(this.small.calls()).isZero();
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void theOwnModelAnswersWhereATierFails(boolean stream) {
		this.small.streaming((prompt) -> Flux.error(new IllegalStateException("503")));
		ScriptedChatModel failing = new ScriptedChatModel((prompt) -> {
			throw new IllegalStateException("503");
		}).options(this.small.getOptions());
		ChatClient client = withSmall(failing, settings().build());
		assertThat(ask(client, "easy", stream)).isEqualTo("from large");
		assertThat(failing.calls()).isEqualTo(1);
		assertThat(this.large.calls()).isEqualTo(1);
		RouteDecision decision = logged();
		assertThat(decision.answer().outcome()).isEqualTo(RouteOutcome.FALLBACK);
		assertThat(decision.escalations()).containsExactly(new RouteDecision.Escalation("small", "error"));
		assertThat(decision.answer().tier()).isEqualTo(Tier.OWN);
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void theOwnModelAnswersWhereAModelCannotBeCreated(boolean stream) {
		ScriptedChatModel broken = new ScriptedChatModel((prompt) -> answer("small-model", "never")) {

			@Override
			public ChatOptions getOptions() {
				throw new IllegalStateException("no such bean");
			}

		};
		ChatClient client = withSmall(broken, settings().build());
		assertThat(ask(client, "easy", stream)).isEqualTo("from large");
		assertThat(broken.calls()).isZero();
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void noModelSeesTheReasoningOfAnother(boolean stream) {
		ChatClient client = client(settings().sticky(RouteSettings.Sticky.NONE).build());
		for (String writer : List.of("small", Tier.OWN)) {
			for (String question : List.of("easy", "hard")) {
				List<Message> messages = List.of(new UserMessage("x"),
						AssistantMessage.builder()
							.content("y")
							.properties(Map.of(TokenSaving.TIER, writer, "signature", "abc"))
							.build(),
						new UserMessage(question));
				ChatClient.ChatClientRequestSpec spec = client.prompt(new Prompt(messages));
				String answer = stream ? String.join("", spec.stream().content().collectList().block())
						: spec.call().content();
				boolean small = answer.equals("from small");
				assertThat(small).isEqualTo(question.equals("easy"));
				Prompt seen = (small ? this.small : this.large).lastPrompt();
				assertThat(seen.getInstructions().get(1).getMetadata().containsKey("signature"))
					.isEqualTo(small == writer.equals("small"));
			}
		}
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void theFailureOfTheOwnModelReachesTheCaller(boolean stream) {
		ScriptedChatModel failing = new ScriptedChatModel((prompt) -> {
			throw new IllegalStateException("from " + prompt.getOptions().getModel());
		});
		this.large.streaming((prompt) -> Flux.error(new IllegalStateException("from large-model")));
		ScriptedChatModel own = new ScriptedChatModel((prompt) -> {
			throw new IllegalStateException("from large-model");
		}).options(this.large.getOptions());
		ChatClient client = with(failing.options(this.small.getOptions()), own, settings().build());
		assertThatIllegalStateException().isThrownBy(() -> ask(client, "easy", stream)).withMessage("from large-model");
		assertThat(logged().answer().outcome()).isEqualTo(RouteOutcome.FAILED);
	}

	@Test
	void aRequestThatItsBudgetRefusesIsNotTriedElsewhere() {
		Plan plan = Plan.builder("support-bot")
			.with(settings().build())
			.with(new BudgetSettings(BudgetSettings.Period.DAY, new BigDecimal("0.000001"), null, 0.8,
					BudgetSettings.Action.REFUSE, BudgetSettings.UnknownPrice.COUNT, BudgetSettings.OnFailure.ALLOW,
					4096, ZoneOffset.UTC))
			.build();
		ChatClient client = client(plan);
		assertThatExceptionOfType(TokenBudgetExceededException.class).isThrownBy(() -> ask(client, "easy", false));
		assertThatExceptionOfType(TokenBudgetExceededException.class).isThrownBy(() -> ask(client, "easy", true));
		assertThat(this.small.calls() + this.large.calls()).isZero();
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void anAnswerThatIsNotGoodEnoughIsPaidAndReplaced(boolean stream) {
		ScriptedChatModel refusing = model("small-model", (prompt) -> "I'm sorry, but I can't help with that.");
		CascadeSettings cascade = new CascadeSettings(List.of("refusal"), 1, 1, StreamMode.PREFIX);
		ChatClient client = withSmall(refusing, settings().cascade(cascade).build());
		assertThat(ask(client, "easy", stream)).isEqualTo("from large");
		assertThat(refusing.calls()).isEqualTo(1);
		RouteDecision decision = logged();
		assertThat(decision.escalations()).containsExactly(new RouteDecision.Escalation("small", "refusal"));
		if (!stream) {
			// 3,000 of the large model and 140 of the small one, in millionths of a
			// dollar
			assertThat(decision.answer().costPicoUsd()).isEqualTo(3_140_000_000L);
			assertThat(this.chain.statistics().plan(new PlanKey("default", "support-bot")).snapshot().costSavedUsd())
				.isEqualByComparingTo("-0.00014");
		}
		assertThat(this.chain.statistics()
			.plan(new PlanKey("default", "support-bot"))
			.snapshot()
			.counts(RouteFeature.ESCALATIONS)).containsEntry("refusal", 1L);
	}

	@Test
	void aJudgeOfTheCascadeIsAskedAndPaid() {
		this.judges.put("strict", (answers) -> {
			assertThat(answers.reference()).isNull();
			return new GradedJudge.Verdict(
					answers.question().contains("bad") ? GradedJudge.Grade.WORSE : GradedJudge.Grade.SAME,
					GradedJudge.Reason.WRONG, "small-model", new TokenUsage(10, 1, 0, 0, false));
		});
		JudgeSettings judge = new JudgeSettings("strict", null, JudgeSettings.Method.REFERENCE, 0.02, BigDecimal.TEN,
				0.05, JudgeSettings.Action.ALERT);
		CascadeSettings cascade = new CascadeSettings(List.of("judge"), 1, 1, StreamMode.PREFIX);
		ChatClient client = client(settings().judge(judge).cascade(cascade).build());
		SavingsReport bad = report(client.prompt("easy but bad").call().chatClientResponse());
		assertThat(bad.model()).isEqualTo("large-model");
		assertThat(bad.overheadTokens()).isEqualTo(11);
		assertThat(logged().escalations()).containsExactly(new RouteDecision.Escalation("small", "judge"));
		SavingsReport good = report(client.prompt("easy").call().chatClientResponse());
		assertThat(good.model()).isEqualTo("small-model");
		assertThat(good.overheadTokens()).isEqualTo(11);
	}

	@Test
	void aJudgeOfTheCascadeIsAskedNoMoreOnceTheBudgetIsUsedUp() {
		AtomicInteger asked = new AtomicInteger();
		this.judges.put("strict", (answers) -> {
			asked.incrementAndGet();
			return new GradedJudge.Verdict(GradedJudge.Grade.WORSE, GradedJudge.Reason.WRONG, "large-model",
					new TokenUsage(1000, 100, 0, 0, false));
		});
		// Each verdict costs 0.003 dollars
		JudgeSettings judge = new JudgeSettings("strict", null, JudgeSettings.Method.REFERENCE, 0.02,
				new BigDecimal("0.005"), 0.05, JudgeSettings.Action.ALERT);
		CascadeSettings cascade = new CascadeSettings(List.of("judge"), 1, 1, StreamMode.PREFIX);
		ChatClient client = client(settings().judge(judge).cascade(cascade).build());
		assertThat(ask(client, "easy 1", false)).isEqualTo("from large");
		assertThat(ask(client, "easy 2", false)).isEqualTo("from large");
		assertThat(ask(client, "easy 3", false)).isEqualTo("from small");
		assertThat(ask(client, "easy 4", false)).isEqualTo("from small");
		assertThat(asked).hasValue(2);
		PlanStatistics plan = this.chain.statistics().plan(new PlanKey("default", "support-bot"));
		assertThat(plan.state(RouteFeature.QUALITY).snapshot().notJudged()).containsEntry(NotJudged.OUT_OF_BUDGET, 2L);
		assertThat(plan.snapshot().errors()).isZero();
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void whatIsBoughtForTheJudgeHasThePriceOfItsTier(boolean stream) {
		this.chance = 0;
		this.classifiers.put("learning",
				(request, settings) -> new RouteChoice(Tier.OWN, "learning", 0.5, new float[] { 1 }));
		AtomicInteger judged = new AtomicInteger();
		this.judges.put("kind", (answers) -> {
			judged.incrementAndGet();
			return new GradedJudge.Verdict(GradedJudge.Grade.SAME, GradedJudge.Reason.NONE, null, TokenUsage.ZERO);
		});
		JudgeSettings judge = new JudgeSettings("kind", null, JudgeSettings.Method.REFERENCE, 0.02, BigDecimal.TEN,
				0.05, JudgeSettings.Action.ALERT);
		ScriptedChatModel nameless = new ScriptedChatModel((prompt) -> answer("", "from small"))
			.options(this.small.getOptions());
		RouteSettings settings = RouteSettings.builder("small", Tier.OWN)
			.mode(RouteMode.SHADOW)
			.classifier("learning")
			.judge(judge)
			.build();
		this.chain = new TokenSavingTestChain(Plan.builder("support-bot").with(settings).build());
		Tiers tiers = new Tiers(List.of(new Tier("small", nameless, null, Tier.Limits.NONE, "small-1")));
		RouteAdvisor advisor = RouteAdvisor.builder()
			.tiers(() -> tiers)
			.classifiers(() -> this.classifiers)
			.judges(() -> this.judges)
			.prices(new PriceTable(List.of(SMALL, LARGE)))
			.statistics(this.chain.statistics())
			.chance(() -> this.chance)
			.build();
		this.closed.add(advisor);
		ChatClient client = this.chain.client(this.large, advisor, new TierModelAdvisor());
		assertThat(ask(client, "a question", stream)).isEqualTo("from large");
		Eventually.await(() -> judged.get() > 0);
		// 1,000 tokens of input and 100 of output
		assertThat(this.chain.statistics().plan(new PlanKey("default", "support-bot")).snapshot().overheadUsd())
			.isEqualByComparingTo("0.00014");
	}

	@ParameterizedTest
	@CsvSource({ "SHADOW, false", "SHADOW, true", "ACTIVE, false", "ACTIVE, true" })
	void ofTwoAdvisorsInAChainTheSecondStepsAside(RouteMode mode, boolean stream) {
		ChatClient client = client(settings().mode(mode).build());
		Tiers tiers = new Tiers(List.of(new Tier("small", this.small, null, Tier.Limits.NONE, "small-1")));
		RouteAdvisor second = RouteAdvisor.builder()
			.tiers(() -> tiers)
			.classifiers(() -> this.classifiers)
			.log(this.log)
			.statistics(this.chain.statistics())
			.order(AdvisorOrder.ROUTE + 1)
			.build();
		this.closed.add(second);
		ChatClient both = client.mutate().defaultAdvisors(second).build();
		assertThat(ask(both, "easy", stream)).isEqualTo((mode == RouteMode.ACTIVE) ? "from small" : "from large");
		assertThat(this.log.newest(new PlanKey("default", "support-bot"), 10)).hasSize(1);
		assertThat(this.chain.statistics()
			.plan(new PlanKey("default", "support-bot"))
			.snapshot()
			.counts(RouteFeature.DECISIONS)).containsEntry("small", 1L);
	}

	@Test
	void attemptsAreCountedUnderTheirOwnTierAndModel() {
		ScriptedChatModel refusing = model("small-model", (prompt) -> "I'm sorry, but I can't help with that.");
		CascadeSettings cascade = new CascadeSettings(List.of("refusal"), 1, 1, StreamMode.PREFIX);
		ChatClient client = withSmall(refusing, settings().cascade(cascade).build());
		SavingsReport report = report(client.prompt("easy").call().chatClientResponse());
		assertThat(report.tokensBought()).isEqualTo(2200);
		assertThat(report.tokensCounterfactual()).isEqualTo(1100);
		assertThat(report.costSavedUsd()).isEqualByComparingTo("-0.00014");
		assertThat(report.model()).isEqualTo("large-model");
	}

	@Test
	void aRequestCanSayWhichTierAnswers() {
		ChatClient client = client(settings().build());
		assertThat(client.prompt("hard").advisors(TokenSaving.tier("small")).call().content()).isEqualTo("from small");
		assertThat(client.prompt("easy").advisors(TokenSaving.atLeast(Tier.OWN)).call().content())
			.isEqualTo("from large");
		assertThat(client.prompt("easy").advisors(TokenSaving.atLeast("small")).call().content())
			.isEqualTo("from small");
		assertThat(client.prompt("easy").advisors(TokenSaving.defaultPlan().noRoute()).call().content())
			.isEqualTo("from large");
		assertThatIllegalArgumentException()
			.isThrownBy(() -> client.prompt("easy").advisors(TokenSaving.tier("huge")).call().content())
			.withMessage("'token_saving_tier' is 'huge', but must be a tier of the plan, one of 'own', 'small'");
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void aToolLoopStaysWithTheTierThatHasBegunIt(boolean stream) {
		ChatClient client = client(settings().sticky(RouteSettings.Sticky.NONE).build());
		for (String tier : List.of("small", Tier.OWN)) {
			AssistantMessage call = AssistantMessage.builder()
				.content("")
				.properties(Map.of(TokenSaving.TIER, tier))
				.toolCalls(List.of(new AssistantMessage.ToolCall("1", "function", "weather", "{}")))
				.build();
			List<Message> messages = List.of(new UserMessage("an easy one"), call,
					ToolResponseMessage.builder()
						.responses(List.of(new ToolResponseMessage.ToolResponse("1", "weather", "sunny")))
						.build());
			ChatClient.ChatClientRequestSpec spec = client.prompt(new Prompt(messages));
			String answer = stream ? String.join("", spec.stream().content().collectList().block())
					: spec.call().content();
			assertThat(answer).isEqualTo("small".equals(tier) ? "from small" : "from large");
		}
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void anAnswerCarriesTheTierAndTheModelDoesNotSeeIt(boolean stream) {
		ChatClient client = client(settings().build());
		AssistantMessage answer = stream ? client.prompt("easy")
			.stream()
			.chatResponse()
			.collectList()
			.block()
			.stream()
			.map((element) -> element.getResult().getOutput())
			.filter((message) -> message.getMetadata().containsKey(TokenSaving.TIER))
			.findFirst()
			.orElseThrow() : client.prompt("easy").call().chatResponse().getResult().getOutput();
		assertThat(answer.getMetadata()).containsEntry(TokenSaving.TIER, "small");
	}

	@Test
	void aConversationMovesUpButNotDownUnlessThatPays() {
		ChatClient client = client(settings().build());
		List<Message> afterLarge = List.of(new UserMessage("hard"),
				AssistantMessage.builder().content("x").properties(Map.of(TokenSaving.TIER, Tier.OWN)).build(),
				new UserMessage("easy"));
		// Reading the conversation from the cache of the large model costs 0.2 a token
		// for
		// five turns, and sending it to the small one 0.1
		assertThat(client.prompt(new Prompt(afterLarge)).call().content()).isEqualTo("from small");
		ChatClient cached = client(settings().expectedTurns(1).build());
		assertThat(cached.prompt(new Prompt(afterLarge)).call().content()).isEqualTo("from small");
		List<Message> afterSmall = List.of(new UserMessage("easy"),
				AssistantMessage.builder().content("x").properties(Map.of(TokenSaving.TIER, "small")).build(),
				new UserMessage("hard"));
		assertThat(client.prompt(new Prompt(afterSmall)).call().content()).isEqualTo("from large");
	}

	@Test
	void aConversationWhoseHistoryHasLostItsMarksIsKnownByItsId() {
		this.classifiers.put("by-word", (request, settings) -> RouteChoice
			.of(request.question().contains("easy") ? "small" : Tier.OWN, "word"));
		Plan plan = Plan.builder("support-bot")
			.with(RouteSettings.builder("small", Tier.OWN).mode(RouteMode.ACTIVE).classifier("by-word").build())
			.build();
		// Without a price, it is not known whether a change would pay
		this.chain = new TokenSavingTestChain(plan);
		RouteAdvisor advisor = advisor(this.small, List.of());
		ChatClient client = this.chain.client(this.large, advisor, new TierModelAdvisor());
		Function<String, String> one = (question) -> client.prompt(question)
			.advisors((spec) -> spec.param(ChatMemory.CONVERSATION_ID, "1"))
			.call()
			.content();
		assertThat(one.apply("easy")).isEqualTo("from small");
		assertThat(one.apply("hard")).isEqualTo("from large");
		assertThat(one.apply("easy")).isEqualTo("from large");
		assertThat(
				client.prompt("easy").advisors((spec) -> spec.param(ChatMemory.CONVERSATION_ID, "2")).call().content())
			.isEqualTo("from small");
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void aClassifierThatFailsOrTakesTooLongLeavesTheRequestToTheDefaultTier(boolean stream) {
		AtomicInteger interrupted = new AtomicInteger();
		this.classifiers.put("failing", (request, settings) -> {
			throw new IllegalStateException("no choice");
		});
		this.classifiers.put("unknown-tier", (request, settings) -> RouteChoice.of("huge", "guess"));
		this.classifiers.put("slow", (request, settings) -> {
			try {
				new CountDownLatch(1).await();
			}
			catch (InterruptedException ex) {
				interrupted.incrementAndGet();
			}
			return RouteChoice.of("small", "late");
		});
		for (String classifier : List.of("failing", "unknown-tier", "slow", "missing")) {
			ChatClient client = client(RouteSettings.builder("small", Tier.OWN)
				.mode(RouteMode.ACTIVE)
				.maxTime(Duration.ofMillis(20))
				.classifier(classifier)
				.build());
			assertThat(ask(client, "easy", stream)).isEqualTo("from large");
			assertThat(logged().choice().reason()).isEqualTo("classifier_failed");
		}
		assertThat(interrupted).hasValue(1);
	}

	@Test
	void noAnswerIsSharedBetweenSettingsOfRouting() {
		Plan easy = Plan.builder("support-bot").with(settings().build()).with(new CacheSettings("in_memory")).build();
		ChatClient client = client(easy);
		assertThat(ask(client, "easy", false)).isEqualTo("from small");
		ChatClientResponse hit = client.prompt("easy").call().chatClientResponse();
		assertThat(report(hit).outcome()).isEqualTo(ExactCacheFeature.HIT);
		assertThat(hit.chatResponse().getResult().getOutput().getMetadata()).containsEntry(TokenSaving.TIER, "small");
		assertThat(client.prompt("easy").advisors(TokenSaving.tier(Tier.OWN)).call().content()).isEqualTo("from large");
		assertThat(client.prompt("easy").advisors(TokenSaving.tier("small")).call().content()).isEqualTo("from small");
		assertThat(this.small.calls()).isEqualTo(2);
		assertThat(this.large.calls()).isEqualTo(1);
	}

	@Test
	void aTierWhoseAnswersAreWorseIsSuspendedAndItsAnswersAreNotServedAnyMore() {
		this.chance = 0;
		List<String> judged = new CopyOnWriteArrayList<>();
		this.judges.put("strict", (answers) -> {
			judged.add(answers.answer() + " / " + answers.reference());
			return new GradedJudge.Verdict(GradedJudge.Grade.WORSE, GradedJudge.Reason.WRONG, "judge-model",
					new TokenUsage(10, 1, 0, 0, false));
		});
		JudgeSettings judge = new JudgeSettings("strict", null, JudgeSettings.Method.REFERENCE, 0.02, BigDecimal.TEN,
				0.05, JudgeSettings.Action.SUSPEND);
		Plan plan = Plan.builder("support-bot")
			.with(settings().judge(judge).build())
			.with(new CacheSettings("in_memory"))
			.build();
		ChatClient client = client(plan);
		int asked = 0;
		while (asked < 200 && "from small".equals(ask(client, "easy " + asked, asked % 2 == 0))) {
			int expected = ++asked;
			Eventually.await(() -> judged.size() >= expected);
			Eventually.await(() -> logged().judged() == RouteVerdict.WORSE);
		}
		assertThat(judged).contains("from small\n / from large\n");
		assertThat(asked).isBetween(2, 30);
		// It had been answered by the small model
		assertThat(ask(client, "easy 0", false)).isEqualTo("from large");
		assertThat(logged().choice().reason()).isEqualTo("suspended");
	}

	@Test
	void whatIsFoundBadHereIsSuspendedInAnInstanceThatStarts() {
		InMemoryRouteStateStore shared = new InMemoryRouteStateStore();
		this.store = shared;
		aTierWhoseAnswersAreWorseIsSuspendedAndItsAnswersAreNotServedAnyMore();
		PlanKey key = new PlanKey("default", "support-bot");
		Eventually.await("the others are told",
				() -> shared.values(key, SharedRouting.QUALITY)
					.keySet()
					.stream()
					.anyMatch((name) -> name.startsWith("standing-")));
		// A request begins to read it, the next ones know it
		ChatClient other = client(settings().build());
		Eventually.await("it knows it", () -> "from large".equals(ask(other, "easy", false)));
		assertThat(logged().choice().reason()).isEqualTo("suspended");
		assertThat(shared.entries("verdicts")).isBetween(2, 30);
		assertThat(shared.contents()).noneMatch((content) -> {
			String text = new String(content, StandardCharsets.ISO_8859_1);
			return text.contains("easy") || text.contains("from small");
		});
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void labelsAreLearnedOnceTheStoreHasThem(boolean stream) {
		this.chance = 0;
		InMemoryRouteStateStore shared = new InMemoryRouteStateStore();
		this.store = shared;
		PlanKey key = new PlanKey("default", "support-bot");
		JudgeSettings judge = new JudgeSettings("kind", null, JudgeSettings.Method.REFERENCE, 0.02, BigDecimal.TEN,
				0.05, JudgeSettings.Action.ALERT);
		this.judges.put("kind", (answers) -> new GradedJudge.Verdict(GradedJudge.Grade.SAME, GradedJudge.Reason.NONE,
				null, TokenUsage.ZERO));
		for (int instance = 1; instance <= 2; instance++) {
			int labels = instance;
			try (LearnedClassifier learned = new LearnedClassifier(null)) {
				this.classifiers.put(LearnedClassifier.NAME, learned);
				ChatClient client = client(RouteSettings.builder("small", Tier.OWN)
					.mode(RouteMode.SHADOW)
					.classifier(LearnedClassifier.NAME)
					.maxTime(Duration.ofSeconds(30))
					.judge(judge)
					.build());
				assertThat(ask(client, "a question", stream)).isEqualTo("from large");
				Eventually.await("it has learned", () -> learned.figures(key).containsKey("small")
						&& learned.figures(key).get("small").labels() == labels);
				assertThat(shared.entries("labels-")).isEqualTo(labels);
			}
		}
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void aStoreThatFailsCostsNoAnswer(boolean stream) {
		InMemoryRouteStateStore shared = new InMemoryRouteStateStore();
		shared.away(true);
		this.store = shared;
		ChatClient client = client(settings().build());
		assertThat(ask(client, "easy", stream)).isEqualTo("from small");
		Eventually.await("it is counted", () -> this.chain.statistics().errors(RouteFeature.COMPONENT) > 0);
		assertThat(ask(client, "easy", stream)).isEqualTo("from small");
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void theClassifierLearnsFromWhatACheaperTierWouldHaveAnswered(boolean stream) {
		this.chance = 0;
		List<RouteLabel> labels = new CopyOnWriteArrayList<>();
		this.classifiers.put("learning", learning(Tier.OWN, labels));
		this.judges.put("kind", (answers) -> {
			assertThat(answers.answer()).contains("from small");
			assertThat(answers.reference()).contains("from large");
			return new GradedJudge.Verdict(GradedJudge.Grade.SAME, GradedJudge.Reason.NONE, null, TokenUsage.ZERO);
		});
		JudgeSettings judge = new JudgeSettings("kind", null, JudgeSettings.Method.REFERENCE, 0.02, BigDecimal.TEN,
				0.05, JudgeSettings.Action.ALERT);
		for (RouteMode mode : List.of(RouteMode.SHADOW, RouteMode.ACTIVE)) {
			labels.clear();
			ChatClient client = client(
					RouteSettings.builder("small", Tier.OWN).mode(mode).classifier("learning").judge(judge).build());
			assertThat(ask(client, "a question", stream)).isEqualTo("from large");
			Eventually.await(() -> !labels.isEmpty());
			RouteLabel label = labels.get(0);
			assertThat(label.tier()).isEqualTo("small");
			assertThat(label.reference()).isEqualTo(Tier.OWN);
			assertThat(label.grade()).isEqualTo(GradedJudge.Grade.SAME);
			assertThat(label.features()).containsExactly(1, 2);
			assertThat(label.weight()).isEqualTo(5);
		}
	}

	@ParameterizedTest
	@CsvSource({ "REFERENCE, BETTER, BETTER, -1", "REFERENCE, SAME, SAME, 0", "REFERENCE, WORSE, WORSE, 1",
			"REFERENCE, UNUSABLE, UNUSABLE, 1", "POINTWISE, BETTER, SAME, 0", "POINTWISE, WORSE, WORSE, 1" })
	void theClassifierLearnsHowMuchAnAnswerLosesOrGains(JudgeSettings.Method method, GradedJudge.Grade verdict,
			GradedJudge.Grade learned, int loss) {
		this.chance = 0;
		List<RouteLabel> labels = new CopyOnWriteArrayList<>();
		this.classifiers.put("learning", learning("small", labels));
		this.judges.put("scripted",
				(answers) -> new GradedJudge.Verdict(verdict, GradedJudge.Reason.NONE, null, TokenUsage.ZERO));
		JudgeSettings judge = new JudgeSettings("scripted", null, method, 0.02, BigDecimal.TEN, 0.05,
				JudgeSettings.Action.ALERT);
		ChatClient client = client(RouteSettings.builder("small", Tier.OWN)
			.mode(RouteMode.ACTIVE)
			.classifier("learning")
			.judge(judge)
			.build());
		assertThat(ask(client, "a question", false)).isEqualTo("from small");
		Eventually.await(() -> !labels.isEmpty());
		assertThat(labels.get(0).grade()).isEqualTo(learned);
		assertThat(labels.get(0).loss()).isEqualTo(loss);
	}

	@ParameterizedTest
	@CsvSource({ "true, SAME", "false, WORSE" })
	void aSuccessThatIsReportedIsNoGainBecauseItIsComparedWithNothing(boolean success, GradedJudge.Grade learned) {
		List<RouteLabel> labels = new CopyOnWriteArrayList<>();
		this.classifiers.put("learning", learning("small", labels));
		ChatClient client = client(
				RouteSettings.builder("small", Tier.OWN).mode(RouteMode.ACTIVE).classifier("learning").build());
		client.prompt("a question").advisors(TokenSaving.task("ticket-1")).call().content();
		assertThat(this.chain.statistics().tasks().report("ticket-1", success)).isTrue();
		assertThat(labels).extracting(RouteLabel::grade).containsExactly(learned);
	}

	private static RouteClassifier learning(String tier, List<RouteLabel> labels) {
		return new RouteClassifier() {

			@Override
			public RouteChoice choose(RouteRequest request, RouteSettings settings) {
				return new RouteChoice(tier, "learning", 0.5, new float[] { 1, 2 });
			}

			@Override
			public void learn(RouteLabel label, RouteSettings settings) {
				labels.add(label);
			}

		};
	}

	@Test
	void textOfRequestsIsInNoLogNorDecision(CapturedOutput output) {
		String canary = "canary-7c1e";
		this.chance = 0;
		this.judges.put("broken", (answers) -> {
			throw new IllegalStateException("cannot judge " + answers.question());
		});
		this.classifiers.put("broken", (request, settings) -> {
			throw new IllegalStateException("cannot classify " + request.question());
		});
		ScriptedChatModel failing = new ScriptedChatModel((prompt) -> {
			throw new IllegalStateException("cannot answer " + prompt.getUserMessage().getText());
		}).options(this.small.getOptions());
		JudgeSettings judge = new JudgeSettings("broken", null, JudgeSettings.Method.REFERENCE, 0.02, BigDecimal.TEN,
				0.05, JudgeSettings.Action.ALERT);
		ask(withSmall(failing, settings().judge(judge).build()), "easy " + canary, false);
		ask(withSmall(failing, settings().judge(judge).build()), "easy " + canary, true);
		ask(withSmall(this.small, settings().judge(judge).build()), "easy " + canary, false);
		ask(client(RouteSettings.builder("small", Tier.OWN).mode(RouteMode.ACTIVE).classifier("broken").build()),
				canary, false);
		PlanKey key = new PlanKey("default", "support-bot");
		assertThat(this.log.newest(key, 100)).hasSize(4);
		assertThat(this.log.newest(key, 100).toString() + this.log.summary(key).describe()).doesNotContain(canary);
		Eventually.await(() -> output.getAll().contains("route"));
		assertThat(output.getAll()).doesNotContain(canary);
	}

	private ChatClient withSmall(ScriptedChatModel small, RouteSettings settings) {
		return with(small, this.large, settings);
	}

	private ChatClient with(ScriptedChatModel small, ScriptedChatModel own, RouteSettings settings) {
		this.chain = new TokenSavingTestChain(Plan.builder("support-bot").with(settings).build()).price(SMALL)
			.price(LARGE);
		RouteAdvisor advisor = advisor(small, List.of(SMALL, LARGE));
		return this.chain.client(own, advisor, new TierModelAdvisor());
	}

	private RouteAdvisor advisor(ScriptedChatModel small, List<ModelPrice> prices) {
		Tiers tiers = new Tiers(List.of(new Tier("small", small, null, Tier.Limits.NONE, "small-1")));
		RouteAdvisor advisor = RouteAdvisor.builder()
			.tiers(() -> tiers)
			.classifiers(() -> this.classifiers)
			.log(this.log)
			.prices(new PriceTable(prices))
			.statistics(this.chain.statistics())
			.chance(() -> this.chance)
			.build();
		this.closed.add(advisor);
		return advisor;
	}

}

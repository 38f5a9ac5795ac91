package io.tokensaving.route;

import java.math.BigDecimal;
import java.time.Clock;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import io.tokensaving.Eventually;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TokenSavingTestChain;
import io.tokensaving.budget.Budget;
import io.tokensaving.budget.BudgetAdvisor;
import io.tokensaving.budget.BudgetLevel;
import io.tokensaving.budget.BudgetScope;
import io.tokensaving.budget.BudgetSettings;
import io.tokensaving.budget.Budgets;
import io.tokensaving.budget.InMemoryBudgetAccounts;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.route.cascade.StreamMode;
import io.tokensaving.sampling.GradedJudge;
import io.tokensaving.statistics.StatisticsSnapshot;
import io.tokensaving.tier.Tier;
import io.tokensaving.tier.TierModelAdvisor;
import io.tokensaving.tier.Tiers;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.ai.chat.client.ChatClient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

/**
 * Tests for what routed requests take from budgets: what was spent on them, once.
 */
class RoutedBudgetTests {

	private static final PlanKey KEY = new PlanKey("default", "support-bot");

	private static final BigDecimal USD = new BigDecimal("1");

	private static final ModelPrice SMALL = new ModelPrice("small-model", new BigDecimal("0.1"), new BigDecimal("0.4"),
			null, null);

	private static final ModelPrice LARGE = new ModelPrice("large-model", new BigDecimal("2"), new BigDecimal("10"),
			null, null);

	private static final PriceTable PRICES = new PriceTable(List.of(SMALL, LARGE));

	private final Map<String, BudgetLevel> levels = new ConcurrentHashMap<>();

	private final List<AutoCloseable> closed = new ArrayList<>();

	@AfterEach
	void close() throws Exception {
		for (AutoCloseable closeable : this.closed) {
			closeable.close();
		}
	}

	private static BudgetSettings budget() {
		return new BudgetSettings(BudgetSettings.Period.DAY, USD, null, 0.8, BudgetSettings.Action.REFUSE,
				BudgetSettings.UnknownPrice.COUNT, BudgetSettings.OnFailure.ALLOW, 4096, ZoneOffset.UTC);
	}

	@ParameterizedTest
	@CsvSource({ "refusal, false", "refusal, true", "judge, false", "failing, false", "failing, true", "good, false",
			"good, true", "shadow, false", "shadow, true" })
	void takeWhatWasSpentAndNothingOfJudging(String how, boolean stream) {
		ScriptedChatModel small = switch (how) {
			case "failing" -> new ScriptedChatModel((prompt) -> {
				throw new IllegalStateException("503");
			}).options(RouteAdvisorTests.model("small-model", (prompt) -> "").getOptions());
			case "refusal" -> RouteAdvisorTests.model("small-model", (prompt) -> "I'm sorry, but I can't help.");
			default -> RouteAdvisorTests.model("small-model", (prompt) -> "from small");
		};
		ScriptedChatModel large = RouteAdvisorTests.model("large-model", (prompt) -> "from large");
		CascadeSettings cascade = new CascadeSettings(List.of(how.equals("judge") ? "judge" : "refusal"), 1, 1,
				StreamMode.BUFFER);
		RouteSettings settings = RouteSettings.builder("small", Tier.OWN)
			.mode(how.equals("shadow") ? RouteMode.SHADOW : RouteMode.ACTIVE)
			.classifier("learning")
			.cascade(cascade)
			.judge(new JudgeSettings("judge", null, JudgeSettings.Method.REFERENCE, 1, BigDecimal.TEN, 0.99,
					JudgeSettings.Action.ALERT))
			.build();
		TokenSavingTestChain chain = new TokenSavingTestChain(
				Plan.builder("support-bot").with(settings).with(budget()).build())
			.price(SMALL)
			.price(LARGE);
		Tiers tiers = new Tiers(List.of(new Tier("small", small, null, Tier.Limits.NONE, "small-1")));
		RouteClassifier learning = (request, each) -> new RouteChoice("small", "learned", 0.5, new float[] { 1 });
		GradedJudge judge = (answers) -> new GradedJudge.Verdict(GradedJudge.Grade.WORSE, GradedJudge.Reason.WRONG,
				"large-model", new TokenUsage(1000, 0, 0, 0, false));
		RouteAdvisor advisor = RouteAdvisor.builder()
			.tiers(() -> tiers)
			.classifiers(() -> Map.of("learning", learning))
			.judges(() -> Map.of("judge", judge))
			.prices(PRICES)
			.statistics(chain.statistics())
			.chance(() -> 0)
			.build();
		this.closed.add(advisor);
		Clock clock = Clock.systemUTC();
		Budgets budgets = new Budgets(List.of(new Budget("all", BudgetScope.WORKSPACE, Set.of(), budget())),
				new InMemoryBudgetAccounts(clock), clock);
		budgets.watch((level) -> this.levels.put(level.key().budget(), level));
		BudgetAdvisor budget = BudgetAdvisor.builder(budgets).statistics(chain.statistics()).prices(PRICES).build();
		ChatClient client = chain.client(large, advisor, new TierModelAdvisor(), budget);
		for (int i = 0; i < 5; i++) {
			ChatClient.ChatClientRequestSpec spec = client.prompt("q " + i);
			String answer = stream
					? String.join("", spec.stream().content().collectList().block(Duration.ofSeconds(30)))
					: spec.call().content();
			assertThat(answer).isEqualTo(how.equals("good") ? "from small" : "from large");
			Eventually.await(advisor::isIdle);
		}
		StatisticsSnapshot stats = chain.statistics().plan(KEY).snapshot();
		String each = switch (how) {
			case "refusal", "judge" -> "0.00314";
			case "good" -> "0.00014";
			default -> "0.003";
		};
		assertThat(stats.spentUsd()).isEqualByComparingTo(new BigDecimal(each).multiply(new BigDecimal(5)));
		if (!how.equals("failing")) {
			assertThat(stats.overheadUsd()).isPositive();
		}
		for (String name : List.of(Budget.OF_PLAN, "all")) {
			assertThat(this.levels.get(name).used()).as(name).isCloseTo(stats.spentUsd().doubleValue(), within(1e-9));
			assertThat(this.levels.get(name).reserved()).as(name).isZero();
		}
	}

}

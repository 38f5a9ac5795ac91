package io.tokensaving.promptcache;

import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

import io.tokensaving.feature.Advice;
import io.tokensaving.feature.PlanUsages;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.promptcache.VolatileTexts.Finding;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.statistics.SavingsStatistics;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link PrefixAdvice}.
 */
class PrefixAdviceTests {

	private static final PlanKey PLAN = new PlanKey("default", "support-bot");

	private static final Set<PrefixBreak> NONE = EnumSet.noneOf(PrefixBreak.class);

	private static final Plan PLAN_OF_TESTS = Plan.builder("support-bot").with(PromptCacheSettings.DEFAULTS).build();

	private final PrefixAdvice advice = new PrefixAdvice();

	@Test
	void saysWhatWasSeenOften() {
		for (int i = 0; i < 5; i++) {
			this.advice.add(PLAN, Set.of(PrefixBreak.SLIDING_WINDOW), null, 0);
		}
		for (int i = 0; i < 4; i++) {
			this.advice.add(PLAN, Set.of(PrefixBreak.TOOL_SEARCH), null, 0);
		}
		assertThat(advice(PLAN)).extracting(Advice::code).containsExactly("sliding_window", "tool_search");
		assertThat(advice(PLAN).get(0)).satisfies((each) -> {
			assertThat(each.figures()).containsEntry("requests", new Advice.Figure(5L, "requests of this instance"));
			assertThat(each.text()).isNotBlank();
			assertThat(each.remedy()).contains("MessageWindowChatMemory");
		});
		assertThat(advice(new PlanKey("other", "support-bot"))).isEmpty();
	}

	@Test
	void saysNothingOfWhatIsRare() {
		this.advice.add(PLAN, Set.of(PrefixBreak.TOOLS_CHANGE), null, 0);
		this.advice.add(PLAN, Set.of(PrefixBreak.TOOLS_CHANGE), null, 0);
		assertThat(advice(PLAN)).isEmpty();
		for (int i = 0; i < 200; i++) {
			this.advice.add(PLAN, NONE, null, 0);
		}
		this.advice.add(PLAN, Set.of(PrefixBreak.TOOLS_CHANGE), null, 0);
		assertThat(advice(PLAN)).isEmpty();
	}

	@Test
	void tellsWhereASystemTextDiffers() {
		Finding finding = new Finding(Set.of(VolatileKind.TIME, VolatileKind.DATE), 250, 1000, 20, 19, Set.of(), false);
		for (int i = 0; i < 4; i++) {
			this.advice.add(PLAN, NONE, finding, 1000 + i);
		}
		assertThat(advice(PLAN)).extracting(Advice::code).containsExactly("volatile_system_text");
		Advice advice = advice(PLAN).get(0);
		assertThat(advice.figures()).containsEntry("kinds", new Advice.Figure(List.of("time", "date"), "names"))
			.containsEntry("position", new Advice.Figure(0.25, "share"))
			.containsEntry("tokens_behind", new Advice.Figure(1001L, "tokens of a request"));
		assertThat(advice.setting())
			.isEqualTo(new Advice.Setting("token-saving.plans.support-bot.prompt-cache.volatile", "move"));
		assertThat(advice.costUsdPerDay()).as("no price is known").isNull();
	}

	@Test
	void whatStandsBehindADifferenceCostsWhatReadingItWouldSave() {
		PriceTable prices = new PriceTable(
				List.of(new ModelPrice("m", new BigDecimal("2"), new BigDecimal("10"), new BigDecimal("0.2"), null)));
		SavingsStatistics statistics = new SavingsStatistics();
		Finding finding = new Finding(Set.of(VolatileKind.OTHER), 250, 1000, 20, 19, Set.of(), false);
		for (int i = 0; i < 20; i++) {
			statistics.plan(PLAN)
				.record(PlanUsages.call(PLAN, "f", "m", new TokenUsage(3000, 0, 0, 0, false), prices), false);
			this.advice.add(PLAN, NONE, (i % 2 == 0) ? finding : null, 1000);
		}
		Advice advice = this.advice.of(PlanUsages.of(statistics, PLAN, PLAN_OF_TESTS, prices)).get(0);
		// 10 requests, 1,000 tokens each, at 1.8 dollars per million
		assertThat(advice.costUsdPerDay()).isEqualByComparingTo("0.018");
		assertThat(advice.setting().value()).isEqualTo("split");
	}

	private List<Advice> advice(PlanKey plan) {
		return this.advice.of(PlanUsages.of(new SavingsStatistics(), plan, PLAN_OF_TESTS, new PriceTable(List.of())));
	}

	@Test
	void everyCauseHasWordsAndIsDocumented() throws IOException {
		String page = Files.readString(Path.of("../docs/advice.md"));
		for (PrefixBreak each : PrefixBreak.values()) {
			assertThat(page).contains("`" + each.label() + "`");
			assertThat(each.description()).isNotBlank().doesNotEndWith(".");
			assertThat(each.remedy()).isNotBlank().doesNotEndWith(".");
		}
	}

}

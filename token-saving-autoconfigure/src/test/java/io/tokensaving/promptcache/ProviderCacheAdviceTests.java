package io.tokensaving.promptcache;

import java.math.BigDecimal;
import java.util.List;
import java.util.Locale;
import java.util.Map;

import io.tokensaving.feature.Advice;
import io.tokensaving.feature.Advice.Setting;
import io.tokensaving.feature.PlanUsages;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.promptcache.PromptCacheSettings.VolatileText;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.provider.ServiceTier;
import io.tokensaving.provider.TokenPrice;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.statistics.SavingsStatistics;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ProviderCacheAdvice}.
 */
class ProviderCacheAdviceTests {

	private static final PlanKey KEY = new PlanKey("default", "p");

	// Input 2, read 0.2, written 2.5, written for an hour 4 dollars per million
	private static final PriceTable PRICES = new PriceTable(List.of(new ModelPrice("m",
			new TokenPrice(two(), two(), new BigDecimal("0.2"), new BigDecimal("2.5"), new BigDecimal("4"), null),
			List.of())));

	private final SavingsStatistics statistics = new SavingsStatistics();

	private final PlanUsages usages = new PlanUsages(this.statistics);

	@AfterEach
	void close() {
		this.usages.close();
	}

	private static BigDecimal two() {
		return new BigDecimal("2");
	}

	private void record(int calls, TokenUsage usage, String model) {
		for (int i = 0; i < calls; i++) {
			this.statistics.plan(KEY).record(PlanUsages.call(KEY, "f", model, usage, PRICES), false);
		}
	}

	private List<Advice> advice(PromptCacheSettings settings) {
		Plan.Builder plan = Plan.builder("p");
		if (settings != null) {
			plan.with(settings);
		}
		return ProviderCacheAdvice.of(this.usages.of(KEY, plan.build(), PRICES));
	}

	private void miss(int times, MissCause cause) {
		for (int i = 0; i < times; i++) {
			this.statistics.plan(KEY).increment(PromptCacheFeature.MISSES, cause.name().toLowerCase(Locale.ROOT));
		}
	}

	@Test
	void aLowHitRateIsNamedWithItsReasonAndWhatSixtyPercentWouldSave() {
		record(50, new TokenUsage(2000, 10, 500, 0, false), "m");
		miss(3, MissCause.EXPIRED);
		miss(7, MissCause.SYSTEM);
		Advice advice = advice(PromptCacheSettings.DEFAULTS).get(0);
		assertThat(advice.code()).isEqualTo("provider_cache_hit_rate");
		assertThat(advice.text()).contains("60 %").contains("the system text differs");
		assertThat(advice.figures()).containsEntry("hit_rate", new Advice.Figure(0.25, "share"))
			.containsEntry("misses", new Advice.Figure(Map.of("expired", 3L, "system", 7L), "requests by cause"));
		// 50 calls lack 700 tokens each, at 1.8 dollars per million
		assertThat(advice.costUsdPerDay()).isEqualByComparingTo("0.063");
		assertThat(advice.setting()).isEqualTo(new Setting("token-saving.plans.p.prompt-cache.volatile", "split"));
	}

	@ParameterizedTest
	@CsvSource({ "TOOLS, prompt-cache.sort-tools, true", "EXPIRED, prompt-cache.extended-retention, true",
			"PROVIDER, prompt-cache.key, true", "MODEL,,", "HISTORY,,", "IN_FLIGHT,,", "BELOW_MINIMUM,," })
	void eachReasonHasItsRemedy(MissCause cause, String setting, String value) {
		record(50, new TokenUsage(2000, 10, 0, 0, false), "m");
		miss(1, cause);
		Advice advice = advice(new PromptCacheSettings(false, true, false, false, VolatileText.MOVE)).get(0);
		assertThat(advice.remedy()).isNotBlank();
		assertThat(advice.setting())
			.isEqualTo((setting != null) ? new Setting("token-saving.plans.p." + setting, value) : null);
	}

	@Test
	void withoutPromptCachingItIsToBeSwitchedOn() {
		record(50, new TokenUsage(2000, 10, 0, 0, false), "m");
		assertThat(advice(null)).singleElement()
			.extracting(Advice::setting)
			.isEqualTo(new Setting("token-saving.plans.p.prompt-cache.enabled", "true"));
	}

	@Test
	void nothingIsSaidOfFewOrShortOrWellReadRequestsOrOfUnknownPrices() {
		record(49, new TokenUsage(2000, 10, 0, 0, false), "m");
		assertThat(advice(PromptCacheSettings.DEFAULTS)).as("few").isEmpty();
		record(300, new TokenUsage(700, 10, 0, 0, false), "m");
		assertThat(advice(PromptCacheSettings.DEFAULTS)).as("short").isEmpty();
		record(2000, new TokenUsage(3000, 10, 2000, 0, false), "m");
		assertThat(advice(PromptCacheSettings.DEFAULTS)).as("well read").isEmpty();
	}

	@Test
	void ofModelsWithoutAPriceNothingIsKnownToBeCheaper() {
		record(60, new TokenUsage(2000, 10, 0, 0, false), "unknown-model");
		assertThat(advice(null)).isEmpty();
		assertThat(advice(PromptCacheSettings.DEFAULTS)).singleElement()
			.satisfies((advice) -> assertThat(advice.costUsdPerDay()).isNull());
	}

	@Test
	void writesForAnHourThatAreNotReadCostTheirPremium() {
		TokenUsage written = new TokenUsage(1000, 10, 0, 400, 400, 0, ServiceTier.STANDARD, false);
		record(49, written, "m");
		assertThat(advice(PromptCacheSettings.DEFAULTS)).isEmpty();
		record(1, written, "m");
		assertThat(advice(PromptCacheSettings.DEFAULTS)).singleElement().satisfies((advice) -> {
			assertThat(advice.code()).isEqualTo("one_hour_writes_unread");
			assertThat(advice.feature()).isEqualTo("f");
			assertThat(advice.model()).isEqualTo("m");
			// 20,000 tokens at 4 instead of 2 dollars per million
			assertThat(advice.costUsdPerDay()).isEqualByComparingTo("0.04");
			assertThat(advice.figures()).containsEntry("written_tokens", new Advice.Figure(20_000L, "tokens"));
		});
		record(2, new TokenUsage(1000, 10, 1000, 0, false), "m");
		assertThat(advice(PromptCacheSettings.DEFAULTS)).as("a tenth of it was read").isEmpty();
	}

}

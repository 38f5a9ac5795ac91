package io.tokensaving.cache.semantic;

import java.util.List;

import io.tokensaving.cache.CacheSettings;
import io.tokensaving.feature.Advice;
import io.tokensaving.feature.Advice.Setting;
import io.tokensaving.feature.Advice.Severity;
import io.tokensaving.feature.PlanUsages;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.statistics.SavingsStatistics;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link SemanticCacheAdvice}.
 */
class SemanticCacheAdviceTests {

	private static final PlanKey KEY = new PlanKey("default", "p");

	private final SavingsStatistics statistics = new SavingsStatistics();

	private List<Advice> advice() {
		return SemanticCacheAdvice.of(PlanUsages.of(this.statistics, KEY,
				Plan.builder("p").with(new CacheSettings("in_memory_semantic")).build(), new PriceTable(List.of())));
	}

	private void verify(int right, int wrong) {
		for (int i = 0; i < right + wrong; i++) {
			this.statistics.plan(KEY).state(SemanticCacheFeature.ERROR_RATE).record(i >= wrong, 0.05);
		}
	}

	@Test
	void wrongAnswersAreSeriousOnceTheIntervalSaysSo() {
		verify(17, 2);
		assertThat(advice()).as("too few").isEmpty();
		verify(1, 0);
		assertThat(advice()).singleElement().satisfies((advice) -> {
			assertThat(advice.code()).isEqualTo("semantic_answers_wrong");
			assertThat(advice.severity()).isEqualTo(Severity.WARNING);
			assertThat(advice.figures()).containsEntry("wrong_share", new Advice.Figure(0.1, "share"))
				.containsEntry("verified", new Advice.Figure(20L, "answers"))
				.containsEntry("allowed_share", new Advice.Figure(0.05, "share"));
			assertThat(advice.setting())
				.isEqualTo(new Setting("token-saving.plans.p.cache.similarity-threshold", "0.93"));
		});
		verify(0, 10);
		assertThat(advice()).singleElement().satisfies((advice) -> {
			assertThat(advice.severity()).isEqualTo(Severity.SERIOUS);
			assertThat((double) advice.figures().get("wrong_share_lower").value()).isGreaterThan(0.05);
			assertThat(advice.text()).contains("suspended itself");
		});
	}

	@Test
	void fewWrongAnswersAreAllowed() {
		verify(95, 5);
		assertThat(advice()).isEmpty();
	}

	@Test
	void confirmationsThatCostMoreThanTheyLetThrough() {
		ConfirmationMonitor monitor = this.statistics.plan(KEY).state(SemanticCacheFeature.CONFIRMATION);
		for (int i = 0; i < ConfirmationMonitor.TRIAL - 1; i++) {
			monitor.recordAsked(i % 2 == 0, 1_000_000L, 0);
		}
		assertThat(advice()).as("too few").isEmpty();
		monitor.recordAsked(false, 1_000_000L, 0);
		monitor.recordServed(10_000_000L);
		assertThat(advice()).singleElement().satisfies((advice) -> {
			assertThat(advice.code()).isEqualTo("confirmations_do_not_pay");
			assertThat(advice.costUsdPerDay()).isEqualByComparingTo("0.00004");
			assertThat(advice.figures()).containsEntry("confirmed_share", new Advice.Figure(0.5, "share"));
		});
		monitor.recordServed(40_000_000L);
		assertThat(advice()).isEmpty();
	}

}

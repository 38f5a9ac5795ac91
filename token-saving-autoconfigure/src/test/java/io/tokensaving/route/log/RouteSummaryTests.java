package io.tokensaving.route.log;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link RouteSummary}.
 */
class RouteSummaryTests {

	private static final long CENT = 10_000_000_000L;

	private long number;

	private RouteDecision decision(String tier, List<String> escalatedFrom, Long cost, long latency,
			RouteVerdict... verdicts) {
		RouteDecision decision = RouteDecisions.decision(new UUID(1, this.number++), RouteDecisions.PLAN, tier,
				escalatedFrom.stream().map((from) -> new RouteDecision.Escalation(from, "refusal")).toList(), cost,
				latency);
		for (RouteVerdict verdict : verdicts) {
			decision = decision.with(verdict);
		}
		return decision;
	}

	@Test
	void costBelongsToTheTierThatWasAskedFirstAndVerdictsToTheOneThatAnswered() {
		RouteSummary summary = RouteSummary.of(
				List.of(decision("nano", List.of(), CENT, 100, RouteVerdict.SAME, RouteVerdict.SUCCESS),
						decision("nano", List.of(), CENT, 200, RouteVerdict.WORSE, RouteVerdict.FAILURE),
						decision("nano", List.of(), CENT, 300, RouteVerdict.UNUSABLE),
						decision("frontier", List.of("nano"), 5 * CENT, 900, RouteVerdict.SAME, RouteVerdict.SUCCESS),
						decision("frontier", List.of(), 4 * CENT, 700), decision("frontier", List.of(), null, 800)),
				100, true);
		RouteSummary.TierSummary nano = summary.tiers().get("nano");
		assertThat(nano.requests()).isEqualTo(4);
		assertThat(nano.escalated()).isEqualTo(1);
		assertThat(nano.answered()).isEqualTo(3);
		assertThat(nano.costPicoUsd()).isEqualTo(8 * CENT);
		assertThat(nano.judged()).isEqualTo(3);
		assertThat(nano.worse()).isEqualTo(2);
		// One cent, one for a failure, and five with the escalation, for two successes
		assertThat(nano.costPerSuccessUsd()).isEqualByComparingTo("0.035");
		assertThat(nano.latency(0.5)).isEqualTo(200);
		assertThat(nano.latency(0.95)).isEqualTo(900);
		RouteSummary.TierSummary frontier = summary.tiers().get("frontier");
		assertThat(frontier.requests()).isEqualTo(2);
		assertThat(frontier.answered()).isEqualTo(3);
		assertThat(frontier.judged()).isEqualTo(1);
		assertThat(frontier.unpriced()).isEqualTo(1);
		assertThat(frontier.costPerSuccessUsd()).isNull();
		assertThat(summary.spentPicoUsd()).isEqualTo(12 * CENT);
		assertThat(summary.unpriced()).isEqualTo(1);
		assertThat(summary.counterfactualPicoUsd()).isEqualTo(120 * CENT);
		assertThat(summary.comparedPicoUsd()).isEqualTo(12 * CENT);
	}

	@Test
	@SuppressWarnings("unchecked")
	void whatIsShownSaysThatItIsAWindow() {
		Map<String, Object> described = RouteSummary
			.of(List.of(decision("nano", List.of(), CENT, 100, RouteVerdict.SUCCESS)), 10_000, false)
			.describe();
		assertThat(described.get("window")).isEqualTo(Map.of("scope", "instance", "decisions", 1, "capacity", 10_000,
				"whole_since_start", false, "oldest", "2026-11-30T12:00:00Z", "newest", "2026-11-30T12:00:00Z"));
		assertThat(described).containsEntry("spent_usd", new BigDecimal("0.01"))
			.containsEntry("counterfactual_usd", new BigDecimal("0.1"));
		assertThat(((Map<String, Map<String, Object>>) described.get("tiers")).get("nano"))
			.containsEntry("requests", 1L)
			.containsEntry("cost_per_success_usd", new BigDecimal("0.01"))
			.containsEntry("p50_ms", 100L)
			.containsEntry("p95_ms", 100L);
	}

	@Test
	void nothingIsMadeUpWhereThereIsNothing() {
		RouteSummary summary = RouteSummary.of(List.of(), 100, true);
		assertThat(summary.tiers()).isEmpty();
		assertThat(summary.describe().get("window").toString()).doesNotContain("oldest");
	}

	@Test
	void quantilesAreThoseOfTheSortedLatencies() {
		List<RouteDecision> decisions = new ArrayList<>();
		for (int latency = 1000; latency >= 1; latency--) {
			decisions.add(decision("nano", List.of(), CENT, latency));
		}
		RouteSummary.TierSummary nano = RouteSummary.of(decisions, 10_000, true).tiers().get("nano");
		assertThat(nano.latency(0.5)).isEqualTo(500);
		assertThat(nano.latency(0.95)).isEqualTo(950);
		assertThat(nano.latency(1)).isEqualTo(1000);
	}

}

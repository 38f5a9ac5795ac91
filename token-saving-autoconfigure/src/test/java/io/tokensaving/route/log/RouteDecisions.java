package io.tokensaving.route.log;

import java.time.Instant;
import java.util.List;
import java.util.UUID;

import io.tokensaving.plan.PlanKey;

/**
 * Decisions for tests.
 */
public final class RouteDecisions {

	/**
	 * The plan of the decisions.
	 */
	public static final PlanKey PLAN = new PlanKey("default", "support-bot");

	private static final Instant TIME = Instant.parse("2026-11-30T12:00:00Z");

	private RouteDecisions() {
	}

	public static RouteDecision decision(UUID id) {
		return decision(id, PLAN);
	}

	public static RouteDecision decision(UUID id, PlanKey plan) {
		return decision(id, plan, "nano", List.of(), 1_500_000L, 410);
	}

	public static RouteDecision decision(UUID id, PlanKey plan, String tier, List<RouteDecision.Escalation> escalations,
			Long costPicoUsd, long latencyMillis) {
		return new RouteDecision(id, TIME, plan, "triage", "active", "0123abcd",
				new RouteDecision.Choice("nano", "low_score", 0.25, 0.02),
				new RouteDecision.Prompt("00112233445566778899aabbccddeeff", 3, 1200, 300),
				new RouteDecision.Answer(tier, "model-" + tier, RouteOutcome.ANSWERED, 120, costPicoUsd,
						(costPicoUsd != null) ? 10 * costPicoUsd : null, latencyMillis),
				escalations, null, null);
	}

}

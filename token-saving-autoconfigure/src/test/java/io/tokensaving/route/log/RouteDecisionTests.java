package io.tokensaving.route.log;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

import io.tokensaving.plan.PlanKey;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link RouteDecision}.
 */
class RouteDecisionTests {

	private static final String CANARY = "Canary: my card is 4711, please!";

	@Property(tries = 300)
	void whatIsWrittenIsReadAgain(@ForAll("decisions") RouteDecision decision) {
		assertThat(RouteDecision.of(RouteJson.read(RouteJson.write(decision.describe())))).isEqualTo(decision);
	}

	@Provide
	Arbitrary<RouteDecision> decisions() {
		Arbitrary<String> names = Arbitraries.strings().withCharRange('!', '~').ofMaxLength(20);
		Arbitrary<Long> money = Arbitraries.longs().between(0, Long.MAX_VALUE).injectNull(0.3);
		Arbitrary<Double> shares = Arbitraries.doubles().between(-0.2, 1.2).ofScale(5);
		Arbitrary<RouteDecision.Choice> choices = Combinators.combine(names, names, shares, shares)
			.as(RouteDecision.Choice::new);
		Arbitrary<RouteDecision.Prompt> prompts = Combinators
			.combine(Arbitraries.integers(), Arbitraries.longs(), Arbitraries.longs())
			.as((messages, characters, tokens) -> new RouteDecision.Prompt("00ff", messages, characters, tokens));
		Arbitrary<RouteDecision.Answer> answers = Combinators
			.combine(names, names, Arbitraries.of(RouteOutcome.class), Arbitraries.longs(), money, money,
					Arbitraries.longs())
			.as(RouteDecision.Answer::new);
		Arbitrary<List<RouteDecision.Escalation>> escalations = Combinators.combine(names, names)
			.as(RouteDecision.Escalation::new)
			.list()
			.ofMaxSize(3);
		Arbitrary<PlanKey> plans = Arbitraries.strings()
			.ofMinLength(1)
			.ofMaxLength(10)
			.filter((text) -> !text.isBlank() && text.chars().noneMatch((c) -> Character.isSurrogate((char) c)))
			.map((text) -> new PlanKey("default", text));
		return Combinators.combine(Arbitraries.longs(), plans, choices, prompts, answers, escalations,
				Arbitraries.of(RouteVerdict.class).injectNull(0.3), Arbitraries.of(RouteVerdict.class).injectNull(0.3))
			.as((id, plan, choice, prompt, answer, given, judged, reported) -> new RouteDecision(new UUID(id, ~id),
					Instant.ofEpochMilli(Math.floorMod(id, 4_000_000_000_000L)), plan, "feature", "shadow", "00ff",
					choice, prompt, answer, given, judged, reported));
	}

	@Test
	void aNameThatCouldBeATextIsNotKept() {
		RouteDecision decision = new RouteDecision(new UUID(1, 2), Instant.EPOCH, RouteDecisions.PLAN, CANARY, CANARY,
				CANARY, new RouteDecision.Choice(CANARY, CANARY, 0.5, 0.5), new RouteDecision.Prompt(CANARY, 1, 1, 1),
				new RouteDecision.Answer(CANARY, CANARY, RouteOutcome.FAILED, 0, null, null, 1),
				List.of(new RouteDecision.Escalation(CANARY, CANARY)), null, null);
		assertThat(decision.toString()).doesNotContain("Canary").doesNotContain("4711");
		assertThat(decision.describe().toString()).doesNotContain("Canary").contains(RouteDecision.OTHER);
	}

	@Test
	void aTextDoesNotShowItself() {
		assertThat(new RouteText(CANARY, CANARY).toString()).doesNotContain("Canary").contains("64 characters");
	}

	@Test
	void amountsAreExactAndWhatIsUnknownIsLeftOut() {
		RouteDecision decision = RouteDecisions.decision(new UUID(1, 2), RouteDecisions.PLAN, "nano", List.of(), 1L, 5);
		assertThat(decision.describe()).containsEntry("cost_usd", new BigDecimal("0.000000000001"))
			.doesNotContainKeys("verdict", "reported");
		assertThat(RouteJson.write(decision.describe())).contains("\"cost_usd\":0.000000000001");
		RouteDecision unpriced = RouteDecisions.decision(new UUID(1, 2), RouteDecisions.PLAN, "nano", List.of(), null,
				5);
		assertThat(unpriced.describe()).doesNotContainKeys("cost_usd", "counterfactual_usd");
		RouteDecision unscored = new RouteDecision(new UUID(1, 2), Instant.EPOCH, RouteDecisions.PLAN, "f", "active",
				"00", new RouteDecision.Choice("a", "b", Double.NaN, 0), decision.prompt(), decision.answer(),
				List.of(), null, null);
		assertThat(unscored.describe()).doesNotContainKeys("score", "propensity");
	}

	@Test
	void judgeAndApplicationEachHaveTheLastOfTheirVerdicts() {
		RouteDecision decision = RouteDecisions.decision(new UUID(1, 2))
			.with(RouteVerdict.WORSE)
			.with(RouteVerdict.SUCCESS)
			.with(RouteVerdict.SAME)
			.with(RouteVerdict.FAILURE);
		assertThat(decision.judged()).isEqualTo(RouteVerdict.SAME);
		assertThat(decision.reported()).isEqualTo(RouteVerdict.FAILURE);
		assertThat(decision.describe()).containsEntry("verdict", "same").containsEntry("reported", "failure");
	}

	@Test
	void theFirstTierIsTheOneThatWasAskedFirst() {
		RouteDecision escalated = RouteDecisions.decision(new UUID(1, 2), RouteDecisions.PLAN, "frontier",
				List.of(new RouteDecision.Escalation("nano", "refusal"), new RouteDecision.Escalation("mid", "schema")),
				1L, 1);
		assertThat(escalated.firstTier()).isEqualTo("nano");
		assertThat(RouteDecisions.decision(new UUID(1, 2)).firstTier()).isEqualTo("nano");
	}

}

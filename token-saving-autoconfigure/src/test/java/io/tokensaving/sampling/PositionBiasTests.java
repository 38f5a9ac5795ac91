package io.tokensaving.sampling;

import java.util.Map;
import java.util.SplittableRandom;

import io.tokensaving.ScriptedChatModel;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.sampling.GradedJudge.Answers;
import io.tokensaving.sampling.GradedJudge.Grade;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

/**
 * Tests for {@link PositionBias}, with a judge whose bias is known.
 */
class PositionBiasTests {

	private static final int PAIRS = 8000;

	/**
	 * A model that compares as it should, but for a share of the comparisons prefers a
	 * place: of each comparison anew, or of some questions always.
	 */
	private static ScriptedChatModel judge(double bias, boolean byQuestion, SplittableRandom random) {
		return new ScriptedChatModel((prompt) -> {
			Map<?, ?> data = JsonMapper.shared().readValue(prompt.getUserMessage().getText(), Map.class);
			double drawn = byQuestion ? Double.parseDouble((String) data.get("question")) : random.nextDouble();
			int difference = Integer.parseInt((String) data.get("first"))
					- Integer.parseInt((String) data.get("second"));
			String fair = (difference == 0) ? "same" : (difference > 0) ? "first" : "second";
			String verdict = (drawn < Math.abs(bias)) ? ((bias > 0) ? "first" : "second") : fair;
			return ScriptedChatModel.answer("{\"verdict\": \"%s\"}".formatted(verdict));
		});
	}

	@ParameterizedTest
	@CsvSource({ "0, false", "0.2, false", "0.4, false", "0.2, true", "0.4, true", "-0.3, false", "-0.3, true" })
	void bothOrdersTellTheBiasAndTheTruth(double bias, boolean byQuestion) {
		SplittableRandom random = new SplittableRandom(41);
		GradedJudge judge = new ChatModelGradedJudge(judge(bias, byQuestion, random), new TokenCounter());
		PositionBias known = PositionBias.UNKNOWN;
		int bad = 0;
		int agreedBad = 0;
		int oneOrderBad = 0;
		for (int i = 0; i < PAIRS; i++) {
			double drawn = random.nextDouble();
			String answer = (drawn < 0.12) ? "1" : (drawn < 0.2) ? "3" : "2";
			bad += answer.equals("1") ? 1 : 0;
			Answers answers = Answers.compared(String.valueOf(random.nextDouble()), answer, "2");
			Grade first = judge.judge(answers).grade();
			Grade second = judge.judge(answers.withReferenceFirst(true)).grade();
			known = known.plus(PositionBias.of(first, second));
			agreedBad += PositionBias.agreed(first, second).isBad() ? 1 : 0;
			oneOrderBad += second.isBad() ? 1 : 0;
		}
		double truth = (double) bad / PAIRS;
		System.out.printf(
				"Position bias %.1f %s: estimated %.3f +- %.3f; bad %.4f, estimated %.4f, agreed in both orders %.4f, "
						+ "reference first only %.4f%n",
				bias, byQuestion ? "by question" : "by comparison", known.bias(), known.margin(), truth,
				known.badRate(), (double) agreedBad / PAIRS, (double) oneOrderBad / PAIRS);
		assertThat(known.pairs()).isEqualTo(PAIRS);
		assertThat(known.bias()).isCloseTo(bias, within(1.5 * known.margin()));
		assertThat(known.margin()).isLessThan(0.02);
		assertThat(known.badRate()).isCloseTo(truth, within(0.012));
		assertThat((double) agreedBad / PAIRS).as("never more than there are")
			.isCloseTo((1 - Math.abs(bias)) * truth, within(0.012));
	}

	@Test
	void onlyConsistentVerdictsCount() {
		assertThat(PositionBias.agreed(Grade.WORSE, Grade.WORSE)).isEqualTo(Grade.WORSE);
		assertThat(PositionBias.agreed(Grade.UNUSABLE, Grade.WORSE)).isEqualTo(Grade.WORSE);
		assertThat(PositionBias.agreed(Grade.UNUSABLE, Grade.UNUSABLE)).isEqualTo(Grade.UNUSABLE);
		assertThat(PositionBias.agreed(Grade.BETTER, Grade.BETTER)).isEqualTo(Grade.BETTER);
		for (Grade other : new Grade[] { Grade.SAME, Grade.BETTER }) {
			assertThat(PositionBias.agreed(Grade.WORSE, other)).isEqualTo(Grade.SAME);
			assertThat(PositionBias.agreed(other, Grade.UNUSABLE)).isEqualTo(Grade.SAME);
			assertThat(PositionBias.of(Grade.WORSE, other).inconsistent()).isEqualTo(1);
		}
		assertThat(PositionBias.of(Grade.UNUSABLE, Grade.WORSE).inconsistent()).isZero();
	}

	@Test
	void nothingIsKnownWithoutComparisons() {
		assertThat(PositionBias.UNKNOWN.bias()).isZero();
		assertThat(PositionBias.UNKNOWN.margin()).isEqualTo(1);
		assertThat(PositionBias.UNKNOWN.badRate()).isZero();
		PositionBias always = PositionBias.of(Grade.BETTER, Grade.WORSE);
		assertThat(always.bias()).isEqualTo(1);
		assertThat(always.badRate()).as("such a judge tells nothing").isZero();
		assertThat(always.margin()).isEqualTo(1);
	}

}

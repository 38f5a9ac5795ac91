package io.tokensaving.route.evaluate;

import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import io.tokensaving.ScriptedChatModel;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.provider.TokenPrice;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.sampling.GradedJudge;
import io.tokensaving.sampling.NoVerdictException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

/**
 * Tests for {@link Evaluation} and {@link EvaluationCase}.
 */
class EvaluationTests {

	// Dollars per million tokens; a scripted answer has 100 input and 20 output tokens
	private final PriceTable prices = new PriceTable(List.of(price("scripted-model", 1, 5), price("judge", 2, 10)));

	private final GradedJudge judge = (answers) -> {
		TokenUsage usage = new TokenUsage(50, 10, 0, 0, false);
		if (answers.question().contains("unclear")) {
			throw new NoVerdictException("replied with no verdict", "judge", usage);
		}
		boolean wrong = answers.question().contains("wrong");
		return new GradedJudge.Verdict(wrong ? GradedJudge.Grade.WORSE : GradedJudge.Grade.SAME,
				GradedJudge.Reason.OTHER, "judge", usage);
	};

	private static ModelPrice price(String model, long input, long output) {
		return new ModelPrice(model,
				new TokenPrice(BigDecimal.valueOf(input), BigDecimal.valueOf(output), null, null, null, null),
				List.of());
	}

	private EvaluationResult run(double minQuality, String... questions) {
		ScriptedChatModel model = new ScriptedChatModel((prompt) -> {
			String question = prompt.getUserMessage().getText();
			if (question.contains("down")) {
				throw new IllegalStateException("down");
			}
			return ScriptedChatModel.answer(question.contains("equal") ? "expected" : "an answer");
		});
		List<EvaluationCase> cases = new ArrayList<>();
		for (String question : questions) {
			cases.add(new EvaluationCase(question, "expected"));
		}
		return new Evaluation(Answering.oneByOne(model), this.judge, minQuality, new TokenCounter(), this.prices)
			.run(cases);
	}

	@Test
	void countsGradesAndWhatTheyCost() {
		EvaluationResult result = run(0.5, "good", "wrong", "equal", "down", "unclear");
		assertThat(result.counts().same()).isEqualTo(2);
		assertThat(result.counts().worse()).isEqualTo(1);
		assertThat(result.counts().unusable()).isEqualTo(1);
		assertThat(result.unanswered()).isEqualTo(1);
		assertThat(result.unjudged()).isEqualTo(1);
		assertThat(result.quality()).isEqualTo(0.5);
		// Four answers of 0.0002, and three verdicts of 0.0002
		assertThat(result.costUsd()).isEqualByComparingTo("0.0014");
		assertThat(result.unpriced()).isZero();
		assertThat(result.toString()).contains("quality     0.5000", "2 same, 1 worse, 1 of no use", "0.0014 USD",
				"not passed");
	}

	@ParameterizedTest
	@CsvSource({ "34, 0.9, false", "35, 0.9, true", "72, 0.95, false", "73, 0.95, true" })
	void passesOnceTheLowerEndOfTheIntervalReachesTheQuality(int cases, double minQuality, boolean passed) {
		String[] questions = new String[cases];
		Arrays.fill(questions, "good");
		EvaluationResult result = run(minQuality, questions);
		assertThat(result.isPassed()).isEqualTo(passed);
		assertThat(result.exitStatus()).isEqualTo(passed ? 0 : 1);
		double z = 1.959964;
		assertThat(result.lower()).isCloseTo(cases / (cases + z * z), within(1e-4));
		assertThat(result.upper()).isEqualTo(1);
	}

	@Test
	void doesNotPassWithoutVerdicts() {
		assertThat(run(0).isPassed()).isFalse();
		assertThat(run(0, "unclear").isPassed()).isFalse();
		assertThat(run(0, "good", "good", "unclear").isPassed()).as("a third is missing").isFalse();
		assertThat(run(0, "good").isPassed()).isTrue();
		assertThatIllegalArgumentException().isThrownBy(() -> run(1.1)).withMessageContaining("'minQuality'");
	}

	@Test
	void readsLinesOfJson(@TempDir Path directory) throws IOException {
		Path file = directory.resolve("cases.jsonl");
		Files.writeString(file, """
				{"question": "What is 1 + 1?", "expected": "2", "source": "faq"}

				{"question": "Höhe?", "expected": "10 m"}
				""");
		assertThat(EvaluationCase.read(file)).containsExactly(new EvaluationCase("What is 1 + 1?", "2"),
				new EvaluationCase("Höhe?", "10 m"));
		assertThat(new EvaluationCase("a secret", "b")).asString().doesNotContain("secret");
	}

	@ParameterizedTest
	@ValueSource(strings = { "{\"question\": \"secret\"}", "secret", "[1]", "{\"question\": \"secret\"",
			"{\"question\":\"secret\",\"expected\":\" \"}" })
	void namesTheLineThatIsNoCaseWithoutItsText(String line, @TempDir Path directory) throws IOException {
		Path file = directory.resolve("cases.jsonl");
		Files.writeString(file, "{\"question\":\"q\",\"expected\":\"e\"}\n" + line + "\n");
		assertThatExceptionOfType(IOException.class).isThrownBy(() -> EvaluationCase.read(file))
			.withMessageStartingWith("Line 2 ")
			.withNoCause()
			.withMessageNotContaining("secret");
	}

}

package io.tokensaving.cache.semantic.guard;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link AnswerScore} and {@link ScoreGuard}.
 */
class AnswerScoreTests {

	private final AnswerScore score = AnswerScore.english();

	@Property(tries = 300)
	void isProbabilityAndTheSameInEitherOrder(@ForAll @StringLength(max = 60) String asked,
			@ForAll @StringLength(max = 60) String stored, @ForAll @DoubleRange(min = 0.5, max = 1) double similarity) {
		Question first = Question.of(asked);
		Question second = Question.of(stored);
		double value = this.score.score(first, second, similarity);
		assertThat(value).isBetween(0.0, 1.0);
		assertThat(this.score.score(Question.of(stored), Question.of(asked), similarity)).isEqualTo(value);
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			How do I reset my password?                | How can I reset my password?
			What is the best way to learn to swim?     | What is the best way of learning to swim?
			How do I clean a wooden table?             | How should I clean a wooden table?
			""")
	void paraphraseScoresHigherThanOtherQuestion(String asked, String paraphrase) {
		Question question = Question.of(asked);
		double same = this.score.score(question, Question.of(paraphrase), 0.93);
		double other = this.score.score(question, Question.of("Why do people clean, learn or reset anything?"), 0.93);
		assertThat(same).isGreaterThan(0.6).isGreaterThan(other);
	}

	@Test
	void moreSimilarQuestionsDoNotScoreMuchLower() {
		Question asked = Question.of("How do I change the oil of my car?");
		Question stored = Question.of("How do I change my car's oil?");
		assertThat(this.score.score(asked, stored, 0.97)).isGreaterThan(this.score.score(asked, stored, 0.81) - 0.05);
	}

	@Test
	void veryLongQuestionsAreScored() {
		Question asked = Question.of("Where is the blue house near the old mill? ".repeat(200));
		Question stored = Question.of("Where is the red house near the old mill? ".repeat(200));
		assertThat(this.score.score(asked, stored, 0.99)).isBetween(0.0, 1.0);
	}

	@Test
	void guardAbstainsWithoutSimilarity() {
		ScoreGuard guard = new ScoreGuard();
		assertThat(guard.vetoes(Question.of("Is it red?"), Question.of("Why do cats purr?"))).isFalse();
	}

}

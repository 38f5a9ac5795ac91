package io.tokensaving.route;

import java.util.List;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests of {@link HeuristicClassifier} and {@link SurfaceFeatures}.
 */
class HeuristicClassifierTests {

	private static final String HARD = """
			Prove that for every prime p > 3 the number p^2 - 1 is divisible by 24, and give a proof that does not use
			that one of three consecutive numbers is divisible by 3. Then write a function in Java:
			int residue(int p) { return (p * p - 1) % 24; }
			1. Which primes below 1,000,000 are counterexamples? 2. What about p^4 - 1 and 240?""";

	private final HeuristicClassifier classifier = new HeuristicClassifier();

	@Property
	void scoresAreFromZeroToOneWhateverIsAsked(@ForAll @StringLength(max = 300) String question,
			@ForAll @LongRange(min = 0) long tokens, @ForAll @IntRange(min = 0) int messages,
			@ForAll @IntRange(min = 0) int tools, @ForAll boolean schema) {
		float[] features = SurfaceFeatures.of(question, tokens, messages, tools, schema);
		assertThat(features).hasSize(SurfaceFeatures.NAMES.size());
		for (float feature : features) {
			assertThat(feature).isFinite().isGreaterThanOrEqualTo(0);
		}
		assertThat(HeuristicClassifier.score(features)).isBetween(0.0, 1.0);
	}

	@Property
	void readsTheBeginningOfAQuestionOnly(@ForAll @StringLength(max = 50) String end) {
		String beginning = "question ".repeat(500).substring(0, SurfaceFeatures.MAX_CHARACTERS);
		assertThat(SurfaceFeatures.of(beginning + end, 1, 1, 0, false))
			.isEqualTo(SurfaceFeatures.of(beginning, 1, 1, 0, false));
	}

	@Test
	void seesWhatAQuestionIsMadeOf() {
		float[] features = SurfaceFeatures.of("Is 12 + 30 > a[7]?\nYes", 20, 3, 2, true);
		assertThat(features[SurfaceFeatures.WORDS]).isEqualTo((float) Math.log1p(3));
		assertThat(features[SurfaceFeatures.LINES]).isEqualTo((float) Math.log1p(1));
		assertThat(features[SurfaceFeatures.DIGITS]).isEqualTo(5f / 16);
		assertThat(features[SurfaceFeatures.CAPITALS]).isEqualTo(2f / 16);
		assertThat(features[SurfaceFeatures.MATHEMATICS]).isEqualTo(2f / 16);
		assertThat(features[SurfaceFeatures.CODE]).isEqualTo(3f / 16);
		assertThat(features[SurfaceFeatures.QUESTIONS]).isEqualTo((float) Math.log1p(1));
		assertThat(features[SurfaceFeatures.SCHEMA]).isEqualTo(1);
	}

	@Test
	void countsTheWordsOfScriptsWithoutSpaces() {
		assertThat(words("東京の天気はどうですか")).isEqualTo(words("a b c d e f") - 0.08f, within(0.1f));
		assertThat(words("Какая погода в Москве?")).isEqualTo((float) Math.log1p(4));
		assertThat(words("don't re-use")).isEqualTo((float) Math.log1p(3));
	}

	private static org.assertj.core.data.Offset<Float> within(float offset) {
		return org.assertj.core.data.Offset.offset(offset);
	}

	private static float words(String question) {
		return SurfaceFeatures.of(question, 0, 0, 0, false)[SurfaceFeatures.WORDS];
	}

	@Test
	void ordersRequestsInAnyLanguage() {
		double hard = score(HARD);
		for (String easy : List.of("Hello!", "What is the capital of France?", "Quelle est la capitale de la France ?",
				"フランスの首都はどこですか", "Какая столица Франции?")) {
			assertThat(score(easy)).as(easy).isLessThan(0.5).isLessThan(hard);
		}
		assertThat(hard).isGreaterThan(0.7);
	}

	private double score(String question) {
		return this.classifier.choose(RouteTestRequests.ask(question), RouteTestRequests.settings()).score();
	}

	@Test
	void choosesTheTierByTheThresholds() {
		RouteRequest request = RouteTestRequests.ask("What is the capital of France?");
		double score = score(request.question());
		assertThat(this.classifier.choose(request, thresholds(score + 0.01, 0.9)).tier()).isEqualTo("nano");
		assertThat(this.classifier.choose(request, thresholds(score, 0.9)).tier()).isEqualTo("mid");
		assertThat(this.classifier.choose(request, thresholds(0, score)).tier()).isEqualTo("frontier");
		assertThat(this.classifier.choose(request, RouteTestRequests.settings()).tier()).isEqualTo("nano");
		RouteChoice hard = this.classifier.choose(RouteTestRequests.ask(HARD), RouteTestRequests.settings());
		assertThat(hard.tier()).isEqualTo("frontier");
		assertThat(hard.reason()).isEqualTo("score");
	}

	@Test
	void choosesADearerTierIfTheChosenOneCannotServe() {
		RouteRequest request = RouteTestRequests.ask("Hello", List.of("mid", "frontier"));
		assertThat(this.classifier.choose(request, RouteTestRequests.settings()).tier()).isEqualTo("mid");
		request = RouteTestRequests.ask("Hello", List.of("nano", "mid"));
		assertThat(this.classifier.choose(request, thresholds(0, 0.001)).tier()).isEqualTo("mid");
	}

	private static RouteSettings thresholds(double first, double second) {
		return RouteSettings.builder(RouteTestRequests.TIERS.toArray(String[]::new))
			.mode(RouteMode.ACTIVE)
			.classifier(HeuristicClassifier.NAME)
			.thresholds(List.of(first, second))
			.build();
	}

}

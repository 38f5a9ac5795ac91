package io.tokensaving.route;

import java.util.List;
import java.util.regex.Pattern;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests of {@link RulesClassifier}, {@link PatternSearch} and {@link FixedClassifier}.
 */
class RulesClassifierTests {

	private final RulesClassifier classifier = new RulesClassifier();

	@Test
	void choosesTheTierOfTheFirstRuleThatIsSatisfied() {
		RouteSettings settings = RouteTestRequests.settings(new RouteRule("other", null, 0, 0, "nano"),
				new RouteRule("triage", Pattern.compile("(?i)^classify|extract"), 0, 400, "mid"),
				new RouteRule(null, null, 0, 0, "nano"));
		RouteChoice choice = this.classifier.choose(RouteTestRequests.ask("Please extract the dates"), settings);
		assertThat(choice.tier()).isEqualTo("mid");
		assertThat(choice.reason()).isEqualTo("rule");
		assertThat(choice.score()).isNaN();
		assertThat(this.classifier.choose(RouteTestRequests.ask("Please"), settings).tier()).isEqualTo("nano");
		String longText = "extract " + "word ".repeat(500);
		assertThat(this.classifier.choose(RouteTestRequests.ask(longText), settings).tier()).isEqualTo("nano");
	}

	@Test
	void countsTheTokensOfBothEnds() {
		RouteSettings settings = RouteTestRequests.settings(new RouteRule(null, null, 10, 20, "nano"));
		assertThat(tier(9, settings)).isEqualTo("frontier");
		assertThat(tier(10, settings)).isEqualTo("nano");
		assertThat(tier(20, settings)).isEqualTo("nano");
		assertThat(tier(21, settings)).isEqualTo("frontier");
	}

	private String tier(int tokens, RouteSettings settings) {
		return this.classifier.choose(RouteTestRequests.ask("abcd".repeat(tokens)), settings).tier();
	}

	@Test
	void leavesTheRequestToTheDefaultTierIfNoRuleIsSatisfied() {
		RouteChoice choice = this.classifier.choose(RouteTestRequests.ask("Hello"), RouteTestRequests.settings());
		assertThat(choice.tier()).isEqualTo("frontier");
		assertThat(choice.reason()).isEqualTo("no_rule");
	}

	@Test
	void passesOverATierThatCannotServeTheRequest() {
		RouteSettings settings = RouteTestRequests.settings(new RouteRule(null, null, 0, 0, "nano"),
				new RouteRule(null, null, 0, 0, "mid"));
		RouteRequest request = RouteTestRequests.ask("Hello", List.of("mid", "frontier"));
		assertThat(this.classifier.choose(request, settings).tier()).isEqualTo("mid");
	}

	@Test
	void givesUpOnPatternsThatBacktrackWithoutEnd() {
		String hostile = "a".repeat(4000) + "!";
		assertThat(PatternSearch.find(Pattern.compile("(a+)+$"), hostile)).isFalse();
		assertThat(PatternSearch.find(Pattern.compile("(a|aa)*b"), hostile)).isFalse();
		assertThat(PatternSearch.find(Pattern.compile("(.*)*(.*)*(.*)*\\d"), hostile)).isFalse();
		// Recurses once for each character
		assertThat(PatternSearch.find(Pattern.compile("(?:a|b)*!"), hostile)).isIn(true, false);
	}

	@Test
	void searchesOrdinaryPatternsInAllOfTheBeginning() {
		String text = "word ".repeat(800) + "extract";
		assertThat(text).hasSizeLessThan(PatternSearch.MAX_CHARACTERS);
		assertThat(PatternSearch.find(Pattern.compile("(?i)^classify|EXTRACT\\b"), text)).isTrue();
		assertThat(PatternSearch.find(Pattern.compile("extract"), " ".repeat(PatternSearch.MAX_CHARACTERS) + text))
			.isFalse();
		assertThat(PatternSearch.find(Pattern.compile("word$"), "word")).isTrue();
		assertThat(PatternSearch.find(Pattern.compile("(\\w)\\1"), "b aa")).isTrue();
	}

	@Test
	void theFixedClassifierChoosesTheCheapestTierThatCanServe() {
		FixedClassifier fixed = new FixedClassifier();
		RouteRequest request = RouteTestRequests.ask("Hello", List.of("mid", "frontier"));
		assertThat(fixed.choose(request, RouteTestRequests.settings()).tier()).isEqualTo("mid");
		assertThat(fixed.choose(RouteTestRequests.ask("Hello"), RouteTestRequests.settings()).tier()).isEqualTo("nano");
	}

}

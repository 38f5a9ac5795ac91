package io.tokensaving.route;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import io.tokensaving.plan.InvalidPlanException;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.SettingsDocument;
import io.tokensaving.route.cascade.StreamMode;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link RouteSettings} and {@link RouteProperties}.
 */
class RouteSettingsTests {

	@Test
	void defaultsOfPropertiesAndBuilderAreTheSame() {
		RouteProperties properties = new RouteProperties();
		properties.setTiers(List.of("nano", "frontier"));
		RouteSettings settings = properties.toSettings();
		assertThat(settings).isEqualTo(RouteSettings.builder("nano", "frontier").build());
		assertThat(settings.mode()).isEqualTo(RouteMode.SHADOW);
		assertThat(settings.defaultTier()).isEqualTo("frontier");
		assertThat(settings.classifier()).isEqualTo("learned");
		assertThat(settings.minQuality()).isEqualTo(0.95);
		assertThat(settings.maxTime()).isEqualTo(Duration.ofMillis(50));
		assertThat(settings.sticky()).isEqualTo(RouteSettings.Sticky.CONVERSATION);
		assertThat(settings.expectedTurns()).isEqualTo(5);
		assertThat(settings.cascade()).isEqualTo(new CascadeSettings(List.of(), 1, 1, StreamMode.PREFIX));
		assertThat(settings.cascade().isOn()).isFalse();
		assertThat(settings.judge()).isEqualTo(new JudgeSettings("llm", null, JudgeSettings.Method.REFERENCE, 0.02,
				new BigDecimal(5), 0.05, JudgeSettings.Action.SUSPEND));
	}

	@Test
	void offNeedsNoTiers() {
		RouteSettings off = RouteSettings.builder().mode(RouteMode.OFF).build();
		assertThat(off.tiers()).isEmpty();
		assertThat(off.defaultTier()).isEqualTo("own");
		assertThat(RouteSettings.builder("nano").mode(RouteMode.OFF).build().defaultTier()).isEqualTo("nano");
	}

	@Test
	void nothingIsRoutedWithoutJudgedSamples() {
		assertInvalid("route.judge.sample-rate", "0.0", "without judged samples", RouteMode.ACTIVE,
				(properties) -> properties.getJudge().setSampleRate(0));
		RouteProperties shadow = properties((properties) -> properties.getJudge().setSampleRate(0));
		assertThat(shadow.toSettings().judge().sampleRate()).isZero();
	}

	@ParameterizedTest
	@MethodSource("wrong")
	void refusesWhatIsOutOfRangeOrDoesNotGoTogether(String field, String value, String accepted,
			Consumer<RouteProperties> change) {
		for (RouteMode mode : RouteMode.values()) {
			assertInvalid(field, value, accepted, mode, change);
		}
	}

	static Stream<Arguments> wrong() {
		return Stream.of(
				wrong("tiers", "nano, mid, nano", "each tier once",
						(route) -> route.setTiers(List.of("nano", "mid", "nano"))),
				wrong("tiers[1]", "", "the name of a tier: 1 to 100", (route) -> route.setTiers(List.of("nano", ""))),
				wrong("default-tier", "big", "a tier of 'route.tiers', one of 'mid', 'nano', 'own'",
						(route) -> route.setDefaultTier("big")),
				wrong("classifier", " ", "the name of a classifier", (route) -> route.setClassifier(" ")),
				wrong("thresholds", "[0.5]", "which is 2, or none", (route) -> route.setThresholds(List.of(0.5))),
				wrong("thresholds[0]", "-0.1", "from 0 to 1", (route) -> route.setThresholds(List.of(-0.1, 0.5))),
				wrong("thresholds[0]", "NaN", "from 0 to 1", (route) -> route.setThresholds(List.of(Double.NaN, 0.5))),
				wrong("thresholds[1]", "0.5", "above the one before",
						(route) -> route.setThresholds(List.of(0.5, 0.5))),
				wrong("thresholds[1]", "1.5", "from 0 to 1", (route) -> route.setThresholds(List.of(0.5, 1.5))),
				wrong("min-quality", "0.0", "above 0 and below 1", (route) -> route.setMinQuality(0)),
				wrong("min-quality", "1.0", "above 0 and below 1", (route) -> route.setMinQuality(1)),
				wrong("min-quality", "NaN", "above 0 and below 1", (route) -> route.setMinQuality(Double.NaN)),
				wrong("max-time", "0s", "above zero", (route) -> route.setMaxTime(Duration.ZERO)),
				wrong("max-time", "-1ms", "above zero", (route) -> route.setMaxTime(Duration.ofMillis(-1))),
				wrong("max-time", "3651d", "at most 3650 days", (route) -> route.setMaxTime(Duration.ofDays(3651))),
				wrong("require", "a b", "tags of 1 to 100", (route) -> route.setRequire(Set.of("a b"))),
				wrong("expected-turns", "0", "from 1 to 1000", (route) -> route.setExpectedTurns(0)),
				wrong("expected-turns", "1001", "from 1 to 1000", (route) -> route.setExpectedTurns(1001)),
				wrongRule("feature", "a b", "1 to 100 letters", (rule) -> rule.setFeature("a b")),
				wrongRule("matches", "", "of 1 to 1000 characters", (rule) -> rule.setMatches("")),
				wrongRule("matches", "(a", "Unclosed group near index 2", (rule) -> rule.setMatches("(a")),
				wrongRule("matches", "a".repeat(1001), "of 1 to 1000", (rule) -> rule.setMatches("a".repeat(1001))),
				wrongRule("min-tokens", "-1", "at least 0", (rule) -> rule.setMinTokens(-1)),
				wrongRule("max-tokens", "-1", "or 0 for any", (rule) -> rule.setMaxTokens(-1)),
				wrongRule("max-tokens", "2", "not below 'min-tokens'", (rule) -> {
					rule.setMinTokens(3);
					rule.setMaxTokens(2);
				}), wrongRule("tier", "big", "one of 'mid', 'nano', 'own'", (rule) -> rule.setTier("big")),
				wrongRule("tier", "a b", "the name of a tier", (rule) -> rule.setTier("a b")),
				wrongRule("tier", "", "the tier that the requests are sent to", (rule) -> rule.setTier(null)),
				wrong("cascade.checks[1]", " ", "the name of a check",
						(route) -> route.getCascade().setChecks(List.of("schema", " "))),
				wrong("cascade.checks", "schema, schema", "each check once",
						(route) -> route.getCascade().setChecks(List.of("schema", "schema"))),
				wrong("cascade.max-escalations", "0", "from 1 to 10",
						(route) -> route.getCascade().setMaxEscalations(0)),
				wrong("cascade.max-escalations", "11", "from 1 to 10",
						(route) -> route.getCascade().setMaxEscalations(11)),
				wrong("cascade.min-length", "0", "from 1 to 100000", (route) -> route.getCascade().setMinLength(0)),
				wrong("cascade.min-length", "100001", "from 1 to 100000",
						(route) -> route.getCascade().setMinLength(100_001)),
				wrong("judge.name", "", "the name of a judge", (route) -> route.getJudge().setName("")),
				wrong("judge.tier", "a b", "the name of a tier", (route) -> route.getJudge().setTier("a b")),
				wrong("judge.sample-rate", "1.1", "from 0 to 1", (route) -> route.getJudge().setSampleRate(1.1)),
				wrong("judge.sample-rate", "NaN", "from 0 to 1", (route) -> route.getJudge().setSampleRate(Double.NaN)),
				wrong("judge.usd-per-day", "0", "above 0", (route) -> route.getJudge().setUsdPerDay(BigDecimal.ZERO)),
				wrong("judge.usd-per-day", "1000001", "at most 1000000",
						(route) -> route.getJudge().setUsdPerDay(new BigDecimal(1_000_001))),
				wrong("judge.usd-per-day", "1E-7", "at most 6 decimals",
						(route) -> route.getJudge().setUsdPerDay(new BigDecimal("1E-7"))),
				wrong("judge.max-worse-rate", "0.0", "above 0 and below 1",
						(route) -> route.getJudge().setMaxWorseRate(0)),
				wrong("judge.max-worse-rate", "1.0", "above 0 and below 1",
						(route) -> route.getJudge().setMaxWorseRate(1)));
	}

	private static Arguments wrong(String field, String value, String accepted, Consumer<RouteProperties> change) {
		return Arguments.of("route." + field, value, accepted, change);
	}

	private static Arguments wrongRule(String field, String value, String accepted,
			Consumer<RouteProperties.Rule> change) {
		return wrong("rules[1]." + field, value, accepted, (route) -> {
			RouteProperties.Rule rule = new RouteProperties.Rule();
			rule.setTier("mid");
			change.accept(rule);
			RouteProperties.Rule first = new RouteProperties.Rule();
			first.setTier("nano");
			route.setRules(List.of(first, rule));
		});
	}

	private static void assertInvalid(String field, String value, String accepted, RouteMode mode,
			Consumer<RouteProperties> change) {
		RouteProperties properties = properties(change);
		properties.setMode(mode);
		assertThatExceptionOfType(InvalidPlanException.class).isThrownBy(properties::toSettings).satisfies((ex) -> {
			assertThat(ex.getField()).isEqualTo(field);
			assertThat(ex.getValue()).hasToString(value);
			assertThat(ex.getAccepted()).contains(accepted);
		});
	}

	private static RouteProperties properties(Consumer<RouteProperties> change) {
		RouteProperties properties = new RouteProperties();
		properties.setTiers(List.of("nano", "mid", "own"));
		change.accept(properties);
		return properties;
	}

	@ParameterizedTest
	@ValueSource(strings = { "SHADOW", "ACTIVE" })
	void atLeastTwoTiersAreNeededUnlessItIsOff(RouteMode mode) {
		assertThatExceptionOfType(InvalidPlanException.class)
			.isThrownBy(() -> RouteSettings.builder().mode(mode).build())
			.satisfies((ex) -> {
				assertThat(ex.getField()).isEqualTo("route.tiers");
				assertThat(ex.isMissing()).isTrue();
				assertThat(ex.getAccepted()).contains("'own' stands for");
			});
		assertThatExceptionOfType(InvalidPlanException.class)
			.isThrownBy(() -> RouteSettings.builder("nano").mode(mode).build())
			.satisfies((ex) -> {
				assertThat(ex.getField()).isEqualTo("route.tiers");
				assertThat(ex.getValue()).isEqualTo("nano");
				assertThat(ex.isMissing()).isFalse();
			});
	}

	@Test
	void rulesCompareByTheTextOfTheirPattern() {
		Function<Pattern, RouteRule> rule = (pattern) -> new RouteRule("f", pattern, 1, 2, "nano");
		assertThat(rule.apply(Pattern.compile("(?i)a"))).isEqualTo(rule.apply(Pattern.compile("(?i)a")))
			.hasSameHashCodeAs(rule.apply(Pattern.compile("(?i)a")))
			.isNotEqualTo(rule.apply(Pattern.compile("a")))
			.isNotEqualTo(rule.apply(null));
		assertThat(rule.apply(null)).isEqualTo(rule.apply(null)).isNotEqualTo(new RouteRule("g", null, 1, 2, "nano"));
		// What is stored is the text
		assertThatExceptionOfType(InvalidPlanException.class)
			.isThrownBy(() -> rule.apply(Pattern.compile("a", Pattern.CASE_INSENSITIVE)))
			.satisfies((ex) -> assertThat(ex.getAccepted()).contains("its flags in its text"));
	}

	@Test
	void aHostilePatternIsRefusedQuietly() {
		for (String text : List.of("(".repeat(1000), "[".repeat(1000), "a{99999999999}", "\\N{nothing}", "\\p{Nothing}",
				"(?<a>b)(?<a>c)", "\\", "*", "\ud800(")) {
			assertThatExceptionOfType(InvalidPlanException.class).as(text)
				.isThrownBy(() -> RouteRule.pattern(text))
				.satisfies((ex) -> assertThat(ex.getAccepted()).doesNotContain("\n").hasSizeLessThan(400));
		}
	}

	@Test
	void equalAmountsAreEqual() {
		for (List<String> pair : List.of(List.of("10", "10.000"), List.of("0.5", "0.500000"), List.of("1E+2", "100"))) {
			assertThat(pair.stream().map((usd) -> judge(new BigDecimal(usd), 0.0)).distinct()).hasSize(1)
				.allSatisfy((judge) -> assertThat(judge.usdPerDay().toString()).doesNotContain("E"));
		}
		assertThat(judge(BigDecimal.ONE, -0.0)).isEqualTo(judge(BigDecimal.ONE, 0.0));
		assertThat(RouteSettings.builder("nano", "own").thresholds(List.of(-0.0)).build().thresholds())
			.containsExactly(0.0);
	}

	private static JudgeSettings judge(BigDecimal usd, double sampleRate) {
		return new JudgeSettings("llm", null, JudgeSettings.Method.REFERENCE, sampleRate, usd, 0.05,
				JudgeSettings.Action.ALERT);
	}

	@Test
	void settingsAreNotChangedByWhatTheyWereMadeOf() {
		List<String> tiers = Arrays.asList("nano", "own");
		RouteProperties properties = new RouteProperties();
		properties.setTiers(tiers);
		List<String> checks = Arrays.asList("schema", "finish");
		properties.getCascade().setChecks(checks);
		RouteSettings settings = properties.toSettings();
		tiers.set(0, "mid");
		checks.set(0, "refusal");
		assertThat(settings.tiers()).containsExactly("nano", "own");
		assertThat(settings.cascade().checks()).containsExactly("schema", "finish");
	}

	@Property(tries = 200)
	void thresholdsAreTakenIfTheyAscend(@ForAll @Size(2) List<@DoubleRange(min = -0.5, max = 1.5) Double> thresholds) {
		boolean ascend = thresholds.get(0) >= 0 && thresholds.get(0) < thresholds.get(1) && thresholds.get(1) <= 1;
		RouteSettings.Builder builder = RouteSettings.builder("nano", "mid", "own").thresholds(thresholds);
		if (ascend) {
			assertThat(builder.build().thresholds()).usingElementComparator(Double::compare)
				.containsExactly(thresholds.get(0) + 0.0, thresholds.get(1));
		}
		else {
			assertThatExceptionOfType(InvalidPlanException.class).isThrownBy(builder::build);
		}
	}

	@Property(tries = 200)
	void theDocumentHasWhatDiffers(@ForAll("rules") List<RouteRule> one, @ForAll("rules") List<RouteRule> other) {
		RouteSettings first = RouteSettings.builder("nano", "own").rules(one).build();
		RouteSettings second = RouteSettings.builder("nano", "own").rules(other).build();
		assertThat(document(first).equals(document(second))).isEqualTo(first.equals(second));
		assertThat(SettingsDocument.of(document(first).asMap())).isEqualTo(document(first));
		assertThat(rules(first)).hasSameSizeAs(one).allSatisfy((rule) -> assertThat((Map<?, ?>) rule).isNotEmpty());
	}

	private static SettingsDocument document(RouteSettings settings) {
		return SettingsDocument.of(Plan.builder("p").with(settings).build());
	}

	private static List<?> rules(RouteSettings settings) {
		return (List<?>) ((Map<?, ?>) document(settings).asMap().get("route")).get("rules");
	}

	@Provide
	Arbitrary<List<RouteRule>> rules() {
		return Combinators
			.combine(Arbitraries.of("a", "b").injectNull(0.3),
					Arbitraries.of("a+", "(?i)b").map(Pattern::compile).injectNull(0.3), Arbitraries.of(0L, 5L),
					Arbitraries.of(0L, 9L), Arbitraries.of("nano", "own"))
			.as(RouteRule::new)
			.list()
			.ofMaxSize(2);
	}

}

package io.tokensaving.cache.semantic.guard;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;

import io.tokensaving.text.LanguageIdentifier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the guards in languages other than English.
 */
class LanguageGuardsTests {

	private static final double LEAST_STOPPED = 0.95;

	private static final double LEAST_KEPT = 0.95;

	static Set<String> languages() {
		Set<String> languages = new TreeSet<>(Language.tags());
		languages.remove("en");
		return languages;
	}

	@ParameterizedTest
	@MethodSource("languages")
	void stopNearMissesAndKeepParaphrases(String language) throws IOException {
		List<String> passed = new ArrayList<>();
		List<String> vetoed = new ArrayList<>();
		int differing = 0;
		int same = 0;
		for (String[] pair : pairs()) {
			if (pair[0].equals(language)) {
				boolean differs = pair[1].equals("differ");
				differing += differs ? 1 : 0;
				same += differs ? 0 : 1;
				Set<String> guards = vetoing(language, pair[2], pair[3]);
				assertThat(vetoing(language, pair[3], pair[2])).as("either way round: " + pair[2]).isEqualTo(guards);
				if (differs && guards.isEmpty()) {
					passed.add(pair[2] + " / " + pair[3]);
				}
				if (!differs && !guards.isEmpty()) {
					vetoed.add(guards + " " + pair[2] + " / " + pair[3]);
				}
			}
		}
		assertThat(differing + same).isGreaterThanOrEqualTo(40);
		assertThat(passed).as("near misses that pass")
			.hasSizeLessThanOrEqualTo((int) ((1 - LEAST_STOPPED) * differing));
		assertThat(vetoed).as("paraphrases that are vetoed").hasSizeLessThanOrEqualTo((int) ((1 - LEAST_KEPT) * same));
	}

	@Test
	void languagesOfTheQuestionsAreToldApart() throws IOException {
		List<String> wrong = new ArrayList<>();
		for (String[] pair : pairs()) {
			for (String question : List.of(pair[2], pair[3])) {
				if (!pair[0].equals(LanguageIdentifier.builtIn().likeliest(question, Language.tags()))) {
					wrong.add(pair[0] + " " + question);
				}
			}
		}
		assertThat(wrong).hasSizeLessThanOrEqualTo(5);
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			de | zweiundzwanzig | 22
			de | 1.234,5 | 1234,5
			de | dreihundert | 300
			de | zwei Millionen | 2.000.000
			fr | quatre-vingt-dix-sept | 97
			fr | soixante et onze | 71
			fr | vingt et un | 21
			fr | trois mille | 3000
			es | treinta y uno | 31
			es | veintidós | 22
			es | dos mil | 2.000
			pt | quarenta e cinco | 45
			pt | dezesseis | 16
			it | ventitré | 23
			it | trentotto | 38
			it | duemila | 2.000
			nl | tweeëntwintig | 22
			nl | vijfenveertig | 45
			""")
	void readNumberWordsAsValues(String tag, String words, String digits) {
		Language language = Objects.requireNonNull(Language.of(tag));
		assertThat(Question.of("xyz " + words + " xyz", language).quantities()).hasSize(1);
		assertThat(
				new NumberGuard().vetoes(Question.of(words + " xyz", language), Question.of(digits + " xyz", language)))
			.isFalse();
		assertThat(new NumberGuard().vetoes(Question.of(words + " xyz", language), Question.of("19 xyz", language)))
			.isTrue();
	}

	private static Set<String> vetoing(String tag, String asked, String stored) {
		Language language = Objects.requireNonNull(Language.of(tag));
		Set<String> guards = new TreeSet<>();
		for (SemanticGuard guard : EnglishGuards.all()) {
			if (guard.vetoes(Question.of(asked, language), Question.of(stored, language))) {
				guards.add(guard.name());
			}
		}
		return guards;
	}

	private static List<String[]> pairs() throws IOException {
		try (InputStream in = LanguageGuardsTests.class.getResourceAsStream("question-pairs-languages.tsv")) {
			return new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8).lines()
				.filter((line) -> !line.startsWith("#"))
				.map((line) -> line.split("\t", -1))
				.toList();
		}
	}

}

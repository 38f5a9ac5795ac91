package io.tokensaving.cache.semantic.guard;

import java.util.Objects;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link WordBase}.
 */
class WordBaseTests {

	private final WordBase words = Objects.requireNonNull(Language.ENGLISH.lexicon().words());

	@ParameterizedTest
	@ValueSource(strings = { "house", "houses", "cities", "stopped", "making", "happiest", "prednisone", "prednisolone",
			"equatorial guinea", "new mexico" })
	void findsWordInAnyRegularForm(String form) {
		assertThat(this.words.find(form)).isGreaterThanOrEqualTo(0);
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "x", "hosue", "pasword", "qqq", "barack obama" })
	void doesNotFindOtherTexts(String form) {
		assertThat(this.words.find(form)).isEqualTo(-1);
	}

	@ParameterizedTest
	@CsvSource({ "ascend, descend, true", "buy, sell, true", "ascend, arrival, false", "hot, cold, true" })
	void knowsAntonyms(String word, String other, boolean antonyms) {
		assertThat(this.words.areAntonyms(this.words.find(word), this.words.find(other))).isEqualTo(antonyms);
		assertThat(this.words.areAntonyms(this.words.find(other), this.words.find(word))).isEqualTo(antonyms);
	}

	@ParameterizedTest
	@CsvSource({ "buy, purchase, true", "car, automobile, true", "buy, sell, false", "car, house, false" })
	void knowsSynonyms(String word, String other, boolean synonyms) {
		assertThat(this.words.areSynonyms(this.words.find(word), this.words.find(other))).isEqualTo(synonyms);
	}

	@ParameterizedTest
	@CsvSource({ "hedgehog, 1", "quickly, 8", "unhappy, 4" })
	void knowsPartsOfSpeech(String word, int parts) {
		assertThat(this.words.parts(this.words.find(word))).isEqualTo(parts);
	}

}

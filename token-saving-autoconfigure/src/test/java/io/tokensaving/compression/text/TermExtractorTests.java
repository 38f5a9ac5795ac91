package io.tokensaving.compression.text;

import java.util.List;

import io.tokensaving.compression.text.TextSpan.Kind;
import io.tokensaving.text.Language;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link TermExtractor} and {@link Language}.
 */
class TermExtractorTests {

	@Test
	void stemsAndLeavesStopWordsOut() {
		assertThat(terms("The payments were failing for the users of this bank", null)).containsExactly("payment",
				"fail", "user", "bank");
	}

	@ParameterizedTest
	@CsvSource({ "Die Zahlungen der Kunden wurden von der Bank nicht ausgeführt, zahlung",
			"Les paiements des clients ne sont pas dans la liste de la banque, pai",
			"Los pagos de los clientes no se han hecho en el banco, pag",
			"Платежи клиентов не были выполнены в этом банке, платеж" })
	void guessesLanguageByStopWords(String text, String stem) {
		assertThat(terms(text, null)).contains(stem);
	}

	@Test
	void takesShortTextForEnglishAndSettingForGranted() {
		assertThat(terms("payments", null)).containsExactly("payment");
		assertThat(terms("Zahlungen", Language.DE)).containsExactly("zahlung");
	}

	@Test
	void pairsCharactersOfScriptsWithoutSpaces() {
		assertThat(terms("\u5361\u4E22\u4E86", null)).containsExactly("\u5361\u4E22", "\u4E22\u4E86");
	}

	@Test
	void bearsTextWithoutWords() {
		assertThat(terms("", null)).isEmpty();
		assertThat(terms("\uD83D\uDE00 \uD83D ... \uDE00", null)).hasSizeLessThan(3);
		assertThat(terms("the of and", null)).isEmpty();
	}

	@Test
	void assignsTermsToParts() {
		String text = "Lost card. Stolen phone.";
		assertThat(new TermExtractor(null).terms(text, SentenceSplitter.split(text)))
			.containsExactly(List.of("lost", "card"), List.of("stolen", "phone"));
	}

	@Test
	void findsLanguagesByCode() {
		assertThat(Language.find("de")).isEqualTo(Language.DE);
		assertThat(Language.find("xx")).isNull();
		assertThat(Language.codes()).hasSize(26).contains("en", "ru", "ar");
		for (Language language : Language.values()) {
			assertThat(terms("payments", language)).hasSize(1);
		}
	}

	private static List<String> terms(String text, @Nullable Language language) {
		return new TermExtractor(language).terms(text, List.of(new TextSpan(0, text.length(), Kind.SENTENCE))).get(0);
	}

}

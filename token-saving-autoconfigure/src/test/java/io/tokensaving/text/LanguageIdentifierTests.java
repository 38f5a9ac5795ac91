package io.tokensaving.text;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;

import io.tokensaving.TestData;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link LanguageIdentifier}.
 */
class LanguageIdentifierTests {

	private static final double LEAST_ENGLISH = 0.995;

	private final LanguageIdentifier identifier = LanguageIdentifier.builtIn();

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			en | How do I get a refund for the ticket I bought last week?
			de | Wie bekomme ich das Geld für meine Fahrkarte von letzter Woche zurück?
			fr | Comment puis-je être remboursé pour le billet acheté la semaine dernière ?
			es | ¿Cómo consigo que me devuelvan el dinero del billete de la semana pasada?
			pt | Como posso receber de volta o dinheiro do bilhete da semana passada?
			it | Come posso avere il rimborso del biglietto comprato la settimana scorsa?
			nl | Hoe krijg ik mijn geld terug voor het kaartje van vorige week?
			pl | Jak mogę odzyskać pieniądze za bilet kupiony w zeszłym tygodniu?
			sv | Hur får jag tillbaka pengarna för biljetten som jag köpte förra veckan?
			tr | Geçen hafta aldığım biletin parasını nasıl geri alabilirim?
			""")
	void tellsLanguagesOfTheLatinScriptApart(String language, String question) {
		assertThat(this.identifier.likeliest(question)).isEqualTo(language);
		assertThat(this.identifier.mayBe(question, List.of(language))).isTrue();
		if (!language.equals("en")) {
			assertThat(this.identifier.mayBe(question, List.of("en"))).isFalse();
			assertThat(this.identifier.mayBe(question, List.of("en", language))).isTrue();
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "reset password", "refund", "capital of malawi", "cancel subscription", "What is 12 * 4?",
			"Who wrote the symphony of Shostakovich?", "42", "iPhone 15 Pro", "What does \u7231 mean?" })
	void takesShortQuestionsAndNamesForEnglish(String question) {
		assertThat(this.identifier.mayBe(question, List.of("en"))).isTrue();
	}

	@ParameterizedTest
	@ValueSource(strings = { "passwort zur\u00FCcksetzen", "carta bloccata", "contrase\u00F1a olvidada",
			"mot de passe oubli\u00E9", "senha esquecida", "wachtwoord vergeten" })
	void doesNotTakeShortQuestionsInOtherLanguagesForEnglish(String question) {
		assertThat(this.identifier.mayBe(question, List.of("en"))).isFalse();
	}

	@ParameterizedTest
	@CsvSource({ "zh,\u5982\u4F55\u91CD\u7F6E\u5BC6\u7801", "ja,\u30D1\u30B9\u30EF\u30FC\u30C9\u3092\u5909\u66F4",
			"ko,\uBE44\uBC00\uBC88\uD638", "ar,\u0643\u064A\u0641 \u0623\u063A\u064A\u0631",
			"hi,\u092E\u0948\u0902 \u0905\u092A\u0928\u093E", "th,\u0E09\u0E31\u0E19\u0E08\u0E30",
			"ru,\u041A\u0430\u043A \u0438\u0437\u043C\u0435\u043D\u0438\u0442\u044C", "el,\u03A0\u03CE\u03C2",
			"he,\u05D0\u05D9\u05DA", "ka,\u10E0\u10DD\u10D2\u10DD\u10E0" })
	void knowsLanguagesByTheirScript(String language, String question) {
		assertThat(this.identifier.mayBe(question, List.of("en", "de"))).isFalse();
		assertThat(this.identifier.mayBe(question, List.of("en", language))).isTrue();
	}

	@Test
	void takesKanaForJapaneseOnly() {
		assertThat(this.identifier.mayBe("\u6CE8\u6587\u3092\u30AD\u30E3\u30F3\u30BB\u30EB", List.of("zh"))).isFalse();
		assertThat(this.identifier.mayBe("\u6CE8\u6587\u53D6\u6D88", List.of("ja"))).isTrue();
	}

	@Test
	void isWhatItWasOnceItIsWrittenAndRead() throws IOException {
		ByteArrayOutputStream out = new ByteArrayOutputStream();
		this.identifier.write(out);
		LanguageIdentifier read = LanguageIdentifier.read(new ByteArrayInputStream(out.toByteArray()));
		assertThat(read.languages()).isEqualTo(this.identifier.languages()).contains("de", "pl", "ja");
		String question = "Wo ist meine Karte?";
		assertThat(read.share(question, List.of("de"))).isEqualTo(this.identifier.share(question, List.of("de")));
	}

	@Test
	void refusesWeightsOfAnotherNumberOfLanguages() {
		assertThatIllegalArgumentException()
			.isThrownBy(() -> new LanguageIdentifier(List.of("en", "de"), 1, new byte[LanguageIdentifier.BUCKETS + 1]));
	}

	@Test
	void takesQuestionsOfBankCustomersForEnglish() throws IOException {
		List<String> lines = Files.readAllLines(TestData.file("banking77-train.tsv"));
		long english = lines.stream()
			.map((line) -> line.split("\t", -1)[0])
			.filter((question) -> this.identifier.mayBe(question, List.of("en")))
			.count();
		assertThat(english / (double) lines.size()).isGreaterThanOrEqualTo(LEAST_ENGLISH);
	}

}

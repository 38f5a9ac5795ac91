package io.tokensaving.cache.semantic;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

import io.tokensaving.cache.CacheSettings;
import io.tokensaving.cache.semantic.ReadableQuestions.Reading;
import io.tokensaving.ledger.TokenCounter;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

/**
 * Tests for {@link ReadableQuestions} with the embedding model that runs in the process.
 */
class ReadableQuestionsTests {

	private static LangChain4jEmbeddingModel model;

	private final ScriptProbe probe = new ScriptProbe(() -> model, new TokenCounter());

	private final AtomicInteger begun = new AtomicInteger();

	private final ReadableQuestions readable = new ReadableQuestions(this.probe, this.begun::incrementAndGet);

	private final CacheSettings english = new CacheSettings("in_memory_semantic");

	private final CacheSettings any = CacheSettings.builder("in_memory_semantic").languages(List.of("any")).build();

	private final CacheSettings confirmed = CacheSettings.builder("in_memory_semantic")
		.confirm(CacheSettings.Confirm.MODEL)
		.build();

	@BeforeAll
	static void load() {
		model = LangChain4jEmbeddingModel.allMiniLmL6V2();
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			How do I reset my password? | 1
			Où est le café de Łukasz? | 1
			What does 爱 mean? | 0.75
			Does 👍🏽 mean yes? | 0.75
			如何重置iPhone密码 | 0.14
			ฉันจะเปลี่ยนรหัสผ่านได้อย่างไร | 0
			ฉันจะเปลี่ยนรหัสผ่าน in my account | 0.375
			😀😀😀 | 0
			42 | 1
			비밀번호를 변경 | 1
			""")
	void knowsHowMuchOfATextTheModelKnows(String text, double share) {
		assertThat(model.knownShare(text)).isCloseTo(share, within(0.01));
	}

	@ParameterizedTest
	@ValueSource(strings = { "如何重置密码?", "ฉันจะลบบัญชีได้อย่างไร", "Ինչպե՞ս փոխեմ գաղտնաբառը", "როგორ წავშალო ანგარიში?",
			"အကောင့်ကို ဘယ်လိုဖျက်မလဲ", "What do 😀 😡 🙏 mean?", "Who wrote 百年孤独?" })
	void neverComparesWhatTheModelCannotRead(String question) {
		assertThat(read(question, this.english)).isEqualTo(Reading.UNREADABLE);
		assertThat(read(question, this.any)).isEqualTo(Reading.UNREADABLE);
		assertThat(read(question, this.confirmed)).isEqualTo(Reading.UNREADABLE);
	}

	@ParameterizedTest
	@ValueSource(strings = { "How do I reset my password?", "Does 👍 mean yes?", "What does 爱 mean?",
			"where’s the café – in “Łódź”?", "reset password" })
	void comparesEnglishWithAForeignWord(String question) {
		assertThat(read(question, this.english)).isEqualTo(Reading.GUARDED);
	}

	@ParameterizedTest
	@ValueSource(strings = { "Πώς αλλάζω τον κωδικό μου;", "كيف أغير كلمة المرور؟", "Как изменить пароль?",
			"Wie kann ich mein Passwort ändern?" })
	void othersLanguagesGoPastUnlessAModelConfirms(String question) {
		assertThat(read(question, this.english)).isEqualTo(Reading.OTHER_LANGUAGE);
		assertThat(read(question, this.confirmed)).isEqualTo(Reading.UNGUARDED);
	}

	@Test
	void anotherLanguageCanBeAdded() {
		CacheSettings german = CacheSettings.builder("in_memory_semantic").languages(List.of("en", "de")).build();
		assertThat(read("Wie kann ich mein Passwort ändern?", german)).isEqualTo(Reading.GUARDED);
		assertThat(read("How do I change my password?", german)).isEqualTo(Reading.GUARDED);
		assertThat(read("Comment changer mon mot de passe ?", german)).isEqualTo(Reading.OTHER_LANGUAGE);
	}

	@Test
	void scriptsAreNotComparedBeforeTheyAreProbedNorIfTheyCollapse() {
		assertThat(read("Как изменить пароль?", this.any)).isEqualTo(Reading.UNREADABLE);
		assertThat(this.probe.isDone()).isFalse();
		assertThat(this.begun).hasValue(1);
		read("Wie kann ich mein Passwort ändern?", this.any);
		read("How do I reset it?", this.confirmed);
		assertThat(this.begun).hasValue(1);
		this.probe.run();
		assertThat(this.probe.isDone()).isTrue();
		assertThat(read("Как изменить пароль?", this.any)).isEqualTo(Reading.UNREADABLE);
		assertThat(read("Πώς αλλάζω τον κωδικό μου;", this.confirmed)).isEqualTo(Reading.UNREADABLE);
		assertThat(read("כיצד אני משנה סיסמה?", this.any)).isEqualTo(Reading.GUARDED);
		assertThat(read("Wie kann ich mein Passwort ändern?", this.any)).isEqualTo(Reading.GUARDED);
	}

	@Test
	void onlyPlansThatNameSuchLanguagesHaveTheModelProbedAtOnce() {
		assertThat(ReadableQuestions.needsProbe(this.english)).isFalse();
		assertThat(ReadableQuestions.needsProbe(this.any)).isTrue();
		assertThat(ReadableQuestions.needsProbe(this.confirmed)).isFalse();
		assertThat(ReadableQuestions
			.needsProbe(CacheSettings.builder("in_memory_semantic").languages(List.of("en", "fr")).build())).isFalse();
		assertThat(ReadableQuestions
			.needsProbe(CacheSettings.builder("in_memory_semantic").languages(List.of("ru")).build())).isTrue();
	}

	private Reading read(String question, CacheSettings settings) {
		return this.readable.read(question, settings, model);
	}

}

package io.tokensaving.cache.semantic.guard;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ScriptGuard}.
 */
class ScriptGuardTests {

	private final ScriptGuard guard = new ScriptGuard();

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			What does 爱 mean? | What does 恨 mean?
			What does 猫 mean? | What does 猫 and 犬 mean?
			What does 猫 mean? | What does it mean?
			Is 爱 stronger than 恨? | Is 恨 stronger than 爱?
			What does да mean in English? | What does нет mean in English?
			Does 👍 mean yes? | Does 👎 mean yes?
			Does 👍🏽 mean yes? | Does 👍🏿 mean yes?
			What does 🏻 mean? | What does 🏿 mean?
			Is the flag 🇫🇷 blue? | Is the flag 🇩🇪 blue?
			What is a 👨‍👩‍👧 made of? | What is a 👨‍👩‍👦 made of?
			Who wrote the symbol ∀ first? | Who wrote the symbol ∃ first?
			What is the meaning of ♯ in music? | What is the meaning of ♭ in music?
			What does α mean? | What does β mean?
			Как сбросить пароль в iCloud? | Как сбросить пароль в Google?
			How do I reset it? | Как сбросить пароль?
			翻译成英文:我爱你 | Translate it into English
			""")
	void vetoesWhatOnlyOneQuestionHas(String asked, String stored) {
		assertThat(vetoes(asked, stored)).isTrue();
		assertThat(vetoes(stored, asked)).isTrue();
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			What does 爱 mean? | What's the meaning of 爱?
			Does 👍 mean yes? | Is 👍 a yes?
			Does ❤️ mean love? | Does ❤ stand for love?
			How do I reset my password? | how can i reset the password
			Where is the café? | Where's the cafe?
			Is it 20 °C outside? | Is it 20 ℃ outside?
			Who owns the Java™ trademark? | Who owns the Java trademark?
			“Where” is my card… | "Where" is my card - now?
			如何重置 iPhone 密码? | iphone 的密码如何重置?
			パスワードを変更したい | パスワード変更の方法は?
			What is the price in €? | What is the price in euros?
			What is 5 ½? | What is 5.5?
			""")
	void abstainsIfBothHaveTheSame(String asked, String stored) {
		assertThat(vetoes(asked, stored)).isFalse();
		assertThat(vetoes(stored, asked)).isFalse();
	}

	private boolean vetoes(String asked, String stored) {
		return this.guard.vetoes(Question.of(asked), Question.of(stored));
	}

}

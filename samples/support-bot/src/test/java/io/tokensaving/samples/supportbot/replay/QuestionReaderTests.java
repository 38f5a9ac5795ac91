package io.tokensaving.samples.supportbot.replay;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link QuestionReader}.
 */
class QuestionReaderTests {

	@Test
	void readsOneQuestionALineWithoutBlanksAndRepetitions() {
		assertThat(QuestionReader.parse("\uFEFFone?\r\n\r\n two? \none?\n")).containsExactly("one?", "two?");
	}

	@Test
	void readsColumnNamedQuestion() {
		assertThat(QuestionReader.parse("intent\tquestion\na\tone?\nb\ttwo?\nc\n")).containsExactly("one?", "two?");
	}

	@Test
	void readsFirstColumnWhenNoneIsNamedQuestion() {
		assertThat(QuestionReader.parse("text\tlabel\none?\ta\n")).containsExactly("one?");
	}

	@Test
	void readsColumnBehindOneWithoutName() {
		assertThat(QuestionReader.parse("\tquestion\n1\tone?\n2\ttwo?\n")).containsExactly("one?", "two?");
	}

	@Test
	void readsIntentsOfQuestions() {
		assertThat(QuestionReader.parseIntents("intent\tquestion\na\tone?\nb\t two? \nc\n"))
			.containsOnly(Map.entry("one?", "a"), Map.entry("two?", "b"));
		assertThat(QuestionReader.parseIntents("text\tlabel\none?\ta\n")).isEmpty();
		assertThat(QuestionReader.parseIntents("one?\n")).isEmpty();
	}

	@Test
	void refusesFolder(@TempDir Path folder) {
		assertThatIllegalArgumentException().isThrownBy(() -> QuestionReader.read(folder))
			.withMessageContaining("--replay")
			.withMessageContaining("'" + folder + "'")
			.withMessageContaining("can be read");
	}

	@Test
	void refusesFileWithoutQuestionsAndFileThatIsNotText(@TempDir Path folder) throws IOException {
		Path empty = Files.writeString(folder.resolve("empty.txt"), "\n\n");
		assertThatIllegalArgumentException().isThrownBy(() -> QuestionReader.read(empty))
			.withMessageContaining("--replay")
			.withMessageContaining("at least one question");
		Path binary = Files.write(folder.resolve("binary"), new byte[] { (byte) 0xFF, (byte) 0xFE, 0 });
		assertThatIllegalArgumentException().isThrownBy(() -> QuestionReader.read(binary))
			.withMessageContaining("UTF-8");
	}

}

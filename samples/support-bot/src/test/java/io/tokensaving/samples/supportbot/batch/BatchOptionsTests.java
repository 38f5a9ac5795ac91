package io.tokensaving.samples.supportbot.batch;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

import io.tokensaving.samples.supportbot.batch.BatchOptions.Question;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.DefaultApplicationArguments;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link BatchOptions}.
 */
class BatchOptionsTests {

	@TempDir
	private Path folder;

	@Test
	void readsQuestionsWithTheirIntentsInTheOrderOfTheFile() throws IOException {
		Path file = file(
				"\uFEFFid\tquestion\tintent\n1\tWhere is it?\tcard_arrival\n\n2\tWhy?\treason\n3\tWhy?\treason\n");
		BatchOptions options = parse("--batch=" + file, "--simulator=http://127.0.0.1:9797/");
		assertThat(options.questions()).containsExactly(new Question("Where is it?", "card_arrival"),
				new Question("Why?", "reason"), new Question("Why?", "reason"));
		assertThat(options.simulator()).isEqualTo(URI.create("http://127.0.0.1:9797"));
	}

	@Test
	void hasQuestionsOfItsOwnAndDrawsThem() {
		assertThat(parse("--other=1")).isNull();
		BatchOptions own = parse("--batch");
		assertThat(own.questions()).hasSize(40).isEqualTo(own.known());
		assertThat(own.questions()).extracting(Question::intent).doesNotHaveDuplicates();
		assertThat(own.simulator()).isNull();
		BatchOptions drawn = parse("--batch", "--requests=100");
		assertThat(drawn.questions()).hasSize(100).isSubsetOf(own.questions());
		assertThat(drawn).isEqualTo(parse("--batch", "--requests=100"));
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "question\n", "question\tanswer\nWhy?\tBecause.\n", "question\tintent\n \treason\n" })
	void refusesFilesWithoutIntents(String content) throws IOException {
		Path file = file(content);
		assertThatIllegalArgumentException().isThrownBy(() -> parse("--batch=" + file))
			.withMessage("--batch has the value '%s', accepted is a tab-separated file with the columns 'question' and "
					+ "'intent', and at least one question", file);
	}

	@Test
	void refusesWhatIsNoText() throws IOException {
		Path file = Files.write(this.folder.resolve("latin1"),
				"question\tintent\n\u00e4\tx".getBytes(StandardCharsets.ISO_8859_1));
		assertThatIllegalArgumentException().isThrownBy(() -> parse("--batch=" + file)).withMessageContaining("UTF-8");
		assertThatIllegalArgumentException().isThrownBy(() -> parse("--batch=none-such"))
			.withMessage("--batch has the value 'none-such', accepted is a file that can be read");
	}

	@ParameterizedTest
	@ValueSource(strings = { "--simulator=127.0.0.1:9797", "--simulator=http://a b", "--simulator=ftp://host",
			"--requests=0", "--requests=many", "--requests=1000001" })
	void refusesOtherValues(String argument) {
		String[] parts = argument.split("=");
		assertThatIllegalArgumentException().isThrownBy(() -> parse("--batch", argument))
			.withMessageStartingWith("%s has the value '%s', accepted is ", parts[0], parts[1]);
	}

	@ParameterizedTest
	@ValueSource(strings = { "replay", "conversation" })
	void refusesAnotherTaskBesides(String other) {
		assertThatIllegalArgumentException().isThrownBy(() -> parse("--batch", "--" + other + "=a"))
			.withMessage("--batch and --%s are both given, accepted is one of them", other);
	}

	private Path file(String content) throws IOException {
		return Files.writeString(this.folder.resolve("questions.tsv"), content);
	}

	private static BatchOptions parse(String... arguments) {
		return BatchOptions.parse(new DefaultApplicationArguments(arguments));
	}

}

package io.tokensaving.benchmarks;

import java.nio.file.Files;
import java.nio.file.Path;

import io.tokensaving.benchmarks.CompressionQuality.Recall;
import io.tokensaving.compression.CompressionSettings;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that compression keeps more of what a question needs than trimming does.
 */
class CompressionQualityTests {

	private static final String FILE = "qmsum-val-12.jsonl";

	@Test
	void focusedEnginesKeepMoreOfAnswerAndEvidenceThanTrim() {
		CompressionQuality quality = CompressionQuality.read(file());
		Recall trim = quality.measure(CompressionSettings.builder("trim", 1).lowMark(1), 0.25);
		assertThat(trim.tokens()).isBetween(0.24, 0.25);
		for (String engine : new String[] { "text_rank", "lex_rank", "lsa" }) {
			Recall recall = quality.measure(CompressionSettings.builder(engine, 1), 0.25);
			assertThat(recall.tokens()).as(engine).isBetween(0.24, 0.25);
			assertThat(recall.answer()).as(engine).isGreaterThan(1.32 * trim.answer());
			assertThat(recall.evidence()).as(engine).isGreaterThan(2.8 * trim.evidence());
		}
	}

	private static Path file() {
		String directory = System.getenv("TOKEN_SAVING_TEST_DATA");
		Path parent = Path.of("").toAbsolutePath();
		while (directory == null && parent != null && !Files.exists(parent.resolve("shared/data").resolve(FILE))) {
			parent = parent.getParent();
		}
		Path file = (directory != null) ? Path.of(directory, FILE)
				: (parent != null) ? parent.resolve("shared/data").resolve(FILE) : Path.of(FILE);
		Assumptions.assumeTrue(Files.exists(file),
				() -> "Skipped for lack of '%s': put it into a directory and name ".formatted(FILE)
						+ "that in TOKEN_SAVING_TEST_DATA");
		return file;
	}

}

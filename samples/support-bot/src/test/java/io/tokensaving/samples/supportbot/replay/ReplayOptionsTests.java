package io.tokensaving.samples.supportbot.replay;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.boot.DefaultApplicationArguments;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link ReplayOptions}.
 */
class ReplayOptionsTests {

	@Test
	void replaysOwnQuestionsAndStaysWithoutArguments() {
		assertThat(parse()).isEqualTo(new ReplayOptions(null, 200, 42, 1, false, null, null, true));
	}

	@Test
	void readsAllArguments(@TempDir Path folder) throws IOException {
		Path file = Files.writeString(folder.resolve("questions.txt"), "one?");
		Path report = folder.resolve("report.json");
		assertThat(parse("--replay=" + file, "--requests=5", "--seed=-3", "--zipf=0.8", "--plan=other",
				"--report=" + report))
			.isEqualTo(new ReplayOptions(file, 5, -3, 0.8, false, "other", report, false));
		assertThat(parse("--replay=" + file, "--stay").stay()).isTrue();
	}

	@Test
	void sendsEachQuestionOnceInTheOrderOfTheFile(@TempDir Path folder) throws IOException {
		Path file = Files.writeString(folder.resolve("questions.txt"), "one?\ntwo?\nthree?");
		ReplayOptions options = parse("--replay=" + file, "--order=file");
		assertThat(options.inOrder()).isTrue();
		assertThat(options.requests()).isEqualTo(3);
		assertThatIllegalArgumentException().isThrownBy(() -> parse("--replay=" + file, "--order=file", "--requests=4"))
			.withMessageContaining("a whole number from 1 to 3");
	}

	@ParameterizedTest
	@CsvSource({ "replay, none-such.txt, can be read", "requests, 0, from 1 to", "requests, many, from 1 to",
			"requests, '', a value", "seed, x, a whole number", "zipf, -1, from 0", "zipf, NaN, from 0",
			"order, random, popularity", "report, no/such/folder/report.json, a folder that exists",
			"report, ., a file", "report, /, a file" })
	void refusesBadValueByName(String name, String value, String accepted) {
		assertThatIllegalArgumentException().isThrownBy(() -> parse("--" + name + "=" + value))
			.withMessageContaining("--" + name)
			.withMessageContaining("'" + value + "'")
			.withMessageContaining(accepted);
	}

	private static ReplayOptions parse(String... arguments) {
		return ReplayOptions.parse(new DefaultApplicationArguments(arguments));
	}

}

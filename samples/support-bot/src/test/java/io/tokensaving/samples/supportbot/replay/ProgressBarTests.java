package io.tokensaving.samples.supportbot.replay;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ProgressBar}.
 */
class ProgressBarTests {

	@Test
	void printsLineForEveryTenthWhereThereIsNoTerminal() {
		assertThat(shown(false, 5000).lines()).hasSize(10)
			.startsWith(" 10 %  500 of 5,000")
			.endsWith("100 %  5,000 of 5,000");
	}

	@Test
	void redrawsOneLineOnTerminalOnceForEveryPercent() {
		String shown = shown(true, 5000);
		assertThat(shown.chars().filter((character) -> character == '\r')).hasSize(101);
		assertThat(shown).contains("[####################                    ]  50 %")
			.endsWith("100 %  5,000 of 5,000" + System.lineSeparator());
	}

	@Test
	void endsWhereThereIsOneStepOnly() {
		assertThat(shown(false, 1).lines()).containsExactly("100 %  1 of 1");
	}

	private static String shown(boolean terminal, int total) {
		ByteArrayOutputStream bytes = new ByteArrayOutputStream();
		ProgressBar bar = new ProgressBar(new PrintStream(bytes, true, StandardCharsets.UTF_8), terminal, total);
		for (int done = 1; done <= total; done++) {
			bar.update(done);
		}
		return bytes.toString(StandardCharsets.UTF_8);
	}

}

package io.tokensaving.route.cascade;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Refusals}.
 */
class RefusalsTests {

	private static final Refusals REFUSALS = Refusals.builtIn();

	private static final String MORE = " What you can do is read the manual, which explains each step at length, "
			+ "from the first switch to the last, and lists the parts that you need, with their numbers and prices.";

	@Test
	void tellsRefusalsFromAnswersInEachLanguage() throws IOException {
		List<Row> rows = rows();
		assertThat(rows.stream().filter(Row::refusal)).hasSizeGreaterThanOrEqualTo(60);
		assertThat(rows.stream().filter((row) -> !row.refusal())).hasSizeGreaterThanOrEqualTo(60);
		assertThat(rows.stream().filter((row) -> row.refusal() != REFUSALS.isRefusal(row.text(), true))).isEmpty();
	}

	@Test
	void judgesBeginningsAsWholeAnswers() throws IOException {
		assertThat(rows().stream().filter((row) -> !row.refusal() && REFUSALS.isRefusal(row.text(), false))).isEmpty();
	}

	@Test
	void longAnswerIsNoRefusal() {
		String refusal = "I'm sorry, but I can't help with that.";
		assertThat(REFUSALS.isRefusal(refusal, true)).isTrue();
		assertThat(REFUSALS.isRefusal(refusal + MORE.repeat(3), true)).isFalse();
		assertThat(REFUSALS.isRefusal("抱歉，我无法回答这个问题。" + "详细的说明请看手册的第一章。".repeat(20), true)).isFalse();
	}

	@Test
	void whatGoesOnWithSomethingUsefulIsNoRefusalUnlessItIsShort() {
		String partial = "I can't provide legal advice, but here is what the form asks for.";
		assertThat(REFUSALS.isRefusal(partial, true)).isTrue();
		assertThat(REFUSALS.isRefusal(partial + MORE, true)).isFalse();
		assertThat(REFUSALS.isRefusal(partial, false)).isFalse();
		assertThat(REFUSALS.isRefusal("I can't provide legal advice to anybody about this", false)).isTrue();
	}

	@Test
	void refusalWithinTheQuestionIsFound() {
		assertThat(REFUSALS.mentions("Translate into German: I'm sorry, I can't help with that.")).isTrue();
		assertThat(REFUSALS.mentions("Say \"Leider kann ich dabei nicht helfen\" in French")).isTrue();
		assertThat(REFUSALS.mentions("把“抱歉，我无法回答这个问题”译成英语")).isTrue();
		assertThat(REFUSALS.mentions("How do I open the bonnet of my car?")).isFalse();
		assertThat(REFUSALS.mentions("")).isFalse();
		assertThat(REFUSALS.mentions(null)).isFalse();
	}

	@Test
	void anyTextIsJudged() throws IOException {
		List<Row> rows = rows();
		Random random = new Random(7);
		for (int i = 0; i < 2000; i++) {
			StringBuilder text = new StringBuilder();
			for (int j = random.nextInt(4); j >= 0; j--) {
				String other = rows.get(random.nextInt(rows.size())).text();
				text.append(other, 0, random.nextInt(other.length() + 1));
				text.appendCodePoint(random.nextInt(0x2FFFF));
			}
			REFUSALS.isRefusal(text.toString(), random.nextBoolean());
		}
		assertThat(REFUSALS.isRefusal("", true)).isFalse();
		assertThat(REFUSALS.isRefusal("*** \n", true)).isFalse();
		assertThat(REFUSALS.isRefusal("i understand, ".repeat(100_000), false)).isFalse();
	}

	private static List<Row> rows() throws IOException {
		List<Row> rows = new ArrayList<>();
		try (BufferedReader lines = new BufferedReader(new InputStreamReader(
				Objects.requireNonNull(RefusalsTests.class.getResourceAsStream("refusal-answers.txt")),
				StandardCharsets.UTF_8))) {
			for (String line = lines.readLine(); line != null; line = lines.readLine()) {
				if (!line.startsWith("#")) {
					rows.add(new Row(line.substring(0, 2), line.charAt(3) == '+', line.substring(5)));
				}
			}
		}
		return rows;
	}

	private record Row(String language, boolean refusal, String text) {

	}

}

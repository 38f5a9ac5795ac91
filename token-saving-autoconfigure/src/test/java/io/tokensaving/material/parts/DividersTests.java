package io.tokensaving.material.parts;

import java.util.BitSet;
import java.util.List;
import java.util.Random;
import java.util.function.IntFunction;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link Dividers} with texts that mean harm, and for {@link Graphemes}.
 */
class DividersTests {

	// Each makes a text of about so many chars
	private static final List<IntFunction<String>> HOSTILE = List.of((n) -> "[".repeat(n / 2) + "]".repeat(n / 2),
			(n) -> "[".repeat(n), (n) -> "{\"a\":".repeat(n / 6) + "1" + "}".repeat(n / 6),
			(n) -> "[\"" + "\\u0041".repeat(n / 6) + "\"]", (n) -> "[\"" + "\u0301".repeat(n) + "\"]",
			(n) -> "<a>".repeat(n / 7) + "</a>".repeat(n / 7), (n) -> "<a>".repeat(n / 3),
			(n) -> "<p>" + "<div><li>".repeat(n / 9) + "</p>", (n) -> "<html>" + "<p <".repeat(n / 4) + ">",
			(n) -> "<html>" + "</b><b>".repeat(n / 7) + "</html>", (n) -> "<!--".repeat(n / 4),
			(n) -> "<html><script>" + "</".repeat(n / 2) + ">", (n) -> "```\n".repeat(n / 4),
			(n) -> "```".repeat(n / 3), (n) -> ("```java\n" + "\"'`".repeat(20) + "\n").repeat(n / 70),
			(n) -> ">".repeat(n), (n) -> "> ```\n".repeat(n / 6), (n) -> "- a\n".repeat(n / 4),
			(n) -> "# a\n".repeat(n / 4), (n) -> "a|b\n".repeat(n / 4), (n) -> "|a|\n|-|\n" + "|b|\n".repeat(n / 4),
			(n) -> "=\n".repeat(n / 2), (n) -> "class A {\n".repeat(n / 20) + "}\n".repeat(n / 20),
			(n) -> "class A {\n".repeat(n / 10), (n) -> "import a;\n/*".repeat(n / 12),
			(n) -> "let a = `\\`;\n".repeat(n / 13), (n) -> "def a():\n  \"\"\"\n".repeat(n / 15),
			(n) -> "use std::a;\nr#\"\n".repeat(n / 15), (n) -> "2024-01-01 12:00:00 INFO a\n".repeat(n / 27),
			(n) -> "Caused by: a\n\tat b.c(D.java)\n".repeat(n / 29),
			(n) -> "diff --git a/b b/b\n@@ -1 +1 @@\n".repeat(n / 31), (n) -> "--- a\n+++ b\n@@ -1 @@\n".repeat(n / 22),
			(n) -> "a,b,\"".repeat(n / 5), (n) -> "a,b\n".repeat(n / 4), (n) -> "a,\"\n".repeat(n / 4),
			(n) -> "{\"a\":1}\n".repeat(n / 8), (n) -> "{\"a\":1}\n".repeat(n / 8) + "x", (n) -> "x".repeat(n),
			(n) -> "👩\u200D".repeat(n / 3), (n) -> "a. ".repeat(n / 3), (n) -> ".?!)".repeat(n / 4),
			(n) -> "\n".repeat(n), (n) -> "a\n\n".repeat(n / 3), (n) -> " ".repeat(n), (n) -> "\u0000".repeat(n));

	@Test
	void twiceTheTextIsTwiceTheWork() {
		for (int i = 0; i < HOSTILE.size(); i++) {
			Source once = new Source(HOSTILE.get(i).apply(40_000));
			Source twice = new Source(HOSTILE.get(i).apply(80_000));
			Dividers.divide(once, null, new Outline());
			Dividers.divide(twice, null, new Outline());
			double growth = (double) (twice.work() + 1000) / (once.work() + 1000);
			assertThat(growth).as("text " + i + ": " + once.text().substring(0, 20)).isBetween(1.7, 2.3);
			assertThat(twice.work()).as("text " + i).isLessThan(Source.MAX_READS / 2 * twice.length());
		}
	}

	@Test
	void workThatGrowsWithTheSquareOfTheTextIsStopped() {
		Source source = new Source("x".repeat(10_000));
		assertThatExceptionOfType(Source.WorkExceededException.class).isThrownBy(() -> {
			for (int i = 0; i < source.length(); i++) {
				source.indexOf('y', i, source.length());
			}
		});
	}

	@Test
	void dividesLongHostileTexts() {
		Random random = new Random(1);
		for (int i = 0; i < HOSTILE.size(); i++) {
			String text = HOSTILE.get(i).apply(1_000_000);
			DividedText divided = Dividers.divide(text);
			assertThat(divided.parts().size()).as("text " + i).isLessThanOrEqualTo(Outline.MAX_PARTS);
			BitSet kept = new BitSet();
			for (int j = 0; j < divided.parts().size(); j++) {
				kept.set(j, random.nextInt(50) == 0);
			}
			assertThat(divided.render(kept).length()).as("text " + i).isLessThanOrEqualTo(text.length());
			kept.set(0, divided.parts().size());
			assertThat(divided.render(kept)).isEqualTo(text);
		}
	}

	@Property(tries = 200)
	void anyCharsCanBeDivided(@ForAll long seed) {
		Random random = new Random(seed);
		String alphabet = "{}[]()<>/\\\"'`#*-|,:;.!? \n\n\t=&@aZ1\u00e9\u0301\u200D👩🇩🇪中";
		StringBuilder text = new StringBuilder();
		for (int i = random.nextInt(3000); i > 0; i--) {
			text.appendCodePoint(alphabet.codePointAt(
					alphabet.offsetByCodePoints(0, random.nextInt(alphabet.codePointCount(0, alphabet.length())))));
		}
		String[] hints = { null, "java", "python", "js", "rust", "sql", "md", "csv", "yaml", "c", "sh" };
		DividedText divided = Dividers.divide(text.toString(), hints[random.nextInt(hints.length)]);
		DividedTextAssert.check(divided, (rendered) -> true, random);
	}

	@Test
	void neverSplitsWhatIsOneCharacter() {
		String family = "👩\u200D👩\u200D👧\u200D👦";
		for (String one : new String[] { family, "e\u0301", "👍🏽", "🇩🇪", "1\uFE0F\u20E3",
				"🏴\uDB40\uDC67\uDB40\uDC62", "\r\n", "각", "\u1100\u1161\u11A8", "नि" }) {
			for (int i = 1; i < one.length(); i++) {
				assertThat(Graphemes.isBoundary(one, i)).as(one + " at " + i).isFalse();
			}
			assertThat(Graphemes.isBoundary("a" + one + "b", 1)).isTrue();
			assertThat(Graphemes.isBoundary("a" + one + "b", 1 + one.length())).isTrue();
		}
		DividedText divided = Dividers.divide(family.repeat(2000));
		assertThat(divided.parts()).hasSizeGreaterThan(10);
		assertThat(divided.parts()).allSatisfy((part) -> {
			assertThat(part.start() % family.length()).isZero();
			assertThat(part.end() % family.length()).isZero();
		});
	}

	@Test
	void aHintThatIsWrongDoesNoHarm() {
		assertThat(Dividers.divide("{\"a\": [1, 2]}", "java").kind()).isEqualTo(ContentKind.JSON);
		assertThat(Dividers.divide("One sentence. Another one.", "json").kind()).isEqualTo(ContentKind.PROSE);
		assertThat(Dividers.divide("", null).parts()).isEmpty();
	}

}

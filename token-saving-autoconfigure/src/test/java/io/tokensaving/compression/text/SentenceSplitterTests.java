package io.tokensaving.compression.text;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

import io.tokensaving.compression.text.TextSpan.Kind;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link SentenceSplitter}.
 */
class SentenceSplitterTests {

	@Test
	void splitsAfterFullStopQuestionMarkAndExclamationMark() {
		assertThat(split("One here. Is it two? Three! \"Four.\" Five")).containsExactly("One here. ", "Is it two? ",
				"Three! ", "\"Four.\" ", "Five");
	}

	@Test
	void doesNotSplitAfterAbbreviationsInitialsNumbersAndWithinUrls() {
		assertThat(
				split("Mr. Smith met Dr. J. R. Jones, e.g. in St. Gallen. He paid 3.14 euros, i.e. No. 5 was cheap."))
			.containsExactly("Mr. Smith met Dr. J. R. Jones, e.g. in St. Gallen. ",
					"He paid 3.14 euros, i.e. No. 5 was cheap.");
		assertThat(split("See https://example.org/a.b?c=d!e for more. Then go on.")).hasSize(2);
		assertThat(split("It costs z.B. 5 Euro. Dr. Müller zahlt bzw. Frau Meier.")).hasSize(2);
	}

	@Test
	void splitsLinesThatStartAnewAndKeepsWrappedOnesTogether() {
		assertThat(split("A line that\nis wrapped here\nAnother one\n\nA paragraph"))
			.containsExactly("A line that\nis wrapped here\n", "Another one\n\n", "A paragraph");
	}

	@Test
	void takesHeadingsAndItemsOfListsForSentences() {
		assertThat(split("# Heading\n- one\n- two. And more\n1. First. Really\n2) Second\nText")).containsExactly(
				"# Heading\n", "- one\n", "- two. ", "And more\n", "1. First. ", "Really\n", "2) Second\n", "Text");
	}

	@Test
	void keepsCodeBlocksAndTablesWhole() {
		String text = "Look. Here:\n```java\nint a = 1. + 2;\n\n# not a heading\n```\nDone.\n\n| a. B | c |\n|---|---|\n| d | e |\n";
		assertThat(split(text)).containsExactly("Look. ", "Here:\n",
				"```java\nint a = 1. + 2;\n\n# not a heading\n```\n", "Done.\n\n",
				"| a. B | c |\n|---|---|\n| d | e |\n");
		assertThat(SentenceSplitter.split(text).stream().map(TextSpan::kind)).containsExactly(Kind.SENTENCE,
				Kind.SENTENCE, Kind.CODE, Kind.SENTENCE, Kind.TABLE);
	}

	@Test
	void endsCodeBlockAtFenceOfItsKindOnly() {
		assertThat(split("~~~~\n```\n~~~\n~~~~  \nText.")).containsExactly("~~~~\n```\n~~~\n~~~~  \n", "Text.");
		assertThat(split("```\nnever. Closed.")).containsExactly("```\nnever. Closed.");
	}

	@Test
	void findsCodeBlocksInQuotesAndLists() {
		assertThat(split("> Look. Here:\n> ```java\n> a. B\n> ```\n> Done. So.\n")).containsExactly("> Look. ",
				"Here:\n", "> ```java\n> a. B\n> ```\n", "> Done. ", "So.\n");
		assertThat(split(">> ~~~\n>> a. B\n> after. More\n")).containsExactly(">> ~~~\n>> a. B\n", "> after. ",
				"More\n");
		assertThat(split("> ```\n> > ```\n> ```\n")).containsExactly("> ```\n> > ```\n> ```\n");
		assertThat(split("- ```\n  a. B\n  ```\n- one. Two\n")).containsExactly("- ```\n  a. B\n  ```\n", "- one. ",
				"Two\n");
	}

	@Test
	void doesNotTakeCodeWithinALineForABlock() {
		assertThat(split("```a``` is code. It ends.\nAnd this. Is not.\n")).hasSize(4);
	}

	@Test
	void neverCutsWithinACharacter() {
		String family = "\uD83D\uDC68\u200D\uD83D\uDC69\u200D\uD83D\uDC67\u200D\uD83D\uDC66";
		assertThat(split("x" + family.repeat(1_000))).hasSizeGreaterThan(5)
			.allSatisfy((part) -> assertThat(part.replace(family, "")).isIn("", "x"));
	}

	@Test
	void knowsMarksOfOtherScripts() {
		assertThat(split("\u4F60\u597D\u3002\u4E16\u754C\uFF01\u597D")).hasSize(3);
		assertThat(split("\u0645\u0631\u062D\u0628\u0627\u061F \u0643\u064A\u0641 \u062D\u0627\u0644\u0643."))
			.hasSize(2);
		assertThat(split("\u0939\u0948\u0964 \u0935\u0939 \u0939\u0948\u0964")).hasSize(2);
	}

	@Test
	void cutsTextWithoutBoundariesBetweenWordsOrAtLeastBetweenCharacters() {
		assertThat(split("word ".repeat(40_000))).hasSize(200).allSatisfy((part) -> assertThat(part).endsWith(" "));
		assertThat(split("a".repeat(200_000))).hasSize(200);
		assertThat(split("x" + "\uD83D\uDE00".repeat(2_000)))
			.allSatisfy((part) -> assertThat(part.codePoints()).noneMatch((c) -> c >= 0xD800 && c < 0xE000));
	}

	@Property(tries = 2_000)
	void losesNothing(@ForAll long seed) {
		Random random = new Random(seed);
		String[] pieces = { "word", " ", ".", "\n", "```", "~~~", "| a", "# ", "- ", "1. ", "\r\n", "Dr", "?", "\t",
				"\uD83D", "\uDE00", "> ", "\u200D", "\u0301", "\u4F60\u3002", "\u2029", "  \n\n", "A", "" };
		StringBuilder text = new StringBuilder();
		for (int i = random.nextInt(60); i > 0; i--) {
			text.append(pieces[random.nextInt(pieces.length)]);
		}
		assertThat(String.join("", split(text.toString()))).isEqualTo(text.toString());
	}

	private static List<String> split(String text) {
		List<String> parts = new ArrayList<>();
		for (TextSpan span : SentenceSplitter.split(text)) {
			parts.add(text.substring(span.start(), span.end()));
		}
		return parts;
	}

}

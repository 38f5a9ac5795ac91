package io.tokensaving.material.parts;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import java.util.function.Predicate;
import java.util.stream.Stream;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link MarkdownDivider}.
 */
class MarkdownDividerTests {

	private static final String[] LINES = { "# One", "## Two", "### Three ###", "Title\n=====", "Under\n---", "", "",
			"- an item", "  - a sub-item", "1. first", "   goes on here", "* star", "> quoted text", "> ```java",
			"> int a;", "> ```", "```java", "```", "~~~", "    ```", "class A { int a() { return 1; } }",
			"| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |", "a | b\n-- | --\n1 | 2",
			"A sentence. And one more, a bit longer.", "Dr. No said: \"hi!\" 👩‍👩‍👧‍👦 🇩🇪🇫🇷 e\u0301", "---",
			"{\"a\": [1, 2, 3]}", "\ttabbed", "\r" };

	@Property(tries = 300)
	void anyLinesCanBeDivided(@ForAll long seed) {
		Random random = new Random(seed);
		StringBuilder text = new StringBuilder();
		int count = random.nextInt(120);
		for (int i = 0; i < count; i++) {
			text.append(LINES[random.nextInt(LINES.length)].repeat((random.nextInt(20) == 0) ? 30 : 1)).append('\n');
		}
		DividedTextAssert.check(Dividers.divide(text.toString()), (rendered) -> true, random);
	}

	@Test
	void dividesTheDocumentationOfThisProject() throws IOException {
		try (Stream<Path> files = Files.list(Path.of("../docs"))) {
			for (Path file : files.filter((page) -> page.toString().endsWith(".md")).toList()) {
				String text = Files.readString(file);
				DividedText divided = Dividers.divide(text);
				assertThat(divided.kind()).as(file.toString()).isEqualTo(ContentKind.MARKDOWN);
				assertThat(divided.parts().stream().map(Part::kind)).as(file.toString())
					.contains(Part.Kind.SECTION, Part.Kind.SENTENCE);
				DividedTextAssert.check(divided, rowsHaveTheirHeader(divided), new Random(2));
			}
		}
	}

	private static Predicate<String> rowsHaveTheirHeader(DividedText divided) {
		List<Part> parts = divided.parts();
		return (rendered) -> parts.stream().filter((part) -> part.kind() == Part.Kind.ROW).allMatch((row) -> {
			String text = divided.text().substring(row.start(), row.end());
			int found = rendered.indexOf("\n" + text + "\n");
			if (found < 0) {
				return true;
			}
			int line = found;
			while (line > 0 && rendered.charAt(line) == '\n' && rendered.charAt(line - 1) != '\n') {
				int before = rendered.lastIndexOf('\n', line - 1);
				if (rendered.substring(before + 1, line).matches("[|:\\- ]+")) {
					return true;
				}
				line = before;
			}
			return false;
		});
	}

	@Test
	void nestsWhatStandsBelowAHeading() {
		DividedText divided = Dividers.divide("""
				Intro text.

				# Install

				Take this. Do that.

				## Linux

				| package | version |
				|---|---|
				| a | 1 |
				| the second package of all | 2 |
				| c | 3 |

				- run it
				  as root
				  - or not

				# Use

				Later.
				""");
		assertThat(divided.kind()).isEqualTo(ContentKind.MARKDOWN);
		int row = find(divided, "| the second package");
		assertThat(divided.path(row)).isEqualTo("Install > Linux > package version");
		assertThat(divided.content(find(divided, "- run it"))).isEqualTo("- run it\n  as root\n  ");
		BitSet kept = new BitSet();
		kept.set(row);
		assertThat(divided.render(kept)).isEqualTo("""
				…

				# Install

				…

				## Linux

				| package | version |
				|---|---|
				| a | 1 |
				| the second package of all | 2 |
				| c | 3 |

				[… 3 sentences and 1 item left out]

				# Use

				Later.
				""");
	}

	private static int find(DividedText divided, String start) {
		for (int i = 0; i < divided.parts().size(); i++) {
			if (divided.content(i).startsWith(start)) {
				return i;
			}
		}
		throw new IllegalArgumentException(start);
	}

	@Test
	void dividesCodeAndJsonInFences() {
		String records = "{\"id\": 1, \"name\": \"one of the records\"},\n".repeat(10);
		DividedText divided = Dividers
			.divide("See:\n\n```java\n" + "class A {\n\n\tvoid a() {\n" + "\t\tdo(\"this and that\");\n".repeat(10)
					+ "\t}\n\n}\n```\n\nand\n\n~~~json\n[" + records + "{\"id\": 2}]\n~~~\n");
		assertThat(divided.parts().stream().map(Part::kind)).contains(Part.Kind.DECLARATION, Part.Kind.BODY,
				Part.Kind.STRUCTURE, Part.Kind.RECORD);
		BitSet kept = new BitSet();
		kept.set(find(divided, "void a"));
		kept.set(find(divided, "{\"id\": 2}"));
		assertThat(divided.render(kept)).isEqualTo("See:\n\n```java\nclass A {\n\n\tvoid a() {\n"
				+ "\t\t/* … 10 lines left out */\n\t}\n\n}\n```\n\nand\n\n~~~json\n[\"… 10 records left out\",\n"
				+ "{\"id\": 2}]\n~~~\n");
	}

	@Test
	void aFenceInAQuoteIsAFence() {
		String quote = "> He wrote:\n> ```java\n" + "> if (a.b()) { c(); } // And. Then.\n".repeat(12)
				+ "> ```\n> Yes.\n";
		DividedText divided = Dividers.divide("Hello.\n\n" + quote);
		assertThat(divided.parts().stream().map(Part::kind)).containsExactly(Part.Kind.SENTENCE, Part.Kind.BLOCK,
				Part.Kind.FENCE, Part.Kind.BODY, Part.Kind.BLOCK);
		BitSet kept = new BitSet();
		kept.set(1, 3);
		kept.set(4);
		assertThat(divided.render(kept))
			.isEqualTo("Hello.\n\n> He wrote:\n> ```java\n> … 12 lines left out\n> ```\n> Yes.\n");
	}

	@Test
	void dividesJsonBetweenParagraphs() {
		String records = "{\"id\": 1, \"name\": \"one of the records\"},\n".repeat(10);
		DividedText divided = Dividers.divide("This is what came back.\n\n[" + records + "{\"id\": 2}]\n\nWhat now?");
		BitSet kept = new BitSet();
		kept.set(find(divided, "{\"id\": 2}"));
		kept.set(divided.parts().size() - 1);
		assertThat(divided.render(kept))
			.isEqualTo("This is what came back.\n\n[\"… 10 records left out\",\n{\"id\": 2}]\n\nWhat now?");
	}

	@Test
	void dividesALongItemIntoSentences() {
		DividedText divided = Dividers
			.divide("- short\n- " + "This is one of the sentences. ".repeat(60) + "\n- last\n");
		assertThat(divided.parts()).hasSize(63);
		DividedTextAssert.check(divided, (text) -> true, new Random(1));
	}

	@Test
	void whatIsJustProseIsProse() {
		assertThat(Dividers.divide("One. Two, e.g. this.\n\nThree - four!").kind()).isEqualTo(ContentKind.PROSE);
	}

}

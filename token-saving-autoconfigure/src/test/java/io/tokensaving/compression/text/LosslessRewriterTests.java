package io.tokensaving.compression.text;

import java.util.List;
import java.util.function.ToIntFunction;

import io.tokensaving.ledger.TokenCounter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link LosslessRewriter}.
 */
class LosslessRewriterTests {

	private static final TokenCounter COUNTER = new TokenCounter();

	private static final ToIntFunction<String> TOKENS = (text) -> COUNTER.count(text, 1);

	@Test
	void minifiesJsonAndKeepsOrderNumbersAndStrings() {
		assertThat(rewrite("{\n  \"b\" : 1.50,\n  \"a\" : [ 1e3, \"x  \\\" y\" ]\n}"))
			.isEqualTo("{\"b\":1.50,\"a\":[1e3,\"x  \\\" y\"]}");
	}

	@Test
	void minifiesJsonWithinText() {
		assertThat(rewrite("The answer:\n{\n    \"a\": 1,\n    \"b\": 2\n}\nThat was it."))
			.isEqualTo("The answer:\n{\"a\":1,\"b\":2}\nThat was it.");
	}

	@Test
	void leavesAloneWhatOnlyLooksLikeJson() {
		String text = "[see the   note]\n{ not: json,   really }\n[1, 2";
		assertThat(rewrite(text)).isSameAs(text);
	}

	@Test
	void countsRepeatedLinesAndBlocks() {
		String line = "2026-01-01 ERROR connection to the database was refused, trying again\n";
		assertThat(rewrite("Start\n" + line.repeat(20) + "End"))
			.isEqualTo("Start\n" + line + "[previous line repeated 19 more times]\nEnd");
		String block = "at a.b.C.first(C.java:10)\nat a.b.C.second(C.java:20)\n";
		assertThat(rewrite(block.repeat(10) + "at a.b.C.main(C.java:1)"))
			.isEqualTo(block + "[previous 2 lines repeated 9 more times]\nat a.b.C.main(C.java:1)");
	}

	@Test
	void leavesRepetitionAloneThatIsShorterThanItsCount() {
		String text = "a\na\nb";
		assertThat(rewrite(text)).isSameAs(text);
	}

	@Test
	void stripsBlanksAtEndsOfLinesAndFurtherBlankLines() {
		assertThat(rewrite("One   \t\n\n\n\n\n   \n\nTwo  \n")).isEqualTo("One\n\nTwo\n");
	}

	@Test
	void leavesHtmlWithinProseAlone() {
		String text = "Use <span class=\"a\">x</span> and <div></div><div></div><div></div><div></div> here.\nPlease.";
		assertThat(rewrite(text)).isSameAs(text);
	}

	@Test
	void leavesCodeBlocksAlone() {
		String code = "```json\n{\n  \"a\" : 1   \n}\n\n\n\n```\n";
		assertThat(rewrite("Text   \n\n\n\n" + code + "More   \n")).isEqualTo("Text\n\n" + code + "More\n");
	}

	@Test
	void leavesTheBoxOfATaskAndWhatFollowsBracketsAlone() {
		String tasks = "[ ] call the customer\n[ ] write the report\n[x] done\n[ ]\n";
		assertThat(rewrite(tasks)).isSameAs(tasks);
		String output = "[1]  2  3\n[ 4, 5 ] and more\n";
		assertThat(rewrite(output)).isSameAs(output);
	}

	@Test
	void leavesLineEndsAsTheyAre() {
		assertThat(rewrite("One   \r\n\r\n\r\n\r\nTwo \r\nThree\r\n")).isEqualTo("One\r\n\r\nTwo\r\nThree\r\n");
	}

	@Test
	void leavesTheBlanksThatBreakALineInMarkdown() {
		String verse = "The first line of a verse  \nthe second one\n\nThe next  \nverse";
		assertThat(rewrite(verse)).isSameAs(verse);
		assertThat(LosslessRewriter.rewrite("a padded line          \nand another one   \n", String::length))
			.isEqualTo("a padded line  \nand another one\n");
	}

	@Test
	void leavesCodeOutsideOfFencesAlone() {
		String code = "int a = 1;   \n\n\n\nint b = 2;\n" + "list.add(new Item(1, 2));\n".repeat(9);
		assertThat(rewrite(code)).isSameAs(code);
		String patch = "--- a/file\n+++ b/file\n@@ -1,3 +1,3 @@\n context\n \n-old\n+new \n";
		assertThat(rewrite(patch)).isSameAs(patch);
		String indented = "See:\n\n    a = b   \n\n\n\n    c = d   \n\nDone with it, and\nthat is all.\nReally.";
		assertThat(rewrite(indented)).isSameAs(indented);
		String script = "expected = '''\n{\n  \"a\": 1\n}\n'''\ndef test(x):\n    return x == expected\n";
		assertThat(rewrite(script)).isSameAs(script);
	}

	@Test
	void leavesSeparatedValuesAndSettingsAlone() {
		String values = "id\tname\tnote\n1\tx\t\n" + "2\ta value that is repeated\t\n".repeat(9);
		assertThat(rewrite(values)).isSameAs(values);
		String settings = "name: a  \nsize: 1\n\n\n\nlist:\n  - one\n";
		assertThat(rewrite(settings)).isSameAs(settings);
	}

	@Test
	void minifiesJsonOnLinesOfItsOwnOneByOne() {
		assertThat(rewrite("{\"a\": 1, \"b\": 2}\n{\"a\": 1, \"b\": 2}\n\n{\"a\": 1, \"b\": 2}\n"))
			.isEqualTo("{\"a\":1,\"b\":2}\n{\"a\":1,\"b\":2}\n{\"a\":1,\"b\":2}");
	}

	@Test
	void leavesATextAloneThatHasACountAlready() {
		String text = "[previous line repeated 3 more times]\n" + "the same line over and over again\n".repeat(9);
		assertThat(rewrite(text)).isSameAs(text);
	}

	@Test
	void leavesAttributesAndElementsAlone() {
		String xml = "<orders>\n  <order id=\"1003\" status=\"returned\"><sku>A-3</sku></order>\n"
				+ "  <order id=\"1004\"\n    status=\"sent\"><sku/></order>\n</orders>";
		assertThat(rewrite(xml)).isEqualTo("<orders><order id=\"1003\" status=\"returned\"><sku>A-3</sku></order>"
				+ "<order id=\"1004\" status=\"sent\"><sku/></order></orders>");
	}

	@Test
	void leavesWhiteSpaceAloneThatMayBeText() {
		for (String xml : List.of("<doc>\n  text\n  <entry/>\n</doc>",
				"<doc xml:space=\"preserve\">\n  <entry/>\n</doc>", "<doc>\n<![CDATA[  \n ]]>\n<entry/>\n</doc>",
				"<pre>\n  <entry/>\n  <entry/>\n</pre>", "<doc>\n   \n</doc>",
				"<div>\n  <entry>one</entry>\n  <i>two</i>\n</div>",
				"<text>\n  <tspan>a</tspan>\n  <tspan>b</tspan>\n</text>", "<doc>\n  &#32;\n  <entry/>\n</doc>",
				"<doc><p>t <entry>x</entry></p><q>\n  <entry>x</entry>\n  <entry>y</entry>\n</q></doc>",
				"<doc><q>t <entry>x</entry></q><q>\n  <other/>\n  <other/>\n</q></doc>",
				"<!DOCTYPE doc [<!ENTITY e 'x'>]>\n<doc>\n  <entry>&e;</entry>\n  <entry/>\n</doc>")) {
			assertThat(rewrite(xml)).isSameAs(xml);
		}
	}

	@Test
	void leavesCommentsWithWordsAlone() {
		assertThat(rewrite("<doc>\n  <!-- see issue 12 -->\n  <!-- ==== -->\n  <entry/>\n</doc>"))
			.isEqualTo("<doc><!-- see issue 12 --><entry/></doc>");
	}

	@Test
	void leavesHtmlAloneButForWhiteSpaceInTablesAndLists() {
		assertThat(rewrite("<div id=\"a\" class=\"b\">\n  <ul>\n    <li>one</li>\n    <li>two <b>x</b> <i>y</i></li>\n"
				+ "  </ul>\n</div>"))
			.isEqualTo("<div id=\"a\" class=\"b\">\n  <ul><li>one</li><li>two <b>x</b> <i>y</i></li></ul>\n</div>");
	}

	@Test
	void readsNothingOutsideTheDocument() {
		assertThat(rewrite(
				"<!DOCTYPE doc SYSTEM \"file:///etc/passwd\">\n<doc>\n  <entry/>\n  <entry/>\n  <entry/>\n</doc>"))
			.endsWith("<doc><entry/><entry/><entry/></doc>");
	}

	@Test
	@Timeout(120)
	void staysInTimeWhateverComes() {
		for (String hostile : List.of("<a>\n".repeat(200_000), "<a>\n".repeat(100_000) + "</a>\n".repeat(100_000),
				"[\n".repeat(200_000), "{\"a\":\n".repeat(200_000), "<!--\n".repeat(200_000),
				"<a b='\n".repeat(200_000), "[]\n".repeat(200_000), "x\ny\n".repeat(200_000), "> ```\n".repeat(200_000),
				"[ ] x\n\n".repeat(200_000))) {
			assertThat(LosslessRewriter.rewrite(hostile, String::length)).hasSizeLessThanOrEqualTo(hostile.length());
		}
	}

	@Test
	void isIdempotent() {
		String text = "x y z is repeated here over and over\n".repeat(9) + "{\n \"a\": [\n1,\n2]\n}\n\n\n\nEnd  \n";
		String once = rewrite(text);
		assertThat(rewrite(once)).isSameAs(once);
		assertThat(TOKENS.applyAsInt(once)).isLessThan(TOKENS.applyAsInt(text));
	}

	private static String rewrite(String text) {
		return LosslessRewriter.rewrite(text, TOKENS);
	}

}

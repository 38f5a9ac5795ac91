package io.tokensaving.compression.text;

import java.util.function.ToIntFunction;

import io.tokensaving.savings.TokenCounter;
import org.junit.jupiter.api.Test;

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
	void stripsMarkupWithoutContentFromHtml() {
		String html = """
				<html><head><style>p { color: red; }</style><script>let a = '</p>';</script></head>
				<body><!-- a comment --><div class="outer"><div id="inner"><p class="text" style="color: red">Hello
				<span class="b">there</span>, <a href="/x" class="link" target="_blank">link</a></p></div></div>
				<ul class="list"><li>one</li><li>two</li></ul><img src='a.png' alt="An image" width=10/></body></html>""";
		String rewritten = rewrite(html);
		assertThat(rewritten).contains("there, <a href=\"/x\">link</a>", "<li>one</li><li>two</li>", "<p>Hello",
				"<img src='a.png' alt=\"An image\"");
		assertThat(rewritten).doesNotContain("class", "color", "comment", "<div", "<span", "let a");
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

package io.tokensaving.compression.text;

import java.util.List;
import java.util.function.ToIntFunction;

import io.tokensaving.ledger.TokenCounter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link TidyRewriter}.
 */
class TidyRewriterTests {

	private static final TokenCounter COUNTER = new TokenCounter();

	private static final ToIntFunction<String> TOKENS = (text) -> COUNTER.count(text, 1);

	@Test
	void removesMarkupThatCarriesNoText() {
		String html = """
				<html><head><style>p { color: red; }</style><script>let a = '</p>';</script></head>
				<body><!-- a comment --><div class="outer"><div data-v-1f=""><p class="text" style="color: red">Hello
				<span class="b">there</span>, <a href="/x" class="link" target="_blank">link</a></p></div></div>
				<ul class="list"><li>one</li><li>two</li></ul><img src='a.png' alt="An image" width=10/></body></html>""";
		String rewritten = rewrite(html);
		assertThat(rewritten).contains("there, <a href=\"/x\">link</a>", "<li>one</li><li>two</li>", "<p>Hello",
				"<img src='a.png' alt=\"An image\"");
		assertThat(rewritten).doesNotContain("class", "color", "comment", "<div", "<span", "let a");
	}

	@Test
	void keepsWhatNamesAnElementOrTellsWhatItDoes() {
		String form = """
				<body class="x"><div class="row"><form action="/buy" method="post" id="order" class="wide">
				<div role="alert" aria-label="Error" style="color:red">No stock</div>
				<label for="sku" class="l">SKU</label><input type="text" name="sku" value="A-3" required onclick="go()"/>
				<select name="size" class="s"><option value="m" selected>M</option><option value="l">L</option></select>
				<span id="total" class="t">12</span> <span class="u">EUR</span>
				<button type="submit" data-testid="buy" disabled>Buy</button></form></div></body>""";
		assertThat(rewrite(form)).contains("<form action=\"/buy\" method=\"post\" id=\"order\">",
				"<div role=\"alert\" aria-label=\"Error\">No stock</div>", "<label for=\"sku\">SKU</label>",
				"<input type=\"text\" name=\"sku\" value=\"A-3\" required>", "<option value=\"m\" selected>M</option>",
				"<span id=\"total\">12</span> EUR",
				"<button type=\"submit\" data-testid=\"buy\" disabled>Buy</button>");
		assertThat(rewrite(form)).doesNotContain("class", "onclick", "color");
	}

	@Test
	void keepsPreformattedTextAndDataOfScripts() {
		String html = """
				<html><head><title>T</title><script type="application/ld+json">{"price": 12}</script></head><body>
				<pre class="c">a   b
				   c</pre><p class="one">x   y</p><p class="two">a &lt; b < c</p><p></p><p></p></body></html>""";
		assertThat(rewrite(html)).contains("<script type=\"application/ld+json\">{\"price\": 12}</script>",
				"<pre>a   b\n   c</pre>", "<p>x y</p>", "<p>a &lt; b < c</p>");
	}

	@Test
	void joinsNoWords() {
		String html = "<div class='a'>one</div><div class='a'>two</div><section class='b'>three</section><p>4</p>"
				+ "<span class='c'>fi</span><span class='c'>ve</span>";
		assertThat(rewrite(html)).isEqualTo("one\ntwo\nthree\n<p>4</p>five");
	}

	@Test
	void takesOnlyCommentsAndWhiteSpaceFromOtherXml() {
		assertThat(rewrite("<order id=\"1003\" class=\"returned\">\n  <!-- a word -->\n  <span/>\n"
				+ "  <sku>A-3</sku>\n</order>"))
			.isEqualTo("<order id=\"1003\" class=\"returned\"><span/><sku>A-3</sku></order>");
	}

	@Test
	void leavesProseAlone() {
		String text = "Use <span class=\"a\">x</span> and <div></div><div></div><div></div><div></div> here.\nPlease.";
		assertThat(rewrite(text)).isSameAs(text);
	}

	@Test
	@Timeout(120)
	void staysInTimeWhateverComes() {
		for (String hostile : List.of("<div>".repeat(200_000), "<div></div>".repeat(9) + "</div>".repeat(200_000),
				"<p><".repeat(200_000), "<script></p></p></p></p>".repeat(50_000),
				"<div></p></p></p></p a='".repeat(50_000),
				"<div><pre>".repeat(1_000) + "</div></span></p>".repeat(50_000), "<p a= ".repeat(200_000),
				"<div></p></p></p></p" + " \"".repeat(200_000), "<!doctype html><p" + " a =".repeat(200_000) + ">")) {
			assertThat(TidyRewriter.rewrite(hostile, String::length)).hasSizeLessThanOrEqualTo(hostile.length());
		}
	}

	private static String rewrite(String text) {
		return TidyRewriter.rewrite(text, TOKENS);
	}

}

package io.tokensaving.compression.text;

import java.util.Set;

/**
 * The names of HTML's elements, in lower case.
 */
final class HtmlNames {

	private static final Set<String> ELEMENTS = Set.of("html", "head", "body", "title", "base", "link", "meta", "style",
			"script", "noscript", "template", "section", "article", "main", "header", "footer", "nav", "aside",
			"address", "h1", "h2", "h3", "h4", "h5", "h6", "hgroup", "p", "hr", "pre", "blockquote", "ol", "ul", "menu",
			"li", "dl", "dt", "dd", "figure", "figcaption", "div", "span", "a", "em", "strong", "small", "s", "cite",
			"q", "dfn", "abbr", "data", "time", "code", "var", "samp", "kbd", "sub", "sup", "i", "b", "u", "mark",
			"bdi", "bdo", "br", "wbr", "ins", "del", "picture", "source", "img", "iframe", "embed", "object", "video",
			"audio", "track", "table", "caption", "colgroup", "col", "tbody", "thead", "tfoot", "tr", "td", "th",
			"form", "label", "input", "button", "select", "datalist", "optgroup", "option", "textarea", "output",
			"progress", "meter", "fieldset", "legend", "details", "summary", "dialog", "slot", "canvas", "center",
			"font");

	private HtmlNames() {
	}

	static boolean isElement(String name) {
		return ELEMENTS.contains(name);
	}

}

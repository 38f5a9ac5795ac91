package io.tokensaving.compression.text;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;
import java.util.Set;
import java.util.function.ToIntFunction;

/**
 * Removes from HTML what carries no text: comments, scripts, styles, attributes for
 * presentation, elements that only group others, and white space that a browser does not
 * show. Text stays, and so does what identifies or names an element or tells what it
 * does: {@code id}, {@code name}, {@code role}, {@code aria-*}, {@code type},
 * {@code value}, {@code href} and all other attributes that are not known to be for
 * presentation. Other XML loses its comments and insignificant white space
 * ({@link XmlWhitespace}) and nothing else. The result is applied only if it has fewer
 * tokens. Runs in linear time. Thread-safe.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public final class TidyRewriter {

	private static final int MIN_TAGS = 8;

	// How far an end tag is from its start tag at most, in elements that are not closed
	private static final int MAX_UNCLOSED = 64;

	private static final Set<String> GROUPING = Set.of("div", "span", "font", "section", "article", "main", "header",
			"footer", "nav", "aside", "center", "wbr", "noscript", "svg", "g");

	private static final Set<String> INLINE = Set.of("span", "font", "wbr");

	// Elements without text or a text that nobody reads
	private static final Set<String> WITHOUT_TEXT = Set.of("link", "base", "path", "rect", "circle", "ellipse",
			"polygon", "polyline", "use", "defs", "symbol", "source", "track");

	private static final Set<String> WITHOUT_CONTENT = Set.of("script", "style");

	private static final Set<String> PREFORMATTED = Set.of("pre", "textarea", "listing", "xmp");

	private static final Set<String> VOID = Set.of("area", "base", "br", "col", "embed", "hr", "img", "input", "link",
			"meta", "source", "track", "wbr");

	private static final Set<String> PRESENTATION = Set.of("class", "style", "width", "height", "align", "valign",
			"bgcolor", "background", "border", "cellpadding", "cellspacing", "color", "face", "size", "srcset", "sizes",
			"loading", "decoding", "fetchpriority", "crossorigin", "integrity", "nonce", "referrerpolicy", "rel",
			"target", "xmlns", "viewbox", "fill", "stroke", "focusable", "draggable", "spellcheck", "autocapitalize",
			"autocorrect", "charset", "media", "ping", "jsaction", "jscontroller", "jsname");

	private static final Set<String> PRESENTATION_BEGINNINGS = Set.of("on", "xmlns:", "stroke-", "fill-", "data-v-",
			"data-react", "data-bs-", "data-ga", "data-gtm", "data-track", "data-analytics", "_ng");

	private static final Set<String> KEPT_SCRIPTS = Set.of("application/ld+json", "application/json");

	private final String text;

	private final StringBuilder result;

	// The open elements that are grouping or preformatted, the innermost first
	private final Deque<Open> open = new ArrayDeque<>();

	private int preformatted;

	private TidyRewriter(String text) {
		this.text = text;
		this.result = new StringBuilder(text.length());
	}

	/**
	 * Rewrite a text.
	 * @param text the text
	 * @param tokens counts the tokens of a text
	 * @return the text with fewer tokens, or the same instance
	 */
	public static String rewrite(String text, ToIntFunction<String> tokens) {
		if (!LosslessRewriter.startsWith(text, '<')) {
			return text;
		}
		if (isHtml(text)) {
			return LosslessRewriter.shorter(text, new TidyRewriter(text).run(), tokens);
		}
		String document = XmlWhitespace.remove(text, true);
		return (document != null) ? LosslessRewriter.shorter(text, document, tokens) : text;
	}

	// HTML by the name of its first element, and with a few elements
	private static boolean isHtml(String text) {
		int at = text.indexOf('<');
		while (at >= 0 && at + 1 < text.length()) {
			char next = text.charAt(at + 1);
			if (next != '!' && next != '?') {
				return HtmlNames.isElement(tagName(text, at)) && tags(text) >= MIN_TAGS;
			}
			if (text.regionMatches(true, at, "<!doctype html", 0, "<!doctype html".length())) {
				return true;
			}
			int end = tagEnd(text, at);
			at = (end < 0) ? -1 : text.indexOf('<', end);
		}
		return false;
	}

	private static int tags(String text) {
		int count = 0;
		for (int at = text.indexOf("</"); at >= 0 && count < MIN_TAGS; at = text.indexOf("</", at + 2)) {
			count += 2;
		}
		return count;
	}

	private String run() {
		int at = 0;
		while (at < this.text.length()) {
			int tag = tagStart(at);
			int end = (tag < 0) ? -1 : tagEnd(this.text, tag);
			if (end < 0) {
				break;
			}
			appendText(at, tag);
			at = tag(tag, end);
		}
		appendText(at, this.text.length());
		return this.result.toString().strip();
	}

	// An angle bracket in text is not followed by a name
	private int tagStart(int start) {
		int at = this.text.indexOf('<', start);
		while (at >= 0 && at + 1 < this.text.length() && !Character.isLetter(this.text.charAt(at + 1))
				&& "/!?".indexOf(this.text.charAt(at + 1)) < 0) {
			at = this.text.indexOf('<', at + 1);
		}
		return at;
	}

	// A run of white space is one blank to a browser; a line break is kept for readers
	private void appendText(int start, int end) {
		if (this.preformatted > 0) {
			this.result.append(this.text, start, end);
			return;
		}
		int at = start;
		while (at < end) {
			if (!isBlank(this.text.charAt(at))) {
				this.result.append(this.text.charAt(at++));
				continue;
			}
			boolean line = false;
			while (at < end && isBlank(this.text.charAt(at))) {
				line |= this.text.charAt(at++) == '\n';
			}
			appendBlank(line ? '\n' : ' ');
		}
	}

	private void appendBlank(char blank) {
		int last = this.result.length() - 1;
		if (last < 0 || this.result.charAt(last) == '\n') {
			return;
		}
		if (this.result.charAt(last) != ' ') {
			this.result.append(blank);
		}
		else if (blank == '\n') {
			this.result.setCharAt(last, '\n');
		}
	}

	// White space of HTML, to which a no-break space does not belong
	private static boolean isBlank(char c) {
		return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
	}

	// Writes a tag or leaves it out; returns where to continue
	private int tag(int start, int end) {
		String name = tagName(this.text, start);
		boolean closing = this.text.charAt(start + 1) == '/';
		if (this.text.startsWith("<!--", start) || this.text.regionMatches(true, start, "<!doctype", 0, 9)) {
			return end;
		}
		if (name.isEmpty()) {
			this.result.append(this.text, start, end);
			return end;
		}
		if (closing) {
			close(name);
			return end;
		}
		String attributes = attributes(start + 1 + name.length(), end);
		if (WITHOUT_CONTENT.contains(name)) {
			int contentEnd = contentEnd(name, end);
			if (name.equals("script") && KEPT_SCRIPTS.stream().anyMatch(attributes::contains)) {
				this.result.append('<').append(name).append(attributes).append('>').append(this.text, end, contentEnd);
			}
			return contentEnd;
		}
		boolean grouping = GROUPING.contains(name);
		boolean kept = !WITHOUT_TEXT.contains(name) && !((grouping || name.equals("meta")) && attributes.isBlank());
		if (kept) {
			this.result.append('<').append(name).append(attributes).append('>');
		}
		else if (grouping && !INLINE.contains(name)) {
			// Words of adjacent blocks must not be joined
			appendBlank('\n');
		}
		boolean empty = VOID.contains(name) || this.text.charAt(end - 2) == '/';
		if (!empty && (grouping || PREFORMATTED.contains(name))) {
			this.open.push(new Open(name, kept));
			this.preformatted += PREFORMATTED.contains(name) ? 1 : 0;
		}
		return end;
	}

	private void close(String name) {
		boolean kept = !WITHOUT_TEXT.contains(name);
		if (GROUPING.contains(name) || PREFORMATTED.contains(name)) {
			kept = isKept(name);
		}
		if (kept) {
			this.result.append("</").append(name).append('>');
		}
		else if (!INLINE.contains(name) && this.preformatted == 0) {
			appendBlank('\n');
		}
	}

	// Closes an element and those within it; returns whether its start tag was kept
	private boolean isKept(String name) {
		int depth = 0;
		for (Open element : this.open) {
			if (element.name().equals(name)) {
				break;
			}
			depth++;
			if (depth == MAX_UNCLOSED) {
				return false;
			}
		}
		if (depth == this.open.size()) {
			return false;
		}
		for (int i = 0; i < depth; i++) {
			pop();
		}
		return pop();
	}

	private boolean pop() {
		Open element = this.open.pop();
		this.preformatted -= PREFORMATTED.contains(element.name()) ? 1 : 0;
		return element.kept();
	}

	private int contentEnd(String name, int start) {
		int close = indexOfIgnoreCase(this.text, "</" + name, start);
		int end = (close < 0) ? -1 : this.text.indexOf('>', close);
		return (end < 0) ? this.text.length() : end + 1;
	}

	private static int tagEnd(String text, int open) {
		if (text.startsWith("<!--", open)) {
			int end = text.indexOf("-->", open + 4);
			return (end < 0) ? -1 : end + 3;
		}
		char quote = 0;
		for (int i = open + 1; i < text.length(); i++) {
			char c = text.charAt(i);
			if (quote != 0) {
				quote = (c == quote) ? 0 : quote;
			}
			else if ((c == '"' || c == '\'') && isAfterEquals(text, i)) {
				quote = c;
			}
			else if (c == '>') {
				return i + 1;
			}
		}
		return -1;
	}

	private static boolean isAfterEquals(String text, int at) {
		int before = at - 1;
		while (before > 0 && isBlank(text.charAt(before))) {
			before--;
		}
		return text.charAt(before) == '=';
	}

	private static String tagName(String text, int open) {
		int start = (open + 1 < text.length() && text.charAt(open + 1) == '/') ? open + 2 : open + 1;
		int end = start;
		while (end < text.length()
				&& (Character.isLetterOrDigit(text.charAt(end)) || "-:_".indexOf(text.charAt(end)) >= 0)) {
			end++;
		}
		return text.substring(start, end).toLowerCase(Locale.ROOT);
	}

	// Returns the attributes to keep, each after a blank
	private String attributes(int start, int end) {
		StringBuilder kept = new StringBuilder();
		int last = end - 1;
		int at = start;
		while (at < last) {
			while (at < last && (isBlank(this.text.charAt(at)) || this.text.charAt(at) == '/')) {
				at++;
			}
			int attribute = at;
			while (at < last && !isBlank(this.text.charAt(at)) && this.text.charAt(at) != '='
					&& this.text.charAt(at) != '/') {
				at++;
			}
			String name = this.text.substring(attribute, at).toLowerCase(Locale.ROOT);
			int nameEnd = at;
			int value = skipBlanks(at, last);
			if (value < last && this.text.charAt(value) == '=') {
				value = skipBlanks(value + 1, last);
				at = valueEnd(value, last);
			}
			else {
				value = nameEnd;
				at = Math.max(nameEnd, Math.min(attribute + 1, last));
			}
			if (!name.isEmpty() && !isForPresentation(name)) {
				kept.append(' ').append(this.text, attribute, nameEnd);
				if (value > nameEnd) {
					kept.append('=').append(this.text, value, at);
				}
			}
		}
		return kept.toString();
	}

	private int skipBlanks(int start, int end) {
		int at = start;
		while (at < end && isBlank(this.text.charAt(at))) {
			at++;
		}
		return at;
	}

	private int valueEnd(int start, int end) {
		char quote = (start < end) ? this.text.charAt(start) : ' ';
		if (quote == '"' || quote == '\'') {
			int close = this.text.indexOf(quote, start + 1);
			return (close >= 0 && close < end) ? close + 1 : end;
		}
		int at = start;
		while (at < end && !isBlank(this.text.charAt(at))) {
			at++;
		}
		return at;
	}

	private static boolean isForPresentation(String name) {
		if (PRESENTATION.contains(name)) {
			return true;
		}
		for (String beginning : PRESENTATION_BEGINNINGS) {
			if (name.startsWith(beginning)) {
				return true;
			}
		}
		return false;
	}

	private static int indexOfIgnoreCase(String text, String sought, int from) {
		for (int i = text.indexOf("</", from); i >= 0; i = text.indexOf("</", i + 2)) {
			if (text.regionMatches(true, i, sought, 0, sought.length())) {
				return i;
			}
		}
		return -1;
	}

	/**
	 * An element whose end tag is still to come.
	 *
	 * @param name the name in lower case
	 * @param kept whether its start tag was written
	 */
	private record Open(String name, boolean kept) {

	}

}

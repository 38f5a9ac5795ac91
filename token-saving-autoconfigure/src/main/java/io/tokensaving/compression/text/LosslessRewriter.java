package io.tokensaving.compression.text;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.ToIntFunction;
import java.util.function.UnaryOperator;

import io.tokensaving.compression.text.TextSpan.Kind;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/**
 * Rewrites a text so that it has fewer tokens and says the same: takes the white space
 * out of JSON, puts a count in place of lines that repeat the lines before them, and
 * takes away blanks at the ends of lines, further blank lines, and from an HTML document
 * what does not carry content (comments, scripts, styles, attributes for presentation,
 * wrappers). Each step counts only if it leaves fewer tokens. Code blocks stay as they
 * are. Runs in linear time. Thread-safe.
 */
public final class LosslessRewriter {

	private static final int MAX_PERIOD = 20;

	private static final int MAX_UNCLOSED = 16;

	private static final int MIN_TAGS = 8;

	private static final Set<String> WRAPPERS = Set.of("div", "span", "font", "section", "article", "main", "header",
			"footer", "nav", "center", "wbr", "svg", "path", "g", "link", "meta", "noscript");

	private static final Set<String> WITHOUT_CONTENT = Set.of("script", "style");

	private static final Set<String> KEPT_ATTRIBUTES = Set.of("href", "src", "alt", "title", "value", "name",
			"placeholder", "colspan", "rowspan", "datetime", "lang", "type", "for", "action", "checked", "selected");

	private static final JsonFactory JSON = new JsonFactory();

	private LosslessRewriter() {
	}

	/**
	 * Rewrite a text.
	 * @param text the text
	 * @param tokens counts the tokens of a text
	 * @return the text with fewer tokens, or the same instance
	 */
	public static String rewrite(String text, ToIntFunction<String> tokens) {
		if (!mayShrink(text)) {
			return text;
		}
		List<UnaryOperator<String>> steps = List.of(LosslessRewriter::minifyJson, LosslessRewriter::stripHtml,
				LosslessRewriter::stripBlanks, LosslessRewriter::collapseRepetitions);
		String best = text;
		int bestTokens = -1;
		for (UnaryOperator<String> step : steps) {
			String candidate = outsideCode(best, step);
			if (!candidate.equals(best)) {
				bestTokens = (bestTokens < 0) ? tokens.applyAsInt(best) : bestTokens;
				int candidateTokens = tokens.applyAsInt(candidate);
				if (candidateTokens < bestTokens) {
					best = candidate;
					bestTokens = candidateTokens;
				}
			}
		}
		return best;
	}

	// Plain prose, the usual case, has nothing to rewrite
	private static boolean mayShrink(String text) {
		return text.indexOf('\n') >= 0 || startsWith(text, '{') || startsWith(text, '[') || startsWith(text, '<')
				|| (!text.isEmpty() && Character.isWhitespace(text.charAt(text.length() - 1)));
	}

	private static boolean startsWith(String text, char first) {
		int at = 0;
		while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
			at++;
		}
		return at < text.length() && text.charAt(at) == first;
	}

	private static String outsideCode(String text, UnaryOperator<String> step) {
		if (!text.contains("```") && !text.contains("~~~")) {
			return step.apply(text);
		}
		StringBuilder result = new StringBuilder();
		int open = 0;
		for (TextSpan span : SentenceSplitter.split(text)) {
			if (span.kind() == Kind.CODE) {
				result.append(step.apply(text.substring(open, span.start())));
				result.append(text, span.start(), span.end());
				open = span.end();
			}
		}
		return result.append(step.apply(text.substring(open))).toString();
	}

	private static String minifyJson(String text) {
		StringBuilder result = null;
		int copied = 0;
		int unclosed = 0;
		int line = 0;
		while (line < text.length() && unclosed < MAX_UNCLOSED) {
			int at = line;
			while (at < text.length() && (text.charAt(at) == ' ' || text.charAt(at) == '\t')) {
				at++;
			}
			int end = (at < text.length() && (text.charAt(at) == '{' || text.charAt(at) == '[')) ? jsonEnd(text, at)
					: -1;
			if (end > 0) {
				result = (result != null) ? result : new StringBuilder();
				result.append(text, copied, at).append(minified(text.substring(at, end)));
				copied = end;
				at = end;
			}
			else if (end == 0) {
				unclosed++;
			}
			int newline = text.indexOf('\n', at);
			line = (newline < 0) ? text.length() : newline + 1;
		}
		return (result != null) ? result.append(text, copied, text.length()).toString() : text;
	}

	// The index after the bracket that closes the one at the start, 0 if there is none
	private static int jsonEnd(String text, int start) {
		int depth = 0;
		boolean quoted = false;
		for (int i = start; i < text.length(); i++) {
			char c = text.charAt(i);
			if (quoted) {
				if (c == '\\') {
					i++;
				}
				quoted = c != '"';
			}
			else if (c == '"') {
				quoted = true;
			}
			else if (c == '{' || c == '[') {
				depth++;
			}
			else if ((c == '}' || c == ']') && --depth == 0) {
				return i + 1;
			}
		}
		return 0;
	}

	// Only white space goes: keys, their order and the spelling of numbers stay
	private static String minified(String json) {
		if (!isJson(json)) {
			return json;
		}
		StringBuilder result = new StringBuilder(json.length());
		boolean quoted = false;
		for (int i = 0; i < json.length(); i++) {
			char c = json.charAt(i);
			if (quoted && c == '\\') {
				result.append(c).append(json.charAt(++i));
			}
			else if (quoted || !Character.isWhitespace(c)) {
				result.append(c);
				quoted = (c == '"') != quoted;
			}
		}
		return result.toString();
	}

	private static boolean isJson(String json) {
		try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), json)) {
			while (parser.nextToken() != null) {
				parser.skipChildren();
			}
			return true;
		}
		catch (JacksonException ex) {
			return false;
		}
	}

	private static String stripBlanks(String text) {
		StringBuilder result = new StringBuilder(text.length());
		int blankLines = 0;
		int start = 0;
		while (start <= text.length()) {
			int newline = text.indexOf('\n', start);
			int end = (newline < 0) ? text.length() : newline;
			int content = end;
			while (content > start && Character.isWhitespace(text.charAt(content - 1))) {
				content--;
			}
			blankLines = (content == start) ? blankLines + 1 : 0;
			if (blankLines < 2) {
				result.append(text, start, content);
				if (newline >= 0) {
					result.append('\n');
				}
			}
			start = end + 1;
		}
		return result.toString();
	}

	// Lines have numbers, equal lines the same one; a block that follows itself is found
	// by its period, the shortest first
	private static String collapseRepetitions(String text) {
		String[] lines = text.split("\n", -1);
		if (lines.length < 3) {
			return text;
		}
		Map<String, Integer> numbers = new HashMap<>();
		int[] ids = new int[lines.length];
		for (int i = 0; i < lines.length; i++) {
			ids[i] = numbers.computeIfAbsent(lines[i], (line) -> numbers.size());
		}
		if (numbers.size() == lines.length) {
			return text;
		}
		List<String> result = new ArrayList<>();
		int at = 0;
		while (at < lines.length) {
			int period = 0;
			int repetitions = 0;
			for (int p = 1; p <= MAX_PERIOD && period == 0; p++) {
				repetitions = repetitions(ids, at, p);
				period = (repetitions > 0 && !isBlank(lines, at, p)) ? p : 0;
			}
			int copied = Math.max(1, period);
			for (int i = 0; i < copied; i++) {
				result.add(lines[at + i]);
			}
			if (period > 0) {
				String block = (period == 1) ? "line" : period + " lines";
				result.add("[previous %s repeated %d more time%s]".formatted(block, repetitions,
						(repetitions > 1) ? "s" : ""));
			}
			at += copied + period * repetitions;
		}
		return String.join("\n", result);
	}

	private static int repetitions(int[] ids, int start, int period) {
		int end = start + period;
		while (end < ids.length && ids[end] == ids[end - period]) {
			end++;
		}
		return (end - start) / period - 1;
	}

	private static boolean isBlank(String[] lines, int start, int count) {
		for (int i = start; i < start + count; i++) {
			if (!lines[i].isBlank()) {
				return false;
			}
		}
		return true;
	}

	private static String stripHtml(String text) {
		if (!startsWith(text, '<') || tags(text) < MIN_TAGS) {
			return text;
		}
		StringBuilder result = new StringBuilder(text.length());
		int at = 0;
		while (at < text.length()) {
			int open = text.indexOf('<', at);
			if (open < 0 || open == text.length() - 1) {
				break;
			}
			result.append(text, at, open);
			int end = tagEnd(text, open);
			if (end < 0) {
				at = open;
				break;
			}
			at = end;
			String name = tagName(text, open);
			boolean closing = text.charAt(open + 1) == '/';
			if (WITHOUT_CONTENT.contains(name) && !closing) {
				int close = indexOfIgnoreCase(text, "</" + name, end);
				int closeEnd = (close < 0) ? -1 : text.indexOf('>', close);
				at = (closeEnd < 0) ? text.length() : closeEnd + 1;
			}
			else if (WRAPPERS.contains(name)) {
				appendSeparator(result, name);
			}
			else if (!text.startsWith("<!--", open)) {
				result.append(name.isEmpty() ? text.substring(open, end) : withoutPresentation(text, open, end, name));
			}
		}
		return result.append(text, Math.min(at, text.length()), text.length()).toString();
	}

	// Words in neighbouring blocks are not to run into each other
	private static void appendSeparator(StringBuilder result, String name) {
		boolean inline = name.equals("span") || name.equals("font") || name.equals("wbr");
		if (!inline && !result.isEmpty() && !Character.isWhitespace(result.charAt(result.length() - 1))) {
			result.append('\n');
		}
	}

	private static int tags(String text) {
		int count = 0;
		for (int at = text.indexOf("</"); at >= 0 && count < MIN_TAGS; at = text.indexOf("</", at + 2)) {
			count += 2;
		}
		return count;
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
			else if (c == '"' || c == '\'') {
				quote = c;
			}
			else if (c == '>') {
				return i + 1;
			}
		}
		return -1;
	}

	private static String tagName(String text, int open) {
		int start = (text.charAt(open + 1) == '/') ? open + 2 : open + 1;
		int end = start;
		while (end < text.length() && (Character.isLetterOrDigit(text.charAt(end)) || text.charAt(end) == '-')) {
			end++;
		}
		return text.substring(start, end).toLowerCase(Locale.ROOT);
	}

	private static String withoutPresentation(String text, int open, int end, String name) {
		int at = open + 1 + name.length();
		if (text.charAt(open + 1) == '/' || at + 1 >= end) {
			return text.substring(open, end);
		}
		StringBuilder tag = new StringBuilder(text.substring(open, at));
		while (at < end - 1) {
			while (at < end - 1 && Character.isWhitespace(text.charAt(at))) {
				at++;
			}
			int start = at;
			while (at < end - 1 && !Character.isWhitespace(text.charAt(at)) && text.charAt(at) != '=') {
				at++;
			}
			String attribute = text.substring(start, at).toLowerCase(Locale.ROOT);
			if (at < end - 1 && text.charAt(at) == '=') {
				at++;
				char quote = text.charAt(at);
				boolean quoted = quote == '"' || quote == '\'';
				int close = quoted ? text.indexOf(quote, at + 1) : -1;
				if (close > 0 && close < end) {
					at = close + 1;
				}
				else {
					while (at < end - 1 && !Character.isWhitespace(text.charAt(at))) {
						at++;
					}
				}
			}
			if (KEPT_ATTRIBUTES.contains(attribute) || attribute.equals("/")) {
				tag.append(' ').append(text, start, at);
			}
		}
		return tag.append('>').toString();
	}

	private static int indexOfIgnoreCase(String text, String sought, int from) {
		for (int i = text.indexOf("</", from); i >= 0; i = text.indexOf("</", i + 2)) {
			if (text.regionMatches(true, i, sought, 0, sought.length())) {
				return i;
			}
		}
		return -1;
	}

}

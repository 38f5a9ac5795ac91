package io.tokensaving.compression.text;

import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/**
 * Removes the white space of JSON that is outside strings. Keys, their order, duplicates
 * and the digits of numbers stay as they are. Thread-safe.
 */
final class JsonWhitespace {

	private static final int MAX_UNCLOSED = 16;

	private static final int MAX_INDENT = 3;

	private static final JsonFactory JSON = new JsonFactory();

	private JsonWhitespace() {
	}

	/**
	 * Minify a text that is JSON from its beginning to its end.
	 * @param text an object or array, or several, each on lines of its own
	 * @return the text without insignificant white space, or {@code null} if it is
	 * anything else
	 */
	static @Nullable String ofDocument(String text) {
		int start = skipBlanks(text, 0);
		if (start == text.length() || (text.charAt(start) != '{' && text.charAt(start) != '[')) {
			return null;
		}
		StringBuilder result = new StringBuilder(text.length());
		int at = start;
		while (at < text.length()) {
			int end = isOpening(text.charAt(at)) ? end(text, at) : 0;
			if (end == 0 || !isJson(text.substring(at, end))) {
				return null;
			}
			append(result, text, at, end);
			int next = skipBlanks(text, end);
			if (next < text.length()) {
				if (text.substring(end, next).indexOf('\n') < 0) {
					return null;
				}
				result.append('\n');
			}
			at = next;
		}
		return result.toString();
	}

	/**
	 * Minify the objects and arrays of a text that stand on lines of their own, unless
	 * the rest of the text is source code.
	 * @param text the text
	 * @return the text with shorter JSON, or the same instance
	 */
	static String withinText(String text) {
		StringBuilder result = new StringBuilder();
		StringBuilder rest = new StringBuilder();
		int copied = 0;
		int unclosed = 0;
		int line = 0;
		while (line < text.length() && unclosed < MAX_UNCLOSED) {
			int at = line;
			while (at < text.length() && at - line <= MAX_INDENT && text.charAt(at) == ' ') {
				at++;
			}
			boolean opening = at < text.length() && at - line <= MAX_INDENT && isOpening(text.charAt(at));
			int end = opening ? end(text, at) : -1;
			if (end > 0) {
				if (endsLine(text, end) && isJson(text.substring(at, end))) {
					rest.append(text, copied, at);
					result.append(text, copied, at);
					append(result, text, at, end);
					copied = end;
				}
				at = end;
			}
			else if (end == 0) {
				unclosed++;
			}
			int newline = text.indexOf('\n', at);
			line = (newline < 0) ? text.length() : newline + 1;
		}
		if (copied == 0 || PlainLines.isCode(rest.append(text, copied, text.length()).toString())) {
			return text;
		}
		return result.append(text, copied, text.length()).toString();
	}

	private static boolean isOpening(char c) {
		return c == '{' || c == '[';
	}

	private static boolean isBlank(char c) {
		return c == ' ' || c == '\t' || c == '\n' || c == '\r';
	}

	private static int skipBlanks(String text, int start) {
		int at = start;
		while (at < text.length() && isBlank(text.charAt(at))) {
			at++;
		}
		return at;
	}

	// What follows JSON on its line makes it part of something else, such as the box
	// of a task or an index
	private static boolean endsLine(String text, int end) {
		int at = end;
		while (at < text.length() && text.charAt(at) != '\n') {
			if (!isBlank(text.charAt(at))) {
				return false;
			}
			at++;
		}
		return true;
	}

	// Returns the index after the bracket that closes the one at the start, or 0 if there
	// is none
	private static int end(String text, int start) {
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

	private static void append(StringBuilder result, String text, int start, int end) {
		int length = result.length();
		boolean quoted = false;
		for (int i = start; i < end; i++) {
			char c = text.charAt(i);
			if (quoted && c == '\\') {
				result.append(c).append(text.charAt(++i));
			}
			else if (quoted || !isBlank(c)) {
				result.append(c);
				quoted = (c == '"') != quoted;
			}
		}
		if (result.length() - length <= 2) {
			// Brackets with nothing in them mean more to a reader with their blank, as
			// the box of a task
			result.setLength(length);
			result.append(text, start, end);
		}
	}

	private static boolean isJson(String json) {
		try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), json)) {
			JsonToken token = parser.nextToken();
			while (token != null) {
				parser.skipChildren();
				token = parser.nextToken();
			}
			return true;
		}
		catch (JacksonException ex) {
			return false;
		}
	}

}

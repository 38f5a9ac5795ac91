package io.tokensaving.compression.text;

import java.util.List;
import java.util.function.ToIntFunction;
import java.util.function.UnaryOperator;

import io.tokensaving.compression.text.TextSpan.Kind;

/**
 * Rewrites a text so that it has fewer tokens and a reader or parser gets the same from
 * it. JSON and XML documents lose white space that their parsers skip
 * ({@link JsonWhitespace}, {@link XmlWhitespace}); of other texts, JSON on lines of its
 * own does. In plain text, repeated lines are replaced by a count
 * ({@link RepeatedLines}), and blanks at the ends of lines and further blank lines
 * removed, but for the blanks by which Markdown breaks a line. Line ends stay as they
 * are. Code is not changed, nor is what may be code or a format that goes by lines
 * ({@link PlainLines}). A step is applied only if it leaves fewer tokens. Runs in linear
 * time. Thread-safe.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public final class LosslessRewriter {

	private static final int CODE_INDENT = 4;

	private static final String SIGNATURE = "-- ";

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
		String document = JsonWhitespace.ofDocument(text);
		document = (document != null) ? document : XmlWhitespace.remove(text, false);
		if (document != null) {
			return shorter(text, document, tokens);
		}
		List<UnaryOperator<String>> steps = List.of(JsonWhitespace::withinText,
				(part) -> ifPlain(part, stripBlanks(part)), (part) -> ifPlain(part, RepeatedLines.count(part)));
		String best = text;
		for (UnaryOperator<String> step : steps) {
			best = shorter(best, outsideCode(best, step), tokens);
		}
		return best;
	}

	// Looks at the lines of a text only if there is something to gain
	private static String ifPlain(String text, String rewritten) {
		return (!rewritten.equals(text) && PlainLines.isPlain(text)) ? rewritten : text;
	}

	/**
	 * Choose the text with fewer tokens.
	 * @param text a text
	 * @param candidate another one
	 * @param tokens counts the tokens of a text
	 * @return the candidate if it has fewer, otherwise the same instance of the text
	 */
	static String shorter(String text, String candidate, ToIntFunction<String> tokens) {
		boolean fewer = !candidate.equals(text) && tokens.applyAsInt(candidate) < tokens.applyAsInt(text);
		return fewer ? candidate : text;
	}

	// Plain prose, the usual case, has nothing to rewrite
	private static boolean mayShrink(String text) {
		return text.indexOf('\n') >= 0 || startsWith(text, '{') || startsWith(text, '[') || startsWith(text, '<')
				|| (!text.isEmpty() && Character.isWhitespace(text.charAt(text.length() - 1)));
	}

	static boolean startsWith(String text, char first) {
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

	private static String stripBlanks(String text) {
		StringBuilder result = new StringBuilder(text.length());
		int start = 0;
		while (start < text.length()) {
			int next = next(text, start);
			if (isBlankLine(text, start)) {
				int end = next;
				while (end < text.length() && isBlankLine(text, end)) {
					end = next(text, end);
				}
				if (isIndentedCode(text, end)) {
					result.append(text, start, end);
				}
				else {
					result.append(text, lineEnd(text, start), next);
				}
				start = end;
			}
			else {
				int lineEnd = lineEnd(text, start);
				result.append(text, start, keptEnd(text, start, lineEnd, next)).append(text, lineEnd, next);
				start = next;
			}
		}
		return result.toString();
	}

	private static int next(String text, int start) {
		int newline = text.indexOf('\n', start);
		return (newline < 0) ? text.length() : newline + 1;
	}

	// The index of the line feed, or of the carriage return before it
	private static int lineEnd(String text, int start) {
		int newline = text.indexOf('\n', start);
		int end = (newline < 0) ? text.length() : newline;
		return (newline > start && text.charAt(newline - 1) == '\r') ? newline - 1 : end;
	}

	// Two blanks at the end of a line break it if the paragraph goes on
	private static int keptEnd(String text, int start, int lineEnd, int next) {
		if (isIndentedCode(text, start) || text.substring(start, lineEnd).equals(SIGNATURE)) {
			return lineEnd;
		}
		int content = lineEnd;
		while (content > start && (text.charAt(content - 1) == ' ' || text.charAt(content - 1) == '\t')) {
			content--;
		}
		boolean breaksLine = text.startsWith("  ", content) && next < text.length() && !isBlankLine(text, next);
		return breaksLine ? content + 2 : content;
	}

	private static boolean isBlankLine(String text, int start) {
		int at = start;
		while (at < text.length() && text.charAt(at) != '\n') {
			if (!Character.isWhitespace(text.charAt(at))) {
				return false;
			}
			at++;
		}
		return true;
	}

	// Whether a line is indented so far that it is code in Markdown
	private static boolean isIndentedCode(String text, int start) {
		int at = start;
		while (at < text.length() && at - start < CODE_INDENT && text.charAt(at) == ' ') {
			at++;
		}
		return at - start == CODE_INDENT || (at < text.length() && text.charAt(at) == '\t');
	}

}

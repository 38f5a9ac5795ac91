package io.tokensaving.compression.text;

import java.text.BreakIterator;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

import io.tokensaving.compression.text.TextSpan.Kind;

/**
 * Splits a text into sentences. First come the blocks of Markdown, line by line: fenced
 * code blocks, tables, headings, items of lists, paragraphs. Within a paragraph the JDK's
 * {@link BreakIterator} finds the boundaries, in any script; those after an abbreviation,
 * an initial or a number are taken back. A part without any boundary is cut between words
 * after {@value #MAX_SENTENCE} chars. Runs in linear time. Thread-safe.
 */
public final class SentenceSplitter {

	/**
	 * The length above which a part is cut between words.
	 */
	static final int MAX_SENTENCE = 1000;

	/**
	 * The length above which a table is split between its rows.
	 */
	static final int MAX_TABLE = 2000;

	// Those after which a name or a number follows; others may well end a sentence
	private static final Set<String> ABBREVIATIONS = Set.of("mr", "mrs", "ms", "dr", "prof", "sr", "jr", "st", "no",
			"nos", "vs", "e.g", "i.e", "cf", "fig", "figs", "eq", "eqs", "sec", "ch", "chap", "vol", "pp", "p", "ed",
			"eds", "approx", "dept", "est", "gen", "gov", "hon", "lt", "col", "sgt", "capt", "cmdr", "rev", "sen",
			"rep", "mt", "ft", "ave", "blvd", "rd", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept",
			"oct", "nov", "dec", "art", "al", "ca", "resp", "viz", "z.b", "d.h", "u.a", "bzw", "nr", "hr", "fr", "str",
			"abs", "vgl", "ggf", "inkl", "evtl", "mme", "mlle", "av", "ex", "sra", "srta", "dra", "ud", "uds", "p.ej",
			"sig", "dott", "ecc", "nº", "т.е", "т.д", "г", "ул", "см");

	// Arabic, Urdu, Devanagari, Armenian, Ethiopic, Khmer, Myanmar, ellipsis
	private static final String OTHER_MARKS = "\u061F\u06D4\u0964\u0965\u0589\u1362\u17D4\u104B\u2026";

	private static final char PARAGRAPH_SEPARATOR = '\u2029';

	private SentenceSplitter() {
	}

	/**
	 * Split a text.
	 * @param text the text
	 * @return its parts in order; together they are the whole text
	 */
	public static List<TextSpan> split(String text) {
		return new Pass(text).run();
	}

	/**
	 * One pass through a text.
	 */
	private static final class Pass {

		private final String text;

		private final List<TextSpan> spans = new ArrayList<>();

		// Where the paragraph or table starts that is not closed yet, and what it is
		private int open;

		private Line block = Line.BLANK;

		private final BreakIterator iterator = BreakIterator.getSentenceInstance(Locale.ROOT);

		Pass(String text) {
			this.text = text;
		}

		List<TextSpan> run() {
			int start = 0;
			Line previous = Line.BLANK;
			while (start < this.text.length()) {
				int end = lineEnd(start);
				Line line = Line.of(this.text, start, end);
				if (line == Line.FENCE) {
					close(start);
					end = fenceEnd(start, end);
					this.spans.add(new TextSpan(start, end, Kind.CODE));
					this.open = end;
				}
				else if (line != Line.BLANK && (previous == Line.BLANK || !line.continues(this.block))) {
					close(start);
					this.block = line;
				}
				previous = line;
				start = end;
			}
			close(this.text.length());
			return this.spans;
		}

		private int lineEnd(int start) {
			int newline = this.text.indexOf('\n', start);
			return (newline < 0) ? this.text.length() : newline + 1;
		}

		private int fenceEnd(int start, int firstLineEnd) {
			int indent = Line.indent(this.text, start, firstLineEnd);
			char mark = this.text.charAt(start + indent);
			int length = Line.run(this.text, start + indent, mark);
			int line = firstLineEnd;
			while (line < this.text.length()) {
				int end = lineEnd(line);
				int at = line + Line.indent(this.text, line, end);
				int run = Line.run(this.text, at, mark);
				if (run >= length && this.text.substring(at + run, end).isBlank()) {
					return end;
				}
				line = end;
			}
			return this.text.length();
		}

		// Closes what is open; blank text goes to the part before it
		private void close(int end) {
			if (end > this.open) {
				if (isBlank(this.open, end) && !this.spans.isEmpty()) {
					extendLast(end);
				}
				else if (this.block == Line.TABLE) {
					addTable(this.open, end);
				}
				else {
					addSentences(this.open, end);
				}
			}
			this.open = end;
		}

		private void addTable(int start, int end) {
			int from = start;
			int to = start;
			while (to < end) {
				int next = Math.min(lineEnd(to), end);
				if (next - from > MAX_TABLE && to > from) {
					add(from, to, Kind.TABLE);
					from = to;
				}
				to = next;
			}
			add(from, end, Kind.TABLE);
		}

		private void addSentences(int start, int end) {
			String paragraph = this.text.substring(start, end);
			this.iterator.setText(prepared(paragraph));
			int from = 0;
			this.iterator.first();
			for (int to = this.iterator.next(); to != BreakIterator.DONE; to = this.iterator.next()) {
				if (to == paragraph.length() || !isTakenBack(paragraph, from, to)) {
					add(start + from, start + to, Kind.SENTENCE);
					from = to;
				}
			}
		}

		// The iterator knows neither that a line may end a sentence without a full stop
		// nor
		// the marks of some scripts. Text that goes on in lower case was wrapped
		private static String prepared(String paragraph) {
			char[] chars = paragraph.toCharArray();
			for (int i = 0; i < chars.length; i++) {
				char c = chars[i];
				if (c == '\n' && (i + 1 == chars.length || !Character.isLowerCase(chars[i + 1]))) {
					chars[i] = PARAGRAPH_SEPARATOR;
				}
				else if (c >= 0x80 && OTHER_MARKS.indexOf(c) >= 0) {
					chars[i] = '!';
				}
			}
			return new String(chars);
		}

		private static boolean isTakenBack(String paragraph, int start, int boundary) {
			char last = paragraph.charAt(boundary - 1);
			if (last == '?' || last == '!') {
				// Within a URL
				return !Character.isWhitespace(paragraph.charAt(boundary));
			}
			int end = boundary;
			while (end > start && Character.isWhitespace(paragraph.charAt(end - 1))) {
				if (paragraph.charAt(end - 1) == '\n') {
					return false;
				}
				end--;
			}
			if (end - start < 2 || paragraph.charAt(end - 1) != '.') {
				return false;
			}
			int word = end - 1;
			while (word > start && end - word < 12 && !Character.isWhitespace(paragraph.charAt(word - 1))
					&& "([\"'".indexOf(paragraph.charAt(word - 1)) < 0) {
				word--;
			}
			String before = paragraph.substring(word, end - 1);
			if (before.isEmpty()) {
				return false;
			}
			boolean initial = before.length() == 1 && Character.isUpperCase(before.charAt(0)) && !before.equals("I");
			boolean marker = word == start && before.length() <= 3
					&& before.chars().allMatch((c) -> c >= '0' && c <= '9');
			return initial || marker || ABBREVIATIONS.contains(before.toLowerCase(Locale.ROOT));
		}

		private void add(int start, int end, Kind kind) {
			int from = start;
			int limit = (kind == Kind.TABLE) ? MAX_TABLE : MAX_SENTENCE;
			while (end - from > limit) {
				int to = cut(from, end);
				append(from, to, kind);
				from = to;
			}
			append(from, end, kind);
		}

		private void append(int start, int end, Kind kind) {
			if (end == start) {
				return;
			}
			if (!this.spans.isEmpty() && isBlank(start, end)) {
				extendLast(end);
			}
			else {
				this.spans.add(new TextSpan(start, end, kind));
			}
		}

		// After white space in the second half if there is any, never within a pair of
		// surrogates
		private int cut(int start, int end) {
			int latest = Math.min(end, start + MAX_SENTENCE);
			for (int i = latest; i > start + MAX_SENTENCE / 2; i--) {
				if (Character.isWhitespace(this.text.charAt(i - 1))) {
					return i;
				}
			}
			boolean splitsPair = latest < end && Character.isHighSurrogate(this.text.charAt(latest - 1))
					&& Character.isLowSurrogate(this.text.charAt(latest));
			return splitsPair ? latest - 1 : latest;
		}

		private void extendLast(int end) {
			TextSpan last = this.spans.remove(this.spans.size() - 1);
			this.spans.add(new TextSpan(last.start(), end, last.kind()));
		}

		private boolean isBlank(int start, int end) {
			for (int i = start; i < end; i++) {
				if (!Character.isWhitespace(this.text.charAt(i))) {
					return false;
				}
			}
			return true;
		}

	}

	/**
	 * What a line is by its first chars.
	 */
	private enum Line {

		BLANK, TEXT, HEADING, ITEM, TABLE, FENCE;

		static Line of(String text, int start, int end) {
			int at = start + indent(text, start, end);
			if (at == end) {
				return BLANK;
			}
			char first = text.charAt(at);
			return switch (first) {
				case '\n', '\r' -> BLANK;
				case '`', '~' -> (run(text, at, first) >= 3) ? FENCE : TEXT;
				case '#' -> HEADING;
				case '|' -> TABLE;
				case '-', '*', '+', '\u2022' -> isSpace(text, at + 1) ? ITEM : TEXT;
				default -> isNumbered(text, at) ? ITEM : TEXT;
			};
		}

		static int indent(String text, int start, int end) {
			int at = start;
			while (at < end && (text.charAt(at) == ' ' || text.charAt(at) == '\t')) {
				at++;
			}
			return at - start;
		}

		static int run(String text, int start, char mark) {
			int at = start;
			while (at < text.length() && text.charAt(at) == mark) {
				at++;
			}
			return at - start;
		}

		private static boolean isNumbered(String text, int start) {
			int at = start;
			while (at < text.length() && at - start < 4 && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
				at++;
			}
			return at > start && at < text.length() && (text.charAt(at) == '.' || text.charAt(at) == ')')
					&& isSpace(text, at + 1);
		}

		private static boolean isSpace(String text, int at) {
			return at < text.length() && (text.charAt(at) == ' ' || text.charAt(at) == '\t');
		}

		// Whether a line belongs to the same paragraph or table as the lines before it
		boolean continues(Line block) {
			return switch (this) {
				case TEXT -> block == TEXT || block == ITEM;
				case TABLE -> block == TABLE;
				default -> false;
			};
		}

	}

}

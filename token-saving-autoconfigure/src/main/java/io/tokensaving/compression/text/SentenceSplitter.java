package io.tokensaving.compression.text;

import java.text.BreakIterator;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

import io.tokensaving.compression.text.TextSpan.Kind;
import io.tokensaving.text.GraphemeClusters;
import io.tokensaving.text.SentenceBoundaries;
import org.jspecify.annotations.Nullable;

/**
 * Splits a text into sentences. First the text is split line by line into the blocks of
 * Markdown: fenced code blocks, tables, headings, items of lists, paragraphs. Within a
 * paragraph the JDK's {@link BreakIterator} finds the boundaries, in any script; a
 * boundary after an abbreviation, an initial or a number is ignored. A part without a
 * boundary is cut between words after {@value #MAX_SENTENCE} chars. Runs in linear time.
 * Thread-safe.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public final class SentenceSplitter {

	/**
	 * The length in chars above which a part is cut between words.
	 */
	static final int MAX_SENTENCE = 1000;

	/**
	 * The length in chars above which a table is split between its rows.
	 */
	static final int MAX_TABLE = 2000;

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

		// Start and type of the paragraph or table that is still open
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
					end = fenceEnd(Objects.requireNonNull(Fence.of(this.text, start, end)), end);
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

		private int fenceEnd(Fence fence, int firstLineEnd) {
			int line = firstLineEnd;
			while (line < this.text.length()) {
				int end = lineEnd(line);
				int quotes = Fence.quotes(this.text, line, end);
				if (quotes < fence.quotes()) {
					// The quote is over, and so is the fence in it
					return line;
				}
				int at = Fence.content(this.text, line, end, fence.quotes());
				int run = Line.run(this.text, at, fence.mark());
				if (run >= fence.length() && this.text.substring(at + run, end).isBlank()) {
					return end;
				}
				line = end;
			}
			return this.text.length();
		}

		// Ends the open block; a blank one is added to the part before it
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
			this.iterator.setText(SentenceBoundaries.mark(paragraph));
			int from = 0;
			this.iterator.first();
			for (int to = this.iterator.next(); to != BreakIterator.DONE; to = this.iterator.next()) {
				if (to == paragraph.length() || !SentenceBoundaries.isTakenBack(paragraph, from, to)) {
					add(start + from, start + to, Kind.SENTENCE);
					from = to;
				}
			}
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

		// Cuts after white space in the second half if possible, and never within
		// what a reader takes for one character
		private int cut(int start, int end) {
			int latest = Math.min(end, start + MAX_SENTENCE);
			for (int i = latest; i > start + MAX_SENTENCE / 2; i--) {
				if (Character.isWhitespace(this.text.charAt(i - 1))) {
					return i;
				}
			}
			int cut = (latest < end) ? GraphemeClusters.floor(this.text, latest) : latest;
			return (cut > start) ? cut : latest;
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
	 * The type of a line by its first chars.
	 */
	private enum Line {

		BLANK, TEXT, HEADING, ITEM, TABLE, FENCE;

		static Line of(String text, int start, int end) {
			int at = start + indent(text, start, end);
			if (at == end) {
				return BLANK;
			}
			if (Fence.of(text, start, end) != null) {
				return FENCE;
			}
			char first = text.charAt(at);
			return switch (first) {
				case '\n', '\r' -> BLANK;
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

		// Whether a line belongs to the block of the lines before it
		boolean continues(Line block) {
			return switch (this) {
				case TEXT -> block == TEXT || block == ITEM;
				case TABLE -> block == TABLE;
				default -> false;
			};
		}

	}

	/**
	 * The line that opens a fenced code block, which may be in a quote or an item of a
	 * list.
	 *
	 * @param quotes the number of quotes that it is in
	 * @param mark a backtick or a tilde
	 * @param length how many of them there are
	 */
	private record Fence(int quotes, char mark, int length) {

		static @Nullable Fence of(String text, int start, int end) {
			int quotes = quotes(text, start, end);
			int at = content(text, start, end, quotes);
			int item = at;
			while (item < end && item - at < 4 && text.charAt(item) >= '0' && text.charAt(item) <= '9') {
				item++;
			}
			if (item < end && ((item > at) ? ".)" : "-*+").indexOf(text.charAt(item)) >= 0 && item + 1 < end
					&& text.charAt(item + 1) == ' ') {
				at = item + 1 + Line.indent(text, item + 1, end);
			}
			char mark = (at < end) ? text.charAt(at) : ' ';
			if (mark != '`' && mark != '~') {
				return null;
			}
			int length = Line.run(text, at, mark);
			// Backticks later in the line close code within the line
			boolean inline = mark == '`' && text.substring(at + length, end).indexOf('`') >= 0;
			return (length >= 3 && !inline) ? new Fence(quotes, mark, length) : null;
		}

		// Counts the marks of quotes at the beginning of a line
		static int quotes(String text, int start, int end) {
			int quotes = 0;
			int at = start + Line.indent(text, start, end);
			while (at < end && text.charAt(at) == '>') {
				quotes++;
				at++;
				at += Line.indent(text, at, end);
			}
			return quotes;
		}

		// Returns where the content of a line begins within some quotes
		static int content(String text, int start, int end, int quotes) {
			int at = start + Line.indent(text, start, end);
			for (int i = 0; i < quotes; i++) {
				at++;
				at += Line.indent(text, at, end);
			}
			return at;
		}

	}

}

package io.tokensaving.material.parts;

import java.text.BreakIterator;
import java.util.Locale;

import io.tokensaving.material.parts.Part.Kind;
import io.tokensaving.text.SentenceBoundaries;

/**
 * Divides a paragraph into sentences. The JDK's {@link BreakIterator} finds the
 * boundaries, in any script; one after an abbreviation, an initial or a number is
 * ignored. What has no boundary is cut between words after {@value #MAX_SENTENCE} chars,
 * and never inside of what a reader sees as one character. For one thread.
 */
final class Sentences {

	/**
	 * The length in chars above which a sentence is cut between words.
	 */
	static final int MAX_SENTENCE = 1000;

	// BreakIterator reads ahead for an unknown distance, so it is given pieces
	private static final int PIECE = 16 * 1024;

	/**
	 * Belongs to the char before it: zero width joiner.
	 */
	static final char JOINER = '\u200D';

	private final BreakIterator iterator = BreakIterator.getSentenceInstance(Locale.ROOT);

	private final Source source;

	private final Outline outline;

	Sentences(Source source, Outline outline) {
		this.source = source;
		this.outline = outline;
	}

	/**
	 * Add the sentences of a paragraph to the outline, without the white space around
	 * them.
	 * @param start the index of its first char
	 * @param end the index after its last char
	 * @param parent the part in which they are nested, or -1
	 * @param group their group
	 */
	void add(int start, int end, int parent, int group) {
		add(start, this.source.substring(start, end), parent, group);
	}

	/**
	 * Add the sentences of a text that is written in another way than it is meant, such
	 * as with escape sequences. In {@code readable} such a sequence consists of one char,
	 * followed by {@link #JOINER} or, if it is white space, of CR and LF: neither is ever
	 * split.
	 * @param start the index of its first char
	 * @param readable the text, as long as what is written
	 * @param parent the part in which they are nested, or -1
	 * @param group their group
	 */
	void add(int start, String readable, int parent, int group) {
		int from = 0;
		int pending = 0;
		while (from < readable.length()) {
			int to = pieceEnd(readable, from);
			String piece = readable.substring(from, to);
			this.source.spend(2L * piece.length());
			this.iterator.setText(SentenceBoundaries.mark(piece));
			int sentence = 0;
			this.iterator.first();
			for (int at = this.iterator.next(); at != BreakIterator.DONE; at = this.iterator.next()) {
				boolean end = at == piece.length();
				if (end || (!SentenceBoundaries.isTakenBack(piece, sentence, at)
						&& Graphemes.isBoundary(readable, from + at))) {
					sentence = at;
					if (from + at - pending >= this.source.grain() || (end && to == readable.length())) {
						addCut(start, readable, pending, from + at, parent, group);
						pending = from + at;
					}
				}
			}
			from = to;
		}
	}

	private static int pieceEnd(String readable, int start) {
		int end = start + PIECE;
		if (end >= readable.length()) {
			return readable.length();
		}
		for (int i = end; i > start + PIECE / 2; i--) {
			if (Source.isBlank(readable.charAt(i - 1)) && !Source.isBlank(readable.charAt(i))
					&& Graphemes.isBoundary(readable, i)) {
				return i;
			}
		}
		return Graphemes.ceiling(readable, end);
	}

	private void addCut(int start, String readable, int sentenceStart, int sentenceEnd, int parent, int group) {
		int from = sentenceStart;
		while (sentenceEnd - from > MAX_SENTENCE) {
			int to = cut(readable, from, sentenceEnd);
			append(start, readable, from, to, parent, group);
			from = to;
		}
		append(start, readable, from, sentenceEnd, parent, group);
	}

	private static int cut(String readable, int start, int end) {
		int latest = Math.min(end, start + MAX_SENTENCE);
		for (int i = latest; i > start + MAX_SENTENCE / 2; i--) {
			if (Source.isBlank(readable.charAt(i - 1)) && Graphemes.isBoundary(readable, i)) {
				return i;
			}
		}
		return Math.min(end, Graphemes.ceiling(readable, latest));
	}

	private void append(int start, String readable, int sentenceStart, int sentenceEnd, int parent, int group) {
		int from = sentenceStart;
		int to = sentenceEnd;
		while (from < to && isSpace(readable.charAt(from))) {
			from++;
		}
		while (to > from && isSpace(readable.charAt(to - 1))) {
			to--;
		}
		if (to > from) {
			this.outline.add(start + from, start + to, parent, group, Kind.SENTENCE, "sentence", "");
		}
	}

	private static boolean isSpace(char c) {
		return Source.isBlank(c) || c == SentenceBoundaries.PARAGRAPH_SEPARATOR;
	}

}

package io.tokensaving.text;

import java.util.Locale;
import java.util.Set;

/**
 * What {@link java.text.BreakIterator} does not know of sentences: which lines and marks
 * end one, and which full stops do not. Thread-safe.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public final class SentenceBoundaries {

	/**
	 * Stands where a line ends a sentence.
	 */
	public static final char PARAGRAPH_SEPARATOR = '\u2029';

	// Abbreviations before a name or a number; others may end a sentence
	private static final Set<String> ABBREVIATIONS = Set.of("mr", "mrs", "ms", "dr", "prof", "sr", "jr", "st", "no",
			"nos", "vs", "e.g", "i.e", "cf", "fig", "figs", "eq", "eqs", "sec", "ch", "chap", "vol", "pp", "p", "ed",
			"eds", "approx", "dept", "est", "gen", "gov", "hon", "lt", "col", "sgt", "capt", "cmdr", "rev", "sen",
			"rep", "mt", "ft", "ave", "blvd", "rd", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept",
			"oct", "nov", "dec", "art", "al", "ca", "resp", "viz", "z.b", "d.h", "u.a", "bzw", "nr", "hr", "fr", "str",
			"abs", "vgl", "ggf", "inkl", "evtl", "mme", "mlle", "av", "ex", "sra", "srta", "dra", "ud", "uds", "p.ej",
			"sig", "dott", "ecc", "nº", "т.е", "т.д", "г", "ул", "см");

	// Arabic, Urdu, Devanagari, Armenian, Ethiopic, Khmer, Myanmar, ellipsis
	private static final String OTHER_MARKS = "\u061F\u06D4\u0964\u0965\u0589\u1362\u17D4\u104B\u2026";

	private SentenceBoundaries() {
	}

	/**
	 * Prepare a paragraph for a {@link java.text.BreakIterator}. A line that does not
	 * continue in lower case ends a sentence, and so do the marks of other scripts.
	 * @param paragraph the paragraph
	 * @return a text of the same length in which the boundaries are at the same places
	 */
	public static String mark(String paragraph) {
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

	/**
	 * Whether a boundary is none: after an abbreviation, an initial, a number of a list
	 * or within a URL.
	 * @param paragraph the paragraph as it was before {@link #mark(String)}
	 * @param start the index of the first char of the sentence
	 * @param boundary the index after its last char, below the length of the paragraph
	 * @return whether the sentence goes on
	 */
	public static boolean isTakenBack(String paragraph, int start, int boundary) {
		char last = paragraph.charAt(boundary - 1);
		if (last == '?' || last == '!') {
			// The boundary is within a URL if no white space follows
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
		boolean marker = word == start && before.length() <= 3 && before.chars().allMatch((c) -> c >= '0' && c <= '9');
		return initial || marker || ABBREVIATIONS.contains(before.toLowerCase(Locale.ROOT));
	}

}

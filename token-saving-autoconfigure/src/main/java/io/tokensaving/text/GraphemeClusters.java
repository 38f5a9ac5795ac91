package io.tokensaving.text;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Finds where a text can be cut without splitting what a reader takes for one character:
 * a surrogate pair, a letter with its accents, a flag, an emoji of several joined ones.
 * Thread-safe.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public final class GraphemeClusters {

	// Longer clusters are no characters of any script; they are cut between code points
	private static final int MAX_LENGTH = 128;

	// Letters that belong to the character before them: Thai, Lao, Kana of half width
	private static final String JOINED = "\u0E33\u0EB3\uFF9E\uFF9F";

	// Extended grapheme clusters of the JDK, in which BreakIterator splits emoji before
	// Java 20
	private static final Pattern CLUSTER = Pattern.compile("\\X");

	private GraphemeClusters() {
	}

	/**
	 * Find the last place to cut that is not after an index.
	 * @param text the text
	 * @param index the index, cut to the length of the text
	 * @return the index if it is between two clusters, otherwise the beginning of the
	 * cluster that it is in
	 */
	public static int floor(String text, int index) {
		int limit = Math.max(0, Math.min(index, text.length()));
		if (limit == 0 || limit == text.length() || isPlain(text, limit)) {
			return limit;
		}
		int start = limit;
		while (start > 0 && limit - start < MAX_LENGTH && !isPlain(text, start)) {
			start--;
		}
		// Without a sure place nearby, clusters are found again after one or two
		start += (start > 0 && isWithinPair(text, start)) ? 1 : 0;
		Matcher matcher = CLUSTER.matcher(text).region(start, Math.min(text.length(), limit + MAX_LENGTH));
		int floor = start;
		while (floor < limit && matcher.find() && matcher.end() <= limit) {
			floor = matcher.end();
		}
		return floor;
	}

	// After a character that joins nothing, and before one that is not joined to it
	private static boolean isPlain(String text, int index) {
		char before = text.charAt(index - 1);
		char after = text.charAt(index);
		return isAlone(before) && (isAlone(after) || (Character.isLetter(after) && JOINED.indexOf(after) < 0))
				&& !(before == '\r' && after == '\n');
	}

	// Latin, Greek and Cyrillic letters, digits, signs, Kana and Chinese characters
	private static boolean isAlone(char c) {
		return (c < 0x300 && c != 0xA9 && c != 0xAE && c != 0xAD) || (c >= 0x370 && c < 0x483)
				|| (c >= 0x3041 && c < 0x3097) || (c >= 0x4E00 && c < 0xA000);
	}

	private static boolean isWithinPair(String text, int index) {
		return Character.isLowSurrogate(text.charAt(index)) && Character.isHighSurrogate(text.charAt(index - 1));
	}

}

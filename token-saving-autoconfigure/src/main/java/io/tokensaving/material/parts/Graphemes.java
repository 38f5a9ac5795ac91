package io.tokensaving.material.parts;

/**
 * Finds where a text can be cut without splitting what a reader sees as one character:
 * surrogate pairs, combining marks, emoji sequences (joined, with a skin tone, flags,
 * keycaps), syllables of Hangul, CR LF. Stricter than Unicode's annex 29, which depends
 * on the version of the JDK: it allows no cut that an extended grapheme cluster forbids,
 * but forbids a few that it allows, such as between two flags. Source: Unicode Standard
 * Annex 29, rules GB3 to GB13.
 */
final class Graphemes {

	private static final int ZERO_WIDTH_JOINER = 0x200D;

	private Graphemes() {
	}

	/**
	 * Return whether a text may be cut.
	 * @param text the text
	 * @param at the index of the char after the cut
	 * @return whether that splits nothing
	 */
	static boolean isBoundary(CharSequence text, int at) {
		if (at <= 0 || at >= text.length()) {
			return true;
		}
		char last = text.charAt(at - 1);
		char first = text.charAt(at);
		if (last < 0x80 && first < 0x80) {
			return !(last == '\r' && first == '\n');
		}
		if (Character.isHighSurrogate(last) && Character.isLowSurrogate(first)) {
			return false;
		}
		if (Character.isISOControl(last) || Character.isISOControl(first)) {
			return true;
		}
		int before = Character.codePointBefore(text, at);
		int after = Character.codePointAt(text, at);
		return !(before == ZERO_WIDTH_JOINER && isJoined(after)) && !isExtending(after)
				&& !(isFlagLetter(before) && isFlagLetter(after)) && !(isHangul(before) && isHangul(after))
				&& !isPrepended(before);
	}

	/**
	 * Return the last place for a cut up to an index.
	 * @param text the text
	 * @param at the index
	 * @return the greatest index up to the given one at which the text may be cut
	 */
	static int floor(CharSequence text, int at) {
		int cut = Math.min(at, text.length());
		while (cut > 0 && !isBoundary(text, cut)) {
			cut--;
		}
		return cut;
	}

	/**
	 * Return the first place for a cut from an index on.
	 * @param text the text
	 * @param at the index
	 * @return the least index from the given one on at which the text may be cut
	 */
	static int ceiling(CharSequence text, int at) {
		int cut = Math.max(0, at);
		while (cut < text.length() && !isBoundary(text, cut)) {
			cut++;
		}
		return Math.min(cut, text.length());
	}

	private static boolean isExtending(int c) {
		if (c == ZERO_WIDTH_JOINER || c == 0x200C || (c >= 0x1F3FB && c <= 0x1F3FF) || (c >= 0xE0020 && c <= 0xE007F)
				|| c == 0xFF9E || c == 0xFF9F || c == 0x0E33 || c == 0x0EB3) {
			return true;
		}
		int type = Character.getType(c);
		return type == Character.NON_SPACING_MARK || type == Character.ENCLOSING_MARK
				|| type == Character.COMBINING_SPACING_MARK;
	}

	// Emoji and letters of scripts that join; Latin ones do not
	private static boolean isJoined(int c) {
		return c >= 0x300 && !Character.isWhitespace(c);
	}

	private static boolean isFlagLetter(int c) {
		return c >= 0x1F1E6 && c <= 0x1F1FF;
	}

	private static boolean isHangul(int c) {
		return (c >= 0x1100 && c <= 0x11FF) || (c >= 0xA960 && c <= 0xA97F) || (c >= 0xD7B0 && c <= 0xD7FF);
	}

	private static boolean isPrepended(int c) {
		return (c >= 0x0600 && c <= 0x0605) || c == 0x06DD || c == 0x070F || c == 0x08E2 || c == 0x0D4E || c == 0x110BD
				|| c == 0x110CD || (c >= 0x111C2 && c <= 0x111C3);
	}

}

package io.tokensaving.route;

import java.util.regex.Pattern;

/**
 * Searches texts for patterns that may backtrack without end. Thread-safe.
 */
final class PatternSearch {

	/**
	 * How much of a text is searched.
	 */
	static final int MAX_CHARACTERS = 4096;

	/**
	 * How many characters are read. Reading this many takes about a millisecond.
	 */
	static final int MAX_READS = 200_000;

	private PatternSearch() {
	}

	/**
	 * Whether a pattern is found in the first {@value #MAX_CHARACTERS} characters of a
	 * text.
	 * @param pattern the pattern
	 * @param text the text
	 * @return whether it is found; {@code false} if the search takes too long
	 */
	static boolean find(Pattern pattern, String text) {
		try {
			return pattern.matcher(new CountedText(text)).find();
		}
		catch (ReadsExhaustedException | StackOverflowError ex) {
			// Repeated alternatives recurse once for each character
			return false;
		}
	}

	/**
	 * A text of which a number of characters may be read.
	 */
	private static final class CountedText implements CharSequence {

		private final String text;

		private final int length;

		private int left = MAX_READS;

		CountedText(String text) {
			this.text = text;
			this.length = Math.min(text.length(), MAX_CHARACTERS);
		}

		@Override
		public int length() {
			return this.length;
		}

		@Override
		public char charAt(int index) {
			if (--this.left < 0) {
				throw new ReadsExhaustedException();
			}
			return this.text.charAt(index);
		}

		@Override
		public CharSequence subSequence(int start, int end) {
			return this.text.substring(start, end);
		}

		@Override
		public String toString() {
			return this.text.substring(0, this.length);
		}

	}

	private static final class ReadsExhaustedException extends RuntimeException {

		ReadsExhaustedException() {
			super("The pattern takes too long", null, false, false);
		}

	}

}

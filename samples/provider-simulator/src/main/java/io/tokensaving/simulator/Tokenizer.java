package io.tokensaving.simulator;

import java.util.stream.IntStream;

/**
 * Cuts text into tokens. It decides what the simulator counts and bills; it need not be
 * any provider's own. Implementations are deterministic and safe for use by several
 * threads.
 */
@FunctionalInterface
public interface Tokenizer {

	/**
	 * Where the tokens of a text end.
	 * @param text the text
	 * @return ascending offsets in characters, one a token; the last is the length of the
	 * text; empty for an empty text
	 */
	int[] ends(String text);

	/**
	 * How many tokens a text has.
	 * @param text the text
	 * @return a number, 0 for an empty text
	 */
	default int count(String text) {
		return ends(text).length;
	}

	/**
	 * Each so many UTF-16 characters are a token, and what is left over is one too.
	 * @param chars characters in a token, at least 1
	 * @return the tokenizer
	 */
	static Tokenizer ofChars(int chars) {
		if (chars < 1) {
			throw new IllegalArgumentException("'chars' must be at least 1, was " + chars);
		}
		return new Tokenizer() {

			@Override
			public int[] ends(String text) {
				return IntStream.rangeClosed(1, count(text))
					.map((token) -> Math.min(token * chars, text.length()))
					.toArray();
			}

			@Override
			public int count(String text) {
				return (text.length() + chars - 1) / chars;
			}

		};
	}

	/**
	 * Each word with the white space behind it is a token, for examples that are counted
	 * by hand.
	 * @return the tokenizer
	 */
	static Tokenizer ofWords() {
		return (text) -> IntStream.rangeClosed(1, text.length())
			.filter((end) -> end == text.length()
					|| (Character.isWhitespace(text.charAt(end - 1)) && !Character.isWhitespace(text.charAt(end))))
			.toArray();
	}

}

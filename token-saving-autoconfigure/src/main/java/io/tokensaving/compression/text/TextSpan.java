package io.tokensaving.compression.text;

/**
 * A part of a text that is kept or left out as a whole. The spans of a text are adjacent;
 * white space belongs to the span before it.
 * <p>
 * Internal: not part of the API, may change at any time.
 *
 * @param start the index of the first char
 * @param end the index after the last char
 * @param kind the type of the part
 */
public record TextSpan(int start, int end, Kind kind) {

	/**
	 * The type of a part.
	 */
	public enum Kind {

		/**
		 * A sentence, a heading or an item of a list.
		 */
		SENTENCE,

		/**
		 * Rows of a table.
		 */
		TABLE,

		/**
		 * A fenced code block, which must not be changed.
		 */
		CODE

	}

}

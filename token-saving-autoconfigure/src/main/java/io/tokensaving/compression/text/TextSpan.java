package io.tokensaving.compression.text;

/**
 * A part of a text that is kept or left out as a whole. The spans of a text follow each
 * other without a gap; white space belongs to the span before it.
 *
 * @param start the index of the first char
 * @param end the index after the last char
 * @param kind what the part is
 */
public record TextSpan(int start, int end, Kind kind) {

	/**
	 * What a part of a text is.
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
		 * A fenced code block, which is not to be changed.
		 */
		CODE

	}

}

package io.tokensaving.compression;

import java.util.List;

/**
 * A part of a message that may be kept or left out. What the text is decides what its
 * parts are: sentences of prose, items of a list, rows of a table, declarations and
 * bodies of code, records of JSON.
 *
 * @param text the text, without that of the parts that are nested in it
 * @param terms its terms with repetitions and in order: stems in lower case without stop
 * words; may be empty
 * @param tokens about how many tokens it has for the model of the request
 * @param message the index of its message, among the messages that may be shortened;
 * sentences of one message are consecutive
 * @param place where it stands
 */
public record Sentence(String text, List<String> terms, int tokens, int message, Place place) {

	/**
	 * Create a sentence of running text, with no heading above it.
	 * @param text the text
	 * @param terms its terms
	 * @param tokens about how many tokens it has
	 * @param message the index of its message
	 */
	public Sentence(String text, List<String> terms, int tokens, int message) {
		this(text, terms, tokens, message, Place.RUNNING_TEXT);
	}

	/**
	 * Where a sentence stands. Immutable.
	 *
	 * @param labels the terms of the headings, signatures or keys above it, and of its
	 * own; may be empty
	 * @param passage the number of the passage: sentences of one passage are read one
	 * after the other, those of different ones are not. 0 for running text, over all
	 * messages; negative if it stands alone, as a record does
	 * @param parent the index of the sentence in which it is nested, and without which it
	 * is not kept, or -1; always less than its own index
	 */
	public record Place(List<String> labels, int passage, int parent) {

		/**
		 * In running text, below no heading.
		 */
		public static final Place RUNNING_TEXT = new Place(List.of(), 0, -1);

		boolean isRunningText() {
			return this.passage == 0;
		}

	}

}

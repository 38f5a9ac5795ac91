package io.tokensaving.material.parts;

import java.util.Objects;

/**
 * A part of a text that is kept or left out. Parts that are nested in another are within
 * its bounds; all others are disjoint. Immutable.
 *
 * @param start the index of its first char in the text
 * @param end the index after its last char, nested parts included; greater than
 * {@code start}
 * @param parent the index of the part in which it is nested, less than its own index, or
 * -1. A part is never kept without its parent
 * @param kind what it is
 * @param label its own name, such as a key, a heading or a signature, in one line and at
 * most {@value #MAX_LABEL} chars; empty if it has none. {@link DividedText#path(int)}
 * joins those of its parents
 * @param weight how much it matters by what it is, whatever is asked: 1 is usual, an
 * error among the lines of a log weighs more, a frame of a library less. Greater than 0
 */
public record Part(int start, int end, int parent, Kind kind, String label, double weight) {

	/**
	 * The greatest length of a label in chars.
	 */
	public static final int MAX_LABEL = 120;

	public Part {
		if (start < 0 || end <= start || parent < -1) {
			throw new IllegalArgumentException("no part: from " + start + " to " + end + " in " + parent);
		}
		Objects.requireNonNull(kind, "'kind' must not be null");
		Objects.requireNonNull(label, "'label' must not be null");
	}

	/**
	 * What a part is. For messages and tests; how it is left out is known to its text.
	 */
	public enum Kind {

		/**
		 * A sentence, or a piece of a very long one.
		 */
		SENTENCE,

		/**
		 * A heading, in which the blocks and sections below it are nested.
		 */
		SECTION,

		/**
		 * An item of a list, in which its sub-items are nested.
		 */
		ITEM,

		/**
		 * The header of a table, in which its rows are nested.
		 */
		TABLE,

		/**
		 * Rows of a table.
		 */
		ROW,

		/**
		 * The lines around fenced code, in which its parts are nested.
		 */
		FENCE,

		/**
		 * The imports of a source file.
		 */
		IMPORTS,

		/**
		 * A declaration with its comment; its body or its members are nested in it.
		 */
		DECLARATION,

		/**
		 * The body of a declaration, or statements of it.
		 */
		BODY,

		/**
		 * An object or array of JSON, in which its parts are nested.
		 */
		STRUCTURE,

		/**
		 * An element of an array, an entry of a map, a line of JSON Lines.
		 */
		RECORD,

		/**
		 * Some scalar values of an array or some entries of a map.
		 */
		VALUES,

		/**
		 * An element of XML or HTML.
		 */
		ELEMENT,

		/**
		 * A line of a log, or some that are alike.
		 */
		LINE,

		/**
		 * A stack trace, or a cause in it: its message, in which its frames are nested.
		 */
		TRACE,

		/**
		 * Frames of a stack trace.
		 */
		FRAMES,

		/**
		 * A file of a diff, in which its hunks are nested.
		 */
		FILE,

		/**
		 * A hunk of a diff.
		 */
		HUNK,

		/**
		 * Lines that belong together.
		 */
		BLOCK

	}

}

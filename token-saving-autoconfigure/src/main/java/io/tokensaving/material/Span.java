package io.tokensaving.material;

import org.jspecify.annotations.Nullable;

import org.springframework.util.Assert;

/**
 * A part of a text. Immutable.
 *
 * @param start the index of its first UTF-16 unit
 * @param end the index behind its last one, higher than the start
 * @param kind what it is
 * @param source how it was recognised
 */
public record Span(int start, int end, Kind kind, Source source) {

	/**
	 * Check the indexes.
	 */
	public Span {
		Assert.isTrue(start >= 0 && end > start, "A span must not be empty");
	}

	/**
	 * Create a span without the white space around it.
	 * @param text the text
	 * @param start the index of its first UTF-16 unit
	 * @param end the index behind its last one
	 * @param kind what it is
	 * @param source how it was recognised
	 * @return the span; {@code null} if there is nothing but white space
	 */
	static @Nullable Span trimmed(String text, int start, int end, Kind kind, Source source) {
		int from = start;
		int to = end;
		while (from < to && Character.isWhitespace(text.charAt(from))) {
			from++;
		}
		while (to > from && Character.isWhitespace(text.charAt(to - 1))) {
			to--;
		}
		return (from < to) ? new Span(from, to, kind, source) : null;
	}

	/**
	 * Return the number of UTF-16 units.
	 * @return the length, at least 1
	 */
	public int length() {
		return this.end - this.start;
	}

	/**
	 * Return the part of a text that this span is.
	 * @param text the text
	 * @return a copy of the part
	 */
	public String of(String text) {
		return text.substring(this.start, this.end);
	}

	/**
	 * What a part of a message is.
	 */
	public enum Kind {

		/**
		 * What is asked.
		 */
		QUESTION,

		/**
		 * What the question is asked about.
		 */
		MATERIAL,

		/**
		 * Everything else: instructions, delimiters, introductions.
		 */
		FRAME

	}

	/**
	 * How a part was recognised. Those of material come first, the surest of them first.
	 */
	public enum Source {

		/**
		 * It is the text of a document that was retrieved.
		 */
		DOCUMENT,

		/**
		 * The application has marked it.
		 */
		MARKED,

		/**
		 * It stands between an opening and a closing tag.
		 */
		TAG,

		/**
		 * It stands between fences.
		 */
		FENCE,

		/**
		 * It stands between two equal rules of dashes or the like.
		 */
		RULE,

		/**
		 * Each of its lines is quoted.
		 */
		QUOTE,

		/**
		 * It is a paragraph far longer than the question.
		 */
		PARAGRAPH,

		/**
		 * It stands where the prompts of Spring AI's advisors have it.
		 */
		TEMPLATE,

		/**
		 * A label stands in front of it.
		 */
		LABEL,

		/**
		 * It is what is left.
		 */
		REST

	}

}

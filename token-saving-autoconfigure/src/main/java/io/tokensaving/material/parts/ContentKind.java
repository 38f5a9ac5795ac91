package io.tokensaving.material.parts;

/**
 * What a text is.
 */
public enum ContentKind {

	/**
	 * Sentences and paragraphs, and all that is nothing else.
	 */
	PROSE,

	/**
	 * Markdown with headings, lists, tables or fences.
	 */
	MARKDOWN,

	/**
	 * Source code of a programming language.
	 */
	CODE,

	/**
	 * One JSON value.
	 */
	JSON,

	/**
	 * One JSON value in each line.
	 */
	JSON_LINES,

	/**
	 * Well-formed XML.
	 */
	XML,

	/**
	 * HTML, which need not be well-formed.
	 */
	HTML,

	/**
	 * Rows of values with a separator, below a header.
	 */
	TABLE,

	/**
	 * Lines that a program has logged, with stack traces if there are any.
	 */
	LOG,

	/**
	 * A unified diff.
	 */
	DIFF

}

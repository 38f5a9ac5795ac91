package io.tokensaving.structured;

import java.util.Locale;

/**
 * What was wrong with an answer and has been put right.
 */
public enum RepairStep {

	/**
	 * A fence of Markdown stood around it.
	 */
	FENCE,

	/**
	 * Other text stood around it, such as an introduction or thoughts.
	 */
	PROSE,

	/**
	 * There were comments in it.
	 */
	COMMENT,

	/**
	 * Keys or values had no quotes, or quotes of another kind, or quotes inside of them.
	 */
	QUOTE,

	/**
	 * There was a comma too many.
	 */
	EXTRA_COMMA,

	/**
	 * There was a comma missing, or another character in its place.
	 */
	MISSING_COMMA,

	/**
	 * There was another character in place of a colon.
	 */
	COLON,

	/**
	 * There were literals or signs of another language, such as {@code True}.
	 */
	LITERAL,

	/**
	 * There were characters in texts that must be escaped, or escapes that do not exist.
	 */
	ESCAPE,

	/**
	 * A bracket was missing, or was the wrong one.
	 */
	BRACKET,

	/**
	 * The closing brackets, or the last quote, were missing at the end.
	 */
	TAIL,

	/**
	 * It was encoded once more, as a text.
	 */
	ENCODED;

	private final String value = name().toLowerCase(Locale.ROOT);

	/**
	 * Return the name for figures.
	 * @return the name in snake case
	 */
	public String value() {
		return this.value;
	}

}

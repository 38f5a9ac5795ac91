package io.tokensaving.cache;

import java.util.Locale;

/**
 * The reasons for which an answer is not stored.
 */
public enum NotStored {

	/**
	 * The answer is truncated or filtered, or its finish reason is unknown.
	 */
	UNFINISHED,

	/**
	 * The answer has neither text nor tool calls nor media.
	 */
	EMPTY,

	/**
	 * The model refused to answer.
	 */
	REFUSED,

	/**
	 * A tool call has no name or no id, or its arguments are not a JSON object.
	 */
	TOOL_CALL,

	/**
	 * The answer is not JSON although JSON was requested, or does not satisfy the
	 * requested schema.
	 */
	SCHEMA,

	/**
	 * The answer cannot be restored from its stored form, for example because of metadata
	 * of a class that no dialect supports.
	 */
	CONTENT,

	/**
	 * The elements of a stream could not be assembled without loss.
	 */
	STREAM,

	/**
	 * The answer is larger than the plan allows.
	 */
	SIZE;

	/**
	 * Return the reason as it appears in the statistics.
	 * @return the name in lower case
	 */
	public String reason() {
		return name().toLowerCase(Locale.ROOT);
	}

}

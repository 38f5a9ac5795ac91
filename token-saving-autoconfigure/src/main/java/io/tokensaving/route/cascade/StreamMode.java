package io.tokensaving.route.cascade;

/**
 * How much of a stream of a cheap tier is judged before any of it is passed on.
 */
public enum StreamMode {

	/**
	 * The beginning: some text, the first tool call, or all if it is shorter.
	 */
	PREFIX,

	/**
	 * The whole answer.
	 */
	BUFFER,

	/**
	 * Nothing. A stream that fails before its first element is replaced nevertheless.
	 */
	NONE

}

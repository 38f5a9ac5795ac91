package io.tokensaving.structured;

/**
 * How an answer that is not valid and cannot be repaired is asked for again.
 */
public enum RetryMode {

	/**
	 * As Spring AI's validation does: with the whole prompt.
	 */
	SAME,

	/**
	 * First a cheaper tier is given the answer and what is wrong with it.
	 */
	PATCH

}

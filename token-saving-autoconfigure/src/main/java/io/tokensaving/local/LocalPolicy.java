package io.tokensaving.local;

/**
 * What happens to a request that a local model cannot answer.
 */
public enum LocalPolicy {

	/**
	 * It fails.
	 */
	FAIL,

	/**
	 * It goes to the model that it was made for, and is paid.
	 */
	REAL

}

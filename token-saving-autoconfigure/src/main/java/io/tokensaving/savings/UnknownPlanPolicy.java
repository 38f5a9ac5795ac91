package io.tokensaving.savings;

/**
 * What happens to a request that names a plan which is not known.
 */
public enum UnknownPlanPolicy {

	/**
	 * The request passes untouched, with a warning once a minute.
	 */
	WARN,

	/**
	 * The request fails with an {@link IllegalArgumentException}.
	 */
	FAIL

}

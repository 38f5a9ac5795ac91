package io.tokensaving.request;

/**
 * What happens to a request that names an unknown plan.
 */
public enum UnknownPlanPolicy {

	/**
	 * The request goes to the model without a plan, with a warning at most once a minute.
	 */
	WARN,

	/**
	 * The request fails with an {@link IllegalArgumentException}.
	 */
	FAIL

}

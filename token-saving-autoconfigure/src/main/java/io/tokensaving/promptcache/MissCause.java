package io.tokensaving.promptcache;

/**
 * Why a provider read less of a prompt than an earlier request would have let it.
 */
public enum MissCause {

	/**
	 * The tools differ from those before.
	 */
	TOOLS,

	/**
	 * The tools are the same, the system text differs.
	 */
	SYSTEM,

	/**
	 * Tools and system text are the same, the messages differ.
	 */
	HISTORY,

	/**
	 * The same prefix was sent before, but too long ago.
	 */
	EXPIRED,

	/**
	 * The same prefix was sent to another model.
	 */
	MODEL,

	/**
	 * Another request was just writing the same prefix.
	 */
	IN_FLIGHT,

	/**
	 * The prompt is shorter than what the provider keeps.
	 */
	BELOW_MINIMUM,

	/**
	 * The provider should have had the prefix and did not read it.
	 */
	PROVIDER

}

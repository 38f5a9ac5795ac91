package io.tokensaving.savings;

/**
 * A part of token saving that can fail. A failure is counted, logged once a minute and
 * stepped over.
 */
public enum Component {

	/**
	 * Naming the workspace of a request.
	 */
	WORKSPACE("workspace"),

	/**
	 * Finding the plan of a request.
	 */
	PLAN("plan"),

	/**
	 * Compressing the history.
	 */
	COMPRESSION("compression"),

	/**
	 * Computing the fingerprint of a request.
	 */
	FINGERPRINT("fingerprint"),

	/**
	 * Reading or writing the exact cache.
	 */
	EXACT_CACHE("exact_cache"),

	/**
	 * Sharing the answer of a request in flight.
	 */
	DEDUP("dedup"),

	/**
	 * Embedding a question.
	 */
	EMBEDDING("embedding"),

	/**
	 * Reading or writing the semantic cache.
	 */
	SEMANTIC_CACHE("semantic_cache"),

	/**
	 * Verifying an answer of the semantic cache.
	 */
	VERIFICATION("verification"),

	/**
	 * Counting what was saved.
	 */
	SAVINGS("savings"),

	/**
	 * Sharing what was counted with other instances of the application.
	 */
	STATISTICS("statistics");

	private final String value;

	Component(String value) {
		this.value = value;
	}

	/**
	 * Return the name used in meters and the endpoint.
	 * @return the name in snake case
	 */
	public String value() {
		return this.value;
	}

}

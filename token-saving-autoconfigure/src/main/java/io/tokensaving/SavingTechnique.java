package io.tokensaving;

/**
 * What saved a token.
 */
public enum SavingTechnique {

	/**
	 * The history was shortened.
	 */
	COMPRESSION("compression"),

	/**
	 * The exact cache answered.
	 */
	EXACT_CACHE("exact_cache"),

	/**
	 * The semantic cache answered.
	 */
	SEMANTIC_CACHE("semantic_cache"),

	/**
	 * An equal request in flight answered.
	 */
	DEDUP("dedup");

	private final String value;

	SavingTechnique(String value) {
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

package io.tokensaving;

/**
 * How a request was answered.
 */
public enum Outcome {

	/**
	 * Answered by the exact cache: the same request had been answered before.
	 */
	EXACT_HIT("exact_hit"),

	/**
	 * Answered by the semantic cache: a request that means the same had been answered
	 * before.
	 */
	SEMANTIC_HIT("semantic_hit"),

	/**
	 * Answered by an equal request that was already on its way to the model.
	 */
	DEDUP_HIT("dedup_hit"),

	/**
	 * Looked up, not found, answered by the model.
	 */
	MISS("miss"),

	/**
	 * Answered by the model without a look-up: the plan has no cache, the request opted
	 * out, or the cache could not be asked.
	 */
	BYPASS("bypass");

	private final String value;

	Outcome(String value) {
		this.value = value;
	}

	/**
	 * Return the name used in metadata, meters and the endpoint, such as
	 * {@code exact_hit}.
	 * @return the name in snake case
	 */
	public String value() {
		return this.value;
	}

	/**
	 * Whether the answer came without buying it from the model.
	 * @return {@code true} for a hit of any kind
	 */
	public boolean isHit() {
		return this == EXACT_HIT || this == SEMANTIC_HIT || this == DEDUP_HIT;
	}

}

package io.tokensaving;

/**
 * How a request was answered. A feature that answers requests declares its own outcome;
 * outcomes with equal values are equal. Immutable.
 */
public final class Outcome extends DescribedName {

	/**
	 * The caches did not have the answer; the model answered.
	 */
	public static final Outcome MISS = new Outcome("miss", "Looked up, not found, answered by the model", false, false);

	/**
	 * The model answered without a cache look-up: the plan has no cache, the request
	 * opted out, or the cache was not available.
	 */
	public static final Outcome BYPASS = new Outcome("bypass", "Answered by the model without a look-up", false, false);

	private final boolean hit;

	private final boolean cacheHit;

	private Outcome(String value, String description, boolean hit, boolean cacheHit) {
		super("outcome", value, description);
		this.hit = hit;
		this.cacheHit = cacheHit;
	}

	/**
	 * Return the outcome of a request that a cache answers.
	 * @param value the name in snake case, such as {@code exact_hit}
	 * @param description what it means, in one sentence without a full stop
	 * @return the outcome, which counts for the hit rate of the caches
	 */
	public static Outcome cacheHit(String value, String description) {
		return new Outcome(value, description, true, true);
	}

	/**
	 * Return the outcome of a request that is answered without buying the answer from the
	 * model, but not by a cache.
	 * @param value the name in snake case, such as {@code dedup_hit}
	 * @param description what it means, in one sentence without a full stop
	 * @return the outcome
	 */
	public static Outcome hit(String value, String description) {
		return new Outcome(value, description, true, false);
	}

	/**
	 * Whether the answer was not bought from the model.
	 * @return {@code true} for a hit of any kind
	 */
	public boolean isHit() {
		return this.hit;
	}

	/**
	 * Whether a cache answered.
	 * @return whether the outcome counts for the hit rate of the caches
	 */
	public boolean isCacheHit() {
		return this.cacheHit;
	}

}

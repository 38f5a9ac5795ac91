package io.tokensaving;

import org.springframework.core.Ordered;

/**
 * Default orders of the advisors. They sit just above the model, inside the tool loop and
 * after everything that changes the prompt, so that what is compressed and fingerprinted
 * is what would be sent.
 */
public final class AdvisorOrder {

	/**
	 * Resolves the plan and writes the savings; outermost.
	 */
	public static final int PLAN = Ordered.LOWEST_PRECEDENCE - 60;

	/**
	 * Brings the history within the token limit.
	 */
	public static final int COMPRESSION = Ordered.LOWEST_PRECEDENCE - 50;

	/**
	 * Answers a request that was asked before.
	 */
	public static final int EXACT_CACHE = Ordered.LOWEST_PRECEDENCE - 30;

	/**
	 * Lets equal requests in flight share one answer.
	 */
	public static final int DEDUP = Ordered.LOWEST_PRECEDENCE - 20;

	/**
	 * Answers a request that means the same as one that was asked before.
	 */
	public static final int SEMANTIC_CACHE = Ordered.LOWEST_PRECEDENCE - 10;

	private AdvisorOrder() {
	}

}

package io.tokensaving;

import org.springframework.core.Ordered;

/**
 * Default orders of the advisors. All but the first run just before the model, inside the
 * tool loop and after every advisor that changes the prompt, so the prompt that they
 * compress and fingerprint is the one that the model would receive.
 */
public final class AdvisorOrder {

	/**
	 * Marks what belongs to one task; outside the tool loop, unlike all others.
	 */
	public static final int TASK = Ordered.HIGHEST_PRECEDENCE + 60;

	/**
	 * Resolves the plan and reports the savings; the outermost of the advisors inside the
	 * tool loop.
	 */
	public static final int PLAN = Ordered.LOWEST_PRECEDENCE - 60;

	/**
	 * Takes plans that only observe off their requests.
	 */
	public static final int SHADOW = Ordered.LOWEST_PRECEDENCE - 55;

	/**
	 * Knows the requests whose answers may come later, and what is known of them.
	 */
	public static final int DEFERRED = Ordered.LOWEST_PRECEDENCE - 58;

	/**
	 * Brings the history within the token limit.
	 */
	public static final int COMPRESSION = Ordered.LOWEST_PRECEDENCE - 50;

	/**
	 * Answers a request that equals an earlier one.
	 */
	public static final int EXACT_CACHE = Ordered.LOWEST_PRECEDENCE - 30;

	/**
	 * Lets equal requests in flight share one answer.
	 */
	public static final int DEDUP = Ordered.LOWEST_PRECEDENCE - 20;

	/**
	 * Answers a request that means the same as an earlier one.
	 */
	public static final int SEMANTIC_CACHE = Ordered.LOWEST_PRECEDENCE - 10;

	/**
	 * Chooses the model that answers.
	 */
	public static final int ROUTE = Ordered.LOWEST_PRECEDENCE - 8;

	/**
	 * Takes what goes to the model from its budgets.
	 */
	public static final int BUDGET = Ordered.LOWEST_PRECEDENCE - 7;

	/**
	 * Sends everything to a local model, in place of any other.
	 */
	public static final int LOCAL = Ordered.LOWEST_PRECEDENCE - 6;

	/**
	 * Arranges and marks what goes to the model for the provider's prompt cache.
	 */
	public static final int PROMPT_CACHE = Ordered.LOWEST_PRECEDENCE - 5;

	/**
	 * Has the provider enforce the schema of the output, and repairs what is answered.
	 * Everything further out sees the repaired answer.
	 */
	public static final int STRUCTURED = Ordered.LOWEST_PRECEDENCE - 4;

	/**
	 * Queues what may be answered later, or asks for a cheaper service tier.
	 */
	public static final int BATCH = Ordered.LOWEST_PRECEDENCE - 3;

	/**
	 * Measures the time of the model, directly before it.
	 */
	public static final int MODEL_CALL = Ordered.LOWEST_PRECEDENCE - 2;

	/**
	 * Calls another model than that of the chat client; the innermost of all.
	 */
	public static final int TIER_MODEL = Ordered.LOWEST_PRECEDENCE - 1;

	private AdvisorOrder() {
	}

}

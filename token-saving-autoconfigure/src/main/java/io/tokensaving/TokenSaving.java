package io.tokensaving;

import java.time.Duration;
import java.util.Map;

import org.springframework.util.Assert;

/**
 * Builds the advisor parameters by which a request selects a plan and cache directives,
 * and names the feature of the application that asks:
 *
 * <pre>{@code
 * chatClient.prompt()
 *     .user(question)
 *     .advisors(TokenSaving.plan("support-bot").scope(tenantId))
 *     .call();
 * }</pre>
 *
 * The plain parameters {@value #PLAN_ID}, {@value #FEATURE}, {@value #TASK_ID},
 * {@value #TIER}, {@value #WITHIN} and {@value #CACHE} do the same; their values are
 * checked when the request is sent.
 * <p>
 * {@link #outcome} reports afterwards whether the answer was of use.
 */
public final class TokenSaving {

	/**
	 * Prefix of all parameters. An unknown parameter with this prefix is rejected.
	 */
	public static final String PREFIX = "token_saving_";

	/**
	 * Parameter that names the plan, a {@link String}; {@code none} switches the default
	 * plan off.
	 */
	public static final String PLAN_ID = PREFIX + "plan_id";

	/**
	 * Parameter that names the feature of the application which asks, a {@link String} of
	 * 1 to 100 letters {@code A} to {@code Z}, digits and <code>._/{}:@+*-</code>.
	 * Figures are kept for each.
	 */
	public static final String FEATURE = PREFIX + "feature";

	/**
	 * Parameter that names the task which a request is part of, a {@link String} of 1 to
	 * 100 letters {@code A} to {@code Z}, digits and <code>._/{}:@+*-</code>, by which
	 * its outcome can be {@linkplain #outcome reported}.
	 */
	public static final String TASK_ID = PREFIX + "task_id";

	/**
	 * Parameter that says which tier may answer, a {@link String}: the name of a tier,
	 * {@value #AT_LEAST} and the name of the cheapest one that may answer, or
	 * {@value #NO_ROUTE} for the model that the request was made for. Only plans that
	 * route actively heed it.
	 */
	public static final String TIER = PREFIX + "tier";

	/**
	 * Parameter that says how long the caller is ready to wait for the answer, so that a
	 * cheaper service tier may give it. A {@link Duration}, a {@link Number} of seconds,
	 * or a {@link String} such as {@code 90}, {@code 15m} or {@code PT15M}.
	 */
	public static final String WITHIN = PREFIX + "within";

	/**
	 * Stands before the name of the cheapest tier that may answer.
	 */
	public static final String AT_LEAST = "at-least:";

	/**
	 * Stands for the model that the request was made for, in place of the name of a tier.
	 */
	public static final String NO_ROUTE = "off";

	/**
	 * Parameter that holds the cache directives, a {@link Map} with the keys
	 * {@value #NO_STORE}, {@value #NO_CACHE}, {@value #TTL}, {@value #MAX_AGE},
	 * {@value #SIMILARITY_THRESHOLD}, {@value #SCOPE}, {@value #TAGS} and
	 * {@value #NO_PROMPT_CACHE}.
	 */
	public static final String CACHE = PREFIX + "cache";

	/**
	 * Cache directive: neither read nor write the cache. A {@link Boolean}.
	 */
	public static final String NO_STORE = "no-store";

	/**
	 * Cache directive: do not read the cache, but store the fresh answer. A
	 * {@link Boolean}.
	 */
	public static final String NO_CACHE = "no-cache";

	/**
	 * Cache directive: how long the answer may be served. A {@link Duration}, a
	 * {@link Number} of seconds, or a {@link String} such as {@code 90}, {@code 1h} or
	 * {@code PT1H}.
	 */
	public static final String TTL = "ttl";

	/**
	 * Cache directive: serve only answers younger than this. Values as for {@value #TTL}.
	 */
	public static final String MAX_AGE = "max-age";

	/**
	 * Cache directive: the lowest cosine similarity at which a semantic cache serves, a
	 * {@link Number} from 0 to 1.
	 */
	public static final String SIMILARITY_THRESHOLD = "similarity-threshold";

	/**
	 * Cache directive: a {@link String} that isolates entries, such as a user or tenant
	 * id.
	 */
	public static final String SCOPE = "scope";

	/**
	 * Cache directive: labels of the stored answer, a {@link java.util.Collection} of
	 * {@link String}.
	 */
	public static final String TAGS = "tags";

	/**
	 * Cache directive: do not ask the provider to keep the prompt, and send it as the
	 * application made it. A {@link Boolean}.
	 */
	public static final String NO_PROMPT_CACHE = "no-prompt-cache";

	static final String NONE = "none";

	private TokenSaving() {
	}

	/**
	 * Apply a plan.
	 * @param id the id of the plan
	 * @return parameters to pass to {@code advisors(...)}
	 */
	public static TokenSavingParameters plan(String id) {
		Assert.hasText(id, "'id' must not be empty");
		return new TokenSavingParameters(id, null, null, null, null, Map.of());
	}

	/**
	 * Apply the default plan. Use this to set cache directives without naming a plan.
	 * @return parameters to pass to {@code advisors(...)}
	 */
	public static TokenSavingParameters defaultPlan() {
		return new TokenSavingParameters(null, null, null, null, null, Map.of());
	}

	/**
	 * Apply the default plan to a request of a feature of the application.
	 * @param feature the name of the feature, such as {@code ticket-triage}
	 * @return parameters to pass to {@code advisors(...)}
	 * @throws IllegalArgumentException if the name is not accepted
	 * @see TokenSavingParameters#feature(String)
	 */
	public static TokenSavingParameters feature(String feature) {
		return defaultPlan().feature(feature);
	}

	/**
	 * Apply the default plan to a request of a task.
	 * @param id the id of the task
	 * @return parameters to pass to {@code advisors(...)}
	 * @throws IllegalArgumentException if the id is not accepted
	 * @see TokenSavingParameters#task(String)
	 */
	public static TokenSavingParameters task(String id) {
		return defaultPlan().task(id);
	}

	/**
	 * Apply the default plan to a request that a given tier answers.
	 * @param name the name of the tier
	 * @return parameters to pass to {@code advisors(...)}
	 * @throws IllegalArgumentException if the name is not accepted
	 * @see TokenSavingParameters#tier(String)
	 */
	public static TokenSavingParameters tier(String name) {
		return defaultPlan().tier(name);
	}

	/**
	 * Apply the default plan to a request that a tier or a dearer one answers.
	 * @param name the name of the tier
	 * @return parameters to pass to {@code advisors(...)}
	 * @throws IllegalArgumentException if the name is not accepted
	 * @see TokenSavingParameters#atLeast(String)
	 */
	public static TokenSavingParameters atLeast(String name) {
		return defaultPlan().atLeast(name);
	}

	/**
	 * Apply the default plan to a request whose caller can wait.
	 * @param time how long, above zero
	 * @return parameters to pass to {@code advisors(...)}
	 * @throws IllegalArgumentException if the time is not above zero
	 * @see TokenSavingParameters#within(Duration)
	 */
	public static TokenSavingParameters within(Duration time) {
		return defaultPlan().within(time);
	}

	/**
	 * Report whether a task succeeded, so that the cost of a success is known. The id is
	 * the one that {@link TokenSavingParameters#task(String)} gave the task, or that of
	 * its {@link SavingsReport#taskId() report}. The first report of a task counts. This
	 * process knows its latest 10,000 tasks; a report of another one is counted as
	 * unknown. Does the same as the bean {@link TaskOutcomes}; with several applications
	 * in one process, the one that knows the task is told.
	 * @param taskId the id of the task
	 * @param success whether it succeeded
	 * @return whether the report is the first one of a task that is known
	 */
	public static boolean outcome(String taskId, boolean success) {
		return TaskReceivers.report(taskId, success);
	}

	/**
	 * Apply no plan, not even the default plan.
	 * @return parameters to pass to {@code advisors(...)}
	 */
	public static TokenSavingParameters none() {
		return new TokenSavingParameters(NONE, null, null, null, null, Map.of());
	}

	/**
	 * Mark material inside a message, such as a document in front of a question: when the
	 * request is over the limit of its plan, compression may shorten it, while the rest
	 * of the message stays as it is. For user and system messages. The marks are
	 * invisible and are taken out before the model is called, whether a plan applies or
	 * not.
	 * @param text the material
	 * @return the marked text, to be put into the text of a message
	 */
	public static String compressible(String text) {
		return CompressibleText.mark(text);
	}

}

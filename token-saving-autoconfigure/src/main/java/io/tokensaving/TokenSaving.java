package io.tokensaving;

import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.client.ChatClient.AdvisorSpec;
import org.springframework.util.Assert;

/**
 * Builds the advisor parameters by which a request selects a plan and cache directives:
 *
 * <pre>{@code
 * chatClient.prompt()
 *     .user(question)
 *     .advisors(TokenSaving.plan("support-bot").scope(tenantId))
 *     .call();
 * }</pre>
 *
 * The plain parameters {@value #PLAN_ID} and {@value #CACHE} do the same; their values
 * are checked when the request is sent. Immutable: every method returns a new instance.
 */
public final class TokenSaving implements Consumer<AdvisorSpec> {

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

	private final @Nullable String planId;

	private final Map<String, Object> cache;

	private TokenSaving(@Nullable String planId, Map<String, Object> cache) {
		this.planId = planId;
		this.cache = cache;
	}

	/**
	 * Apply a plan.
	 * @param id the id of the plan
	 * @return parameters to pass to {@code advisors(...)}
	 */
	public static TokenSaving plan(String id) {
		Assert.hasText(id, "'id' must not be empty");
		return new TokenSaving(id, Map.of());
	}

	/**
	 * Apply the default plan. Use this to set cache directives without naming a plan.
	 * @return parameters to pass to {@code advisors(...)}
	 */
	public static TokenSaving defaultPlan() {
		return new TokenSaving(null, Map.of());
	}

	/**
	 * Apply no plan, not even the default plan.
	 * @return parameters to pass to {@code advisors(...)}
	 */
	public static TokenSaving none() {
		return new TokenSaving(NONE, Map.of());
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

	/**
	 * Neither read nor write the cache.
	 * @return new parameters
	 */
	public TokenSaving noStore() {
		return with(NO_STORE, true);
	}

	/**
	 * Do not read the cache, but store the fresh answer.
	 * @return new parameters
	 */
	public TokenSaving noCache() {
		return with(NO_CACHE, true);
	}

	/**
	 * Set how long the answer may be served.
	 * @param ttl the time to live, above zero
	 * @return new parameters
	 */
	public TokenSaving ttl(Duration ttl) {
		Assert.isTrue(!ttl.isZero() && !ttl.isNegative(), () -> "'ttl' must be above zero, but is " + ttl);
		return with(TTL, ttl);
	}

	/**
	 * Serve only answers younger than this.
	 * @param maxAge the age, above zero
	 * @return new parameters
	 */
	public TokenSaving maxAge(Duration maxAge) {
		Assert.isTrue(!maxAge.isZero() && !maxAge.isNegative(), () -> "'maxAge' must be above zero, but is " + maxAge);
		return with(MAX_AGE, maxAge);
	}

	/**
	 * Set the lowest cosine similarity at which a semantic cache serves.
	 * @param similarityThreshold the threshold, 0 to 1
	 * @return new parameters
	 */
	public TokenSaving similarityThreshold(double similarityThreshold) {
		Assert.isTrue(similarityThreshold >= 0 && similarityThreshold <= 1,
				() -> "'similarityThreshold' must be from 0 to 1, but is " + similarityThreshold);
		return with(SIMILARITY_THRESHOLD, similarityThreshold);
	}

	/**
	 * Isolate the entries of this request: they are served only to requests of the same
	 * scope.
	 * @param scope the scope, such as a user or tenant id
	 * @return new parameters
	 */
	public TokenSaving scope(String scope) {
		Assert.hasText(scope, "'scope' must not be empty");
		return with(SCOPE, scope);
	}

	/**
	 * Label the stored answer.
	 * @param tags the labels
	 * @return new parameters
	 */
	public TokenSaving tags(String... tags) {
		return with(TAGS, List.of(tags));
	}

	/**
	 * Do not ask the provider to keep the prompt of this request, and send it as the
	 * application made it. What the provider keeps by itself it keeps nevertheless.
	 * @return new parameters
	 */
	public TokenSaving noPromptCache() {
		return with(NO_PROMPT_CACHE, true);
	}

	private TokenSaving with(String directive, Object value) {
		Map<String, Object> changed = new LinkedHashMap<>(this.cache);
		changed.put(directive, value);
		return new TokenSaving(this.planId, Collections.unmodifiableMap(changed));
	}

	/**
	 * Put the parameters on a request. If they name a plan, an advisor is added as well,
	 * which warns once a minute if the chat client has no advisor that applies plans.
	 * @param spec the advisors of the request
	 */
	@Override
	public void accept(AdvisorSpec spec) {
		if (this.planId != null) {
			spec.param(PLAN_ID, this.planId);
			if (!NONE.equals(this.planId)) {
				spec.advisors(MissingAdvisors.WARNING);
			}
		}
		if (!this.cache.isEmpty()) {
			spec.param(CACHE, this.cache);
		}
	}

}

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
 * The advisor parameters of a request, which {@link TokenSaving} starts. Immutable: every
 * method returns a new instance.
 */
public final class TokenSavingParameters implements Consumer<AdvisorSpec> {

	private final @Nullable String planId;

	private final @Nullable String feature;

	private final @Nullable String taskId;

	private final @Nullable String tier;

	private final @Nullable Duration within;

	private final Map<String, Object> cache;

	TokenSavingParameters(@Nullable String planId, @Nullable String feature, @Nullable String taskId,
			@Nullable String tier, @Nullable Duration within, Map<String, Object> cache) {
		this.planId = planId;
		this.feature = feature;
		this.taskId = taskId;
		this.tier = tier;
		this.within = within;
		this.cache = cache;
	}

	/**
	 * Name the feature of the application that asks. Figures are kept for each feature,
	 * up to 100 of a plan; the name must not hold text of the request and not identify a
	 * person.
	 * @param feature the name, such as {@code ticket-triage}: 1 to 100 letters {@code A}
	 * to {@code Z}, digits and <code>._/{}:@+*-</code>
	 * @return new parameters
	 * @throws IllegalArgumentException if the name is not accepted
	 */
	public TokenSavingParameters feature(String feature) {
		return new TokenSavingParameters(this.planId, LabelText.check("'feature'", feature), this.taskId, this.tier,
				this.within, this.cache);
	}

	/**
	 * Name the task that the request is part of, so that its outcome can be
	 * {@linkplain TokenSaving#outcome reported}. All requests with the id are one task,
	 * so it should be unique, such as that of a ticket or a random UUID. It is kept in
	 * memory only and shown nowhere but in the report. Without an id, a task is given
	 * one, which its {@link SavingsReport#taskId() report} names.
	 * @param id the id: 1 to 100 letters {@code A} to {@code Z}, digits and
	 * <code>._/{}:@+*-</code>
	 * @return new parameters
	 * @throws IllegalArgumentException if the id is not accepted
	 */
	public TokenSavingParameters task(String id) {
		return new TokenSavingParameters(this.planId, this.feature, LabelText.check("'task'", id), this.tier,
				this.within, this.cache);
	}

	/**
	 * Let a given tier answer, whatever the plan would choose. The plan must name the
	 * tier in its settings of routing, or the request fails; a plan that does not route
	 * actively ignores it.
	 * @param name the name of the tier
	 * @return new parameters
	 * @throws IllegalArgumentException if the name is not accepted
	 */
	public TokenSavingParameters tier(String name) {
		return routed(LabelText.check("'tier'", name));
	}

	/**
	 * Let a tier or a dearer one answer, as the plan chooses.
	 * @param name the name of the cheapest tier that may answer
	 * @return new parameters
	 * @throws IllegalArgumentException if the name is not accepted
	 * @see #tier(String)
	 */
	public TokenSavingParameters atLeast(String name) {
		return routed(TokenSaving.AT_LEAST + LabelText.check("'tier'", name));
	}

	/**
	 * Let the model answer that the request is made for.
	 * @return new parameters
	 */
	public TokenSavingParameters noRoute() {
		return routed(TokenSaving.NO_ROUTE);
	}

	private TokenSavingParameters routed(String tier) {
		return new TokenSavingParameters(this.planId, this.feature, this.taskId, tier, this.within, this.cache);
	}

	/**
	 * Say how long the caller is ready to wait for the answer. Where provider and model
	 * have a service tier that takes longer and costs less, it is used; if it has no
	 * room, or the time is nearly over, the request is sent once more in the usual one.
	 * The plan must have settings of batches.
	 * @param time the time, above zero, such as 15 minutes
	 * @return new parameters
	 * @throws IllegalArgumentException if the time is not above zero
	 */
	public TokenSavingParameters within(Duration time) {
		Assert.isTrue(!time.isZero() && !time.isNegative(), () -> "'within' must be above zero, but is " + time);
		return new TokenSavingParameters(this.planId, this.feature, this.taskId, this.tier, time, this.cache);
	}

	/**
	 * Neither read nor write the cache.
	 * @return new parameters
	 */
	public TokenSavingParameters noStore() {
		return with(TokenSaving.NO_STORE, true);
	}

	/**
	 * Do not read the cache, but store the fresh answer.
	 * @return new parameters
	 */
	public TokenSavingParameters noCache() {
		return with(TokenSaving.NO_CACHE, true);
	}

	/**
	 * Set how long the answer may be served.
	 * @param ttl the time to live, above zero
	 * @return new parameters
	 */
	public TokenSavingParameters ttl(Duration ttl) {
		Assert.isTrue(!ttl.isZero() && !ttl.isNegative(), () -> "'ttl' must be above zero, but is " + ttl);
		return with(TokenSaving.TTL, ttl);
	}

	/**
	 * Serve only answers younger than this.
	 * @param maxAge the age, above zero
	 * @return new parameters
	 */
	public TokenSavingParameters maxAge(Duration maxAge) {
		Assert.isTrue(!maxAge.isZero() && !maxAge.isNegative(), () -> "'maxAge' must be above zero, but is " + maxAge);
		return with(TokenSaving.MAX_AGE, maxAge);
	}

	/**
	 * Set the lowest cosine similarity at which a semantic cache serves.
	 * @param similarityThreshold the threshold, 0 to 1
	 * @return new parameters
	 */
	public TokenSavingParameters similarityThreshold(double similarityThreshold) {
		Assert.isTrue(similarityThreshold >= 0 && similarityThreshold <= 1,
				() -> "'similarityThreshold' must be from 0 to 1, but is " + similarityThreshold);
		return with(TokenSaving.SIMILARITY_THRESHOLD, similarityThreshold);
	}

	/**
	 * Isolate the entries of this request: they are served only to requests of the same
	 * scope.
	 * @param scope the scope, such as a user or tenant id
	 * @return new parameters
	 */
	public TokenSavingParameters scope(String scope) {
		Assert.hasText(scope, "'scope' must not be empty");
		return with(TokenSaving.SCOPE, scope);
	}

	/**
	 * Label the stored answer.
	 * @param tags the labels
	 * @return new parameters
	 */
	public TokenSavingParameters tags(String... tags) {
		return with(TokenSaving.TAGS, List.of(tags));
	}

	/**
	 * Do not ask the provider to keep the prompt of this request, and send it as the
	 * application made it. What the provider keeps by itself it keeps nevertheless.
	 * @return new parameters
	 */
	public TokenSavingParameters noPromptCache() {
		return with(TokenSaving.NO_PROMPT_CACHE, true);
	}

	private TokenSavingParameters with(String directive, Object value) {
		Map<String, Object> changed = new LinkedHashMap<>(this.cache);
		changed.put(directive, value);
		return new TokenSavingParameters(this.planId, this.feature, this.taskId, this.tier, this.within,
				Collections.unmodifiableMap(changed));
	}

	/**
	 * Put the parameters on a request. If they name a plan, an advisor is added as well,
	 * which warns once a minute if the chat client has no advisor that applies plans.
	 * @param spec the advisors of the request
	 */
	@Override
	public void accept(AdvisorSpec spec) {
		if (this.planId != null) {
			spec.param(TokenSaving.PLAN_ID, this.planId);
			if (!TokenSaving.NONE.equals(this.planId)) {
				spec.advisors(MissingAdvisors.WARNING);
			}
		}
		if (this.feature != null) {
			spec.param(TokenSaving.FEATURE, this.feature);
		}
		if (this.taskId != null) {
			spec.param(TokenSaving.TASK_ID, this.taskId);
		}
		if (this.tier != null) {
			spec.param(TokenSaving.TIER, this.tier);
		}
		if (this.within != null) {
			spec.param(TokenSaving.WITHIN, this.within);
		}
		if (!this.cache.isEmpty()) {
			spec.param(TokenSaving.CACHE, this.cache);
		}
	}

}

package io.tokensaving.feature;

import java.util.List;
import java.util.Map;
import java.util.function.Function;

import io.tokensaving.plan.InvalidPlanException;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.statistics.StatisticsContributor;
import io.tokensaving.statistics.StatisticsSnapshot;
import org.jspecify.annotations.Nullable;

/**
 * A way of saving tokens that plans can switch on. A feature is one bean of this type,
 * and usually a {@link io.tokensaving.TokenSavingAdvisor} bean that does the work.
 * <p>
 * Features are created before advisors, statistics and plans, so an implementation
 * obtains other beans lazily, when one of its methods is called. Implementations are
 * thread-safe.
 */
public interface Feature extends StatisticsContributor {

	/**
	 * Return the name of the feature, which is unique.
	 * @return the name in kebab case, such as {@code semantic-cache}
	 */
	String name();

	/**
	 * Return the section that the feature has in plans.
	 * @return the section, or {@code null} if the feature has no settings of its own
	 */
	default @Nullable SettingsSection<?> section() {
		return null;
	}

	/**
	 * Check the settings of a plan against the application, such as whether an engine or
	 * a store exists. Ranges and types have been checked before, when the settings were
	 * created. Called for every plan, with or without settings of this feature. Accepts
	 * every plan by default.
	 * @param plan the plan
	 * @throws InvalidPlanException if a setting is not accepted
	 */
	default void check(Plan plan) {
	}

	/**
	 * Load what a plan needs, such as a model, so that its first requests do not wait for
	 * it. May be called again for the same plan. Does nothing by default.
	 * @param plan the plan, which has been checked
	 * @throws InvalidPlanException if it cannot be loaded
	 */
	default void load(Plan plan) {
	}

	/**
	 * Load what a configured plan needs while the application starts. Calls {@link #load}
	 * by default. A feature that needs long to load should do it in the background or at
	 * the first request.
	 * @param plan the plan, which has been checked
	 * @param isDefault whether requests that name no plan get this one
	 * @throws RuntimeException if the application cannot start without it
	 */
	default void loadAtStart(Plan plan, boolean isDefault) {
		load(plan);
	}

	/**
	 * Return what the feature shows at the endpoint besides the figures of plans.
	 * @return suppliers of values that JSON can hold, by the path in kebab case; each is
	 * given the workspace, may block, and may throw if a figure cannot be read
	 */
	default Map<String, Function<String, Object>> views() {
		return Map.of();
	}

	/**
	 * Return what the feature advises for a plan. Not called on the way of a request.
	 * Nothing by default.
	 * @param usage the plan, and what its calls did and cost in the last days
	 * @return the advice, in any order; none from too few calls
	 */
	default List<Advice> advice(PlanUsage usage) {
		return List.of();
	}

	/**
	 * Return the settings that the feature would choose for a plan that only observes.
	 * None by default.
	 * @param plan the plan
	 * @param figures what was seen of the plan by all instances
	 * @return a suggestion for each setting that can be judged by figures, even if there
	 * are too few of them yet
	 */
	default List<Suggestion> suggestions(Plan plan, StatisticsSnapshot figures) {
		return List.of();
	}

	/**
	 * Return what the feature adds to the forecast of a plan that only observes. Nothing
	 * by default.
	 * @param plan the plan
	 * @param figures what was seen of the plan by all instances
	 * @return values that JSON can hold, by fields in snake case that no other feature
	 * has
	 */
	default Map<String, Object> forecast(Plan plan, StatisticsSnapshot figures) {
		return Map.of();
	}

	/**
	 * Return what decides which model answers the requests of a plan, as far as the
	 * feature decides it. It becomes a part of the fingerprint, so that no answer is
	 * shared between requests of which it differs. Called for every request. {@code null}
	 * by default.
	 * @param key the plan and its workspace
	 * @param plan the plan
	 * @return a short text without text of requests, or {@code null} if the model answers
	 * that the request was made for
	 */
	default @Nullable String answerInputs(PlanKey key, Plan plan) {
		return null;
	}

	/**
	 * Return what the feature shows of a plan, by the name below {@code plans/{id}} of
	 * the endpoint. Nothing by default.
	 * @return for each name in kebab case a function that describes a plan and its
	 * workspace with values that JSON can hold
	 */
	default Map<String, Function<PlanKey, Object>> planViews() {
		return Map.of();
	}

}

package io.tokensaving.route;

import java.util.Map;

import io.tokensaving.plan.PlanKey;

/**
 * Chooses the tier that answers a request. An application adds a classifier as a bean of
 * this type; plans select it by the name of the bean. Implementations must be
 * thread-safe, should take less than a millisecond and must not block; one that fails or
 * takes too long leaves the request to the default tier.
 */
@FunctionalInterface
public interface RouteClassifier {

	/**
	 * Choose a tier.
	 * @param request the request
	 * @param settings the settings of the plan
	 * @return the choice
	 */
	RouteChoice choose(RouteRequest request, RouteSettings settings);

	/**
	 * Whether a choice never takes more than a fraction of a millisecond, so that it need
	 * be neither watched nor kept off event loops.
	 * @return {@code false} by default
	 */
	default boolean isQuick() {
		return false;
	}

	/**
	 * Return a number that changes when the classifier begins or stops to act for a plan.
	 * It is a part of the key of answers: none from before is served afterwards. It
	 * should change rarely.
	 * @param plan the plan and its workspace
	 * @return the number, 0 by default
	 */
	default long generation(PlanKey plan) {
		return 0;
	}

	/**
	 * Describe what the classifier knows of a plan, for the endpoint.
	 * @param plan the plan and its workspace
	 * @return values that JSON can hold, by name in snake case; none by default
	 */
	default Map<String, Object> describe(PlanKey plan) {
		return Map.of();
	}

	/**
	 * Learn from a judged answer. Called in the background. Does nothing by default.
	 * @param label the label
	 * @param settings the settings of the plan
	 */
	default void learn(RouteLabel label, RouteSettings settings) {
	}

}

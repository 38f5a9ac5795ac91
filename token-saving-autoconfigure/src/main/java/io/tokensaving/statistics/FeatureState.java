package io.tokensaving.statistics;

/**
 * What a feature keeps of a plan besides counters, such as how many of its answers proved
 * wrong and that it has suspended itself because of them. Implementations are
 * thread-safe.
 *
 * @param <S> the type itself
 */
public interface FeatureState<S extends FeatureState<S>> {

	/**
	 * Whether the feature has suspended itself for the plan. A plan for which one has is
	 * the last to be forgotten, as the feature would start again.
	 * @return whether it has
	 */
	boolean isSuspended();

	/**
	 * Let the feature work again, and start to count anew.
	 * @return whether it was suspended
	 */
	boolean resume();

	/**
	 * Add what was counted to the state of another plan, and from now on count there. The
	 * other state is not suspended by it.
	 * @param target the state of the statistics that the plan is added to
	 */
	void foldInto(S target);

}

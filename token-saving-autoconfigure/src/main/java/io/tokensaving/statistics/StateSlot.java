package io.tokensaving.statistics;

import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.ToDoubleFunction;

/**
 * The place that a feature has for its state in the statistics of a plan: how a state is
 * created, summed over instances, shown and metered. A feature has one instance for each
 * kind of state. Implementations are immutable.
 *
 * @param <S> the type of the state
 * @param <F> the type of the figures, which are immutable values with equality
 */
public interface StateSlot<S extends FeatureState<S>, F> {

	/**
	 * What the names of sums end with that are to be taken from those of the same name
	 * without it, because the state was reset since. So no sum ever falls. The sums of a
	 * day are without them.
	 */
	String BEFORE_RESUME = "_before_resume";

	/**
	 * Return the field of the endpoint.
	 * @return a name in snake case
	 */
	String name();

	/**
	 * Return the type of the state.
	 * @return the class
	 */
	Class<S> type();

	/**
	 * Create the state of a plan.
	 * @return a state that has seen nothing
	 */
	S create();

	/**
	 * Tell what was counted since the start, as sums none of which ever falls.
	 * @param state the state
	 * @param sums is given the name of each sum, the same at all times, and its value
	 */
	void tellSums(S state, BiConsumer<String, Long> sums);

	/**
	 * Return what sums come to.
	 * @param sums the sums, of any number of plans and instances
	 * @param suspended whether the feature has suspended itself for one of the plans
	 * @return the figures
	 */
	F figures(StatisticsCounters sums, boolean suspended);

	/**
	 * Whether the endpoint shows the figures with those of the plan. Otherwise they are
	 * for a view of their own.
	 * @return whether it does, by default {@code true}
	 */
	default boolean isShown() {
		return true;
	}

	/**
	 * Return the figures as the endpoint shows them.
	 * @param figures the figures
	 * @return texts, numbers and booleans by name in snake case
	 */
	Map<String, Object> describe(F figures);

	/**
	 * Return the meters of a state.
	 * @return the meters
	 */
	List<StateMeter<S>> meters();

	/**
	 * A meter of a state. Immutable.
	 *
	 * @param <S> the type of the state
	 * @param name the name behind {@code tokensaving.}, with points
	 * @param description what is measured, in one sentence without a full stop
	 * @param gauge {@code true} for a value that may fall, {@code false} for one that is
	 * counted
	 * @param value reads the value
	 */
	record StateMeter<S>(String name, String description, boolean gauge, ToDoubleFunction<S> value) {

	}

}

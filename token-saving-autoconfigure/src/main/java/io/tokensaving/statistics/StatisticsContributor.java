package io.tokensaving.statistics;

import java.util.Collection;
import java.util.List;

import io.tokensaving.Component;
import io.tokensaving.Counter;
import io.tokensaving.Outcome;
import io.tokensaving.SavingTechnique;

/**
 * Declares what a feature counts. What is declared is shown and metered from the start,
 * even while it is zero; what is counted without being declared, from then on.
 */
public interface StatisticsContributor {

	/**
	 * Return the ways in which the feature answers requests.
	 * @return the outcomes
	 */
	default Collection<Outcome> outcomes() {
		return List.of();
	}

	/**
	 * Return the ways in which the feature saves tokens.
	 * @return the techniques
	 */
	default Collection<SavingTechnique> techniques() {
		return List.of();
	}

	/**
	 * Return what the feature counts besides.
	 * @return the counters
	 */
	default Collection<Counter> counters() {
		return List.of();
	}

	/**
	 * Return the parts of the feature that can fail.
	 * @return the components
	 */
	default Collection<Component> components() {
		return List.of();
	}

	/**
	 * Return what the feature keeps of a plan besides counters.
	 * @return the slots
	 */
	default Collection<StateSlot<?, ?>> states() {
		return List.of();
	}

}

package io.tokensaving.plan;

import java.util.Map;

/**
 * Reads a plan from the settings that were stored of it, with the checks that plans of
 * the configuration go through. Thread-safe.
 */
@FunctionalInterface
public interface PlanReader {

	/**
	 * Read a plan. Plans that others have changed are noticed one after the other, so
	 * what takes its time belongs into {@link #load}.
	 * @param id the id of the plan
	 * @param settings its settings: maps for sections, names in kebab case, no
	 * {@code null}
	 * @return the plan, with the source {@link PlanSource#STORED}
	 * @throws InvalidPlanException if the id or a setting is not accepted; there is no
	 * other exception
	 */
	Plan read(String id, Map<String, Object> settings);

	/**
	 * Load what a plan needs, so that its first requests need not wait for it. Called
	 * before a plan is written, and apart from reading for plans that others have
	 * written. May be called again for a plan that has been loaded. Does nothing by
	 * default.
	 * @param plan the plan
	 * @throws InvalidPlanException if it cannot be loaded; there is no other exception
	 */
	default void load(Plan plan) {
	}

	/**
	 * Check that there is a setting or a section of a name, of which nothing but the name
	 * is known, as it is to be removed. Accepts every name by default.
	 * @param name the name in kebab case, with dots for nesting
	 * @throws InvalidPlanException if there is none
	 */
	default void checkName(String name) {
	}

}

package io.tokensaving.plan;

import java.util.Map;

/**
 * Reads a plan from stored settings, with the same checks as for configured plans.
 * Thread-safe.
 */
@FunctionalInterface
public interface PlanReader {

	/**
	 * Read a plan. When other instances have changed several plans, they are read one
	 * after the other, so anything slow belongs in {@link #load}.
	 * @param id the id of the plan
	 * @param settings its settings: maps for sections, names in kebab case, no
	 * {@code null}
	 * @return the plan, with the source {@link PlanSource#STORED}
	 * @throws InvalidPlanException if the id or a setting is not accepted; there is no
	 * other exception
	 */
	Plan read(String id, Map<String, Object> settings);

	/**
	 * Read a plan that overrides single settings of a fixed one. By default what is
	 * stored is merged with all settings of the fixed plan.
	 * @param fixed the plan that is overridden
	 * @param settings the settings that override those of the fixed plan, as for
	 * {@link #read}
	 * @return the plan, with the id of the fixed one and the source
	 * {@link PlanSource#STORED}
	 * @throws InvalidPlanException if a setting is not accepted; there is no other
	 * exception
	 */
	default Plan readOver(Plan fixed, Map<String, Object> settings) {
		return read(fixed.id(), SettingsDocument.of(fixed).merge(SettingsDocument.of(settings)).asMap());
	}

	/**
	 * Load what a plan needs, so that its first requests do not wait for it. Called
	 * before a plan is written and, for a plan that another instance has written, after
	 * it is read. May be called again for the same plan. Does nothing by default.
	 * @param plan the plan
	 * @throws InvalidPlanException if it cannot be loaded; there is no other exception
	 */
	default void load(Plan plan) {
	}

	/**
	 * Check that a setting or section with this name exists, before a patch removes it.
	 * Accepts every name by default.
	 * @param name the name in kebab case, with dots for nesting
	 * @throws InvalidPlanException if there is no such setting or section
	 */
	default void checkName(String name) {
	}

}

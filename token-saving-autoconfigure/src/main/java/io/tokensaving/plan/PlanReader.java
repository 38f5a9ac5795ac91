package io.tokensaving.plan;

import java.util.Map;

/**
 * Reads a plan from the settings that were stored of it, with the checks that plans of
 * the configuration go through. Thread-safe.
 */
@FunctionalInterface
public interface PlanReader {

	/**
	 * Read a plan.
	 * @param id the id of the plan
	 * @param settings its settings: maps for sections, names in kebab case, no
	 * {@code null}
	 * @return the plan, with the source {@link PlanSource#STORED}
	 * @throws InvalidPlanException if the id or a setting is not accepted; there is no
	 * other exception
	 */
	Plan read(String id, Map<String, Object> settings);

}

package io.tokensaving.plan;

/**
 * Identifies a plan of one workspace. Plans of different workspaces may have the same id
 * but are independent, so statistics and suspensions belong to a key and not to an id
 * alone. Immutable.
 *
 * @param workspace the workspace, not blank
 * @param plan the id of the plan, not blank
 */
public record PlanKey(String workspace, String plan) {

	/**
	 * Check the key.
	 * @throws IllegalArgumentException if the workspace or the plan is blank
	 */
	public PlanKey {
		if (workspace.isBlank()) {
			throw new IllegalArgumentException("'workspace' must not be blank");
		}
		if (plan.isBlank()) {
			throw new IllegalArgumentException("'plan' must not be blank");
		}
	}

}

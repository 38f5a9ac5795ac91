package io.tokensaving.plan;

/**
 * A plan that was to be changed or deleted does not exist.
 */
public class PlanNotFoundException extends RuntimeException {

	/**
	 * Create a new exception.
	 * @param id the id of the plan
	 */
	public PlanNotFoundException(String id) {
		super("There is no plan '%s'".formatted(id));
	}

}

package io.tokensaving.plan;

import io.tokensaving.ForeignText;

/**
 * A plan that was to be changed or deleted does not exist.
 */
public class PlanNotFoundException extends RuntimeException {

	private final String id;

	/**
	 * Create a new exception.
	 * @param id the id of the plan
	 */
	public PlanNotFoundException(String id) {
		super("There is no plan '%s'".formatted(ForeignText.printable(id)));
		this.id = id;
	}

	/**
	 * Return the id of the plan.
	 * @return the id
	 */
	public String getId() {
		return this.id;
	}

}

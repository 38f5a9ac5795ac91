package io.tokensaving.plan;

/**
 * Where a plan was defined.
 */
public enum PlanSource {

	/**
	 * In the application's configuration; read-only while the application runs, unless it
	 * may be overridden.
	 */
	CONFIGURATION("configuration"),

	/**
	 * In the application's code.
	 */
	CODE("code"),

	/**
	 * While the application runs, by a write to a {@link MutablePlanRepository}.
	 */
	STORED("stored"),

	/**
	 * While the application runs, by a write to a {@link MutablePlanRepository}, in the
	 * place of a fixed plan that may be overridden.
	 */
	OVERRIDE("override");

	private final String value;

	PlanSource(String value) {
		this.value = value;
	}

	/**
	 * Return the name used in the endpoint.
	 * @return the name in snake case
	 */
	public String value() {
		return this.value;
	}

}

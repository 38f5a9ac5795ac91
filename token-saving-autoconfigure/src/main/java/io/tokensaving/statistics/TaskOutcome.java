package io.tokensaving.statistics;

/**
 * How a task is known to have ended.
 */
enum TaskOutcome {

	/**
	 * The application reported a success.
	 */
	SUCCESS("success"),

	/**
	 * The application reported a failure.
	 */
	FAILURE("failure"),

	/**
	 * The answer satisfies the schema that was asked for, and nothing was reported before
	 * it arrived.
	 */
	VALID("valid"),

	/**
	 * The application reported a failure of a task that was counted as {@link #VALID}.
	 */
	VALID_FAILURE("valid_failure");

	private final String value;

	TaskOutcome(String value) {
		this.value = value;
	}

	String value() {
		return this.value;
	}

}

package io.tokensaving.plan;

/**
 * A setting of a plan has a value that is not accepted. Names the field, the value and
 * what is accepted, so that whoever typed it can mend it.
 */
public class InvalidPlanException extends IllegalArgumentException {

	private final String field;

	private final transient Object value;

	private final String accepted;

	/**
	 * Create a new exception.
	 * @param field the field in kebab case and relative to the plan, such as
	 * {@code compression.max-input-tokens}
	 * @param value the value that was refused
	 * @param accepted what is accepted, in words
	 */
	public InvalidPlanException(String field, Object value, String accepted) {
		super("'%s' has the value '%s', accepted is %s".formatted(field, value, accepted));
		this.field = field;
		this.value = value;
		this.accepted = accepted;
	}

	/**
	 * Return the field, in kebab case and relative to the plan.
	 * @return the field
	 */
	public String getField() {
		return this.field;
	}

	/**
	 * Return the value that was refused.
	 * @return the value
	 */
	public Object getValue() {
		return this.value;
	}

	/**
	 * Return what is accepted.
	 * @return the accepted values, in words
	 */
	public String getAccepted() {
		return this.accepted;
	}

}

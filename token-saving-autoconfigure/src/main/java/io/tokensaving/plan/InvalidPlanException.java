package io.tokensaving.plan;

import io.tokensaving.ForeignText;

/**
 * A setting of a plan is missing or has a value that is not accepted. Names the field,
 * the value and what is accepted, so that the user can correct it. The message shows only
 * the beginning of field and value, escaped.
 */
public class InvalidPlanException extends IllegalArgumentException {

	private final String field;

	private final transient Object value;

	private final boolean missing;

	private final String accepted;

	/**
	 * Create a new exception.
	 * @param field the field in kebab case and relative to the plan, such as
	 * {@code compression.max-input-tokens}
	 * @param value the value that was refused
	 * @param accepted what is accepted, in words
	 */
	public InvalidPlanException(String field, Object value, String accepted) {
		this(field, value, accepted, false);
	}

	private InvalidPlanException(String field, Object value, String accepted, boolean missing) {
		super(missing ? "'%s' is missing, accepted is %s".formatted(ForeignText.printable(field), accepted)
				: "'%s' has the value '%s', accepted is %s".formatted(ForeignText.printable(field),
						ForeignText.printable(value), accepted));
		this.field = field;
		this.value = value;
		this.accepted = accepted;
		this.missing = missing;
	}

	/**
	 * Create an exception for a required setting that is missing.
	 * @param field the field in kebab case and relative to the plan
	 * @param accepted what is accepted, in words
	 * @return the exception, whose value is an empty text
	 */
	public static InvalidPlanException missing(String field, String accepted) {
		return new InvalidPlanException(field, "", accepted, true);
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
	 * Whether the setting is missing.
	 * @return {@code true} if it is missing, {@code false} if its value was refused
	 */
	public boolean isMissing() {
		return this.missing;
	}

	/**
	 * Return what is accepted.
	 * @return the accepted values, in words
	 */
	public String getAccepted() {
		return this.accepted;
	}

}

package io.tokensaving.autoconfigure;

/**
 * A required configuration property is missing.
 */
final class MissingPropertyException extends RuntimeException {

	private final String property;

	private final String accepted;

	/**
	 * Create a new exception.
	 * @param property the name of the property
	 * @param accepted what is accepted, in words
	 */
	MissingPropertyException(String property, String accepted) {
		super("The configuration property '%s' is missing. Accepted is %s.".formatted(property, accepted));
		this.property = property;
		this.accepted = accepted;
	}

	String getProperty() {
		return this.property;
	}

	String getAccepted() {
		return this.accepted;
	}

}

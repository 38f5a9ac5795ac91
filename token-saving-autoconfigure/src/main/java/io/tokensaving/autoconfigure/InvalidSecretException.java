package io.tokensaving.autoconfigure;

/**
 * A property with a secret has an invalid value. Neither the message nor a cause contains
 * any part of the secret.
 */
class InvalidSecretException extends RuntimeException {

	private final String property;

	private final String description;

	private final String accepted;

	InvalidSecretException(String property, String description, String accepted) {
		super("The value of '%s' %s. %s".formatted(property, description, accepted));
		this.property = property;
		this.description = description;
		this.accepted = accepted;
	}

	String getProperty() {
		return this.property;
	}

	String getDescription() {
		return this.description;
	}

	String getAccepted() {
		return this.accepted;
	}

}

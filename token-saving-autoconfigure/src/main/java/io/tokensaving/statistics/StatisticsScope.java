package io.tokensaving.statistics;

/**
 * Whose requests are in figures.
 */
public enum StatisticsScope {

	/**
	 * Those of all instances of the application, of earlier ones too.
	 */
	SHARED("shared"),

	/**
	 * Those of this instance since it started.
	 */
	INSTANCE("instance");

	private final String value;

	StatisticsScope(String value) {
		this.value = value;
	}

	/**
	 * Return the name used in the endpoint.
	 * @return the name in lower case
	 */
	public String value() {
		return this.value;
	}

}

package io.tokensaving.sampling;

import java.util.Locale;

/**
 * What follows from an alarm for those whose quality is watched, until it is resumed.
 */
public enum QualityStanding {

	/**
	 * Nothing.
	 */
	OPEN,

	/**
	 * A dearer tier answers.
	 */
	RAISED,

	/**
	 * The tier does not answer any more.
	 */
	SUSPENDED;

	/**
	 * Return the name for figures.
	 * @return the name in lower case
	 */
	public String value() {
		return name().toLowerCase(Locale.ROOT);
	}

}

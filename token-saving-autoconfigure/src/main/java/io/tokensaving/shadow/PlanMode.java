package io.tokensaving.shadow;

import java.util.Locale;

/**
 * What a plan does to the requests that name it.
 */
public enum PlanMode {

	/**
	 * The plan serves and changes what its settings say.
	 */
	ACTIVE,

	/**
	 * Every request goes to the model as it is. What the plan would have done with it is
	 * computed in the background and shown.
	 */
	SHADOW,

	/**
	 * Every request goes to the model as it is, and what it costs is counted.
	 */
	OFF;

	/**
	 * Return the name used in plans.
	 * @return the name in lower case
	 */
	public String value() {
		return name().toLowerCase(Locale.ROOT);
	}

}

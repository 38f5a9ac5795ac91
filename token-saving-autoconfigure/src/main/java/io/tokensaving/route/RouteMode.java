package io.tokensaving.route;

/**
 * What a plan does with the choice of a classifier.
 */
public enum RouteMode {

	/**
	 * Nothing is chosen.
	 */
	OFF,

	/**
	 * The choice is made and logged; the model answers that the request was made for.
	 */
	SHADOW,

	/**
	 * The chosen tier answers.
	 */
	ACTIVE

}

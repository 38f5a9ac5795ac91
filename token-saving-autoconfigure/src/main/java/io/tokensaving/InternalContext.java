package io.tokensaving;

/**
 * Names the entries of a request's context that hold internal state. They are removed
 * from the context of the response, so they never reach the application.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public final class InternalContext {

	/**
	 * The prefix of the keys of all internal entries.
	 */
	public static final String PREFIX = "io.tokensaving.";

	private InternalContext() {
	}

}

package io.tokensaving.samples.gateway.key;

/**
 * What happens to keys with a quota while the database is away.
 */
public enum WhenUnavailable {

	/**
	 * What goes beyond the block in hand is refused.
	 */
	REFUSE,

	/**
	 * An instance goes on with its share of what was left: that, divided by the instances
	 * that ran.
	 */
	LOCAL

}

package io.tokensaving.autoconfigure;

/**
 * Matches if instances share in Redis what routing has learned.
 */
final class OnRedisRoutingCondition extends OnRedisRepositoryCondition {

	OnRedisRoutingCondition() {
		super("route-repository");
	}

}

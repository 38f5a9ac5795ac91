package io.tokensaving.autoconfigure;

/**
 * Matches if plans are stored in Redis.
 */
final class OnRedisPlansCondition extends OnRedisRepositoryCondition {

	OnRedisPlansCondition() {
		super("plan-repository");
	}

}

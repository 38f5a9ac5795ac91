package io.tokensaving.autoconfigure;

/**
 * Matches if statistics are kept in Redis.
 */
final class OnRedisStatisticsCondition extends OnRedisRepositoryCondition {

	OnRedisStatisticsCondition() {
		super("statistics.repository");
	}

}

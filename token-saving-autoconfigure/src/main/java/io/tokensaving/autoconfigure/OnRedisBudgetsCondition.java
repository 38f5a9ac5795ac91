package io.tokensaving.autoconfigure;

/**
 * Matches if budgets are kept in Redis.
 */
final class OnRedisBudgetsCondition extends OnRedisRepositoryCondition {

	OnRedisBudgetsCondition() {
		super("budget-repository");
	}

}

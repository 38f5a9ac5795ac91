package io.tokensaving.autoconfigure;

import java.util.List;

import io.tokensaving.autoconfigure.TokenSavingProperties.BudgetRepositoryType;

import org.springframework.boot.autoconfigure.condition.ConditionMessage;
import org.springframework.boot.autoconfigure.condition.ConditionOutcome;
import org.springframework.boot.autoconfigure.condition.SpringBootCondition;
import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.annotation.ConditionContext;
import org.springframework.core.env.Environment;
import org.springframework.core.type.AnnotatedTypeMetadata;

/**
 * Matches if budgets are kept in Redis: because the configuration says so, or because it
 * leaves it open and a plan caches in Redis.
 */
final class OnRedisBudgetsCondition extends SpringBootCondition {

	private static final List<String> BACKENDS = List.of("redis", "redis_semantic");

	@Override
	public ConditionOutcome getMatchOutcome(ConditionContext context, AnnotatedTypeMetadata metadata) {
		Environment environment = context.getEnvironment();
		BudgetRepositoryType type = type(environment);
		ConditionMessage.Builder message = ConditionMessage.forCondition("Budgets in Redis");
		return switch (type) {
			case REDIS -> ConditionOutcome.match(message.foundExactly("'token-saving.budget-repository' is 'redis'"));
			case IN_MEMORY ->
				ConditionOutcome.noMatch(message.because("'token-saving.budget-repository' is 'in_memory'"));
			case AUTO ->
				BACKENDS.stream().anyMatch((backend) -> OnCacheBackendCondition.isSelected(environment, backend))
						? ConditionOutcome.match(message.because("a plan caches in Redis"))
						: ConditionOutcome.noMatch(message.because("no plan caches in Redis"));
		};
	}

	private static BudgetRepositoryType type(Environment environment) {
		try {
			return Binder.get(environment)
				.bind(TokenSavingProperties.PREFIX + ".budget-repository", BudgetRepositoryType.class)
				.orElse(BudgetRepositoryType.AUTO);
		}
		catch (BindException ex) {
			// Binding the properties will fail too, and report the error
			return BudgetRepositoryType.IN_MEMORY;
		}
	}

}

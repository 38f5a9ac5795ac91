package io.tokensaving.autoconfigure;

import java.util.List;

import org.springframework.boot.autoconfigure.condition.ConditionMessage;
import org.springframework.boot.autoconfigure.condition.ConditionOutcome;
import org.springframework.boot.autoconfigure.condition.SpringBootCondition;
import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.annotation.ConditionContext;
import org.springframework.core.env.Environment;
import org.springframework.core.type.AnnotatedTypeMetadata;

/**
 * Matches if something is kept in Redis: because a property says so, or because it leaves
 * it open and a plan caches in Redis.
 */
abstract class OnRedisRepositoryCondition extends SpringBootCondition {

	private static final List<String> BACKENDS = List.of("redis", "redis_semantic");

	private final String property;

	/**
	 * Create a condition.
	 * @param property the name of the property, without the prefix
	 */
	OnRedisRepositoryCondition(String property) {
		this.property = TokenSavingProperties.PREFIX + "." + property;
	}

	@Override
	public final ConditionOutcome getMatchOutcome(ConditionContext context, AnnotatedTypeMetadata metadata) {
		ConditionMessage.Builder message = ConditionMessage.forCondition("Token Saving '" + this.property + "'");
		Environment environment = context.getEnvironment();
		RepositoryType type;
		try {
			type = Binder.get(environment).bind(this.property, RepositoryType.class).orElse(RepositoryType.AUTO);
		}
		catch (BindException ex) {
			// The error is reported by name and value when the properties are bound
			return ConditionOutcome.noMatch(message.because("it is not valid"));
		}
		if (type != RepositoryType.AUTO) {
			return new ConditionOutcome(type == RepositoryType.REDIS, message.because("it is '" + type + "'"));
		}
		boolean selected = BACKENDS.stream().anyMatch((name) -> OnCacheBackendCondition.isSelected(environment, name));
		return new ConditionOutcome(selected, message.because((selected ? "a" : "no") + " plan caches in Redis"));
	}

}

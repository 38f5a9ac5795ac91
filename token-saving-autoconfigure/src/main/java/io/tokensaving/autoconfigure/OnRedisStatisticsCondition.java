package io.tokensaving.autoconfigure;

import java.util.List;

import io.tokensaving.autoconfigure.StatisticsProperties.Backend;

import org.springframework.boot.autoconfigure.condition.ConditionMessage;
import org.springframework.boot.autoconfigure.condition.ConditionOutcome;
import org.springframework.boot.autoconfigure.condition.SpringBootCondition;
import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.annotation.ConditionContext;
import org.springframework.core.env.Environment;
import org.springframework.core.type.AnnotatedTypeMetadata;

/**
 * Matches if statistics are kept in Redis: because the properties say so, or because they
 * leave it open and a plan caches in Redis.
 */
final class OnRedisStatisticsCondition extends SpringBootCondition {

	private static final String PROPERTY = TokenSavingProperties.PREFIX + ".statistics.repository";

	private static final List<String> REDIS_BACKENDS = List.of("redis", "redis_semantic");

	@Override
	public ConditionOutcome getMatchOutcome(ConditionContext context, AnnotatedTypeMetadata metadata) {
		ConditionMessage.Builder message = ConditionMessage.forCondition("Token Saving statistics in Redis");
		Environment environment = context.getEnvironment();
		Backend backend;
		try {
			backend = Binder.get(environment).bind(PROPERTY, Backend.class).orElse(Backend.AUTO);
		}
		catch (BindException ex) {
			// The error is reported by name and value when the properties are bound
			return ConditionOutcome.noMatch(message.because("'" + PROPERTY + "' is not valid"));
		}
		if (backend != Backend.AUTO) {
			return new ConditionOutcome(backend == Backend.REDIS, message.because("'" + PROPERTY + "' is " + backend));
		}
		boolean selected = REDIS_BACKENDS.stream()
			.anyMatch((name) -> OnCacheBackendCondition.isSelected(environment, name));
		return new ConditionOutcome(selected, message.because((selected ? "a" : "no") + " plan caches in Redis"));
	}

}

package io.tokensaving.autoconfigure;

import java.util.List;

import io.tokensaving.autoconfigure.TokenSavingProperties.StatisticsBackend;

import org.springframework.boot.autoconfigure.condition.ConditionMessage;
import org.springframework.boot.autoconfigure.condition.ConditionOutcome;
import org.springframework.boot.autoconfigure.condition.SpringBootCondition;
import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.annotation.ConditionContext;
import org.springframework.core.env.Environment;
import org.springframework.core.type.AnnotatedTypeMetadata;

/**
 * Whether statistics are kept in Redis: if the properties say so, or leave it open and a
 * plan caches there.
 */
final class OnRedisStatisticsCondition extends SpringBootCondition {

	private static final String PROPERTY = TokenSavingProperties.PREFIX + ".statistics.repository";

	private static final List<String> REDIS_BACKENDS = List.of("redis", "redis_semantic");

	@Override
	public ConditionOutcome getMatchOutcome(ConditionContext context, AnnotatedTypeMetadata metadata) {
		ConditionMessage.Builder message = ConditionMessage.forCondition("Token Saving statistics in Redis");
		Environment environment = context.getEnvironment();
		StatisticsBackend backend;
		try {
			backend = Binder.get(environment).bind(PROPERTY, StatisticsBackend.class).orElse(StatisticsBackend.AUTO);
		}
		catch (BindException ex) {
			// Reported by name and value when all properties are read
			return ConditionOutcome.noMatch(message.because("'" + PROPERTY + "' is not valid"));
		}
		if (backend != StatisticsBackend.AUTO) {
			return new ConditionOutcome(backend == StatisticsBackend.REDIS,
					message.because("'" + PROPERTY + "' is " + backend));
		}
		boolean selected = REDIS_BACKENDS.stream()
			.anyMatch((name) -> OnCacheBackendCondition.isSelected(environment, name));
		return new ConditionOutcome(selected, message.because((selected ? "a" : "no") + " plan caches in Redis"));
	}

}

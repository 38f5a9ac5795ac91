package io.tokensaving.autoconfigure;

import java.util.Map;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.autoconfigure.condition.ConditionMessage;
import org.springframework.boot.autoconfigure.condition.ConditionOutcome;
import org.springframework.boot.autoconfigure.condition.SpringBootCondition;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.annotation.ConditionContext;
import org.springframework.core.env.Environment;
import org.springframework.core.type.AnnotatedTypeMetadata;
import org.springframework.util.Assert;

/**
 * Looks for a plan with the backend of {@link ConditionalOnCacheBackend}. Binds only the
 * backends, so that other errors in a plan are reported later, as usual.
 */
final class OnCacheBackendCondition extends SpringBootCondition {

	@Override
	public ConditionOutcome getMatchOutcome(ConditionContext context, AnnotatedTypeMetadata metadata) {
		Map<String, @Nullable Object> attributes = metadata
			.getAnnotationAttributes(ConditionalOnCacheBackend.class.getName());
		Object backend = (attributes != null) ? attributes.get("value") : null;
		Assert.state(backend != null, "The annotation must be there");
		ConditionMessage.Builder message = ConditionMessage.forCondition(ConditionalOnCacheBackend.class, backend);
		for (Map.Entry<String, PlanBackend> plan : plans(context.getEnvironment()).entrySet()) {
			CacheBackend cache = plan.getValue().cache();
			if (cache != null && backend.equals(cache.backend())) {
				return ConditionOutcome.match(message.foundExactly("plan '" + plan.getKey() + "'"));
			}
		}
		return ConditionOutcome.noMatch(message.because("no plan selects it"));
	}

	/**
	 * Whether at least one plan of an environment caches in a backend.
	 * @param environment the environment
	 * @param backend the backend
	 * @return whether there is such a plan
	 */
	static boolean isSelected(Environment environment, String backend) {
		return plans(environment).values()
			.stream()
			.map(PlanBackend::cache)
			.anyMatch((cache) -> cache != null && backend.equals(cache.backend()));
	}

	private static Map<String, PlanBackend> plans(Environment environment) {
		return Binder.get(environment)
			.bind(TokenSavingProperties.PREFIX + ".plans", Bindable.mapOf(String.class, PlanBackend.class))
			.orElseGet(Map::of);
	}

	/**
	 * The part of a plan that names its backend.
	 *
	 * @param cache the part of its cache settings
	 */
	record PlanBackend(@Nullable CacheBackend cache) {

	}

	/**
	 * The part of the cache settings that names the backend.
	 *
	 * @param backend the backend
	 */
	record CacheBackend(@Nullable String backend) {

	}

}

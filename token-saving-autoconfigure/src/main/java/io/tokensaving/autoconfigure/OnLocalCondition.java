package io.tokensaving.autoconfigure;

import java.util.Arrays;
import java.util.List;

import org.springframework.boot.autoconfigure.condition.ConditionMessage;
import org.springframework.boot.autoconfigure.condition.ConditionOutcome;
import org.springframework.boot.autoconfigure.condition.SpringBootCondition;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.annotation.ConditionContext;
import org.springframework.core.env.Environment;
import org.springframework.core.type.AnnotatedTypeMetadata;

/**
 * Matches if local models are enabled and a profile is active in which they answer.
 */
final class OnLocalCondition extends SpringBootCondition {

	@Override
	public ConditionOutcome getMatchOutcome(ConditionContext context, AnnotatedTypeMetadata metadata) {
		Environment environment = context.getEnvironment();
		LocalProperties properties = read(environment);
		List<String> profiles = properties.activeProfiles(profiles(environment));
		return new ConditionOutcome(!profiles.isEmpty(),
				ConditionMessage.forCondition("Local models")
					.because("'" + LocalProperties.PREFIX + ".enabled' is " + properties.isEnabled()
							+ ", and active of its profiles are " + profiles));
	}

	static LocalProperties read(Environment environment) {
		return Binder.get(environment)
			.bind(LocalProperties.PREFIX, LocalProperties.class)
			.orElseGet(LocalProperties::new);
	}

	static List<String> profiles(Environment environment) {
		String[] active = environment.getActiveProfiles();
		return Arrays.asList((active.length > 0) ? active : environment.getDefaultProfiles());
	}

}

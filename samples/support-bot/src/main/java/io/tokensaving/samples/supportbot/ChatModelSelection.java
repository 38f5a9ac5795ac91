package io.tokensaving.samples.supportbot;

import java.util.Map;

import org.springframework.boot.EnvironmentPostProcessor;
import org.springframework.boot.SpringApplication;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.MapPropertySource;
import org.springframework.util.StringUtils;

/**
 * Selects the model: that of OpenAI where its key is given, otherwise the one for
 * demonstration. What the application or a profile says itself wins.
 */
class ChatModelSelection implements EnvironmentPostProcessor {

	/**
	 * Spring AI's property that selects among the models on the class path.
	 */
	static final String PROPERTY = "spring.ai.model.chat";

	/**
	 * The value for the model for demonstration.
	 */
	static final String DEMONSTRATION = "demonstration";

	@Override
	public void postProcessEnvironment(ConfigurableEnvironment environment, SpringApplication application) {
		boolean hasKey = StringUtils.hasText(environment.getProperty("spring.ai.openai.api-key"))
				|| StringUtils.hasText(environment.getProperty("OPENAI_API_KEY"));
		environment.getPropertySources()
			.addLast(new MapPropertySource("chatModelSelection", Map.of(PROPERTY, hasKey ? "openai" : DEMONSTRATION)));
	}

}

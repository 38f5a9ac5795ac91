package io.tokensaving.samples.supportbot;

import java.util.Map;

import org.springframework.boot.EnvironmentPostProcessor;
import org.springframework.boot.SpringApplication;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.MapPropertySource;
import org.springframework.util.StringUtils;

/**
 * Selects the model of Spring AI: that of OpenAI where its key is given, otherwise none,
 * which leaves the place to the one for demonstration. What a profile or the application
 * says itself wins.
 */
class ChatModelSelection implements EnvironmentPostProcessor {

	/**
	 * Spring AI's property that selects among the models on the class path.
	 */
	static final String PROPERTY = "spring.ai.model.chat";

	@Override
	public void postProcessEnvironment(ConfigurableEnvironment environment, SpringApplication application) {
		// Spring AI reads OPENAI_API_KEY itself where its own property is not set
		boolean hasKey = StringUtils.hasText(environment.getProperty("spring.ai.openai.api-key"))
				|| StringUtils.hasText(environment.getProperty("OPENAI_API_KEY"));
		environment.getPropertySources()
			.addLast(new MapPropertySource("chatModelSelection", Map.of(PROPERTY, hasKey ? "openai" : "none")));
	}

}

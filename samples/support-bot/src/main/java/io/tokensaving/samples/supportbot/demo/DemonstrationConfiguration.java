package io.tokensaving.samples.supportbot.demo;

import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * The model for demonstration, where no real one is selected.
 */
@Configuration(proxyBeanMethods = false)
class DemonstrationConfiguration {

	@Bean
	@ConditionalOnProperty(name = "spring.ai.model.chat", havingValue = "demonstration")
	DemonstrationChatModel demonstrationChatModel() {
		return new DemonstrationChatModel(SupportQuestions.load());
	}

}

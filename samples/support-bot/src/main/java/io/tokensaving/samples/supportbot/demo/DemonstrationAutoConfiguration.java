package io.tokensaving.samples.supportbot.demo;

import org.springframework.ai.chat.model.ChatModel;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;

/**
 * The model for demonstration, where there is no other. An auto-configuration, because
 * only after those of the real models is it known whether there is one.
 */
@AutoConfiguration(afterName = { "org.springframework.ai.model.openai.autoconfigure.OpenAiChatAutoConfiguration",
		"org.springframework.ai.model.ollama.autoconfigure.OllamaChatAutoConfiguration" })
final class DemonstrationAutoConfiguration {

	@Bean
	@ConditionalOnMissingBean(ChatModel.class)
	DemonstrationChatModel demonstrationChatModel() {
		return new DemonstrationChatModel(SupportQuestions.load());
	}

}

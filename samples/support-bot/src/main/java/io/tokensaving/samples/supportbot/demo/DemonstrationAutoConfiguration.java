package io.tokensaving.samples.supportbot.demo;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.binder.MeterBinder;

import org.springframework.ai.chat.model.ChatModel;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;

/**
 * The model for demonstration, where there is no other. An auto-configuration, because
 * only after those of the real models is it known whether there is one.
 */
@AutoConfiguration(afterName = { "org.springframework.ai.model.openai.autoconfigure.OpenAiChatAutoConfiguration",
		"org.springframework.ai.model.ollama.autoconfigure.OllamaChatAutoConfiguration" })
@EnableConfigurationProperties(DemonstrationProperties.class)
final class DemonstrationAutoConfiguration {

	@Bean
	@ConditionalOnMissingBean(ChatModel.class)
	DemonstrationChatModel demonstrationChatModel(DemonstrationProperties properties) {
		return new DemonstrationChatModel(SupportQuestions.load(), properties.latency());
	}

	@Bean
	@ConditionalOnBean(DemonstrationChatModel.class)
	MeterBinder demonstrationChatModelMeters(DemonstrationChatModel model) {
		// Counted by the model, so that it can be held against what token saving counts
		return (registry) -> FunctionCounter.builder("supportbot.model.calls", model, DemonstrationChatModel::calls)
			.description("Calls and streams of the model for demonstration")
			.register(registry);
	}

}

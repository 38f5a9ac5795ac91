package io.tokensaving.samples.supportbot.routing;

import io.tokensaving.simulator.ModelCatalog;
import io.tokensaving.simulator.Provider;
import io.tokensaving.simulator.ProviderSimulator;
import io.tokensaving.simulator.quality.KnownModels;
import io.tokensaving.simulator.quality.KnownQuestions;

import org.springframework.ai.anthropic.AnthropicChatModel;
import org.springframework.ai.anthropic.AnthropicChatOptions;
import org.springframework.ai.openai.OpenAiChatModel;
import org.springframework.ai.openai.OpenAiChatOptions;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Profile;

/**
 * Spring AI's models in front of simulated providers, which run in this process: a strong
 * one, a cheap one and one that judges.
 */
@Configuration(proxyBeanMethods = false)
@Profile(RoutingModelsConfiguration.PROFILE)
class RoutingModelsConfiguration {

	static final String PROFILE = "routing";

	private static final int QUESTIONS = 2000;

	private static final long SEED = 1;

	@Bean
	KnownQuestions knownQuestions() {
		return KnownQuestions.of(SEED, QUESTIONS);
	}

	@Bean
	ProviderSimulator providerSimulator(KnownQuestions questions) {
		return ProviderSimulator.builder()
			.models(KnownModels.addTo(ModelCatalog.builtIn()))
			.respondWith(KnownModels.of(questions, SEED))
			.start();
	}

	@Bean
	AnthropicChatModel strongChatModel(ProviderSimulator simulator) {
		AnthropicChatOptions.Builder options = AnthropicChatOptions.builder();
		options.baseUrl(simulator.baseUrl(Provider.ANTHROPIC));
		options.apiKey("simulated");
		options.model(KnownModels.LARGE);
		options.maxTokens(500);
		return AnthropicChatModel.builder().options(options.build()).build();
	}

	@Bean
	OpenAiChatModel cheapChatModel(ProviderSimulator simulator) {
		return openAi(simulator, KnownModels.SMALL);
	}

	@Bean
	OpenAiChatModel judgeChatModel(ProviderSimulator simulator) {
		return openAi(simulator, KnownModels.JUDGE);
	}

	private static OpenAiChatModel openAi(ProviderSimulator simulator, String model) {
		OpenAiChatOptions.Builder options = OpenAiChatOptions.builder();
		options.baseUrl(simulator.baseUrl(Provider.OPENAI));
		options.apiKey("simulated");
		options.model(model);
		return OpenAiChatModel.builder().options(options.build()).build();
	}

}

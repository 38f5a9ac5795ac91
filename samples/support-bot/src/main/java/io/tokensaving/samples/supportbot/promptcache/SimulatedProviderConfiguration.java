package io.tokensaving.samples.supportbot.promptcache;

import io.tokensaving.simulator.Provider;
import io.tokensaving.simulator.ProviderSimulator;

import org.springframework.ai.anthropic.AnthropicChatModel;
import org.springframework.ai.anthropic.AnthropicChatOptions;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Profile;

/**
 * Spring AI's model for Anthropic in front of a simulated provider, which runs in this
 * process.
 */
@Configuration(proxyBeanMethods = false)
@Profile(SimulatedProviderConfiguration.PROFILE)
class SimulatedProviderConfiguration {

	static final String PROFILE = "prompt-cache";

	@Bean
	ProviderSimulator providerSimulator() {
		return ProviderSimulator.builder().start();
	}

	@Bean
	AnthropicChatModel simulatedChatModel(ProviderSimulator simulator) {
		AnthropicChatOptions.Builder options = AnthropicChatOptions.builder();
		options.baseUrl(simulator.baseUrl(Provider.ANTHROPIC));
		options.apiKey("simulated");
		options.model("claude-sonnet-5");
		options.maxTokens(500);
		return AnthropicChatModel.builder().options(options.build()).build();
	}

}

package io.tokensaving.samples.supportbot.batch;

import java.net.URI;
import java.time.Clock;
import java.util.HashMap;
import java.util.Map;

import io.tokensaving.simulator.ManualClock;
import io.tokensaving.simulator.ProviderSimulator;
import io.tokensaving.simulator.quality.KnownIntents;

import org.springframework.ai.openai.OpenAiChatModel;
import org.springframework.ai.openai.OpenAiChatOptions;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.ApplicationArguments;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Lazy;
import org.springframework.context.annotation.Profile;

/**
 * Spring AI's model for OpenAI in front of a simulated provider: the one that
 * {@code --simulator} names, or one in this process, where an hour passes in 18 seconds.
 */
@Configuration(proxyBeanMethods = false)
@Profile(BatchOptions.ARGUMENT)
class BatchModelConfiguration {

	private static final double SPEED = 200;

	@Bean
	BatchOptions batchOptions(ApplicationArguments arguments) {
		BatchOptions options = BatchOptions.parse(arguments);
		if (options == null) {
			throw new IllegalStateException(
					"The profile '%1$s' is for the argument --%1$s".formatted(BatchOptions.ARGUMENT));
		}
		return options;
	}

	@Bean
	@Lazy
	ProviderSimulator providerSimulator(BatchOptions options) {
		Map<String, String> intents = new HashMap<>();
		options.known().forEach((question) -> intents.put(question.text(), question.intent()));
		return ProviderSimulator.builder()
			.clock(ManualClock.ticking(Clock.systemUTC(), SPEED))
			.respondWith(KnownIntents.of(intents))
			.start();
	}

	@Bean
	SimulatedProvider simulatedProvider(BatchOptions options, ObjectProvider<ProviderSimulator> simulator) {
		URI address = options.simulator();
		return new SimulatedProvider(
				(address != null) ? address : URI.create("http://127.0.0.1:" + simulator.getObject().port()));
	}

	@Bean
	OpenAiChatModel batchChatModel(SimulatedProvider provider) {
		OpenAiChatOptions.Builder options = OpenAiChatOptions.builder();
		options.baseUrl(provider.openAi());
		options.apiKey("simulated");
		options.model("gpt-5-nano");
		return OpenAiChatModel.builder().options(options.build()).build();
	}

}

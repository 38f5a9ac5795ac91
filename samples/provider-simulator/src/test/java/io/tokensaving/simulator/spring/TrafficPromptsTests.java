package io.tokensaving.simulator.spring;

import java.time.Duration;
import java.util.List;

import io.tokensaving.simulator.Bill;
import io.tokensaving.simulator.CacheRules;
import io.tokensaving.simulator.ManualClock;
import io.tokensaving.simulator.Provider;
import io.tokensaving.simulator.ProviderSimulator;
import io.tokensaving.simulator.SimulatedRequest;
import io.tokensaving.simulator.TokenKind;
import io.tokensaving.simulator.traffic.CacheStrategy;
import io.tokensaving.simulator.traffic.TrafficRequest;
import io.tokensaving.simulator.traffic.TrafficRun;
import io.tokensaving.simulator.traffic.TrafficShape;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.ai.anthropic.AnthropicCacheOptions;
import org.springframework.ai.anthropic.AnthropicCacheStrategy;
import org.springframework.ai.anthropic.AnthropicCacheTtl;
import org.springframework.ai.anthropic.AnthropicChatModel;
import org.springframework.ai.anthropic.AnthropicChatOptions;
import org.springframework.ai.chat.messages.MessageType;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.openai.OpenAiChatModel;
import org.springframework.ai.openai.OpenAiChatOptions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

/** Made-up traffic through Spring AI's own models and strategies. */
class TrafficPromptsTests {

	private static AnthropicCacheOptions options(String strategy) {
		AnthropicCacheOptions.Builder options = AnthropicCacheOptions.builder();
		switch (strategy) {
			case "S+T" -> options.strategy(AnthropicCacheStrategy.SYSTEM_AND_TOOLS);
			case "CH" -> options.strategy(AnthropicCacheStrategy.CONVERSATION_HISTORY).cacheToolResults(true);
			case "CH1h" -> options.strategy(AnthropicCacheStrategy.CONVERSATION_HISTORY)
				.cacheToolResults(true)
				.messageTypeTtl(MessageType.SYSTEM, AnthropicCacheTtl.ONE_HOUR);
			default -> options.strategy(AnthropicCacheStrategy.NONE);
		}
		return options.build();
	}

	@ParameterizedTest
	@CsvSource({ "agent, CH", "agent-parallel-tools, CH", "agent-memory-tail, CH1h", "users-8-turns, S+T",
			"chat-window, CH", "image-added-and-removed, CH", "bursts, CH1h", "tools-random, none" })
	void springAisStrategiesCostWhatTheFixedOnesDo(String shape, String strategy) {
		List<TrafficRequest> requests = TrafficShape.named(shape).requests(2, 1).subList(0, 25);
		TrafficRun run = TrafficRun.of(requests, CacheStrategy.fixed().get(strategy), CacheRules.defaults(), 1024, 1);
		ManualClock clock = ManualClock.startingAt(requests.get(0).at());
		try (ProviderSimulator simulator = ProviderSimulator.builder()
			.clock(clock)
			.rules(CacheRules.defaults().timeToFirstToken(TrafficRun.TIME_TO_FIRST_TOKEN))
			.start()) {
			AnthropicChatModel model = AnthropicChatModel.builder()
				.options(AnthropicChatOptions.builder()
					.baseUrl(simulator.baseUrl(Provider.ANTHROPIC))
					.apiKey("key")
					.model(TrafficRequest.MODEL)
					.maxTokens(100)
					.maxRetries(0)
					.cacheOptions(options(strategy))
					.build())
				.build();
			for (TrafficRequest request : requests) {
				clock.advance(Duration.between(clock.instant(), request.at()));
				model.call(new Prompt(TrafficPrompts.messages(request),
						model.getOptions().mutate().toolCallbacks(TrafficPrompts.tools(request)).build()));
			}
			Bill bill = simulator.bill();
			assertThat(bill.requests()).isEqualTo(run.requests());
			double input = bill.usd().subtract(bill.usdByKind().get(TokenKind.OUTPUT)).doubleValue();
			double plain = bill.withoutCachingUsd().subtract(bill.usdByKind().get(TokenKind.OUTPUT)).doubleValue();
			assertThat(input / plain).isCloseTo(run.cost(), within(0.005));
			assertThat(bill.hitRate()).isCloseTo(run.hitRate(), within(0.005));
		}
	}

	@Test
	void openAiTakesThemToo() {
		try (ProviderSimulator simulator = ProviderSimulator.builder().start()) {
			OpenAiChatModel model = OpenAiChatModel.builder()
				.options(OpenAiChatOptions.builder()
					.baseUrl(simulator.baseUrl(Provider.OPENAI))
					.apiKey("key")
					.model("gpt-5.1")
					.maxRetries(0)
					.build())
				.build();
			for (TrafficShape shape : TrafficShape.all()) {
				TrafficRequest request = shape.requests(1, 1).get(8);
				model.call(new Prompt(TrafficPrompts.messages(request),
						model.getOptions().mutate().toolCallbacks(TrafficPrompts.tools(request)).build()));
			}
			assertThat(simulator.requests()).hasSameSizeAs(TrafficShape.all())
				.allMatch((request) -> request.outcome() == SimulatedRequest.Outcome.ANSWERED);
		}
	}

}

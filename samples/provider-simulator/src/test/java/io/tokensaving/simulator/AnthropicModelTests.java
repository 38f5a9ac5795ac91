package io.tokensaving.simulator;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import com.anthropic.models.messages.MessageDeltaUsage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import org.springframework.ai.anthropic.AnthropicCacheOptions;
import org.springframework.ai.anthropic.AnthropicCacheStrategy;
import org.springframework.ai.anthropic.AnthropicCacheTtl;
import org.springframework.ai.anthropic.AnthropicChatModel;
import org.springframework.ai.anthropic.AnthropicChatOptions;
import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.messages.MessageType;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.metadata.Usage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.tool.function.FunctionToolCallback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Spring AI's model of Anthropic against the simulator. */
class AnthropicModelTests {

	private final ManualClock clock = ManualClock.standing();

	private final ProviderSimulator simulator = ProviderSimulator.builder().clock(this.clock).start();

	private final AnthropicChatModel model = model(AnthropicCacheOptions.disabled());

	@AfterEach
	void close() {
		this.simulator.close();
	}

	private AnthropicChatModel model(AnthropicCacheOptions cacheOptions) {
		return AnthropicChatModel.builder()
			.options(AnthropicChatOptions.builder()
				.baseUrl(this.simulator.baseUrl(Provider.ANTHROPIC))
				.apiKey("key")
				.model("claude-sonnet-5")
				.maxTokens(500)
				.maxRetries(0)
				.cacheOptions(cacheOptions)
				.build())
			.build();
	}

	@Test
	void calls() {
		this.simulator.enqueue(Answer.text("Hello there."));
		ChatResponse response = this.model.call(new Prompt("Hello, who are you?"));
		assertThat(response.getResult().getOutput().getText()).isEqualTo("Hello there.");
		assertThat(response.getResult().getMetadata().getFinishReason()).isEqualTo("end_turn");
		assertThat(response.getMetadata().getUsage().getPromptTokens()).isEqualTo(5);
		assertThat(response.getMetadata().getUsage().getCompletionTokens()).isEqualTo(3);
		SimulatedRequest request = this.simulator.lastRequest();
		assertThat(request.outcome()).isEqualTo(SimulatedRequest.Outcome.ANSWERED);
		assertThat(request.model()).isEqualTo("claude-sonnet-5");
		assertThat(request.json().path("messages").get(0).path("content").asString()).isEqualTo("Hello, who are you?");
	}

	@Test
	void streams() {
		this.simulator.enqueue(Answer.builder().text("One two three four five.").piece(7).build());
		List<ChatResponse> responses = this.model.stream(new Prompt("Count to five")).collectList().block();
		assertThat(responses).isNotNull();
		StringBuilder text = new StringBuilder();
		responses.forEach((response) -> text.append(response.getResult().getOutput().getText()));
		assertThat(text).hasToString("One two three four five.");
		assertThat(responses).hasSize(5);
		Usage usage = responses.get(4).getMetadata().getUsage();
		assertThat(usage.getPromptTokens()).isEqualTo(4);
		assertThat(usage.getCompletionTokens()).isEqualTo(6);
		assertThat(usage.getNativeUsage()).isInstanceOf(MessageDeltaUsage.class);
		assertThat(this.simulator.lastRequest().stream()).isTrue();
		assertThat(this.simulator.lastRequest().bill().usd()).isEqualByComparingTo("0.000068");
	}

	@Test
	void callsToolsInCallsAndStreams() {
		List<String> asked = new ArrayList<>();
		ChatClient client = ChatClient.create(this.model);
		this.simulator.enqueue(Answer.builder().text("Let me look.").toolCall("weather", "{\"city\":\"Bern\"}").build(),
				Answer.text("Rain."), Answer.toolCall("weather", "{\"city\":\"Genf\"}"), Answer.text("Sun."));
		FunctionToolCallback<City, String> tool = FunctionToolCallback.builder("weather", (City city) -> {
			asked.add(city.city());
			return "rain";
		}).description("Tells the weather").inputType(City.class).build();
		assertThat(client.prompt().user("How is Bern?").tools(tool).call().content()).isEqualTo("Rain.");
		assertThat(String.join("",
				client.prompt().user("How is Genf?").tools(tool).stream().content().collectList().block()))
			.isEqualTo("Sun.");
		assertThat(asked).containsExactly("Bern", "Genf");
		assertThat(this.simulator.requests()).hasSize(4)
			.allMatch((request) -> request.outcome() == SimulatedRequest.Outcome.ANSWERED);
	}

	@Test
	void marksAreWrittenAndReadAndTheUsageSaysSo() {
		AnthropicChatModel marking = model(AnthropicCacheOptions.builder()
			.strategy(AnthropicCacheStrategy.SYSTEM_ONLY)
			.messageTypeTtl(MessageType.SYSTEM, AnthropicCacheTtl.ONE_HOUR)
			.build());
		Prompt prompt = new Prompt(
				List.of(new SystemMessage(Texts.ofTokens("rule", 2000)), new UserMessage("12345678")));
		Usage first = marking.call(prompt).getMetadata().getUsage();
		assertThat(first.getCacheWriteInputTokens()).isEqualTo(2000);
		assertThat(((com.anthropic.models.messages.Usage) first.getNativeUsage()).cacheCreation()
			.orElseThrow()
			.ephemeral1hInputTokens()).isEqualTo(2000);
		this.clock.advance(Duration.ofMinutes(59));
		Usage second = marking.call(prompt).getMetadata().getUsage();
		assertThat(second.getCacheReadInputTokens()).isEqualTo(2000);
		assertThat(second.getPromptTokens()).isEqualTo(2);
		List<ChatResponse> streamed = marking.stream(prompt).collectList().block();
		assertThat(streamed).isNotNull();
		assertThat(streamed.get(streamed.size() - 1).getMetadata().getUsage().getCacheReadInputTokens())
			.isEqualTo(2000);
	}

	@Test
	void strategiesWithRisingLifetimesAreRejected() {
		AnthropicChatModel rising = model(AnthropicCacheOptions.builder()
			.strategy(AnthropicCacheStrategy.CONVERSATION_HISTORY)
			.messageTypeTtl(MessageType.USER, AnthropicCacheTtl.ONE_HOUR)
			.build());
		Prompt prompt = new Prompt(List.of(new SystemMessage("Be brief."), new UserMessage("Why?")));
		assertThatThrownBy(() -> rising.call(prompt)).hasMessageContaining("must not come after a ttl='5m'");
		assertThat(this.simulator.lastRequest().status()).isEqualTo(400);
		assertThat(this.simulator.bill().requests()).isZero();
	}

	@Test
	void errorsAreThrown() {
		this.simulator.enqueue(Answer.error(SimulatedError.rateLimited(Duration.ofSeconds(7))),
				Answer.error(SimulatedError.Kind.OVERLOADED), Answer.error(SimulatedError.Kind.BAD_GATEWAY));
		Prompt prompt = new Prompt("Hello");
		assertThatThrownBy(() -> this.model.call(prompt)).hasMessageContaining("429");
		assertThatThrownBy(() -> this.model.stream(prompt).collectList().block()).hasMessageContaining("529");
		assertThatThrownBy(() -> this.model.call(prompt)).hasMessageContaining("502");
		assertThat(this.simulator.requests()).extracting(SimulatedRequest::status).containsExactly(429, 529, 502);
	}

	@Test
	void cutStreamsFail() {
		this.simulator.enqueue(
				Answer.builder().text("One two three four").piece(4).cutAfter(5, Answer.Cut.CONNECTION).build(),
				Answer.builder()
					.text("One two three four")
					.piece(4)
					.error(SimulatedError.of(SimulatedError.Kind.OVERLOADED))
					.cutAfter(5, Answer.Cut.ERROR_EVENT)
					.build());
		Prompt prompt = new Prompt("Hello");
		List<String> seen = new ArrayList<>();
		for (int attempt = 0; attempt < 2; attempt++) {
			assertThatThrownBy(() -> this.model.stream(prompt)
				.doOnNext((response) -> seen.add(response.getResult().getOutput().getText()))
				.blockLast()).isInstanceOf(RuntimeException.class);
		}
		assertThat(seen).containsExactly("One ", "two ", "One ", "two ");
		assertThat(this.simulator.requests()).allMatch((request) -> request.outcome() == SimulatedRequest.Outcome.CUT
				&& request.bill().tokens(TokenKind.OUTPUT) == 2);
	}

	record City(String city) {

	}

}

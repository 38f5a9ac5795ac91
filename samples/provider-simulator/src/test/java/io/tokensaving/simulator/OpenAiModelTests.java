package io.tokensaving.simulator;

import java.net.InetSocketAddress;
import java.net.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import com.openai.models.completions.CompletionUsage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.metadata.Usage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.openai.OpenAiChatModel;
import org.springframework.ai.openai.OpenAiChatOptions;
import org.springframework.ai.tool.function.FunctionToolCallback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Spring AI's model of OpenAI against the simulator as OpenAI and as DeepSeek. */
class OpenAiModelTests {

	private final ManualClock clock = ManualClock.standing();

	private final ProviderSimulator simulator = ProviderSimulator.builder().clock(this.clock).start();

	@AfterEach
	void close() {
		this.simulator.close();
	}

	private OpenAiChatOptions.Builder options(Provider provider, String model) {
		return OpenAiChatOptions.builder()
			.baseUrl(this.simulator.baseUrl(provider))
			.apiKey("key")
			.model(model)
			.maxRetries(0);
	}

	private OpenAiChatModel model(OpenAiChatOptions options) {
		return OpenAiChatModel.builder().options(options).build();
	}

	private static Prompt longPrompt() {
		return new Prompt(List.of(new SystemMessage(Texts.ofTokens("rule", 2000)), new UserMessage("12345678")));
	}

	private static Usage last(List<ChatResponse> responses) {
		return responses.get(responses.size() - 1).getMetadata().getUsage();
	}

	@Test
	void calls() {
		this.simulator.enqueue(Answer.text("Hello there."));
		ChatResponse response = model(options(Provider.OPENAI, "gpt-5-mini").build())
			.call(new Prompt("Hello, who are you?"));
		assertThat(response.getResult().getOutput().getText()).isEqualTo("Hello there.");
		assertThat(response.getResult().getMetadata().getFinishReason()).isEqualTo("STOP");
		assertThat(response.getMetadata().getUsage().getPromptTokens()).isEqualTo(5);
		assertThat(response.getMetadata().getUsage().getCompletionTokens()).isEqualTo(3);
	}

	@Test
	void streamsWithUsage() {
		this.simulator.enqueue(Answer.builder().text("One two three four five.").piece(7).thinkingTokens(10).build());
		List<ChatResponse> responses = model(options(Provider.OPENAI, "gpt-5-mini").build())
			.stream(new Prompt("Count to five"))
			.collectList()
			.block();
		assertThat(responses).isNotNull();
		StringBuilder text = new StringBuilder();
		responses.stream()
			.filter((response) -> response.getResult() != null)
			.forEach((response) -> text.append(response.getResult().getOutput().getText()));
		assertThat(text).hasToString("One two three four five.");
		assertThat(last(responses).getPromptTokens()).isEqualTo(4);
		assertThat(last(responses).getCompletionTokens()).isEqualTo(16);
		assertThat(this.simulator.lastRequest().bill().tokens(TokenKind.THINKING)).isEqualTo(10);
		assertThat(this.simulator.lastRequest().bill().tokens(TokenKind.OUTPUT)).isEqualTo(6);
	}

	@Test
	void callsToolsInCallsAndStreams() {
		List<String> asked = new ArrayList<>();
		ChatClient client = ChatClient.create(model(options(Provider.OPENAI, "gpt-4o").build()));
		this.simulator.enqueue(
				Answer.builder()
					.toolCall("weather", "{\"city\":\"Bern\"}")
					.toolCall("weather", "{\"city\":\"Basel\"}")
					.build(),
				Answer.text("Rain."), Answer.toolCall("weather", "{\"city\":\"Genf\"}"), Answer.text("Sun."));
		FunctionToolCallback<City, String> tool = FunctionToolCallback.builder("weather", (City city) -> {
			asked.add(city.city());
			return "rain";
		}).description("Tells the weather").inputType(City.class).build();
		assertThat(client.prompt().user("How is it?").tools(tool).call().content()).isEqualTo("Rain.");
		assertThat(String.join("",
				client.prompt().user("How is Genf?").tools(tool).stream().content().collectList().block()))
			.isEqualTo("Sun.");
		assertThat(asked).containsExactly("Bern", "Basel", "Genf");
		assertThat(this.simulator.requests()).hasSize(4)
			.allMatch((request) -> request.outcome() == SimulatedRequest.Outcome.ANSWERED);
	}

	@Test
	void prefixesAreReadInSteps() {
		OpenAiChatModel model = model(options(Provider.OPENAI, "gpt-5.1").build());
		model.call(longPrompt());
		assertThat(model.call(longPrompt()).getMetadata().getUsage().getCacheReadInputTokens()).isEqualTo(1920);
		List<ChatResponse> streamed = model.stream(longPrompt()).collectList().block();
		assertThat(streamed).isNotNull();
		assertThat(last(streamed).getCacheReadInputTokens()).isEqualTo(1920);
	}

	@Test
	void newestModelsChargeForWrites() {
		OpenAiChatModel model = model(options(Provider.OPENAI, "gpt-5.6-terra").promptCacheKey("k").build());
		CompletionUsage first = (CompletionUsage) model.call(longPrompt()).getMetadata().getUsage().getNativeUsage();
		// Without a field of its own in Spring AI 2.0.0, with one in 2.0.1
		assertThat(first.promptTokensDetails().orElseThrow().toString())
			.containsPattern("cache_?[wW]rite_?[tT]okens=2002");
		this.clock.advance(Duration.ofMinutes(29));
		Usage second = model.call(longPrompt()).getMetadata().getUsage();
		assertThat(second.getCacheReadInputTokens()).isEqualTo(2002);
	}

	@Test
	void extraBodyReachesTheRules() {
		OpenAiChatModel explicit = model(options(Provider.OPENAI, "gpt-5.6-terra")
			.extraBody(Map.of("prompt_cache_options", Map.of("mode", "explicit")))
			.build());
		explicit.call(longPrompt());
		assertThat(this.simulator.lastRequest().input()).isEqualTo(CacheTokens.none(2002));
		OpenAiChatModel retention = model(
				options(Provider.OPENAI, "gpt-5.6-terra").extraBody(Map.of("prompt_cache_retention", "24h")).build());
		assertThatThrownBy(() -> retention.call(longPrompt())).hasMessageContaining("prompt_cache_retention");
	}

	@Test
	void errorsAreThrown() {
		OpenAiChatModel model = model(options(Provider.OPENAI, "gpt-5-mini").build());
		this.simulator.enqueue(Answer.error(SimulatedError.rateLimited(Duration.ofSeconds(7))),
				Answer.error(SimulatedError.Kind.OVERLOADED), Answer.error(SimulatedError.Kind.BAD_GATEWAY),
				Answer.error(SimulatedError.Kind.CONTENT_FILTER));
		Prompt prompt = new Prompt("Hello");
		assertThatThrownBy(() -> model.call(prompt)).hasMessageContaining("429");
		assertThatThrownBy(() -> model.stream(prompt).collectList().block()).hasMessageContaining("503");
		assertThatThrownBy(() -> model.call(prompt)).hasMessageContaining("502");
		assertThatThrownBy(() -> model.call(prompt)).hasMessageContaining("content management policy");
		assertThat(this.simulator.bill().usd()).isZero();
	}

	@Test
	void clientsOfTheSdkTryAgain() {
		OpenAiChatModel model = model(options(Provider.OPENAI, "gpt-5-mini").maxRetries(2).build());
		this.simulator.enqueue(Answer.error(SimulatedError.rateLimited(Duration.ZERO)), Answer.text("At last."));
		assertThat(model.call(new Prompt("Hello")).getResult().getOutput().getText()).isEqualTo("At last.");
		assertThat(this.simulator.requests()).extracting(SimulatedRequest::status).containsExactly(429, 200);
	}

	@Test
	void cutStreamsFail() {
		this.simulator
			.enqueue(Answer.builder().text("One two three four").piece(4).cutAfter(3, Answer.Cut.CONNECTION).build());
		OpenAiChatModel model = model(options(Provider.OPENAI, "gpt-5-mini").build());
		assertThatThrownBy(() -> model.stream(new Prompt("Hello")).blockLast()).isInstanceOf(RuntimeException.class);
		assertThat(this.simulator.lastRequest().outcome()).isEqualTo(SimulatedRequest.Outcome.CUT);
	}

	@Test
	void standsForTheProvidersOwnHostAsAProxy() {
		OpenAiChatModel model = model(options(Provider.OPENAI, "gpt-5-mini").baseUrl("http://api.openai.com/v1")
			.proxy(new Proxy(Proxy.Type.HTTP, new InetSocketAddress("127.0.0.1", this.simulator.port())))
			.build());
		assertThat(model.call(new Prompt("Hello")).getResult().getOutput().getText()).isEqualTo("Answer 1.");
		assertThat(this.simulator.lastRequest().provider()).isEqualTo(Provider.OPENAI);
	}

	@Test
	void deepSeekIsReachedThroughTheSameClient() {
		OpenAiChatModel model = model(options(Provider.DEEPSEEK, "deepseek-v4-flash").build());
		this.simulator.enqueue(Answer.builder().thinking("Hm, hm. ").text("Yes.").build(), Answer.text("No."));
		ChatResponse first = model.call(longPrompt());
		assertThat(first.getResult().getOutput().getMetadata()).containsEntry("reasoningContent", "Hm, hm. ");
		Usage usage = model.call(longPrompt()).getMetadata().getUsage();
		assertThat(usage.getCacheReadInputTokens()).isEqualTo(2002);
		assertThat(((CompletionUsage) usage.getNativeUsage())._additionalProperties().get("prompt_cache_hit_tokens"))
			.hasToString("2002");
		List<ChatResponse> streamed = model.stream(longPrompt()).collectList().block();
		assertThat(streamed).isNotNull();
		assertThat(last(streamed).getCacheReadInputTokens()).isEqualTo(2002);
	}

	record City(String city) {

	}

}

package io.tokensaving.simulator;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import com.google.genai.Client;
import com.google.genai.types.HttpOptions;
import com.google.genai.types.HttpRetryOptions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.google.genai.GoogleGenAiChatModel;
import org.springframework.ai.google.genai.GoogleGenAiChatOptions;
import org.springframework.ai.google.genai.cache.CachedContentRequest;
import org.springframework.ai.google.genai.cache.GoogleGenAiCachedContent;
import org.springframework.ai.google.genai.metadata.GoogleGenAiUsage;
import org.springframework.ai.tool.function.FunctionToolCallback;
import org.springframework.core.retry.RetryPolicy;
import org.springframework.core.retry.RetryTemplate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Spring AI's model of Gemini against the simulator. */
class GeminiModelTests {

	private final ManualClock clock = ManualClock.standing();

	private final ProviderSimulator simulator = ProviderSimulator.builder()
		.clock(this.clock)
		.rules(CacheRules.defaults().implicit(1, Duration.ofMinutes(5)))
		.start();

	private final GoogleGenAiChatModel model = GoogleGenAiChatModel.builder()
		.genAiClient(Client.builder()
			.apiKey("key")
			.httpOptions(HttpOptions.builder()
				.baseUrl(this.simulator.baseUrl(Provider.GEMINI))
				.retryOptions(HttpRetryOptions.builder().attempts(1).build())
				.build())
			.build())
		.options(GoogleGenAiChatOptions.builder().model("gemini-2.5-flash").build())
		.retryTemplate(new RetryTemplate(RetryPolicy.withMaxRetries(0)))
		.build();

	@AfterEach
	void close() {
		this.simulator.close();
	}

	@Test
	void calls() {
		this.simulator.enqueue(Answer.builder().text("Hello there.").thinkingTokens(1000).build());
		ChatResponse response = this.model.call(new Prompt("Hello, who are you?"));
		assertThat(response.getResult().getOutput().getText()).isEqualTo("Hello there.");
		assertThat(response.getMetadata().getUsage().getPromptTokens()).isEqualTo(5);
		GoogleGenAiUsage usage = (GoogleGenAiUsage) response.getMetadata().getUsage();
		assertThat(usage.getCompletionTokens()).isEqualTo(3);
		assertThat(usage.getThoughtsTokenCount()).isEqualTo(1000);
		assertThat(usage.getTotalTokens()).isEqualTo(1008);
		assertThat(this.simulator.lastRequest().bill().usd()).isEqualByComparingTo("0.002509");
	}

	@Test
	void streams() {
		this.simulator.enqueue(Answer.builder().text("One two three four five.").piece(7).build());
		List<ChatResponse> responses = this.model.stream(new Prompt("Count to five")).collectList().block();
		assertThat(responses).isNotNull();
		StringBuilder text = new StringBuilder();
		responses.forEach((response) -> text.append(response.getResult().getOutput().getText()));
		assertThat(text).hasToString("One two three four five.");
		assertThat(responses.get(responses.size() - 1).getMetadata().getUsage().getCompletionTokens()).isEqualTo(6);
	}

	@Test
	void callsToolsInCallsAndStreams() {
		List<String> asked = new ArrayList<>();
		ChatClient client = ChatClient.create(this.model);
		this.simulator.enqueue(Answer.toolCall("weather", "{\"city\":\"Bern\"}"), Answer.text("Rain."),
				Answer.toolCall("weather", "{\"city\":\"Genf\"}"), Answer.text("Sun."));
		FunctionToolCallback<City, String> tool = FunctionToolCallback.builder("weather", (City city) -> {
			asked.add(city.city());
			return "rain";
		}).description("Tells the weather").inputType(City.class).build();
		assertThat(client.prompt().user("How is Bern?").tools(tool).call().content()).isEqualTo("Rain.");
		assertThat(String.join("",
				client.prompt().user("How is Genf?").tools(tool).stream().content().collectList().block()))
			.isEqualTo("Sun.");
		assertThat(asked).containsExactly("Bern", "Genf");
	}

	@Test
	void commonPrefixesAreReadAndTheUsageSaysSo() {
		Prompt prompt = new Prompt(List.of(new SystemMessage(Texts.ofTokens("rule", 3000)), new UserMessage("1234")));
		this.model.call(prompt);
		GoogleGenAiUsage usage = (GoogleGenAiUsage) this.model.call(prompt).getMetadata().getUsage();
		assertThat(usage.getCachedContentTokenCount()).isEqualTo(2944);
		assertThat(usage.getPromptTokens()).isEqualTo(3001);
		this.clock.advance(Duration.ofMinutes(5));
		this.model.call(prompt);
		assertThat(this.simulator.lastRequest().input().read()).isZero();
	}

	@Test
	void whatIsKeptByNameRefusesSystemTexts() {
		GoogleGenAiCachedContent content = this.model.getCachedContentService()
			.create(CachedContentRequest.builder()
				.model("gemini-2.5-flash")
				.contents(List.of(com.google.genai.types.Content
					.fromParts(com.google.genai.types.Part.fromText(Texts.ofTokens("book", 4000)))))
				.ttl(Duration.ofHours(2))
				.build());
		assertThat(content.getName()).startsWith("cachedContents/");
		GoogleGenAiChatOptions options = GoogleGenAiChatOptions.builder()
			.model("gemini-2.5-flash")
			.useCachedContent(true)
			.cachedContentName(content.getName())
			.build();
		GoogleGenAiUsage usage = (GoogleGenAiUsage) this.model.call(new Prompt("1234", options))
			.getMetadata()
			.getUsage();
		assertThat(usage.getCachedContentTokenCount()).isEqualTo(4000);
		assertThat(usage.getPromptTokens()).isEqualTo(4001);
		assertThatThrownBy(() -> this.model
			.call(new Prompt(List.of(new SystemMessage("Be brief."), new UserMessage("1234")), options))).rootCause()
			.hasMessageContaining("CachedContent can not be used");
		this.clock.advance(Duration.ofHours(1));
		// 4,000 tokens for an hour at 1 USD a million
		assertThat(this.simulator.bill().storageUsd()).isEqualByComparingTo("0.004");
		// 4,000 made and 1 asked at 0.3, 4,000 read at 0.03, 3 answered at 2.5, all a
		// million
		assertThat(this.simulator.bill().usd()).isEqualByComparingTo("0.0053278");
		this.clock.advance(Duration.ofHours(5));
		assertThat(this.simulator.bill().storageUsd()).isEqualByComparingTo("0.008");
		assertThatThrownBy(() -> this.model.call(new Prompt("1234", options))).rootCause()
			.hasMessageContaining("CachedContent not found");
	}

	@Test
	void errorsAreThrown() {
		this.simulator.enqueue(Answer.error(SimulatedError.rateLimited(Duration.ofSeconds(7))),
				Answer.error(SimulatedError.Kind.OVERLOADED));
		Prompt prompt = new Prompt("Hello");
		assertThatThrownBy(() -> this.model.call(prompt)).rootCause().hasMessageContaining("429");
		assertThatThrownBy(() -> this.model.stream(prompt).collectList().block()).rootCause()
			.hasMessageContaining("503");
		assertThat(this.simulator.lastRequest().problem()).isEqualTo("OVERLOADED");
	}

	record City(String city) {

	}

}

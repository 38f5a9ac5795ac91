package io.tokensaving.batch;

import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.LongFunction;

import com.google.genai.Client;
import com.openai.credential.BearerTokenCredential;
import io.tokensaving.batch.openai.OpenAiBatchModels;
import io.tokensaving.tier.endpoint.ModelEndpoint;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import org.springframework.ai.anthropic.AnthropicChatOptions;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.google.genai.GoogleGenAiChatModel;
import org.springframework.ai.google.genai.GoogleGenAiChatOptions;
import org.springframework.ai.openai.OpenAiChatModel;
import org.springframework.ai.openai.OpenAiChatOptions;
import org.springframework.aop.framework.ProxyFactory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * Tests that a request is captured as it would be sent, and that a response is read as it
 * would be read live.
 */
class BatchModelTests {

	private static final int PROMPTS = Integer.getInteger("token-saving.batch.prompts", 120);

	private final LoopbackProvider provider = new LoopbackProvider((request) -> LoopbackProvider.Answer.cut());

	@AfterEach
	void close() {
		this.provider.close();
	}

	@Test
	void openAiGetsTheSameBytesLiveAndInABatchAndItsResponsesAreReadAlike() {
		OpenAiChatModel model = RealBatchModels.openAi(this.provider.url() + "/v1", (options) -> {
			options.frequencyPenalty(0.5);
			return options;
		});
		sameBothWays(model, MadeUpRequests::openAi, MadeUpAnswers::openAi, "openai", "/v1/chat/completions");
	}

	@Test
	void anthropicGetsTheSameBytesLiveAndInABatchAndItsResponsesAreReadAlike() {
		sameBothWays(RealBatchModels.anthropic(this.provider.url(), (options) -> options), MadeUpRequests::anthropic,
				MadeUpAnswers::anthropic, "anthropic", "/v1/messages");
	}

	@Test
	void geminiGetsTheSameBytesLiveAndInABatchAndItsResponsesAreReadAlike() {
		sameBothWays(RealBatchModels.google(this.provider.url(), (options) -> options), MadeUpRequests::google,
				MadeUpAnswers::google, "gemini", null);
	}

	private void sameBothWays(ChatModel model, LongFunction<Prompt> prompts, LongFunction<String> answers,
			String providerName, String endpoint) {
		BatchModel batchModel = RealBatchModels.of(model);
		assertThat(batchModel).isNotNull();
		for (int seed = 0; seed < PROMPTS; seed++) {
			Prompt prompt = prompts.apply(seed);
			String answer = answers.apply(seed);
			this.provider.answer((request) -> LoopbackProvider.Answer.ok(answer));
			ChatResponse live = model.call(prompt);
			LoopbackProvider.Received received = this.provider.last();
			BatchModel.CapturedRequest captured = RealBatchModels.capture(batchModel, prompt);
			assertThat(captured.body()).as("seed " + seed).isEqualTo(received.body());
			assertThat(captured.target().provider()).isEqualTo(providerName);
			assertThat(captured.target().endpoint()).isEqualTo((endpoint != null) ? endpoint : received.path());
			assertThat(captured.target().model()).isEqualTo(prompt.getOptions().getModel());
			assertThat(batchModel.transport().serves(captured.target())).isTrue();
			assertThat(captured.target().toString()).doesNotContain("sk-secret");
			ChatResponse replayed = batchModel.replaying(received(answer)).call(prompt);
			assertSame(replayed, live);
		}
		assertThat(this.provider.received()).hasSize(PROMPTS);
	}

	private static byte[] received(String answer) {
		return LoopbackProvider.Answer.ok(answer).body();
	}

	private static void assertSame(ChatResponse replayed, ChatResponse live) {
		assertThat(replayed.getResults()).isEqualTo(live.getResults());
		assertThat(replayed.getMetadata().getId()).isEqualTo(live.getMetadata().getId());
		assertThat(replayed.getMetadata().getModel()).isEqualTo(live.getMetadata().getModel());
		assertThat(replayed.getMetadata().entrySet()).usingRecursiveComparison()
			.isEqualTo(live.getMetadata().entrySet());
		assertThat(replayed.getMetadata().getUsage().getTotalTokens()).isPositive();
		assertThat(replayed.getMetadata().getUsage()).usingRecursiveComparison()
			.isEqualTo(live.getMetadata().getUsage());
		assertThat(String.valueOf(replayed.getMetadata().getUsage().getNativeUsage()))
			.isEqualTo(String.valueOf(live.getMetadata().getUsage().getNativeUsage()));
	}

	@Test
	void nothingIsSentWhileRequestsAreCapturedAndAnswersReplayed() {
		BatchModel batchModel = RealBatchModels.of(RealBatchModels.openAi(this.provider.url(), (options) -> options));
		RealBatchModels.capture(batchModel, MadeUpRequests.openAi(1));
		batchModel.replaying(received(MadeUpAnswers.openAi(1))).call(MadeUpRequests.openAi(1));
		batchModel.transport().serves(RealBatchModels.capture(batchModel, MadeUpRequests.openAi(2)).target());
		assertThat(this.provider.received()).isEmpty();
	}

	@Test
	void headersThatDecideArePartOfTheTargetAndCredentialsAreNot() {
		OpenAiChatModel model = RealBatchModels.openAi(this.provider.url(), (options) -> {
			options.organizationId("org-1");
			options.customHeaders(Map.of("X-Gateway-Route", "eu", "X-Gateway-Auth", "hidden-secret"));
			return options;
		});
		BatchTarget target = RealBatchModels.capture(RealBatchModels.of(model), new Prompt("Why?")).target();
		assertThat(target.headers()).containsEntry("openai-organization", "org-1")
			.containsEntry("x-gateway-route", "eu")
			.containsOnlyKeys("openai-organization", "x-gateway-route", "x-gateway-auth");
		assertThat(target.toString()).doesNotContain("hidden-secret", "sk-secret");
		assertThat(target.account()).matches("[0-9a-f]{16}");
		assertThat(target.baseUrl()).isEqualTo(this.provider.url());
	}

	@Test
	void betasOfAnthropicArePartOfTheTarget() {
		AnthropicChatOptions.Builder options = AnthropicChatOptions.builder();
		options.model("claude-sonnet-5");
		options.maxTokens(10);
		options.httpHeaders(Map.of("anthropic-beta", "context-1m-2025-08-07"));
		BatchModel model = RealBatchModels.of(RealBatchModels.anthropic(this.provider.url(), (any) -> any));
		BatchTarget target = RealBatchModels.capture(model, new Prompt("Why?", options.build())).target();
		assertThat(target.headers()).containsEntry("anthropic-beta", "context-1m-2025-08-07")
			.containsEntry("anthropic-version", "2023-06-01")
			.hasSize(2);
		assertThat(RealBatchModels.capture(model, new Prompt("Why?")).target().headers()).hasSize(1);
	}

	@Test
	void aTransportServesItsAccountAtItsAddressOnly() {
		for (ChatModel model : List.of(RealBatchModels.openAi(this.provider.url(), (options) -> options),
				RealBatchModels.anthropic(this.provider.url(), (options) -> options),
				RealBatchModels.google(this.provider.url(), (options) -> options))) {
			BatchModel batchModel = RealBatchModels.of(model);
			BatchTarget target = RealBatchModels.capture(batchModel, new Prompt("Why?")).target();
			BatchTransport transport = batchModel.transport();
			assertThat(transport.serves(target)).isTrue();
			assertThat(transport.serves(new BatchTarget("another", target.baseUrl(), target.account(),
					target.endpoint(), target.model(), target.headers())))
				.isFalse();
			assertThat(transport.serves(new BatchTarget(target.provider(), target.baseUrl() + "/x", target.account(),
					target.endpoint(), target.model(), target.headers())))
				.isFalse();
			assertThat(transport.serves(new BatchTarget(target.provider(), target.baseUrl(), "0123456789abcdef",
					target.endpoint(), target.model(), target.headers())))
				.isFalse();
		}
		BatchTarget other = RealBatchModels
			.capture(RealBatchModels.of(RealBatchModels.openAi(this.provider.url(), (options) -> {
				options.apiKey("sk-other");
				return options;
			})), new Prompt("Why?"))
			.target();
		assertThat(RealBatchModels.of(RealBatchModels.openAi(this.provider.url(), (options) -> options))
			.transport()
			.serves(other)).isFalse();
	}

	@Test
	void modelsBehindProxiesAreFound() {
		OpenAiChatModel model = RealBatchModels.openAi(this.provider.url(), (options) -> options);
		ProxyFactory inner = new ProxyFactory(model);
		inner.setInterfaces(ChatModel.class);
		ProxyFactory outer = new ProxyFactory(inner.getProxy());
		OpenAiBatchModels factory = new OpenAiBatchModels(Clock.systemUTC(), Duration.ZERO);
		BatchModel batchModel = factory.of((ChatModel) outer.getProxy());
		assertThat(batchModel).isNotNull().isSameAs(factory.of(model));
	}

	@Test
	void modelsOfEndpointsWork() {
		ChatModel model = ModelEndpoint.create(this.provider.url() + "/v1", "key", "qwen", null, null);
		BatchModel.CapturedRequest captured = RealBatchModels.capture(RealBatchModels.of(model), new Prompt("Why?"));
		assertThat(captured.target().model()).isEqualTo("qwen");
		ChatModel withoutKey = ModelEndpoint.create(this.provider.url() + "/v1", null, "qwen", null, null);
		assertThat(RealBatchModels.capture(RealBatchModels.of(withoutKey), new Prompt("Why?")).target().account())
			.isNotEqualTo(captured.target().account());
	}

	@Test
	void modelsOfWhichItIsNotSureThatTheyHaveBatchesAreNotSupported() {
		assertThat(RealBatchModels.of((prompt) -> null)).isNull();
		assertThat(RealBatchModels.of(RealBatchModels.openAi("https://x.openai.azure.com", (options) -> {
			options.deploymentName("d");
			return options;
		}))).isNull();
		assertThat(
				RealBatchModels.of(RealBatchModels.openAi("https://models.github.ai/inference", (options) -> options)))
			.isNull();
		OpenAiChatOptions.Builder changing = OpenAiChatOptions.builder();
		changing.baseUrl(this.provider.url());
		changing.credential(BearerTokenCredential.create(() -> "token"));
		assertThat(RealBatchModels.of(OpenAiChatModel.builder().options(changing.build()).build())).isNull();
		assertThat(RealBatchModels.of(GoogleGenAiChatModel.builder()
			.genAiClient(Client.builder().vertexAI(true).apiKey("express").build())
			.options(GoogleGenAiChatOptions.builder().model("gemini-2.5-flash").build())
			.build())).isNull();
	}

	@Test
	void streamsAreNotCaptured() {
		BatchModel batchModel = RealBatchModels.of(RealBatchModels.openAi(this.provider.url(), (options) -> options));
		assertThatThrownBy(() -> batchModel.capturing().stream(new Prompt("Why?")).blockLast())
			.hasStackTraceContaining("stream");
		assertThat(this.provider.received()).isEmpty();
	}

}

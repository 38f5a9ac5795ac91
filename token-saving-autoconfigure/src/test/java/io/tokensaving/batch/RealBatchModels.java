package io.tokensaving.batch;

import java.time.Clock;
import java.time.Duration;
import java.util.function.UnaryOperator;

import com.google.genai.Client;
import com.google.genai.types.HttpOptions;
import com.google.genai.types.HttpRetryOptions;
import io.tokensaving.batch.anthropic.AnthropicBatchModels;
import io.tokensaving.batch.google.GoogleBatchModels;
import io.tokensaving.batch.openai.OpenAiBatchModels;

import org.springframework.ai.anthropic.AnthropicChatModel;
import org.springframework.ai.anthropic.AnthropicChatOptions;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.google.genai.GoogleGenAiChatModel;
import org.springframework.ai.google.genai.GoogleGenAiChatOptions;
import org.springframework.ai.openai.OpenAiChatModel;
import org.springframework.ai.openai.OpenAiChatOptions;
import org.springframework.core.retry.RetryPolicy;
import org.springframework.core.retry.RetryTemplate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

/**
 * Spring AI's models in front of a server, and what can be asked of them by batch.
 */
final class RealBatchModels {

	private RealBatchModels() {
	}

	static OpenAiChatModel openAi(String baseUrl, UnaryOperator<OpenAiChatOptions.Builder> customizer) {
		OpenAiChatOptions.Builder options = OpenAiChatOptions.builder();
		options.baseUrl(baseUrl);
		options.apiKey("sk-secret");
		options.model("gpt-5-mini");
		options.maxRetries(2);
		return OpenAiChatModel.builder().options(customizer.apply(options).build()).build();
	}

	static AnthropicChatModel anthropic(String baseUrl, UnaryOperator<AnthropicChatOptions.Builder> customizer) {
		AnthropicChatOptions.Builder options = AnthropicChatOptions.builder();
		options.baseUrl(baseUrl);
		options.apiKey("sk-secret");
		options.model("claude-sonnet-5");
		options.maxTokens(500);
		options.maxRetries(2);
		return AnthropicChatModel.builder().options(customizer.apply(options).build()).build();
	}

	static GoogleGenAiChatModel google(String baseUrl, UnaryOperator<GoogleGenAiChatOptions.Builder> customizer) {
		GoogleGenAiChatOptions.Builder options = GoogleGenAiChatOptions.builder();
		options.model("gemini-2.5-flash");
		return GoogleGenAiChatModel.builder()
			.genAiClient(Client.builder()
				.apiKey("sk-secret")
				.httpOptions(HttpOptions.builder()
					.baseUrl(baseUrl)
					.retryOptions(HttpRetryOptions.builder().attempts(3).build())
					.build())
				.build())
			.options(customizer.apply(options).build())
			.retryTemplate(new RetryTemplate(RetryPolicy.withMaxRetries(0)))
			.build();
	}

	static BatchModel of(ChatModel model) {
		return of(model, Clock.systemUTC(), Duration.ZERO);
	}

	static BatchModel of(ChatModel model, Clock clock, Duration settling) {
		for (BatchModel.Factory factory : new BatchModel.Factory[] { new OpenAiBatchModels(clock, settling),
				new AnthropicBatchModels(clock, settling), new GoogleBatchModels(clock, settling) }) {
			BatchModel batchModel = factory.of(model);
			if (batchModel != null) {
				return batchModel;
			}
		}
		return null;
	}

	static BatchModel.CapturedRequest capture(BatchModel model, Prompt prompt) {
		Throwable thrown = catchThrowable(() -> model.capturing().call(prompt));
		while (thrown != null && !(thrown instanceof BatchModel.CapturedRequest)) {
			thrown = thrown.getCause();
		}
		assertThat(thrown).isInstanceOf(BatchModel.CapturedRequest.class);
		return (BatchModel.CapturedRequest) thrown;
	}

}

package io.tokensaving.provider;

import java.util.List;
import java.util.Optional;

import com.anthropic.models.messages.CacheCreation;
import com.anthropic.models.messages.MessageDeltaUsage;
import com.anthropic.models.messages.OutputTokensDetails;
import com.anthropic.models.messages.Usage;
import com.openai.core.JsonValue;
import com.openai.models.completions.CompletionUsage;
import com.openai.models.completions.CompletionUsage.CompletionTokensDetails;
import com.openai.models.completions.CompletionUsage.PromptTokensDetails;
import com.openai.models.embeddings.CreateEmbeddingResponse;
import io.tokensaving.MadeUpChatOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.ai.anthropic.AnthropicCacheOptions;
import org.springframework.ai.anthropic.AnthropicCacheStrategy;
import org.springframework.ai.anthropic.AnthropicCacheTtl;
import org.springframework.ai.anthropic.AnthropicChatOptions;
import org.springframework.ai.chat.messages.MessageType;
import org.springframework.ai.chat.metadata.DefaultUsage;
import org.springframework.ai.chat.metadata.EmptyUsage;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.deepseek.api.DeepSeekApi;
import org.springframework.ai.google.genai.metadata.GoogleGenAiUsage;
import org.springframework.ai.openai.OpenAiChatOptions;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for how {@link Dialects} read what providers report.
 */
class ReportedUsageTests {

	private static final ChatOptions UNKNOWN = ChatOptions.builder().build();

	@Test
	void inputHoldsCachedTokensIfNothingElseIsKnown() {
		assertThat(read(new DefaultUsage(100, 20, 120, null, 80L, null)))
			.isEqualTo(new TokenUsage(100, 20, 80, 0, false));
	}

	@Test
	void cachedTokensThatCannotBePartOfInputAreAdded() {
		assertThat(read(new DefaultUsage(10, 20, 30, null, 500L, 100L)))
			.isEqualTo(new TokenUsage(610, 20, 500, 100, false));
	}

	@Test
	void nothingReportedIsNull() {
		assertThat(read(null)).isNull();
		assertThat(read(new EmptyUsage())).isNull();
		assertThat(read(new DefaultUsage(0, 0, 0))).isNull();
	}

	@Test
	void promptReadWholeFromCacheIsReportedAlthoughItHasNoAnswer() {
		assertThat(read(new DefaultUsage(0, 0, 0, null, 5000L, null)))
			.isEqualTo(new TokenUsage(5000, 0, 5000, 0, false));
	}

	@Test
	void anthropicReportsCachedTokensApart() {
		assertThat(read(new DefaultUsage(1000, 20, 1020, anthropic(100), 500L, 100L)))
			.isEqualTo(new TokenUsage(1600, 20, 500, 100, false));
	}

	@Test
	void anthropicIsKnownByTheOptionsIfSeveralUsagesWereAdded() {
		DefaultUsage sum = new DefaultUsage(1000, 20, 1020, null, 500L, 100L);
		assertThat(Dialects.builtIn().usage(sum, AnthropicChatOptions.builder().build()))
			.isEqualTo(new TokenUsage(1600, 20, 500, 100, false));
		assertThat(Dialects.builtIn().usage(sum, OpenAiChatOptions.builder().build()))
			.isEqualTo(new TokenUsage(1000, 20, 500, 100, false));
	}

	@Test
	void anthropicSaysForHowLongItKeepsWhatIsWritten() {
		Usage nativeUsage = anthropic(100).toBuilder()
			.cacheCreation(CacheCreation.builder().ephemeral5mInputTokens(30).ephemeral1hInputTokens(70).build())
			.outputTokensDetails(OutputTokensDetails.builder().thinkingTokens(12).build())
			.serviceTier(Usage.ServiceTier.BATCH)
			.build();
		assertThat(read(new DefaultUsage(1000, 20, 1020, nativeUsage, 500L, 100L)))
			.isEqualTo(new TokenUsage(1600, 20, 500, 100, 70, 12, ServiceTier.BATCH, false));
		// The split wins over what the request says
		assertThat(Dialects.builtIn()
			.usage(new DefaultUsage(1000, 20, 1020, nativeUsage, 500L, 100L),
					marked(AnthropicCacheStrategy.SYSTEM_ONLY, AnthropicCacheTtl.ONE_HOUR, AnthropicCacheTtl.ONE_HOUR))
			.cacheWriteOneHour()).isEqualTo(70);
	}

	private static Usage anthropic(long written) {
		return Usage.builder()
			.inputTokens(1000)
			.outputTokens(20)
			.cacheReadInputTokens(500)
			.cacheCreationInputTokens(written)
			.cacheCreation(Optional.empty())
			.inferenceGeo(Optional.empty())
			.outputTokensDetails(Optional.empty())
			.serverToolUse(Optional.empty())
			.serviceTier(Optional.empty())
			.build();
	}

	@ParameterizedTest
	@CsvSource({ "NONE, ONE_HOUR, ONE_HOUR, 0", "SYSTEM_ONLY, ONE_HOUR, FIVE_MINUTES, 100",
			"SYSTEM_ONLY, FIVE_MINUTES, ONE_HOUR, 0", "TOOLS_ONLY, ONE_HOUR, FIVE_MINUTES, 100",
			"SYSTEM_AND_TOOLS, FIVE_MINUTES, ONE_HOUR, 0", "CONVERSATION_HISTORY, FIVE_MINUTES, FIVE_MINUTES, 0",
			"CONVERSATION_HISTORY, ONE_HOUR, ONE_HOUR, 100", "CONVERSATION_HISTORY, ONE_HOUR, FIVE_MINUTES, 100",
			"CONVERSATION_HISTORY, FIVE_MINUTES, ONE_HOUR, 100" })
	void requestSaysForHowLongIfTheUsageDoesNot(AnthropicCacheStrategy strategy, AnthropicCacheTtl system,
			AnthropicCacheTtl user, long oneHour) {
		AnthropicChatOptions options = marked(strategy, system, user);
		// A stream, a sum of several usages, and an SDK that leaves the split out
		for (Object nativeUsage : new Object[] { MessageDeltaUsage.builder()
			.inputTokens(1000)
			.outputTokens(20)
			.cacheReadInputTokens(500)
			.cacheCreationInputTokens(100)
			.outputTokensDetails(Optional.empty())
			.serverToolUse(Optional.empty())
			.build(), null, anthropic(100) }) {
			assertThat(Dialects.builtIn().usage(new DefaultUsage(1000, 20, 1020, nativeUsage, 500L, 100L), options))
				.isEqualTo(new TokenUsage(1600, 20, 500, 100, false).withWritesOfOneHour(oneHour));
		}
	}

	@Test
	void suppressedMarkWritesNothing() {
		AnthropicChatOptions options = AnthropicChatOptions.builder()
			.cacheOptions(AnthropicCacheOptions.builder()
				.strategy(AnthropicCacheStrategy.CONVERSATION_HISTORY)
				.messageTypeTtl(MessageType.USER, AnthropicCacheTtl.ONE_HOUR)
				.messageTypeMinContentLength(MessageType.USER, Integer.MAX_VALUE)
				.messageTypeTtl(MessageType.TOOL, AnthropicCacheTtl.ONE_HOUR)
				.build())
			.build();
		DefaultUsage usage = new DefaultUsage(1000, 20, 1020, null, 500L, 100L);
		assertThat(Dialects.builtIn().usage(usage, options)).isEqualTo(new TokenUsage(1600, 20, 500, 100, false));
	}

	private static AnthropicChatOptions marked(AnthropicCacheStrategy strategy, AnthropicCacheTtl system,
			AnthropicCacheTtl user) {
		return AnthropicChatOptions.builder()
			.cacheOptions(AnthropicCacheOptions.builder()
				.strategy(strategy)
				.messageTypeTtl(MessageType.SYSTEM, system)
				.messageTypeTtl(MessageType.USER, user)
				.build())
			.build();
	}

	@Test
	void bedrockSaysForHowLongItKeepsWhatIsWrittenOrTheRequestDoes() {
		DefaultUsage split = new DefaultUsage(1000, 20, 1020,
				new BedrockUsage(
						List.of(new BedrockUsage.CacheDetail("1h", 70), new BedrockUsage.CacheDetail("5m", 30))),
				500L, 100L);
		assertThat(new BedrockDialect().usage(split, null))
			.isEqualTo(new TokenUsage(1600, 20, 500, 100, false).withWritesOfOneHour(70));
		DefaultUsage whole = new DefaultUsage(1000, 20, 1020, new BedrockUsage(List.of()), 500L, 100L);
		assertThat(new BedrockDialect().usage(whole, new BedrockOptions(AnthropicCacheTtl.ONE_HOUR)))
			.isEqualTo(new TokenUsage(1600, 20, 500, 100, false).withWritesOfOneHour(100));
		assertThat(new BedrockDialect().usage(whole, new BedrockOptions(AnthropicCacheTtl.FIVE_MINUTES)))
			.isEqualTo(new TokenUsage(1600, 20, 500, 100, false));
	}

	@Test
	void openAiReportsWrittenTokensInAPropertyOfALaterSdk() {
		DefaultUsage usage = new DefaultUsage(2000, 10, 2010,
				new LaterUsage(new LaterUsage.Details(Optional.of(512L), Optional.of(1400L))), 512L, null);
		assertThat(new OpenAiDialect().usage(usage)).isEqualTo(new TokenUsage(2000, 10, 512, 1400, false));
	}

	@Test
	void openAiReportsCachedTokensWithinInputAndThoughtsWithinOutput() {
		CompletionUsage nativeUsage = openAi(1000, 300, 1300)
			.promptTokensDetails(PromptTokensDetails.builder().cachedTokens(512).build())
			.completionTokensDetails(CompletionTokensDetails.builder().reasoningTokens(256).build())
			.build();
		assertThat(read(new DefaultUsage(1000, 300, 1300, nativeUsage, 512L, null)))
			.isEqualTo(new TokenUsage(1000, 300, 512, 0, false).withReasoning(256));
	}

	@Test
	void openAiReportsWrittenTokensInAFieldThatTheSdkDoesNotKnow() {
		CompletionUsage nativeUsage = openAi(2000, 10, 2010)
			.promptTokensDetails(PromptTokensDetails.builder()
				.cachedTokens(0)
				.putAdditionalProperty("cache_write_tokens", JsonValue.from(1500))
				.build())
			.build();
		assertThat(read(new DefaultUsage(2000, 10, 2010, nativeUsage, 0L, null)))
			.isEqualTo(new TokenUsage(2000, 10, 0, 1500, false));
	}

	@Test
	void gatewayMayCountThoughtsApart() {
		CompletionUsage nativeUsage = openAi(1000, 100, 1500)
			.completionTokensDetails(CompletionTokensDetails.builder().reasoningTokens(400).build())
			.build();
		assertThat(read(new DefaultUsage(1000, 100, 1500, nativeUsage)))
			.isEqualTo(new TokenUsage(1000, 500, 0, 0, false).withReasoning(400));
	}

	@Test
	void deepSeekBehindTheProtocolOfOpenAiIsRead() {
		CompletionUsage nativeUsage = openAi(1000, 100, 1100)
			.putAdditionalProperty("prompt_cache_hit_tokens", JsonValue.from(896))
			.build();
		assertThat(read(new DefaultUsage(1000, 100, 1100, nativeUsage)))
			.isEqualTo(new TokenUsage(1000, 100, 896, 0, false));
	}

	@Test
	void fieldOfAnotherTypeIsPassedOver() {
		CompletionUsage nativeUsage = openAi(1000, 100, 1100)
			.putAdditionalProperty("prompt_cache_hit_tokens", JsonValue.from("many"))
			.build();
		assertThat(read(new DefaultUsage(1000, 100, 1100, nativeUsage)))
			.isEqualTo(new TokenUsage(1000, 100, 0, 0, false));
	}

	@Test
	void usageOfEmbeddingsIsRead() {
		Object nativeUsage = CreateEmbeddingResponse.Usage.builder().promptTokens(7).totalTokens(7).build();
		assertThat(read(new DefaultUsage(7, 0, 7, nativeUsage))).isEqualTo(new TokenUsage(7, 0, 0, 0, false));
	}

	private static CompletionUsage.Builder openAi(long prompt, long completion, long total) {
		return CompletionUsage.builder().promptTokens(prompt).completionTokens(completion).totalTokens(total);
	}

	@Test
	void googleCountsThoughtsAndToolsApart() {
		assertThat(read(google(3130, 1000, 1500, 30)))
			.isEqualTo(new TokenUsage(2030, 1100, 1500, 0, false).withReasoning(1000));
		assertThat(read(google(2100, null, null, null))).isEqualTo(new TokenUsage(2000, 100, 0, 0, false));
	}

	private static GoogleGenAiUsage google(int total, Integer thoughts, Integer cached, Integer tools) {
		return new GoogleGenAiUsage(2000, 100, total, thoughts, cached, tools, null, null, null, null, null, null);
	}

	@Test
	void deepSeekReportsCachedTokensInItsOwnUsageOnly() {
		DeepSeekApi.Usage nativeUsage = new DeepSeekApi.Usage(100, 1000, 1100,
				new DeepSeekApi.Usage.PromptTokensDetails(896));
		assertThat(read(new DefaultUsage(1000, 100, 1100, nativeUsage)))
			.isEqualTo(new TokenUsage(1000, 100, 896, 0, false));
		DeepSeekApi.Usage without = new DeepSeekApi.Usage(100, 1000, 1100, null);
		assertThat(read(new DefaultUsage(1000, 100, 1100, without))).isEqualTo(new TokenUsage(1000, 100, 0, 0, false));
	}

	@Test
	void googleIsReadByTheTotalIfItsExtendedUsageIsOff() {
		assertThat(new GoogleDialect().usage(new DefaultUsage(2000, 100, 3100)))
			.isEqualTo(new TokenUsage(2000, 1100, 0, 0, false).withReasoning(1000));
	}

	private static TokenUsage read(org.springframework.ai.chat.metadata.Usage usage) {
		return Dialects.builtIn().usage(usage, UNKNOWN);
	}

	/**
	 * Stands for the usage of Amazon's SDK, as far as it is read by reflection.
	 */
	public record BedrockUsage(List<CacheDetail> cacheDetails) {

		public record CacheDetail(String ttlAsString, Integer inputTokens) {

		}

	}

	/**
	 * Stands for the options of Spring AI's model of Bedrock.
	 */
	public static final class BedrockOptions extends MadeUpChatOptions {

		private final AnthropicCacheTtl ttl;

		BedrockOptions(AnthropicCacheTtl ttl) {
			this.ttl = ttl;
		}

		public BedrockOptions getCacheOptions() {
			return this;
		}

		public AnthropicCacheTtl getTtl() {
			return this.ttl;
		}

	}

	/**
	 * Stands for the usage of a later SDK of OpenAI.
	 */
	public record LaterUsage(Details promptTokensDetails) {

		public record Details(Optional<Long> cachedTokens, Optional<Long> cacheWriteTokens) {

		}

	}

}

package io.tokensaving;

import java.util.List;

import com.google.genai.Client;
import com.google.genai.types.HttpOptions;
import com.google.genai.types.HttpRetryOptions;
import io.tokensaving.LoopbackServer.Reply;
import io.tokensaving.cache.CacheSettings;
import io.tokensaving.cache.exact.ExactCacheFeature;
import io.tokensaving.plan.Plan;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import org.springframework.ai.anthropic.AnthropicCacheOptions;
import org.springframework.ai.anthropic.AnthropicCacheStrategy;
import org.springframework.ai.anthropic.AnthropicCacheTtl;
import org.springframework.ai.anthropic.AnthropicChatModel;
import org.springframework.ai.anthropic.AnthropicChatOptions;
import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.messages.MessageType;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.google.genai.GoogleGenAiChatModel;
import org.springframework.ai.google.genai.GoogleGenAiChatOptions;
import org.springframework.ai.google.genai.common.GoogleGenAiServiceTier;
import org.springframework.ai.openai.OpenAiChatModel;
import org.springframework.ai.openai.OpenAiChatOptions;
import org.springframework.core.retry.RetryPolicy;
import org.springframework.core.retry.RetryTemplate;

import static io.tokensaving.SavingsReportAssert.assertThatReport;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * Spring AI's own models, asked through the whole chain, and servers that report usages
 * as providers do. An answer that is found in the cache saves what it had cost, to the
 * last pico-dollar by the providers' price lists: so the saving of the second request is
 * the bill of the first.
 */
class ProviderBillTests {

	private final LoopbackServer server = new LoopbackServer((request) -> Reply.rejected("not told how to answer"));

	private final TokenSavingTestChain chain = new TokenSavingTestChain(
			Plan.builder("support-bot").with(new CacheSettings("in_memory")).build());

	@AfterEach
	void stop() {
		this.server.close();
	}

	@ParameterizedTest
	@EnumSource(Way.class)
	void readsAndWritesOfFiveMinutes(Way way) {
		ChatModel model = anthropic(AnthropicCacheTtl.FIVE_MINUTES);
		answerAnthropic(way, 300, 20_000, 4000, 4000, 0, 500);
		// 300 x 3 + 20,000 x 0.3 + 4,000 x 3.75 + 500 x 15
		assertBill(model, way, 24_800, "0.0294", "0.051");
	}

	@Test
	void writesOfOneHourAreReportedApart() {
		answerAnthropic(Way.CALL, 300, 0, 12_000, 2000, 10_000, 500);
		// 300 x 3 + 2,000 x 3.75 + 10,000 x 6 + 500 x 15
		assertBill(anthropic(AnthropicCacheTtl.ONE_HOUR), Way.CALL, 12_800, "0.0759", "-0.0315");
	}

	@Test
	void streamDoesNotReportForHowLongItWritesSoTheRequestSaysIt() {
		answerAnthropic(Way.STREAM, 300, 0, 12_000, 0, 12_000, 500);
		// 300 x 3 + 12,000 x 6 + 500 x 15
		assertBill(anthropic(AnthropicCacheTtl.ONE_HOUR), Way.STREAM, 12_800, "0.0804", "-0.036");
	}

	@ParameterizedTest
	@EnumSource(Way.class)
	void readsOfModelsThatWriteForNothing(Way way) {
		answerOpenAi(way, "gpt-5.4", usage(10_000, 400, "\"cached_tokens\":8192", "\"reasoning_tokens\":256"));
		// 1,808 x 2.5 + 8,192 x 0.25 + 400 x 15
		assertBill(openAi("gpt-5.4", null), way, 10_400, "0.012568", "0.018432");
	}

	@ParameterizedTest
	@EnumSource(Way.class)
	void writesOfModelsThatChargeForThem(Way way) {
		answerOpenAi(way, "gpt-5.6", usage(10_000, 400, "\"cached_tokens\":2048,\"cache_write_tokens\":7000", null));
		// 952 x 4 + 2,048 x 0.4 + 7,000 x 5 + 400 x 20
		assertBill(openAi("gpt-5.6", null), way, 10_400, "0.0476272", "0.0003728");
	}

	@ParameterizedTest
	@EnumSource(Way.class)
	void slowTierCostsLess(Way way) {
		answerOpenAi(way, "gpt-5", usage(10_000, 400, "\"cached_tokens\":8192", null));
		// 1,808 x 0.625 + 8,192 x 0.0625 + 400 x 5
		assertBill(openAi("gpt-5", "flex"), way, 10_400, "0.003642", "0.004608");
	}

	@Test
	void longRequestCostsMoreFromTheFirstTokenAboveTheThreshold() {
		answerOpenAi(Way.CALL, "gpt-5.4", usage(272_000, 1000, "\"cached_tokens\":0", null));
		assertBill(openAi("gpt-5.4", null), Way.CALL, 273_000, "0.695", "0");
		answerOpenAi(Way.CALL, "gpt-5.4", usage(272_001, 1000, "\"cached_tokens\":0", null));
		assertBill("Hello again", openAi("gpt-5.4", null), Way.CALL, 273_001, "1.382505", "0");
	}

	@ParameterizedTest
	@EnumSource(Way.class)
	void deepSeekBehindTheProtocolOfOpenAi(Way way) {
		answerOpenAi(way, "deepseek-chat", "{\"prompt_tokens\":10000,\"completion_tokens\":300,\"total_tokens\":10300,"
				+ "\"prompt_cache_hit_tokens\":8960,\"prompt_cache_miss_tokens\":1040}");
		// 1,040 x 0.28 + 8,960 x 0.028 + 300 x 0.42
		assertBill(openAi("deepseek-chat", null), way, 10_300, "0.00066808", "0.00225792");
	}

	@ParameterizedTest
	@EnumSource(Way.class)
	void thoughtsOfGeminiAreOutput(Way way) {
		answerGemini(way, 2000, 1500, 100, 1000);
		// 500 x 1.25 + 1,500 x 0.125 + 1,100 x 10
		assertBill(google(true, null), way, 3100, "0.0118125", "0.0016875");
	}

	@ParameterizedTest
	@EnumSource(Way.class)
	void geminiInTheSlowTier(Way way) {
		answerGemini(way, 2000, 0, 100, 1000);
		// 2,000 x 0.625 + 1,100 x 5
		assertBill(google(true, GoogleGenAiServiceTier.FLEX), way, 3100, "0.00675", "0");
	}

	@ParameterizedTest
	@EnumSource(Way.class)
	void whatGeminiReadsIsNotKnownWithoutItsExtendedUsage(Way way) {
		answerGemini(way, 2000, 1500, 100, 1000);
		// 2,000 x 1.25 + 1,100 x 10: the cached tokens are nowhere reported
		assertBill(google(false, null), way, 3100, "0.0135", "0");
	}

	private void assertBill(ChatModel model, Way way, long tokens, String usd, String providerDiscountUsd) {
		assertBill("Hello", model, way, tokens, usd, providerDiscountUsd);
	}

	private void assertBill(String question, ChatModel model, Way way, long tokens, String usd,
			String providerDiscountUsd) {
		ChatClient client = this.chain.client(model);
		ChatClientResponse bought = way.ask(client, question);
		ChatClientResponse found = way.ask(client, question);
		assertThatReport(bought).hasOutcome(Outcome.MISS).bought(tokens);
		assertThat(report(bought).priced()).isTrue();
		assertThat(report(bought).costSavedUsd()).as("granted without token saving").isZero();
		assertThat(report(bought).providerDiscountUsd()).isEqualByComparingTo(providerDiscountUsd);
		assertThatReport(found).hasOutcome(ExactCacheFeature.HIT).saved(tokens).savedUsd(usd);
		assertThat(report(found).providerDiscountUsd()).isZero();
	}

	private static SavingsReport report(ChatClientResponse response) {
		return (SavingsReport) response.context().get(SavingsReport.CONTEXT_KEY);
	}

	private ChatModel anthropic(AnthropicCacheTtl ttl) {
		return AnthropicChatModel.builder()
			.options(AnthropicChatOptions.builder()
				.baseUrl(this.server.url())
				.apiKey("test")
				.model("claude-sonnet-4-5")
				.maxTokens(1000)
				.maxRetries(0)
				.cacheOptions(AnthropicCacheOptions.builder()
					.strategy(AnthropicCacheStrategy.CONVERSATION_HISTORY)
					.messageTypeTtl(MessageType.SYSTEM, ttl)
					.messageTypeTtl(MessageType.USER, ttl)
					.build())
				.build())
			.build();
	}

	private void answerAnthropic(Way way, int input, int read, int written, int fiveMinutes, int oneHour, int output) {
		String usage = "\"input_tokens\":%d,\"cache_read_input_tokens\":%d,\"cache_creation_input_tokens\":%d"
			.formatted(input, read, written);
		String split = ",\"cache_creation\":{\"ephemeral_5m_input_tokens\":%d,\"ephemeral_1h_input_tokens\":%d}"
			.formatted(fiveMinutes, oneHour);
		String message = "{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude-sonnet-4-5\","
				+ "\"content\":[%s],\"stop_reason\":%s,\"stop_sequence\":null,\"usage\":{%s%s,\"output_tokens\":%d}}";
		if (way == Way.CALL) {
			this.server.answer((request) -> Reply
				.json(message.formatted("{\"type\":\"text\",\"text\":\"Hi\"}", "\"end_turn\"", usage, split, output)));
			return;
		}
		this.server.answer((request) -> Reply.namedEvents("message_start",
				"{\"type\":\"message_start\",\"message\":" + message.formatted("", "null", usage, split, 1) + "}",
				"content_block_start",
				"{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}",
				"content_block_delta",
				"{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Hi\"}}",
				"content_block_stop", "{\"type\":\"content_block_stop\",\"index\":0}", "message_delta",
				"{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},"
						+ "\"usage\":{" + usage + ",\"output_tokens\":" + output + "}}",
				"message_stop", "{\"type\":\"message_stop\"}"));
	}

	private ChatModel openAi(String model, String serviceTier) {
		OpenAiChatOptions.Builder options = OpenAiChatOptions.builder()
			.baseUrl(this.server.url())
			.apiKey("test")
			.model(model)
			.maxRetries(0)
			.streamOptions(OpenAiChatOptions.StreamOptions.builder().includeUsage(true).build());
		if (serviceTier != null) {
			options.serviceTier(serviceTier);
		}
		return OpenAiChatModel.builder().options(options.build()).build();
	}

	private static String usage(int prompt, int completion, String promptDetails, String completionDetails) {
		return "{\"prompt_tokens\":%d,\"completion_tokens\":%d,\"total_tokens\":%d,\"prompt_tokens_details\":{%s}%s}"
			.formatted(prompt, completion, prompt + completion, promptDetails,
					(completionDetails != null) ? ",\"completion_tokens_details\":{" + completionDetails + "}" : "");
	}

	private void answerOpenAi(Way way, String model, String usage) {
		String chunk = "{\"id\":\"1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"" + model
				+ "\",\"choices\":[%s]%s}";
		this.server.answer((request) -> (way == Way.CALL)
				? Reply.json("{\"id\":\"1\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"" + model
						+ "\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"Hi\"},"
						+ "\"finish_reason\":\"stop\"}],\"usage\":" + usage + "}")
				: Reply.events(
						chunk.formatted("{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"Hi\"}}", ""),
						chunk.formatted("{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}", ""),
						chunk.formatted("", ",\"usage\":" + usage), "[DONE]"));
	}

	private ChatModel google(boolean extendedUsage, GoogleGenAiServiceTier tier) {
		return GoogleGenAiChatModel.builder()
			.genAiClient(Client.builder()
				.apiKey("key")
				.httpOptions(HttpOptions.builder()
					.baseUrl(this.server.url())
					.retryOptions(HttpRetryOptions.builder().attempts(1).build())
					.build())
				.build())
			.options(GoogleGenAiChatOptions.builder()
				.model("gemini-2.5-pro")
				.includeExtendedUsageMetadata(extendedUsage)
				.serviceTier(tier)
				.build())
			.retryTemplate(new RetryTemplate(RetryPolicy.withMaxRetries(0)))
			.build();
	}

	private void answerGemini(Way way, int prompt, int cached, int candidates, int thoughts) {
		String response = ("{\"candidates\":[{\"index\":0,\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"Hi\"}]},"
				+ "\"finishReason\":\"STOP\"}],\"modelVersion\":\"gemini-2.5-pro\",\"usageMetadata\":{"
				+ "\"promptTokenCount\":%d,\"cachedContentTokenCount\":%d,\"candidatesTokenCount\":%d,"
				+ "\"thoughtsTokenCount\":%d,\"totalTokenCount\":%d}}")
			.formatted(prompt, cached, candidates, thoughts, prompt + candidates + thoughts);
		this.server.answer((request) -> (way == Way.CALL) ? Reply.json(response) : Reply.events(response));
	}

	private enum Way {

		CALL {

			@Override
			ChatClientResponse ask(ChatClient client, String question) {
				return client.prompt(question).call().chatClientResponse();
			}

		},

		STREAM {

			@Override
			ChatClientResponse ask(ChatClient client, String question) {
				List<ChatClientResponse> elements = client.prompt(question)
					.stream()
					.chatClientResponse()
					.collectList()
					.block();
				return elements.get(elements.size() - 1);
			}

		};

		abstract ChatClientResponse ask(ChatClient client, String question);

	}

}

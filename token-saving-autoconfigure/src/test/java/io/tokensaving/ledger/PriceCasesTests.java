package io.tokensaving.ledger;

import java.math.BigDecimal;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

import com.anthropic.models.messages.CacheCreation;
import com.anthropic.models.messages.OutputTokensDetails;
import com.openai.core.JsonValue;
import com.openai.models.completions.CompletionUsage;
import com.openai.models.completions.CompletionUsage.CompletionTokensDetails;
import com.openai.models.completions.CompletionUsage.PromptTokensDetails;
import io.tokensaving.provider.Dialects;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.provider.ServiceTier;
import io.tokensaving.provider.TokenUsage;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.aggregator.ArgumentsAccessor;
import org.junit.jupiter.params.provider.CsvFileSource;

import org.springframework.ai.anthropic.AnthropicChatOptions;
import org.springframework.ai.bedrock.converse.BedrockChatOptions;
import org.springframework.ai.chat.metadata.DefaultUsage;
import org.springframework.ai.chat.metadata.Usage;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.deepseek.api.DeepSeekApi;
import org.springframework.ai.google.genai.GoogleGenAiChatOptions;
import org.springframework.ai.google.genai.common.GoogleGenAiServiceTier;
import org.springframework.ai.google.genai.metadata.GoogleGenAiUsage;
import org.springframework.ai.openai.OpenAiChatOptions;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that a usage as a provider reports it costs what {@code price-cases.txt} says, to
 * the last pico-dollar.
 */
class PriceCasesTests {

	private static final BigDecimal MILLION = new BigDecimal(1_000_000);

	private static final Dialects DIALECTS = Dialects.builtIn();

	private static final PriceTable PRICES = table(Instant.parse("2026-11-30T02:00:00Z"));

	private static PriceTable table(Instant time) {
		return new PriceTable(List.of(), DIALECTS, Clock.fixed(time, ZoneOffset.UTC));
	}

	@ParameterizedTest(name = "{1} {2} {3}: {0}")
	@CsvFileSource(resources = "price-cases.txt", delimiter = '|', numLinesToSkip = 5, maxCharsPerColumn = 200)
	void costsWhatIsWorkedOutByHand(ArgumentsAccessor row) {
		Case given = Case.of(row);
		TokenUsage usage = given.reported();
		assertThat(usage).isEqualTo(new TokenUsage(given.input(), given.output(), given.read, given.written,
				given.oneHour, given.thoughts, given.tier, false));
		ModelPrice price = given.prices().find(given.model);
		assertThat(price).isNotNull();
		assertThat(PicoUsd.toUsd(price.picoUsd(usage))).isEqualByComparingTo(given.usd);
	}

	@ParameterizedTest(name = "{1} {2} {3}: {0}")
	@CsvFileSource(resources = "price-cases.txt", delimiter = '|', numLinesToSkip = 5, maxCharsPerColumn = 200)
	void sumIsAddedUpRight(ArgumentsAccessor row) {
		Case given = Case.of(row);
		BigDecimal sum = BigDecimal.ZERO;
		long tokens = 0;
		for (String term : row.getString(12).split(" \\+ ")) {
			String[] factors = term.split(" x ");
			sum = sum.add(new BigDecimal(factors[0]).multiply(new BigDecimal(factors[1])));
			tokens += Long.parseLong(factors[0]);
		}
		assertThat(sum.divide(MILLION)).isEqualByComparingTo(given.usd);
		assertThat(tokens).isEqualTo(given.input() + given.output());
	}

	/**
	 * A line of the file.
	 */
	private record Case(String provider, String model, ServiceTier tier, Instant at, int input, int read, int written,
			int oneHour, int output, int thoughts, BigDecimal usd) {

		static Case of(ArgumentsAccessor row) {
			String at = row.getString(4);
			return new Case(row.getString(1), row.getString(2), ServiceTier.of(row.getString(3)),
					(at != null) ? Instant.parse(at) : null, number(row, 5), number(row, 6), number(row, 7),
					number(row, 8), number(row, 9), number(row, 10), new BigDecimal(row.getString(11)));
		}

		private static int number(ArgumentsAccessor row, int column) {
			String number = row.getString(column);
			return (number != null) ? Integer.parseInt(number) : 0;
		}

		PriceTable prices() {
			return (this.at != null) ? table(this.at) : PRICES;
		}

		/**
		 * Reads the usage in the form in which the provider reports it. Batches have no
		 * form of their own at most providers: whoever reads their results says it.
		 */
		TokenUsage reported() {
			return switch (this.provider) {
				case "openai" -> read(openAi(), OpenAiChatOptions.builder().serviceTier(tierName()).build());
				case "anthropic" -> read(anthropic(), AnthropicChatOptions.builder().build());
				case "google" -> read(google(), googleOptions()).at(this.tier);
				case "deepseek" -> read(deepSeek(), ChatOptions.builder().build());
				case "mistral" -> read(new DefaultUsage(this.input, this.output), ChatOptions.builder().build());
				case "bedrock" -> read(bedrock(), new BedrockChatOptions(this.model, List.of(), null)).at(this.tier);
				default -> throw new IllegalArgumentException(this.provider);
			};
		}

		private static TokenUsage read(Usage usage, ChatOptions options) {
			return DIALECTS.usage(usage, options);
		}

		private String tierName() {
			return this.tier.name().toLowerCase(Locale.ROOT);
		}

		private Usage openAi() {
			PromptTokensDetails.Builder details = PromptTokensDetails.builder().cachedTokens(this.read);
			if (this.written > 0) {
				details.putAdditionalProperty("cache_write_tokens", JsonValue.from(this.written));
			}
			CompletionUsage usage = CompletionUsage.builder()
				.promptTokens(this.input)
				.completionTokens(this.output)
				.totalTokens(this.input + this.output)
				.promptTokensDetails(details.build())
				.completionTokensDetails(CompletionTokensDetails.builder().reasoningTokens(this.thoughts).build())
				.build();
			return new DefaultUsage(this.input, this.output, this.input + this.output, usage, (long) this.read, null);
		}

		// What is read and written is no part of the input tokens
		private Usage anthropic() {
			int plain = this.input - this.read - this.written;
			com.anthropic.models.messages.Usage usage = com.anthropic.models.messages.Usage.builder()
				.inputTokens(plain)
				.outputTokens(this.output)
				.cacheReadInputTokens(this.read)
				.cacheCreationInputTokens(this.written)
				.cacheCreation(CacheCreation.builder()
					.ephemeral5mInputTokens(this.written - this.oneHour)
					.ephemeral1hInputTokens(this.oneHour)
					.build())
				.inferenceGeo(Optional.empty())
				.outputTokensDetails(OutputTokensDetails.builder().thinkingTokens(this.thoughts).build())
				.serverToolUse(Optional.empty())
				.serviceTier(com.anthropic.models.messages.Usage.ServiceTier.of(tierName()))
				.build();
			return new DefaultUsage(plain, this.output, plain + this.output, usage, (long) this.read,
					(long) this.written);
		}

		// Thoughts are no part of the output tokens
		private Usage google() {
			return new GoogleGenAiUsage(this.input, this.output - this.thoughts, this.input + this.output,
					this.thoughts, this.read, 0, null, null, null, null, null, null);
		}

		private ChatOptions googleOptions() {
			GoogleGenAiServiceTier asked = switch (this.tier) {
				case FLEX -> GoogleGenAiServiceTier.FLEX;
				case PRIORITY -> GoogleGenAiServiceTier.PRIORITY;
				default -> GoogleGenAiServiceTier.STANDARD;
			};
			return GoogleGenAiChatOptions.builder().model(this.model).serviceTier(asked).build();
		}

		private Usage deepSeek() {
			return new DefaultUsage(this.input, this.output, this.input + this.output,
					new DeepSeekApi.Usage(this.output, this.input, this.input + this.output,
							new DeepSeekApi.Usage.PromptTokensDetails(this.read)));
		}

		// What is read and written is no part of the input tokens
		private Usage bedrock() {
			int plain = this.input - this.read - this.written;
			return new DefaultUsage(plain, this.output, plain + this.output,
					new BedrockUsage(List.of(new BedrockUsage.CacheDetail("1h", this.oneHour),
							new BedrockUsage.CacheDetail("5m", this.written - this.oneHour))),
					(long) this.read, (long) this.written);
		}

	}

	/**
	 * Stands for the usage of Amazon's SDK, as far as it is read by reflection.
	 */
	public record BedrockUsage(List<CacheDetail> cacheDetails) {

		public record CacheDetail(String ttlAsString, Integer inputTokens) {

		}

	}

}

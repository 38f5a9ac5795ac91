package io.tokensaving.ledger;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

import io.tokensaving.provider.Dialects;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.provider.ServiceTier;
import io.tokensaving.provider.TokenUsage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link PriceList}, and for the one that comes with the library.
 */
class PriceListTests {

	private static final PriceTable BUILT_IN = new PriceTable(List.of(), Dialects.builtIn(),
			Clock.fixed(Instant.parse("2026-11-30T08:00:00Z"), ZoneOffset.UTC));

	@Test
	void builtInListIsDatedAndPricesEveryNameExactly() {
		PriceList list = BUILT_IN.list();
		assertThat(list.date()).isEqualTo(PriceTable.BUILT_IN_DATE);
		assertThat(list.names()).hasSizeGreaterThan(1200)
			.allMatch((name) -> name.equals(name.toLowerCase(Locale.ROOT)));
		for (String name : list.names()) {
			ModelPrice price = BUILT_IN.find(name);
			assertThat(price).as(name).isNotNull();
			for (BigDecimal kind : List.of(price.input(), price.output())) {
				assertThat(kind.movePointRight(6).stripTrailingZeros().scale()).as(name + ": pico-dollars a token")
					.isLessThanOrEqualTo(0);
			}
		}
	}

	@ParameterizedTest
	@CsvSource({
			// OpenAI, and dated versions
			"gpt-4o, 2.5, 10, 1.25,", "gpt-4o-2024-08-06, 2.5, 10, 1.25,", "gpt-4o-2024-05-13, 5, 15, ,",
			"gpt-5.2, 1.75, 14, 0.175,", "gpt-5.4-mini-2026-03-17, 0.75, 4.5, 0.075,", "GPT-5.6, 4, 20, 0.4, 5",
			"o4-mini-2025-04-16, 1.1, 4.4, 0.275,", "gpt-5-pro-2025-10-06, 15, 120, ,",
			"text-embedding-3-large, 0.13, 0, ,",
			// Anthropic, with its regions, platforms and gateways
			"claude-sonnet-4-5-20250929, 3, 15, 0.3, 3.75", "claude-opus-5, 5, 25, 0.5, 6.25",
			"claude-sonnet-5, 2, 10, 0.2, 2.5", "us.anthropic.claude-opus-5, 5.5, 27.5, 0.55, 6.875",
			"anthropic.claude-opus-5, 5.5, 27.5, 0.55, 6.875", "ca.anthropic.claude-opus-5, 5.5, 27.5, 0.55, 6.875",
			"global.anthropic.claude-opus-5, 5, 25, 0.5, 6.25", "us-gov.anthropic.claude-opus-5, 6, 30, 0.6, 7.5",
			"arn:aws:bedrock:us-east-1:1:inference-profile/global.anthropic.claude-opus-5, 5, 25, 0.5, 6.25",
			"bedrock/converse/us.anthropic.claude-opus-5, 5.5, 27.5, 0.55, 6.875",
			"openrouter/anthropic/claude-opus-4.6, 5, 25, 0.5, 6.25", "anthropic/claude-opus-5, 5, 25, 0.5, 6.25",
			"vertex_ai/claude-opus-5@default, 5, 25, 0.5, 6.25",
			"projects/p/locations/global/publishers/anthropic/models/claude-opus-5, 5, 25, 0.5, 6.25",
			"azure_ai/claude-opus-5, 5, 25, 0.5, 6.25",
			// Google
			"gemini-2.5-pro, 1.25, 10, 0.125,", "models/gemini-2.5-flash, 0.3, 2.5, 0.03,",
			"gemini/gemini-2.5-flash, 0.3, 2.5, 0.03,", "vertex_ai/gemini-2.5-pro, 1.25, 10, 0.125,",
			"google/gemini-2.5-pro, 1.25, 10, 0.125,",
			// Others
			"azure/gpt-4o, 2.5, 10, 1.25,", "deepseek-chat, 0.28, 0.42, 0.028,", "xai/grok-4.6, 2, 6, 0.5,",
			"grok-4.6, 2, 6, 0.5,", "x-ai/grok-4.6, 2, 6, 0.5,", "mistral-large-latest, 0.5, 1.5, 0.05,",
			"mistral/mistral-large-latest, 0.5, 1.5, 0.05,", "amazon.nova-2-lite-v1:0, 0.3, 2.5, 0.075,",
			"eu.amazon.nova-2-lite-v1:0, 0.429, 3.597, 0.10725," })
	void knowsPrices(String model, BigDecimal input, BigDecimal output, BigDecimal read, BigDecimal write) {
		ModelPrice price = BUILT_IN.find(model);
		assertThat(price).isNotNull();
		assertThat(price.input()).isEqualByComparingTo(input);
		assertThat(price.output()).isEqualByComparingTo(output);
		if (read != null) {
			assertThat(price.cacheRead()).isEqualByComparingTo(read);
		}
		else {
			assertThat(price.cacheRead()).isNull();
		}
		if (write != null) {
			assertThat(price.cacheWrite()).isEqualByComparingTo(write);
		}
		else {
			assertThat(price.cacheWrite()).isNull();
		}
	}

	@ParameterizedTest
	@ValueSource(strings = {
			// Open models that anybody serves, and names that gateways use at other
			// prices
			"mistral-small", "command-r", "deepseek-r1", "deepseek-r1:8b", "deepseek/deepseek-chat", "gemma-3-27b-it",
			"llama-3.3-70b-versatile", "qwen3:8b",
			// Not the same as what it looks like
			"gpt-5.6-turbo", "claude-opus-5-fast", "gemini-2.5-pro-tuned-1", "ft:gpt-5", "azure/gpt-4o-deployment",
			"projects/p/locations/europe-west1/publishers/anthropic/models/claude-opus-5",
			"us.anthropic.claude-opus-5:1", "xai/", "-2024-08-06", "gpt-4o-realtime-preview",
			"gemini-2.5-flash-image" })
	void neverGuesses(String model) {
		assertThat(BUILT_IN.find(model)).isNull();
	}

	@Test
	void writesOfOneHourTiersAndThoughtsHavePricesOfTheirOwn() {
		TokenUsage usage = new TokenUsage(1_000_000, 100_000, 0, 1_000_000, false);
		assertThat(usd("claude-sonnet-4-5", usage)).isEqualByComparingTo("5.25");
		assertThat(usd("claude-sonnet-4-5", usage.withWritesOfOneHour(1_000_000))).isEqualByComparingTo("7.5");
		assertThat(usd("claude-sonnet-4-5", usage.withWritesOfOneHour(400_000))).isEqualByComparingTo("6.15");
		assertThat(usd("claude-sonnet-4-5", usage.at(ServiceTier.BATCH))).isEqualByComparingTo("2.625");
		TokenUsage plain = new TokenUsage(100_000, 10_000, 0, 0, false);
		assertThat(usd("gpt-5", plain)).isEqualByComparingTo("0.225");
		assertThat(usd("gpt-5", plain.at(ServiceTier.BATCH))).isEqualByComparingTo("0.1125");
		assertThat(usd("gpt-5", plain.at(ServiceTier.FLEX))).isEqualByComparingTo("0.1125");
		assertThat(usd("gpt-5", plain.at(ServiceTier.PRIORITY))).isEqualByComparingTo("0.45");
		// A tier without a price of its own
		assertThat(usd("claude-sonnet-4-5", plain.at(ServiceTier.PRIORITY)))
			.isEqualByComparingTo(usd("claude-sonnet-4-5", plain));
		assertThat(usd("perplexity/sonar-deep-research", plain)).isEqualByComparingTo("0.28");
		assertThat(usd("perplexity/sonar-deep-research", plain.withReasoning(4000))).isEqualByComparingTo("0.26");
	}

	@ParameterizedTest
	@CsvSource({ "gemini-2.5-pro, 200000, STANDARD, 0.25, 0.5000025",
			"gemini-2.5-pro, 200000, BATCH, 0.125, 0.25000125", "gpt-5.4, 272000, STANDARD, 0.68, 1.360005",
			"gpt-5.4, 272000, FLEX, 0.34, 0.6800025",
			"us.anthropic.claude-sonnet-4-5-20250929-v1:0, 200000, STANDARD, 0.66, 1.3200066",
			// Begins at the threshold
			"xai/grok-4.20, 199999, STANDARD, 0.24999875, 0.5" })
	void longRequestsAreDearer(String model, long threshold, ServiceTier tier, String at, String above) {
		TokenUsage usage = new TokenUsage(threshold, 0, 0, 0, false).at(tier);
		assertThat(usd(model, usage)).isEqualByComparingTo(at);
		assertThat(usd(model, new TokenUsage(threshold + 1, 0, 0, 0, false).at(tier))).isEqualByComparingTo(above);
	}

	@ParameterizedTest
	@CsvSource({ "2026-11-30T08:00:00Z, 1.32", "2026-11-30T00:59:59Z, 0.66", "2026-11-30T01:00:00Z, 1.32",
			"2026-11-30T04:00:00Z, 0.66", "2026-11-30T10:00:00Z, 0.66", "2026-11-30T23:59:59Z, 0.66",
			"2026-11-28T08:00:00Z, 0.66", "2026-11-29T23:59:59Z, 0.66" })
	void quietTimesAreCheaper(Instant time, BigDecimal input) {
		PriceTable table = new PriceTable(List.of(), Dialects.builtIn(), Clock.fixed(time, ZoneOffset.UTC));
		assertThat(table.find("deepseek-v4-pro").input()).isEqualByComparingTo(input);
	}

	@Test
	void userPricesWinUnderEveryNameThatCostsTheSame() {
		PriceTable table = new PriceTable(
				List.of(new ModelPrice("claude-opus-5", BigDecimal.ONE, BigDecimal.ONE, null, null)));
		assertThat(table.find("anthropic/claude-opus-5").input()).isEqualByComparingTo("1");
		assertThat(table.find("global.anthropic.claude-opus-5").input()).isEqualByComparingTo("1");
		assertThat(table.find("eu.anthropic.claude-opus-5").input()).isEqualByComparingTo("5.5");
	}

	@Test
	void readsRowsOfModelsOfTextAndPassesOverAllElse() throws IOException {
		PriceList list = read(
				"""
						{ "sample_spec": { "mode": "one of: chat", "input_cost_per_token": 0.0, "litellm_provider": "x" },
						  "A/One": { "mode": "chat", "litellm_provider": "a", "input_cost_per_token": 1e-6,
						    "output_cost_per_token": 2E-06, "search_context_cost_per_query": { "low": -1 }, "notes": [ 1, [] ] },
						  "picture": { "mode": "image_generation", "input_cost_per_token": -1e-6 },
						  "hours": { "mode": "chat", "input_cost_per_second": 1 },
						  "voice": { "mode": "chat", "input_cost_per_token": 1e-6, "output_cost_per_token": 1e-6,
						    "output_cost_per_audio_token": 1e-6 },
						  "vector": { "mode": "embedding", "litellm_provider": "a", "input_cost_per_token": 1e-7 } }
						"""
					.replace("-1e-6", "1e-6"));
		assertThat(list.names()).containsExactlyInAnyOrder("a/one", "vector");
		assertThat(list.date()).isNull();
		assertThat(list.find("A/one-2026-01-31").price().output()).isEqualByComparingTo("2");
		assertThat(list.find("vector").price().output()).isZero();
	}

	@Test
	void versionsStandForTheModelOnlyIfTheyCostTheSame() throws IOException {
		PriceList list = read(row("same-2026-01-01", "1e-6") + row("same-2026-02-02", "1e-6")
				+ row("different-2026-01-01", "1e-6") + row("different-2026-02-02", "2e-6"));
		assertThat(list.find("same")).isNotNull();
		assertThat(list.find("same-2026-03-03")).isNotNull();
		assertThat(list.find("different")).isNull();
		assertThat(list.find("different-2026-03-03")).isNull();
		assertThat(list.find("different-2026-02-02").price().input()).isEqualByComparingTo("2");
	}

	private static String row(String name, String price) {
		return "\"%s\": {\"mode\":\"chat\",\"input_cost_per_token\":%s,\"output_cost_per_token\":%s},".formatted(name,
				price, price);
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|',
			value = { "-0.000001|-0.000001", "NaN|NaN", "Infinity|Infinity", "1.0000001|1.0000001",
					"1e999999999|1e999999999", "1e-999999999|1e-999999999", "'\"0.000001\"'|'\"0.000001\"'",
					"null|null", "true|true", "[]|an array", "{}|an object" })
	void refusesPricesThatCannotBeRight(String value, String shown) {
		for (String field : List.of("input_cost_per_token", "output_cost_per_token",
				"cache_creation_input_token_cost_above_1hr", "cache_read_input_token_cost_above_200k_tokens_batches",
				"output_cost_per_reasoning_token_flex")) {
			String table = "{\"good\":{},\"bad\\nmodel\":{\"mode\":\"chat\",\"%s\":%s}}".formatted(field, value);
			assertThatIllegalArgumentException().isThrownBy(() -> read(table))
				.withMessageContaining("'bad\\u000amodel'.'" + field + "' is ")
				.satisfies((ex) -> assertThat(ex.getMessage().toUpperCase(Locale.ROOT))
					.contains("IS " + shown.toUpperCase(Locale.ROOT) + ", NOT"));
		}
	}

	@Test
	void refusesWhatIsNoPriceList() {
		String row = "\"a\":{\"mode\":\"chat\",\"input_cost_per_token\":1e-6,\"output_cost_per_token\":1e-6}";
		String quiet = "{\"a\":{\"mode\":\"chat\",\"off_peak_pricing\":%s}}";
		Map<String, String> refused = new LinkedHashMap<>();
		refused.put("", "not an object");
		refused.put("[]", "not an object");
		refused.put("{}", "no price");
		refused.put("{\"a\":{\"mode\":\"chat\"}}", "no price");
		refused.put("{\"a\":1}", "'a' is 1, not an object");
		refused.put("{\"a\":{\"mode\":\"chat\",\"input_cost_per_token\":1e-6}}",
				"'a' has 'input_cost_per_token' but not 'output_cost_per_token'");
		refused.put("{" + row, "not JSON");
		refused.put("{" + row + "}x", "not JSON");
		refused.put("{" + row + "}{}", "follows");
		refused.put("{" + row + "," + row + "}", "Duplicate");
		refused.put(quiet.formatted("{\"windows\":7}"), "is 7, not an array");
		refused.put(quiet.formatted("{\"windows\":[7]}"), "has 7, not an object");
		refused.put(quiet.formatted("{\"windows\":[{\"hours_utc\":\"9-10\"}]}"), "\"9-10\", not hours");
		refused.put(quiet.formatted("{\"windows\":[{\"hours_utc\":\"10:00-09:00\"}]}"), "not hours");
		refused.put(quiet.formatted("{\"windows\":[{\"weekdays\":[\"x\"]}]}"), "neither hours nor a day");
		refused.put(quiet.formatted("{\"input_cost_per_token\":\"x\"}"), "is \"x\", not a number");
		refused.forEach((table, problem) -> assertThatIllegalArgumentException().as(table)
			.isThrownBy(() -> read(table))
			.withMessageStartingWith("The price list is refused: ")
			.withMessageContaining(problem));
	}

	@Test
	void refusesMoreThanThereIsRoomFor() {
		byte[] row = ("\"" + "x".repeat(1000) + "\",").getBytes(StandardCharsets.UTF_8);
		InputStream endless = new InputStream() {

			private long position;

			@Override
			public int read() {
				this.position++;
				return (this.position < 18) ? "{\"a\":{\"notes\":[   ".charAt((int) this.position - 1)
						: row[(int) (this.position % row.length)];
			}

		};
		assertThatIllegalArgumentException().isThrownBy(() -> PriceList.read(endless, Dialects.builtIn()));
		String deep = "{\"a\":{\"notes\":" + "[".repeat(100_000);
		assertThatIllegalArgumentException().isThrownBy(() -> read(deep));
	}

	private static PriceList read(String text) throws IOException {
		String table = text.endsWith(",") ? "{" + text.substring(0, text.length() - 1) + "}" : text;
		return PriceList.read(new ByteArrayInputStream(table.getBytes(StandardCharsets.UTF_8)), Dialects.builtIn());
	}

	private static BigDecimal usd(String model, TokenUsage usage) {
		return PicoUsd.toUsd(BUILT_IN.find(model).picoUsd(usage));
	}

}

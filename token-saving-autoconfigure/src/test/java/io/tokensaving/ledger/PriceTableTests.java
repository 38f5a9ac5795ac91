package io.tokensaving.ledger;

import java.math.BigDecimal;
import java.util.List;

import io.tokensaving.provider.ModelPrice;
import io.tokensaving.provider.TokenUsage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link PriceTable} and {@link ModelPrice}.
 */
class PriceTableTests {

	@ParameterizedTest
	@CsvSource({ "gpt-4o, gpt-4o", "gpt-4o-2024-08-06, gpt-4o", "GPT-4o-mini-2024-07-18, gpt-4o-mini",
			"claude-sonnet-4-5-20250929, claude-sonnet-4-5", "claude-haiku-4-5@20251001, claude-haiku-4-5",
			"gpt-4.1-nano, gpt-4.1-nano" })
	void findsBuiltInPriceOfModelAndItsDatedVersions(String model, String expected) {
		assertThat(new PriceTable(List.of()).find(model).model()).isEqualTo(expected);
	}

	@ParameterizedTest
	@CsvSource({ "us.anthropic.claude-sonnet-4-5-20250929-v1:0, 3.3, 16.5, 0.33, 4.125",
			"anthropic.claude-haiku-4-5-20251001-v1:0, 1.1, 5.5, 0.11, 1.375",
			"bedrock/eu.anthropic.claude-opus-4-5-20251101-v1:0, 5.5, 27.5, 0.55, 6.875",
			"global.anthropic.claude-sonnet-4-5-20250929-v1:0, 3, 15, 0.3, 3.75",
			"anthropic/claude-sonnet-4.5, 3, 15, 0.3, 3.75" })
	void findsPriceUnderNamesOfGatewaysAndRegions(String model, BigDecimal input, BigDecimal output,
			BigDecimal cacheRead, BigDecimal cacheWrite) {
		ModelPrice price = new PriceTable(List.of()).find(model);
		assertThat(price.input()).isEqualByComparingTo(input);
		assertThat(price.output()).isEqualByComparingTo(output);
		assertThat(price.cacheRead()).isEqualByComparingTo(cacheRead);
		assertThat(price.cacheWrite()).isEqualByComparingTo(cacheWrite);
	}

	@Test
	void givenPriceHoldsUnderNamesThatCostTheSame() {
		PriceTable table = new PriceTable(
				List.of(price("gpt-4o", "2"), price("openai/gpt-5", "3"), price("claude-sonnet-4-5", "4")));
		assertThat(table.find("openai/gpt-4o").input()).isEqualByComparingTo("2");
		assertThat(table.find("openai/gpt-5").input()).isEqualByComparingTo("3");
		assertThat(table.find("global.anthropic.claude-sonnet-4-5").input()).isEqualByComparingTo("4");
		// Costs more, so that the list of the provider is right
		assertThat(table.find("us.anthropic.claude-sonnet-4-5").input()).isEqualByComparingTo("3.3");
	}

	@ParameterizedTest
	@ValueSource(strings = { "gpt-4o-audio-preview", "gpt-5-pro-max", "o3-professional", "gpt-4-", "claude-sonnet", "",
			"llama3", "azure/our-deployment", "openai/gpt-4o:free", "someone/gpt-4o",
			"us.anthropic.claude-opus-4-99-20250805-v1:0", "/", " " })
	void neverGivesModelThePriceOfSimilarOne(String model) {
		assertThat(new PriceTable(List.of()).find(model)).isNull();
	}

	@Test
	void prefersGivenPricesAndAmongThemTheLongestName() {
		PriceTable table = new PriceTable(List.of(price("gpt-*", "1"), price("gpt-4o*", "2"), price("o3", "3")));
		assertThat(table.find("gpt-4o-audio-preview").input()).isEqualByComparingTo("2");
		assertThat(table.find("gpt-4o").input()).isEqualByComparingTo("2");
		assertThat(table.find("gpt-oss").input()).isEqualByComparingTo("1");
		assertThat(table.find("o3").input()).isEqualByComparingTo("3");
		assertThat(table.find(null)).isNull();
	}

	@Test
	void pricesCachedTokensApart() {
		ModelPrice price = new ModelPrice("m", new BigDecimal("3"), new BigDecimal("15"), new BigDecimal("0.3"),
				new BigDecimal("3.75"));
		long pico = price.picoUsd(new TokenUsage(1000, 100, 600, 200, false));
		// 200 plain + 600 read + 200 written + 100 output
		assertThat(PicoUsd.toUsd(pico)).isEqualByComparingTo("0.00303");
	}

	@Test
	void refusesNegativePrice() {
		assertThatIllegalArgumentException().isThrownBy(() -> price("m", "-1")).withMessageContaining("'input'");
	}

	private static ModelPrice price(String model, String input) {
		return new ModelPrice(model, new BigDecimal(input), BigDecimal.ONE, null, null);
	}

}

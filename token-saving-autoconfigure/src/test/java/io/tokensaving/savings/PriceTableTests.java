package io.tokensaving.savings;

import java.math.BigDecimal;
import java.util.List;

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
	@ValueSource(strings = { "gpt-4o-audio-preview", "gpt-5-pro", "o3-pro", "gpt-4", "claude-sonnet", "", "llama3" })
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
		assertThat(PlanStatistics.usd(pico)).isEqualByComparingTo("0.00303");
	}

	@Test
	void refusesNegativePrice() {
		assertThatIllegalArgumentException().isThrownBy(() -> price("m", "-1")).withMessageContaining("'input'");
	}

	private static ModelPrice price(String model, String input) {
		return new ModelPrice(model, new BigDecimal(input), BigDecimal.ONE, null, null);
	}

}

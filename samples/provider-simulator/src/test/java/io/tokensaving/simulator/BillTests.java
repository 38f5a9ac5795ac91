package io.tokensaving.simulator;

import java.math.BigDecimal;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

/** Bills, computed by hand. */
class BillTests {

	private static final ModelCatalog CATALOG = ModelCatalog.builtIn();

	private static RequestBill bill(Provider provider, String model, CacheTokens input, int output, int thinking) {
		return RequestBill.of(CATALOG.get(provider, model), input, output, thinking, null);
	}

	@Test
	void anthropicWritesForAnHourCostTwiceAndForFiveMinutesAQuarterMore() {
		RequestBill bill = bill(Provider.ANTHROPIC, "claude-sonnet-4-6", new CacheTokens(100, 3000, 400, 2000, 0), 50,
				0);
		// 100 x 3, 3,000 x 0.3, 400 x 3.75, 2,000 x 6 and 50 x 15 USD a million
		assertThat(bill.lines())
			.extracting(RequestBill.Line::kind, RequestBill.Line::tokens, (line) -> line.usd().toPlainString(),
					(line) -> line.abovePlainUsd().toPlainString())
			.containsExactly(tuple(TokenKind.INPUT, 100, "0.000300", "0.000000"),
					tuple(TokenKind.CACHE_READ, 3000, "0.0009000", "-0.0081000"),
					tuple(TokenKind.CACHE_WRITE_5M, 400, "0.00150000", "0.00030000"),
					tuple(TokenKind.CACHE_WRITE_1H, 2000, "0.012000", "0.006000"),
					tuple(TokenKind.OUTPUT, 50, "0.000750", "0.000000"));
		assertThat(bill.usd()).isEqualByComparingTo("0.01545");
		// 5,500 x 3 and 50 x 15
		assertThat(bill.withoutCachingUsd()).isEqualByComparingTo("0.01725");
	}

	@Test
	void openAiReadsCostAQuarterAHalfOrATenth() {
		CacheTokens input = new CacheTokens(976, 1024, 0, 0, 0);
		// 976 x 2.5 + 1,024 x 1.25 + 10 x 10
		assertThat(bill(Provider.OPENAI, "gpt-4o", input, 10, 0).usd()).isEqualByComparingTo("0.00382");
		// 976 x 2 + 1,024 x 0.5 + 10 x 8
		assertThat(bill(Provider.OPENAI, "gpt-4.1", input, 10, 0).usd()).isEqualByComparingTo("0.002544");
		// 976 x 1.25 + 1,024 x 0.125 + 10 x 10
		assertThat(bill(Provider.OPENAI, "gpt-5.1-2025-11-13", input, 10, 0).usd()).isEqualByComparingTo("0.001448");
	}

	@Test
	void newestOpenAiWritesCostAQuarterMore() {
		RequestBill bill = bill(Provider.OPENAI, "gpt-5.6-terra", new CacheTokens(0, 0, 0, 0, 2000), 10, 0);
		// 2,000 x 2.5 + 10 x 12 against 2,000 x 2 + 10 x 12
		assertThat(bill.usd()).isEqualByComparingTo("0.00512");
		assertThat(bill.withoutCachingUsd()).isEqualByComparingTo("0.00412");
	}

	@Test
	void deepSeekHitsCostAFiftieth() {
		// 100 x 0.15 + 900 x 0.003 + 10 x 0.3
		assertThat(bill(Provider.DEEPSEEK, "deepseek-v4-flash", new CacheTokens(100, 900, 0, 0, 0), 10, 0).usd())
			.isEqualByComparingTo("0.0000207");
	}

	@Test
	void thinkingCostsWhatOutputDoesAndHasALineOfItsOwn() {
		RequestBill bill = bill(Provider.GEMINI, "gemini-2.5-flash", CacheTokens.none(1000), 100, 1000);
		assertThat(bill.tokens(TokenKind.OUTPUT)).isEqualTo(100);
		assertThat(bill.tokens(TokenKind.THINKING)).isEqualTo(1000);
		// 1,000 x 0.3 + 1,100 x 2.5
		assertThat(bill.usd()).isEqualByComparingTo("0.00305");
	}

	@Test
	void longPromptsCostMoreFromTheFirstTokenOn() {
		CacheTokens short200k = new CacheTokens(100_000, 100_000, 0, 0, 0);
		CacheTokens long200k = new CacheTokens(100_001, 100_000, 0, 0, 0);
		// 100,000 x 1.25 + 100,000 x 0.125 + 10 x 10
		assertThat(bill(Provider.GEMINI, "gemini-2.5-pro", short200k, 10, 0).usd()).isEqualByComparingTo("0.1376");
		// 100,001 x 2.5 + 100,000 x 0.25 + 10 x 15
		assertThat(bill(Provider.GEMINI, "gemini-2.5-pro", long200k, 10, 0).usd()).isEqualByComparingTo("0.2751525");
		// 100,001 x 6 + 100,000 x 0.6 + 10 x 22.5
		assertThat(bill(Provider.ANTHROPIC, "claude-sonnet-4-5", long200k, 10, 0).usd())
			.isEqualByComparingTo("0.660231");
	}

	@Test
	void flexCostsHalfOfEverything() {
		SimulatedModel model = CATALOG.get(Provider.OPENAI, "gpt-5.1");
		CacheTokens input = new CacheTokens(976, 1024, 0, 0, 0);
		assertThat(RequestBill.of(model, input, 10, 0, "flex").usd()).isEqualByComparingTo("0.000724");
		assertThat(RequestBill.of(model, input, 10, 0, "auto").usd()).isEqualByComparingTo("0.001448");
	}

	@Test
	void batchesCostHalfOfReadsWritesAndLongPromptsToo() {
		// 100 x 6 + 200,000 x 0.6 + 400 x 7.5 + 2,000 x 12 + 50 x 22.5, halved
		assertThat(RequestBill
			.ofBatch(CATALOG.get(Provider.ANTHROPIC, "claude-sonnet-4-5"), new CacheTokens(100, 200_000, 400, 2000, 0),
					50, 0)
			.usd()).isEqualByComparingTo("0.0743625");
		// 100 x 8 + 300,000 x 0.8 + 2,000 x 10 + 50 x 30, halved
		assertThat(RequestBill
			.ofBatch(CATALOG.get(Provider.OPENAI, "gpt-5.6-sol"), new CacheTokens(100, 300_000, 0, 0, 2000), 40, 10)
			.usd()).isEqualByComparingTo("0.13115");
	}

	@Test
	void geminiReadsCostTheSameInABatchAndInFlex() {
		SimulatedModel model = CATALOG.get(Provider.GEMINI, "gemini-3.1-pro-preview");
		CacheTokens input = new CacheTokens(1000, 5000, 0, 0, 0);
		// 1,000 x 1 + 5,000 x 0.2 + 10 x 6
		assertThat(RequestBill.ofBatch(model, input, 10, 0).usd()).isEqualByComparingTo("0.00206");
		assertThat(RequestBill.of(model, input, 10, 0, "flex").usd()).isEqualByComparingTo("0.00206");
		// 6,000 x 1 + 10 x 6
		assertThat(RequestBill.ofBatch(model, input, 10, 0).withoutCachingUsd()).isEqualByComparingTo("0.00606");
		SimulatedModel halved = model.withReduced("0.5", Set.of());
		assertThat(RequestBill.ofBatch(halved, input, 10, 0).usd()).isEqualByComparingTo("0.00156");
	}

	@Test
	void pricesOfOnesOwnAreHalvedInBatchesToo() {
		SimulatedModel model = CATALOG.get(Provider.OPENAI, "gpt-5-nano").withPrices(TokenPrices.of("0.1", "0.3"));
		assertThat(RequestBill.ofBatch(model, CacheTokens.none(1000), 100, 0).usd()).isEqualByComparingTo("0.000065");
		SimulatedModel none = CATALOG.get(Provider.DEEPSEEK, "deepseek-v4-flash");
		assertThat(none.batch()).isNull();
	}

	@Test
	void sumsAreExact() {
		SimulatedModel model = CATALOG.get(Provider.OPENAI, "gpt-5-nano")
			.withPrices(TokenPrices.of("0.1", "0.3").with(TokenKind.CACHE_READ, "0.01"));
		RequestBill one = RequestBill.of(model, new CacheTokens(1, 1, 0, 0, 0), 1, 0, null);
		Bill bill = Bill.of(Collections.nCopies(1000, one), new BigDecimal("0.5"));
		// 1,000 x (0.1 + 0.01 + 0.3) a million, and half a dollar
		assertThat(bill.usd()).isEqualByComparingTo("0.50041");
		assertThat(bill.withoutCachingUsd()).isEqualByComparingTo("0.0005");
		assertThat(bill.discountUsd()).isEqualByComparingTo("0.00009");
		assertThat(bill.premiumUsd()).isZero();
		assertThat(bill.hitRate()).isEqualTo(0.5);
	}

	@Test
	void writtenTokensCountAgainstTheHitRate() {
		RequestBill bill = bill(Provider.ANTHROPIC, "claude-sonnet-5", new CacheTokens(100, 600, 200, 100, 0), 0, 0);
		assertThat(Bill.of(List.of(bill), BigDecimal.ZERO).hitRate()).isEqualTo(0.6);
	}

	@Test
	void premiumsAndDiscountsExplainTheDifference() {
		List<RequestBill> bills = List.of(
				bill(Provider.ANTHROPIC, "claude-sonnet-4-6", new CacheTokens(7, 0, 11, 13, 0), 17, 3),
				bill(Provider.ANTHROPIC, "claude-haiku-4-5", new CacheTokens(7, 1001, 11, 0, 0), 17, 3),
				bill(Provider.OPENAI, "gpt-5.6-luna", new CacheTokens(3, 1100, 0, 0, 77), 17, 0));
		Bill bill = Bill.of(bills, BigDecimal.ZERO);
		assertThat(bill.usd())
			.isEqualByComparingTo(bill.withoutCachingUsd().add(bill.premiumUsd()).subtract(bill.discountUsd()));
	}

	@Test
	void allModelsHaveAPriceForWhatTheyCanDo() {
		for (SimulatedModel model : CATALOG.models()) {
			CacheTokens input = switch (model.provider()) {
				case ANTHROPIC -> new CacheTokens(1, 1, 1, 1, 0);
				case OPENAI -> new CacheTokens(1, 1, 0, 0, model.breakpoints() ? 1 : 0);
				case DEEPSEEK, GEMINI -> new CacheTokens(1, 1, 0, 0, 0);
			};
			assertThat(RequestBill.of(model, input, 1, 1, null).usd()).isPositive();
			assertThat(RequestBill.of(model, new CacheTokens(model.above() + 1, 1, 0, 0, 0), 1, 1, null).usd())
				.isPositive();
		}
	}

	@Test
	void multipliersOfThePriceFileAreThoseOfTheProviders() {
		for (SimulatedModel model : CATALOG.models()) {
			if (model.provider() == Provider.ANTHROPIC) {
				Map.of(TokenKind.CACHE_READ, "0.1", TokenKind.CACHE_WRITE_5M, "1.25", TokenKind.CACHE_WRITE_1H, "2")
					.forEach((kind, factor) -> assertThat(model.prices().of(kind)).as(model.id() + " " + kind)
						.isEqualByComparingTo(model.prices().of(TokenKind.INPUT).multiply(new BigDecimal(factor))));
			}
			if (model.breakpoints()) {
				assertThat(model.prices().of(TokenKind.CACHE_WRITE_30M))
					.isEqualByComparingTo(model.prices().of(TokenKind.INPUT).multiply(new BigDecimal("1.25")));
			}
		}
	}

	@Test
	void modelsAreFoundWithADateBehindTheirName() {
		assertThat(CATALOG.get(Provider.ANTHROPIC, "claude-haiku-4-5-20251001").id()).isEqualTo("claude-haiku-4-5");
		assertThat(CATALOG.get(Provider.OPENAI, "gpt-5-mini-2025-08-07").id()).isEqualTo("gpt-5-mini");
		assertThat(CATALOG.find(Provider.OPENAI, "gpt-5.3")).isNull();
		assertThat(CATALOG.find(Provider.ANTHROPIC, "claude-opus-5-5")).isNull();
		assertThat(CATALOG.find(Provider.ANTHROPIC, "gpt-5")).isNull();
	}

}

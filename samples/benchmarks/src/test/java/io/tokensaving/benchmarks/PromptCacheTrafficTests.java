package io.tokensaving.benchmarks;

import java.util.List;

import io.tokensaving.benchmarks.PromptCacheTraffic.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that the planner of prompt caches reaches its goals in every shape of traffic.
 * With one seed and one size, so that the build stays quick; {@link PromptCacheTraffic}
 * runs more.
 */
class PromptCacheTrafficTests {

	private static List<Row> rows(double forgotten) {
		List<Row> rows = new PromptCacheTraffic(1, List.of(1), forgotten).rows();
		assertThat(rows).hasSize(35);
		return rows;
	}

	private static double mean(List<Row> rows) {
		return rows.stream().mapToDouble((row) -> row.planner().cost()).average().orElseThrow();
	}

	@Test
	void costsLittleMoreThanTheBestFixedStrategyOfEachShape() {
		List<Row> rows = rows(0);
		assertThat(mean(rows)).isLessThanOrEqualTo(0.50);
		assertThat(rows).allSatisfy((row) -> {
			assertThat(row.planner().worst()).isLessThanOrEqualTo(1.05);
			assertThat(row.planner().cost()).isLessThanOrEqualTo(row.bestCost() + 0.05);
			if (row.bestHits() >= 0.95) {
				assertThat(row.planner().hits()).isGreaterThanOrEqualTo(0.90);
			}
		});
		assertThat(rows).filteredOn((row) -> row.bestHits() >= 0.95).hasSizeGreaterThan(10);
	}

	@ParameterizedTest
	@ValueSource(doubles = { 0, 0.1, 0.4 })
	void instancesThatLearnFromEachOtherAreNotBehind(double forgotten) {
		assertThat(rows(forgotten)).filteredOn((row) -> row.shape().equals("two-instances"))
			.singleElement()
			.satisfies((row) -> assertThat(row.shared().cost()).isLessThanOrEqualTo(row.bestCost() + 0.05));
	}

	@ParameterizedTest
	@CsvSource({ "0.1, 0.65", "0.4, 0.90" })
	void costsLittleMoreThanNoMarksIfTheProviderForgets(double forgotten, double goal) {
		List<Row> rows = rows(forgotten);
		assertThat(mean(rows)).isLessThanOrEqualTo(goal);
		assertThat(rows).allSatisfy((row) -> assertThat(row.planner().worst()).isLessThanOrEqualTo(1.10));
	}

}

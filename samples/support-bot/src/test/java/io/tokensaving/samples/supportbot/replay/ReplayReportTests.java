package io.tokensaving.samples.supportbot.replay;

import java.util.List;
import java.util.Map;
import java.util.Set;

import io.tokensaving.actuate.TokenSavingEndpoint.StatsDescriptor;
import io.tokensaving.cache.exact.ExactCacheFeature;
import io.tokensaving.cache.semantic.SemanticCacheFeature;
import io.tokensaving.dedup.DedupFeature;
import io.tokensaving.samples.supportbot.replay.ReplayReport.Percentiles;
import io.tokensaving.statistics.StatisticsCounters;
import io.tokensaving.statistics.StatisticsSnapshot;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ReplayReport}.
 */
class ReplayReportTests {

	private static final StatisticsSnapshot STATISTICS = new StatisticsCounters(
			Map.of("requests.exact_hit", 6L, "requests.miss", 4L, "tokens_saved.exact_cache", 600L, "tokens_bought",
					400L, "cost_saved_pico_usd", 100_000_000L, "guard_vetoes.numbers", 3L),
			Set.of())
		.snapshot(List.of(new ExactCacheFeature(), new DedupFeature((plan) -> false), new SemanticCacheFeature(() -> {
			throw new IllegalStateException("There is no advisor");
		}, (judge) -> false)));

	@Test
	void takesPercentilesOfWhatWasMeasured() {
		long[] nanos = new long[200];
		for (int i = 0; i < 100; i++) {
			nanos[i] = (100 - i) * 1000L;
		}
		assertThat(Percentiles.ofMicros(nanos, 100)).isEqualTo(new Percentiles(50, 99));
		assertThat(Percentiles.ofMicros(nanos, 1)).isEqualTo(new Percentiles(100, 100));
		assertThat(Percentiles.ofMicros(nanos, 0)).isNull();
	}

	@Test
	void writesNamesOfStatistics() {
		JsonNode json = JsonMapper.shared().valueToTree(report(4L, new Percentiles(3, 9)));
		assertThat(json.propertyNames()).contains("requests", "file", "seed", "model", "seconds", "distinct_questions",
				"model_calls", "answers_checked", "answers_equal", "hit_micros_p50", "miss_micros_p99",
				"total_requests", "cache_hits", "exact_hits", "semantic_hits", "dedup_hits", "misses", "bypasses",
				"cache_hit_rate", "tokens_saved", "tokens_saved_by_technique", "tokens_bought", "cost_saved_usd",
				"overhead_usd", "errors");
		assertThat(json.get("miss_micros_p99").asLong()).isEqualTo(9);
	}

	@Test
	void leavesOutWhatCannotBeCheckedOrWasNotMeasured() {
		ReplayReport report = report(null, null);
		JsonNode json = JsonMapper.shared().valueToTree(report);
		assertThat(json.propertyNames()).doesNotContain("model_calls", "answers_checked", "answers_equal",
				"miss_micros_p50");
		assertThat(report.toTable()).doesNotContain("notional").doesNotContain("a miss took");
	}

	@Test
	void showsWhatWasSaved() {
		assertThat(report(4L, new Percentiles(3, 9)).toTable()).containsPattern("model calls +10 +4 +6 +\\(60.0 %\\)")
			.containsPattern("tokens +1,000 +400 +600 +\\(60.0 %\\)")
			.contains("answers equal to the model's: 10 of 10; model calls: 4")
			.contains("semantic hits of the same intent 10, of another 10 (50.0 %)")
			.contains("answers held back by guards: {numbers=3}")
			.contains("notional");
	}

	private static ReplayReport report(Long modelCalls, Percentiles missMicros) {
		Long checked = (modelCalls != null) ? 10L : null;
		return new ReplayReport(10, "questions.tsv", 42, "a-model", 0.5, 4, modelCalls, checked, checked, checked,
				checked, 600, 600, new Percentiles(1, 2), missMicros, new StatsDescriptor(STATISTICS));
	}

}

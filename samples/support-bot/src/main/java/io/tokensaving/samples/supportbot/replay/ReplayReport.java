package io.tokensaving.samples.supportbot.replay;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.tokensaving.savings.StatisticsSnapshot;
import org.jspecify.annotations.Nullable;

/**
 * What a replay saved; the names are those of the statistics.
 *
 * @param source where the questions came from
 * @param seed the seed of the draw
 * @param model the model that answered
 * @param seconds how long it took
 * @param distinctQuestions the distinct questions that were drawn
 * @param modelCalls calls of the model, if it counts them
 * @param answersChecked answers that were compared to the model's own
 * @param answersEqual answers among them that were equal
 * @param hitMicrosP50 the median time of a hit
 * @param hitMicrosP99 the 99th percentile of the time of a hit
 * @param totalRequests all requests
 * @param cacheHits requests that a cache answered
 * @param exactHits requests that the exact cache answered
 * @param semanticHits requests that the semantic cache answered
 * @param dedupHits requests that an equal request in flight answered
 * @param misses requests that were looked up and went to the model
 * @param bypasses requests that went to the model without a look-up
 * @param cacheHitRate the share of looked-up requests that a cache answered
 * @param tokensSaved the tokens saved
 * @param tokensSavedByTechnique the tokens saved by technique
 * @param tokensBought the tokens bought
 * @param costSavedUsd the net saving
 * @param overheadUsd what token saving itself spent
 * @param errors failures of token saving
 * @param modelErrors requests whose model failed
 * @param unpricedModels models without a price
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record ReplayReport(String source, long seed, String model, double seconds,
		@JsonProperty("distinct_questions") long distinctQuestions,
		@JsonProperty("model_calls") @Nullable Long modelCalls,
		@JsonProperty("answers_checked") @Nullable Long answersChecked,
		@JsonProperty("answers_equal") @Nullable Long answersEqual, @JsonProperty("hit_micros_p50") long hitMicrosP50,
		@JsonProperty("hit_micros_p99") long hitMicrosP99, @JsonProperty("total_requests") long totalRequests,
		@JsonProperty("cache_hits") long cacheHits, @JsonProperty("exact_hits") long exactHits,
		@JsonProperty("semantic_hits") long semanticHits, @JsonProperty("dedup_hits") long dedupHits, long misses,
		long bypasses, @JsonProperty("cache_hit_rate") double cacheHitRate,
		@JsonProperty("tokens_saved") long tokensSaved,
		@JsonProperty("tokens_saved_by_technique") Map<String, Long> tokensSavedByTechnique,
		@JsonProperty("tokens_bought") long tokensBought, @JsonProperty("cost_saved_usd") BigDecimal costSavedUsd,
		@JsonProperty("overhead_usd") BigDecimal overheadUsd, long errors,
		@JsonProperty("model_errors") long modelErrors, @JsonProperty("unpriced_models") Set<String> unpricedModels) {

	static ReplayReport of(String source, long seed, String model, double seconds, long distinctQuestions,
			@Nullable Long modelCalls, @Nullable Long answersChecked, @Nullable Long answersEqual, long[] hitMicros,
			StatisticsSnapshot stats) {
		return new ReplayReport(source, seed, model, seconds, distinctQuestions, modelCalls, answersChecked,
				answersEqual, hitMicros[0], hitMicros[1], stats.totalRequests(), stats.cacheHits(), stats.exactHits(),
				stats.semanticHits(), stats.dedupHits(), stats.misses(), stats.bypasses(),
				Math.round(stats.cacheHitRate() * 10_000) / 10_000.0, stats.tokensSaved(),
				stats.tokensSavedByTechnique(), stats.tokensBought(), stats.costSavedUsd(), stats.overheadUsd(),
				stats.errors(), stats.modelErrors(), stats.unpricedModels());
	}

	String toTable() {
		StringBuilder table = new StringBuilder();
		line(table, "");
		line(table, "Replayed %,d requests, %,d distinct questions of %s, model %s, in %.1f s", this.totalRequests,
				this.distinctQuestions, this.source, this.model, this.seconds);
		line(table, "");
		line(table, "%-24s %14s %14s %14s", "", "without plan", "with plan", "saved");
		row(table, "model calls", this.totalRequests, this.misses + this.bypasses);
		row(table, "tokens", this.tokensBought + this.tokensSaved, this.tokensBought);
		line(table, "%-24s %14s %14s %14s", "cost in USD", "", "",
				this.costSavedUsd.setScale(4, RoundingMode.HALF_UP).toPlainString());
		line(table, "");
		line(table, "exact hits %,d, misses %,d, bypasses %,d, hit rate %.1f %%, errors %,d", this.exactHits,
				this.misses, this.bypasses, 100 * this.cacheHitRate, this.errors);
		line(table, "a hit took %,d us (median), %,d us (99th percentile)", this.hitMicrosP50, this.hitMicrosP99);
		if (this.answersChecked != null) {
			line(table, "answers equal to the model's: %,d of %,d; model calls: %,d", this.answersEqual,
					this.answersChecked, this.modelCalls);
			line(table, "The model is a demonstration and its price notional: that of a small hosted model.");
		}
		if (!this.unpricedModels.isEmpty()) {
			line(table, "models without a price, which add nothing to the cost: %s", this.unpricedModels);
		}
		return table.toString();
	}

	private static void row(StringBuilder table, String name, long without, long with) {
		double share = (without > 0) ? 100.0 * (without - with) / without : 0;
		line(table, "%-24s %,14d %,14d %,14d  (%.1f %%)", name, without, with, without - with, share);
	}

	private static void line(StringBuilder table, String format, @Nullable Object... arguments) {
		table.append(String.format(Locale.ROOT, format, arguments)).append(System.lineSeparator());
	}

}

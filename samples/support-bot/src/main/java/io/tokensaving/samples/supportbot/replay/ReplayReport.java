package io.tokensaving.samples.supportbot.replay;

import java.math.RoundingMode;
import java.util.Locale;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.tokensaving.actuate.TokenSavingEndpoint.StatsDescriptor;
import org.jspecify.annotations.Nullable;

/**
 * What a replay saved.
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
 * @param stats the statistics, by the names of the endpoint
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record ReplayReport(String source, long seed, String model, double seconds,
		@JsonProperty("distinct_questions") long distinctQuestions,
		@JsonProperty("model_calls") @Nullable Long modelCalls,
		@JsonProperty("answers_checked") @Nullable Long answersChecked,
		@JsonProperty("answers_equal") @Nullable Long answersEqual, @JsonProperty("hit_micros_p50") long hitMicrosP50,
		@JsonProperty("hit_micros_p99") long hitMicrosP99, @JsonUnwrapped StatsDescriptor stats) {

	String toTable() {
		StringBuilder table = new StringBuilder();
		line(table, "");
		line(table, "Replayed %,d requests, %,d distinct questions of %s, model %s, in %.1f s",
				this.stats.totalRequests(), this.distinctQuestions, this.source, this.model, this.seconds);
		line(table, "");
		line(table, "%-24s %14s %14s %14s", "", "without plan", "with plan", "saved");
		row(table, "model calls", this.stats.totalRequests(), this.stats.misses() + this.stats.bypasses());
		row(table, "tokens", this.stats.tokensBought() + this.stats.tokensSaved(), this.stats.tokensBought());
		line(table, "%-24s %14s %14s %14s", "cost in USD", "", "",
				this.stats.costSavedUsd().setScale(4, RoundingMode.HALF_UP).toPlainString());
		line(table, "");
		line(table, "exact hits %,d, misses %,d, bypasses %,d, hit rate %.1f %%, errors %,d", this.stats.exactHits(),
				this.stats.misses(), this.stats.bypasses(), 100 * this.stats.cacheHitRate(), this.stats.errors());
		line(table, "a hit took %,d us (median), %,d us (99th percentile)", this.hitMicrosP50, this.hitMicrosP99);
		if (this.answersChecked != null) {
			line(table, "answers equal to the model's: %,d of %,d; model calls: %,d", this.answersEqual,
					this.answersChecked, this.modelCalls);
			line(table, "The model is a demonstration and its price notional: that of a small hosted model.");
		}
		if (!this.stats.unpricedModels().isEmpty()) {
			line(table, "models without a price, which add nothing to the cost: %s", this.stats.unpricedModels());
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

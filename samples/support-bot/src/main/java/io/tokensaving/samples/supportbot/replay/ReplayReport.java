package io.tokensaving.samples.supportbot.replay;

import java.math.RoundingMode;
import java.util.Arrays;
import java.util.Locale;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.tokensaving.actuate.TokenSavingEndpoint.StatsDescriptor;
import io.tokensaving.cache.exact.ExactCacheFeature;
import io.tokensaving.cache.semantic.SemanticCacheFeature;
import io.tokensaving.statistics.StatisticsSnapshot;
import org.jspecify.annotations.Nullable;

/**
 * What a replay saved.
 *
 * @param requests the requests that were sent
 * @param file the name of the file with the questions
 * @param seed the seed of the draw
 * @param model the model that answered
 * @param seconds how long it took
 * @param distinctQuestions the distinct questions that were drawn
 * @param modelCalls calls of the model, if it counts them
 * @param answersChecked answers that were compared to the model's own
 * @param answersEqual answers among them that were equal
 * @param rightHits semantic hits whose answer was given to a question of the same intent,
 * if the file names intents
 * @param wrongHits semantic hits whose answer was given to a question of another intent
 * @param tokensSavedByAnswers the tokens saved, added up from the reports of the answers
 * @param tokensSavedByMeters the tokens saved, by the meters
 * @param hitMicros how long a hit took
 * @param missMicros how long a miss took
 * @param stats the statistics, by the names of the endpoint
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record ReplayReport(int requests, String file, long seed, String model, double seconds,
		@JsonProperty("distinct_questions") long distinctQuestions,
		@JsonProperty("model_calls") @Nullable Long modelCalls,
		@JsonProperty("answers_checked") @Nullable Long answersChecked,
		@JsonProperty("answers_equal") @Nullable Long answersEqual,
		@JsonProperty("right_hits") @Nullable Long rightHits, @JsonProperty("wrong_hits") @Nullable Long wrongHits,
		@JsonProperty("tokens_saved_by_answers") long tokensSavedByAnswers,
		@JsonProperty("tokens_saved_by_meters") long tokensSavedByMeters,
		@JsonUnwrapped(prefix = "hit_micros_") @Nullable Percentiles hitMicros,
		@JsonUnwrapped(prefix = "miss_micros_") @Nullable Percentiles missMicros,
		@JsonUnwrapped StatsDescriptor stats) {

	String toTable() {
		StatisticsSnapshot statistics = this.stats.snapshot();
		StringBuilder table = new StringBuilder();
		line(table, "");
		line(table, "Replayed %,d requests, %,d distinct questions of %s, model %s, in %.1f s", this.requests,
				this.distinctQuestions, this.file, this.model, this.seconds);
		line(table, "");
		line(table, "%-24s %14s %14s %14s", "", "without plan", "with plan", "saved");
		row(table, "model calls", statistics.totalRequests(), statistics.misses() + statistics.bypasses());
		row(table, "tokens", statistics.tokensBought() + statistics.tokensSaved(), statistics.tokensBought());
		line(table, "%-24s %14s %14s %14s", "cost in USD", "", "",
				statistics.costSavedUsd().setScale(4, RoundingMode.HALF_UP).toPlainString());
		line(table, "");
		line(table, "exact hits %,d, semantic hits %,d, misses %,d, bypasses %,d, hit rate %.1f %%, errors %,d",
				statistics.requests(ExactCacheFeature.HIT), statistics.requests(SemanticCacheFeature.HIT),
				statistics.misses(), statistics.bypasses(), 100 * statistics.cacheHitRate(), statistics.errors());
		if (this.rightHits != null && this.wrongHits != null) {
			long hits = this.rightHits + this.wrongHits;
			line(table, "semantic hits of the same intent %,d, of another %,d (%.1f %%)", this.rightHits,
					this.wrongHits, (hits > 0) ? 100.0 * this.wrongHits / hits : 0);
		}
		if (!statistics.counts(SemanticCacheFeature.GUARD_VETOES).isEmpty()) {
			line(table, "answers held back by guards: %s", statistics.counts(SemanticCacheFeature.GUARD_VETOES));
		}
		line(table, "tokens saved: %,d by the statistics, %,d by the reports of the answers, %,d by the meters",
				statistics.tokensSaved(), this.tokensSavedByAnswers, this.tokensSavedByMeters);
		time(table, "hit", this.hitMicros);
		time(table, "miss", this.missMicros);
		if (this.answersChecked != null) {
			line(table, "answers equal to the model's: %,d of %,d; model calls: %,d", this.answersEqual,
					this.answersChecked, this.modelCalls);
			line(table, "The model is a demonstration and its price notional: that of a small hosted model.");
		}
		if (!statistics.unpricedModels().isEmpty()) {
			line(table, "models without a price, which add nothing to the cost: %s", statistics.unpricedModels());
		}
		return table.toString();
	}

	private static void time(StringBuilder table, String what, @Nullable Percentiles micros) {
		if (micros != null) {
			line(table, "a %s took %,d us (median), %,d us (99th percentile)", what, micros.p50(), micros.p99());
		}
	}

	private static void row(StringBuilder table, String name, long without, long with) {
		double share = (without > 0) ? 100.0 * (without - with) / without : 0;
		line(table, "%-24s %,14d %,14d %,14d  (%.1f %%)", name, without, with, without - with, share);
	}

	private static void line(StringBuilder table, String format, @Nullable Object... arguments) {
		table.append(String.format(Locale.ROOT, format, arguments)).append(System.lineSeparator());
	}

	/**
	 * The middle and the slow end of measured times.
	 *
	 * @param p50 the median
	 * @param p99 the 99th percentile
	 */
	record Percentiles(long p50, long p99) {

		static @Nullable Percentiles ofMicros(long[] nanos, int count) {
			if (count == 0) {
				return null;
			}
			long[] sorted = Arrays.copyOf(nanos, count);
			Arrays.sort(sorted);
			return new Percentiles(sorted[rank(count, 0.5)] / 1000, sorted[rank(count, 0.99)] / 1000);
		}

		private static int rank(int count, double share) {
			return (int) Math.ceil(count * share) - 1;
		}

	}

}

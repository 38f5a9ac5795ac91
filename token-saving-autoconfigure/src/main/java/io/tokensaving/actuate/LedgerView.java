package io.tokensaving.actuate;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

import io.tokensaving.ledger.Labels;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.statistics.Measure;
import io.tokensaving.statistics.OverallStatistics;
import io.tokensaving.statistics.ScopedStatistics;
import io.tokensaving.statistics.StatisticsAggregator;
import io.tokensaving.statistics.StatisticsScope;
import io.tokensaving.statistics.StatisticsSnapshot;
import org.jspecify.annotations.Nullable;

/**
 * Shows what was spent by feature, by model, by day or by hour. Thread-safe.
 */
final class LedgerView {

	private static final double MICROS_PER_MILLI = 1000;

	private final StatisticsAggregator aggregator;

	LedgerView(StatisticsAggregator aggregator) {
		this.aggregator = aggregator;
	}

	/**
	 * Show a page of rows.
	 * @param by what the rows are
	 * @param query the filters and the page
	 * @return the page as the endpoint shows it
	 */
	Map<String, Object> show(By by, LedgerQuery query) {
		Map<Row, Sums> sums = new HashMap<>();
		Set<String> unpriced = new TreeSet<>();
		ScopedStatistics<OverallStatistics> all = this.aggregator.all();
		List<PlanKey> plans = all.figures().plans().keySet().stream().filter(query::isOf).toList();
		ScopedStatistics<? extends Map<PlanKey, ? extends Map<?, Map<Labels, StatisticsSnapshot>>>> times = (by == By.HOURLY)
				? this.aggregator.hours(plans, query.hours()) : this.aggregator.labelledDays(plans, query.days());
		times.figures().forEach((plan, parts) -> {
			unpriced.addAll(all.figures().plan(plan).unpricedModels());
			parts.forEach((time, byLabels) -> byLabels.forEach((labels, figures) -> {
				if (query.isOf(labels)) {
					sums.computeIfAbsent(by.row(plan, time, labels), (added) -> new Sums()).add(labels, figures);
				}
			}));
		});
		StatisticsScope scope = (all.scope() == StatisticsScope.SHARED) ? times.scope() : all.scope();
		List<Map.Entry<Row, Sums>> rows = new ArrayList<>(sums.entrySet());
		rows.sort(by.order());
		Map<String, Object> shown = new LinkedHashMap<>();
		shown.put("scope", scope.value());
		if (by == By.HOURLY) {
			shown.put("hours", query.hours());
		}
		else {
			shown.put("days", query.days());
		}
		shown.put("page", query.page());
		shown.put("size", query.size());
		shown.put("total", rows.size());
		shown.put(by.field(),
				rows.stream()
					.skip((long) query.page() * query.size())
					.limit(query.size())
					.map((row) -> describe(by, row.getKey(), row.getValue()))
					.toList());
		shown.put("unpriced_models", unpriced);
		return shown;
	}

	private static Map<String, Object> describe(By by, Row row, Sums sums) {
		Map<String, Object> shown = new LinkedHashMap<>();
		putIfKnown(shown, "plan", row.plan());
		putIfKnown(shown, by.column(), row.name());
		figures(shown, sums.figures());
		if (by == By.FEATURES) {
			Map<String, Object> models = new LinkedHashMap<>();
			sums.models.forEach((model, parts) -> {
				StatisticsSnapshot figures = StatisticsSnapshot.sum(parts);
				models.put(model, Map.of("requests", figures.totalRequests(), "spent_usd", figures.spentUsd()));
			});
			shown.put("models", models);
		}
		return shown;
	}

	private static void figures(Map<String, Object> shown, StatisticsSnapshot figures) {
		shown.put("requests", figures.totalRequests());
		shown.put("tasks", figures.tasks());
		shown.put("retries", figures.retries());
		shown.put("retry_usd", figures.retryUsd());
		Map<String, Long> outcomes = new LinkedHashMap<>(figures.requestsByOutcome());
		outcomes.values().removeIf((count) -> count == 0);
		shown.put("outcomes", outcomes);
		shown.put("cache_hit_rate", TokenSavingEndpoint.rounded(figures.cacheHitRate()));
		shown.put("tokens", figures.tokensByKind());
		shown.put("tokens_saved", figures.tokensSaved());
		shown.put("spent_usd", figures.spentUsd());
		shown.put("overhead_usd", figures.overheadUsd());
		shown.put("counterfactual_usd", figures.counterfactualUsd());
		shown.put("cost_saved_usd", figures.costSavedUsd());
		shown.put("saved_usd_by_technique", figures.savedUsdByTechnique());
		shown.put("provider_discount_usd", figures.providerDiscountUsd());
		Double discount = figures.effectiveDiscount();
		putIfKnown(shown, "effective_discount", (discount != null) ? TokenSavingEndpoint.rounded(discount) : null);
		putIfKnown(shown, "cost_per_task_usd", figures.costPerTaskUsd());
		TokenSavingEndpoint.putOutcomes(shown, figures);
		shown.put("model_errors", figures.modelErrors());
		shown.put("model_errors_by_type", figures.modelErrorsByType());
		putIfKnown(shown, "call_ms", times(figures.distribution(Measure.CALL)));
		putIfKnown(shown, "hit_ms", times(figures.distribution(Measure.HIT)));
		putIfKnown(shown, "model_ms", times(figures.distribution(Measure.MODEL)));
		putIfKnown(shown, "first_token_ms", times(figures.distribution(Measure.FIRST_TOKEN)));
		putIfKnown(shown, "output_tokens", quantiles(figures.distribution(Measure.OUTPUT_TOKENS), 1));
	}

	private static @Nullable Map<String, Double> times(Measure.@Nullable Distribution distribution) {
		return quantiles(distribution, MICROS_PER_MILLI);
	}

	private static @Nullable Map<String, Double> quantiles(Measure.@Nullable Distribution distribution,
			double divisor) {
		if (distribution == null) {
			return null;
		}
		Map<String, Double> quantiles = new LinkedHashMap<>();
		quantiles.put("p50", threeDigits(distribution.p50() / divisor));
		quantiles.put("p95", threeDigits(distribution.p95() / divisor));
		quantiles.put("p99", threeDigits(distribution.p99() / divisor));
		return quantiles;
	}

	private static double threeDigits(double value) {
		if (value <= 0) {
			return 0;
		}
		double scale = Math.pow(10, 2 - Math.floor(Math.log10(value)));
		return Math.round(value * scale) / scale;
	}

	private static void putIfKnown(Map<String, Object> shown, String name, @Nullable Object value) {
		if (value != null) {
			shown.put(name, value);
		}
	}

	/**
	 * What rows are.
	 */
	enum By {

		/**
		 * A feature of a plan.
		 */
		FEATURES("features", "feature"),

		/**
		 * A model.
		 */
		MODELS("models", "model"),

		/**
		 * A tier of a plan that routes.
		 */
		TIERS("tiers", "tier"),

		/**
		 * A day in UTC.
		 */
		DAILY("daily", "date"),

		/**
		 * An hour in UTC.
		 */
		HOURLY("hourly", "hour");

		private static final Comparator<Row> BY_NAME = Comparator
			.comparing(Row::plan, Comparator.nullsFirst(Comparator.naturalOrder()))
			.thenComparing(Row::name, Comparator.nullsFirst(Comparator.naturalOrder()));

		private final String field;

		private final String column;

		By(String field, String column) {
			this.field = field;
			this.column = column;
		}

		String field() {
			return this.field;
		}

		String column() {
			return this.column;
		}

		Row row(PlanKey plan, Object time, Labels labels) {
			return switch (this) {
				case FEATURES -> new Row(plan.plan(), labels.value(Labels.FEATURE));
				case MODELS -> new Row(null, labels.value(Labels.MODEL));
				case TIERS -> new Row(plan.plan(), labels.value(Labels.TIER));
				case DAILY, HOURLY -> new Row(null, time.toString());
			};
		}

		Comparator<Map.Entry<Row, Sums>> order() {
			Comparator<Map.Entry<Row, Sums>> byName = Map.Entry.comparingByKey(BY_NAME);
			if (this == DAILY || this == HOURLY) {
				return byName.reversed();
			}
			Comparator<Map.Entry<Row, Sums>> bySpent = Comparator
				.comparing((Map.Entry<Row, Sums> row) -> row.getValue().figures().spentUsd());
			return bySpent.reversed().thenComparing(byName);
		}

	}

	/**
	 * What a row stands for.
	 *
	 * @param plan the id of the plan, or {@code null} if the row is of all plans
	 * @param name the name, or {@code null} for what has none, such as overhead in the
	 * background
	 */
	record Row(@Nullable String plan, @Nullable String name) {

	}

	private static final class Sums {

		private final Map<String, List<StatisticsSnapshot>> models = new TreeMap<>();

		private final List<StatisticsSnapshot> parts = new ArrayList<>();

		private @Nullable StatisticsSnapshot figures;

		void add(Labels labels, StatisticsSnapshot added) {
			this.parts.add(added);
			String model = labels.value(Labels.MODEL);
			if (model != null) {
				this.models.computeIfAbsent(model, (known) -> new ArrayList<>()).add(added);
			}
		}

		StatisticsSnapshot figures() {
			StatisticsSnapshot sum = this.figures;
			if (sum == null) {
				sum = StatisticsSnapshot.sum(this.parts);
				this.figures = sum;
			}
			return sum;
		}

	}

}

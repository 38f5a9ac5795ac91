package io.tokensaving.advice;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import io.tokensaving.feature.Advice;
import io.tokensaving.feature.Advice.Setting;
import io.tokensaving.feature.Advice.Severity;
import io.tokensaving.feature.PlanUsage;
import io.tokensaving.ledger.Labels;
import io.tokensaving.ledger.PicoUsd;
import io.tokensaving.statistics.StatisticsSnapshot;
import org.jspecify.annotations.Nullable;

/**
 * What is advised by what was spent, whatever the features are.
 */
final class LedgerAdvice {

	/**
	 * The share of what a feature of the application spends above which its retries are
	 * told of.
	 */
	static final double MAX_RETRY_SHARE = 0.05;

	/**
	 * So many tasks must be known of a feature before its retries are told of.
	 */
	static final int MIN_TASKS = 50;

	/**
	 * So many of its calls must be retries.
	 */
	static final int MIN_RETRIES = 5;

	/**
	 * The share of tasks that succeed below which a feature is told of.
	 */
	static final double MIN_SUCCESS_SHARE = 0.1;

	/**
	 * So many outcomes of its tasks must be known.
	 */
	static final int MIN_OUTCOMES = 50;

	private LedgerAdvice() {
	}

	static List<Advice> of(PlanUsage usage) {
		List<Advice> advice = new ArrayList<>();
		usage.by(Labels.FEATURE).forEach((feature, figures) -> {
			addRetries(advice, usage, feature, figures);
			addOfNoUse(advice, usage, feature, figures);
		});
		Map<String, StatisticsSnapshot> models = usage.by(Labels.MODEL);
		for (String model : usage.total().unpricedModels()) {
			// It may have been given a price since
			if (usage.price(model) == null) {
				advice.add(unpriced(model, models.get(model)));
			}
		}
		return advice;
	}

	static BigDecimal perDay(PlanUsage usage, BigDecimal usd) {
		return usage.perDay(PicoUsd.of(usd));
	}

	private static void addRetries(List<Advice> advice, PlanUsage usage, String feature, StatisticsSnapshot figures) {
		BigDecimal spent = figures.spentUsd();
		BigDecimal retries = figures.retryUsd();
		if (figures.tasks() < MIN_TASKS || figures.retries() < MIN_RETRIES || spent.signum() <= 0
				|| retries.compareTo(spent.multiply(BigDecimal.valueOf(MAX_RETRY_SHARE))) <= 0) {
			return;
		}
		advice.add(Advice
			.builder("retries", Severity.WARNING,
					"Answers that are not accepted are asked for again, and each attempt is paid",
					"Use native structured output where the model has it, or ask for less in one answer;"
							+ " with prompt caching, an attempt does not pay its whole prompt again")
			.feature(feature)
			.share("retry_cost_share", retries.doubleValue() / spent.doubleValue())
			.figure("retries", figures.retries(), "requests")
			.figure("tasks", figures.tasks(), "tasks")
			.costUsdPerDay(perDay(usage, retries))
			.setting(Setting.ofPlan(usage.key(), "prompt-cache.enabled", true))
			.build());
	}

	private static void addOfNoUse(List<Advice> advice, PlanUsage usage, String feature, StatisticsSnapshot figures) {
		long successes = Math.max(0, figures.successes());
		long known = successes + figures.failures();
		if (known < MIN_OUTCOMES || successes >= MIN_SUCCESS_SHARE * known) {
			return;
		}
		BigDecimal cost = figures.knownCostUsd();
		advice.add(Advice
			.builder("answers_of_no_use", Severity.WARNING,
					"Hardly any task of this feature succeeds, and all of them are paid",
					"Ask whether this call should exist; if so, try a better model or prompt")
			.feature(feature)
			.share("success_share", (double) successes / known)
			.figure("known_outcomes", known, "tasks")
			.figure("known_cost", cost, "USD")
			.costUsdPerDay(perDay(usage, cost))
			.build());
	}

	private static Advice unpriced(String model, @Nullable StatisticsSnapshot figures) {
		Advice.Builder builder = Advice
			.builder("unpriced_model", Severity.WARNING, "The model has no price, so what it costs is not counted",
					"Give it a price")
			.model(model)
			.setting(new Setting("token-saving.prices[0].model", model));
		if (figures != null) {
			builder.figure("requests", figures.totalRequests(), "requests")
				.figure("input_tokens", figures.tokensByKind().getOrDefault("input", 0L), "tokens")
				.figure("output_tokens", figures.tokensByKind().getOrDefault("output", 0L), "tokens");
		}
		return builder.build();
	}

}

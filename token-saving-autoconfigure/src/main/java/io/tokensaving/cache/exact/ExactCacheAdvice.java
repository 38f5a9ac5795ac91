package io.tokensaving.cache.exact;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import io.tokensaving.cache.CacheSettings;
import io.tokensaving.feature.Advice;
import io.tokensaving.feature.Advice.Setting;
import io.tokensaving.feature.Advice.Severity;
import io.tokensaving.feature.PlanUsage;
import io.tokensaving.ledger.Labels;
import io.tokensaving.ledger.PicoUsd;
import io.tokensaving.plan.SettingText;
import io.tokensaving.statistics.StatisticsSnapshot;

/**
 * What is advised by what the exact cache does not answer.
 */
final class ExactCacheAdvice {

	/**
	 * So many requests of a feature must have differed in a time only.
	 */
	static final int MIN_TIME_MISSES = 10;

	/**
	 * The share of the calls of a feature that went to the model.
	 */
	static final double MIN_TIME_SHARE = 0.05;

	/**
	 * So many answers must have been bought again for the same request.
	 */
	static final int MIN_BOUGHT_AGAIN = 20;

	/**
	 * The share of them that must have changed.
	 */
	static final double MIN_CHANGED_SHARE = 0.2;

	/**
	 * A time to live up to this is short enough for answers that change.
	 */
	static final Duration SHORT_TTL = Duration.ofMinutes(10);

	private ExactCacheAdvice() {
	}

	static List<Advice> of(PlanUsage usage) {
		List<Advice> advice = new ArrayList<>();
		CacheSettings settings = usage.plan().settings(CacheSettings.class);
		if (settings != null) {
			usage.by(Labels.FEATURE).forEach((feature, figures) -> addTimeMisses(advice, usage, feature, figures));
			addChanges(advice, usage, settings);
		}
		return advice;
	}

	private static void addTimeMisses(List<Advice> advice, PlanUsage usage, String feature,
			StatisticsSnapshot figures) {
		long timed = figures.count(ExactCacheFeature.TIME_MISSES);
		long bought = figures.misses() + figures.bypasses();
		if (timed < MIN_TIME_MISSES || timed < MIN_TIME_SHARE * bought) {
			return;
		}
		long spent = PicoUsd.of(figures.spentUsd());
		BigDecimal cost = (spent > 0 && bought > 0)
				? usage.perDay(Math.round((double) spent / bought * Math.min(timed, bought))) : null;
		advice.add(Advice.builder("prompts_differ_in_time", Severity.WARNING,
				"Requests differ from earlier ones only in a date or a time in the system text, so no cache answers them",
				"Take the date or the time out of the system text, round it, or let a tool tell it")
			.feature(feature)
			.figure("requests", timed, "requests")
			.share("share", (double) timed / Math.max(1, figures.totalRequests()))
			.costUsdPerDay(cost)
			.build());
	}

	private static void addChanges(List<Advice> advice, PlanUsage usage, CacheSettings settings) {
		Map<String, Long> again = usage.recent().counts(ExactCacheFeature.BOUGHT_AGAIN);
		long all = again.values().stream().mapToLong(Long::longValue).sum();
		long changed = again.getOrDefault(ExactCacheWatch.Change.CHANGED.value(), 0L);
		if (all < MIN_BOUGHT_AGAIN || changed < MIN_CHANGED_SHARE * all || settings.ttl().compareTo(SHORT_TTL) <= 0) {
			return;
		}
		Duration half = Duration.ofSeconds(settings.ttl().toSeconds() / 2);
		advice.add(Advice.builder("answers_change", Severity.WARNING,
				"Answers to the same request have often changed when they are bought again, so stored ones may be out of date",
				"Keep answers for a shorter time, or evict them by tag when what they tell of changes")
			.share("changed_share", (double) changed / all)
			.figure("bought_again", all, "answers")
			.figure("ttl", SettingText.of(settings.ttl()), "duration")
			.setting(Setting.ofPlan(usage.key(), "cache.ttl",
					SettingText.of((half.compareTo(SHORT_TTL) > 0) ? half : SHORT_TTL)))
			.build());
	}

}

package io.tokensaving.cache.semantic;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;

import io.tokensaving.cache.CacheSettings;
import io.tokensaving.feature.Advice;
import io.tokensaving.feature.Advice.Setting;
import io.tokensaving.feature.Advice.Severity;
import io.tokensaving.feature.PlanUsage;
import io.tokensaving.sampling.ErrorRateMonitor.Verification;
import org.jspecify.annotations.Nullable;

/**
 * What is advised by how many answers of the semantic cache proved wrong, and by what
 * confirming them costs.
 */
final class SemanticCacheAdvice {

	/**
	 * So many answers must have been verified.
	 */
	static final int MIN_VERIFIED = 20;

	/**
	 * So many answers must have been confirmed, or not.
	 */
	static final int MIN_CONFIRMED = ConfirmationMonitor.TRIAL;

	private SemanticCacheAdvice() {
	}

	static List<Advice> of(PlanUsage usage) {
		CacheSettings settings = usage.plan().settings(CacheSettings.class);
		List<Advice> advice = new ArrayList<>();
		if (settings != null) {
			addWrong(advice, usage, settings);
			addConfirmations(advice, usage, settings);
		}
		return advice;
	}

	private static void addWrong(List<Advice> advice, PlanUsage usage, CacheSettings settings) {
		Verification verified = usage.total().figures(SemanticCacheFeature.ERROR_RATE);
		if (verified.verified() < MIN_VERIFIED || verified.errorRate() <= settings.maxErrorRate()) {
			return;
		}
		boolean sure = verified.lower() > settings.maxErrorRate();
		advice.add(Advice
			.builder("semantic_answers_wrong", (sure || verified.suspended()) ? Severity.SERIOUS : Severity.WARNING,
					verified.suspended()
							? "Verified answers of the semantic cache were wrong too often, and it has suspended itself"
							: "Verified answers of the semantic cache are wrong more often than the plan allows",
					"Serve only what is more similar, or have a model confirm answers (cache.confirm)")
			.share("wrong_share", verified.errorRate())
			.share("wrong_share_lower", verified.lower())
			.share("wrong_share_upper", verified.upper())
			.share("allowed_share", settings.maxErrorRate())
			.figure("verified", verified.verified(), "answers")
			.setting(stricter(usage, settings.similarityThreshold()))
			.build());
	}

	// Half way to equal questions
	private static @Nullable Setting stricter(PlanUsage usage, double threshold) {
		BigDecimal value = BigDecimal.valueOf((1 + threshold) / 2).setScale(2, RoundingMode.HALF_UP);
		return (value.doubleValue() > threshold)
				? Setting.ofPlan(usage.key(), "cache.similarity-threshold", value.stripTrailingZeros().toPlainString())
				: null;
	}

	private static void addConfirmations(List<Advice> advice, PlanUsage usage, CacheSettings settings) {
		ConfirmationMonitor.Figures counted = usage.recent().figures(SemanticCacheFeature.CONFIRMATION).counted();
		long asked = counted.confirmed() + counted.refused() + counted.undecided();
		long loss = counted.spentPicoUsd() - counted.savedPicoUsd();
		if (asked < MIN_CONFIRMED || loss <= 0) {
			return;
		}
		advice.add(Advice.builder("confirmations_do_not_pay", Severity.WARNING,
				"Having answers of the semantic cache confirmed costs more than the answers that it lets through",
				"Choose a cheaper model to confirm with (cache.confirm-model), or look up only what is more similar")
			.figure("asked", asked, "confirmations")
			.figure("confirmed", counted.confirmed(), "confirmations")
			.share("confirmed_share", (double) counted.confirmed() / asked)
			.costUsdPerDay(usage.perDay(loss))
			.setting(stricter(usage, settings.similarityThreshold()))
			.build());
	}

}

package io.tokensaving.cache.exact;

import java.util.List;

import io.tokensaving.Component;
import io.tokensaving.Counter;
import io.tokensaving.Outcome;
import io.tokensaving.SavingTechnique;
import io.tokensaving.feature.Advice;
import io.tokensaving.feature.Feature;
import io.tokensaving.feature.PlanUsage;

/**
 * The exact cache as a feature. It has no settings of its own: both caches use the
 * section of {@link io.tokensaving.cache.CacheFeature}. Thread-safe.
 */
public final class ExactCacheFeature implements Feature {

	/**
	 * * Answered by the exact cache: an equal request had been answered before.
	 */
	public static final Outcome HIT = Outcome.cacheHit("exact_hit",
			"Answered by the exact cache: the same request had been answered before");

	/**
	 * The exact cache answered.
	 */
	public static final SavingTechnique TECHNIQUE = SavingTechnique.of("exact_cache", "The exact cache answered");

	/**
	 * Reading or writing the exact cache.
	 */
	public static final Component COMPONENT = Component.of("exact_cache", "Reading or writing the exact cache");

	/**
	 * Requests that differ from an earlier one only in dates and times of the system
	 * text.
	 */
	static final Counter TIME_MISSES = Counter.of("exact_cache_time_misses",
			"Requests that differ from an earlier one only in dates and times of the system text", "requests");

	/**
	 * Answers that were bought again for the same request, by what became of them:
	 * {@code same}, {@code reworded} or {@code changed}.
	 */
	static final Counter BOUGHT_AGAIN = Counter.by("answer", "exact_cache_bought_again",
			"Answers that were bought again for the same request");

	@Override
	public String name() {
		return "exact-cache";
	}

	@Override
	public List<Outcome> outcomes() {
		return List.of(HIT);
	}

	@Override
	public List<SavingTechnique> techniques() {
		return List.of(TECHNIQUE);
	}

	@Override
	public List<Counter> counters() {
		return List.of(TIME_MISSES, BOUGHT_AGAIN);
	}

	@Override
	public List<Advice> advice(PlanUsage usage) {
		return ExactCacheAdvice.of(usage);
	}

	@Override
	public List<Component> components() {
		return List.of(COMPONENT);
	}

}

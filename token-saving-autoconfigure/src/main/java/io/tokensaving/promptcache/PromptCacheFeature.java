package io.tokensaving.promptcache;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import io.tokensaving.Component;
import io.tokensaving.Counter;
import io.tokensaving.SavingTechnique;
import io.tokensaving.feature.Advice;
import io.tokensaving.feature.Feature;
import io.tokensaving.feature.PlanUsage;
import io.tokensaving.feature.SettingsSection;
import io.tokensaving.plan.Plan;
import io.tokensaving.statistics.StateSlot;
import io.tokensaving.statistics.StatisticsSnapshot;

/**
 * The use of the providers' prompt caches, as a feature. Thread-safe.
 */
public final class PromptCacheFeature implements Feature {

	/**
	 * Prefixes that were marked were read from the provider's prompt cache, net of what
	 * writing them cost.
	 */
	public static final SavingTechnique TECHNIQUE = SavingTechnique.of("prompt_cache",
			"Marked prefixes were read from the provider's prompt cache, net of what writing them cost");

	/**
	 * Arranging and marking prompts, and learning from what the provider reports.
	 */
	public static final Component COMPONENT = Component.of("prompt_cache",
			"Arranging prompts for the provider's prompt cache");

	/**
	 * Requests by how long their longest marked prefix is to be kept: a time such as
	 * {@code 5m}, {@code none}, {@code user_managed} or {@code automatic}.
	 */
	static final Counter DECISIONS = Counter.by("decision", "prompt_cache_decisions",
			"Requests by how long the provider is asked to keep their longest marked prefix");

	/**
	 * Marks by the segment that ends there.
	 */
	static final Counter MARKS = Counter.by("segment", "prompt_cache_marks",
			"Prefixes that were marked for the provider's prompt cache");

	/**
	 * Requests of which the provider read less than expected, by the cause.
	 */
	static final Counter MISSES = Counter.by("cause", "prompt_cache_misses",
			"Requests of which the provider's prompt cache had less than an earlier request let expect");

	/**
	 * Requests that a provider rejected with what was added for its prompt cache, and
	 * answered without.
	 */
	static final Counter REJECTIONS = Counter.of("prompt_cache_rejections",
			"Requests that the provider rejected with what was added for its prompt cache, and answered without",
			"requests");

	static final StateSlot<PromptCacheTally, PromptCacheTally.Figures> TALLY = new PromptCacheTallySlot();

	static final StateSlot<ForeseenTally, ForeseenTally.Figures> FORESEEN = new ForeseenTallySlot();

	private final PrefixAdvice advice = new PrefixAdvice();

	private final Runnable listen;

	/**
	 * Create the feature of an instance that learns alone.
	 */
	public PromptCacheFeature() {
		this(() -> {
		});
	}

	/**
	 * Create the feature.
	 * @param listen begins to learn from other instances, once a plan needs it; may be
	 * called again
	 */
	public PromptCacheFeature(Runnable listen) {
		this.listen = listen;
	}

	@Override
	public String name() {
		return "prompt-cache";
	}

	@Override
	public SettingsSection<PromptCacheProperties> section() {
		return new SettingsSection<>(PromptCacheSettings.SECTION, PromptCacheProperties.class,
				PromptCacheProperties::toSettings);
	}

	@Override
	public void load(Plan plan) {
		if (plan.settings(PromptCacheSettings.class) != null) {
			this.listen.run();
		}
	}

	@Override
	public List<SavingTechnique> techniques() {
		return List.of(TECHNIQUE);
	}

	@Override
	public List<Counter> counters() {
		return List.of(DECISIONS, MARKS, MISSES, REJECTIONS);
	}

	@Override
	public List<Component> components() {
		return List.of(COMPONENT);
	}

	@Override
	public List<StateSlot<?, ?>> states() {
		return List.of(TALLY, FORESEEN);
	}

	@Override
	public Map<String, Object> forecast(Plan plan, StatisticsSnapshot figures) {
		return (plan.settings(PromptCacheSettings.class) != null)
				? Map.of("prompt_cache", figures.figures(FORESEEN).describe()) : Map.of();
	}

	@Override
	public List<Advice> advice(PlanUsage usage) {
		List<Advice> all = new ArrayList<>(this.advice.of(usage));
		all.addAll(ProviderCacheAdvice.of(usage));
		return all;
	}

	PrefixAdvice advice() {
		return this.advice;
	}

}

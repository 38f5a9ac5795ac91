package io.tokensaving.cache;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

import io.tokensaving.Counter;
import io.tokensaving.feature.Feature;
import io.tokensaving.feature.SettingsSection;
import io.tokensaving.feature.Suggestion;
import io.tokensaving.plan.InvalidPlanException;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.SettingText;
import io.tokensaving.statistics.StateSlot;
import io.tokensaving.statistics.StatisticsSnapshot;

/**
 * The feature that both caches share: the {@code cache} section of plans, and the check
 * that its backend exists. Thread-safe.
 */
public final class CacheFeature implements Feature {

	/**
	 * Answers that were bought and not stored.
	 */
	public static final Counter NOT_STORED = Counter.by("reason", "answers_not_stored",
			"Answers that were bought and not stored");

	/**
	 * What plans that only observe would have been answered from, by similarity and age.
	 */
	public static final StateSlot<HitTally, HitTally.Figures> HITS = new HitTallySlot();

	private final Supplier<? extends Collection<String>> backends;

	private final Map<String, String> requirements;

	/**
	 * Create the feature.
	 * @param backends supplies the names of the available backends; called when a plan is
	 * checked
	 * @param requirements for backends that need an optional dependency or property, a
	 * sentence that names it, by the name of the backend
	 */
	public CacheFeature(Supplier<? extends Collection<String>> backends, Map<String, String> requirements) {
		this.backends = backends;
		this.requirements = Map.copyOf(requirements);
	}

	@Override
	public String name() {
		return "cache";
	}

	@Override
	public SettingsSection<CacheProperties> section() {
		return new SettingsSection<>(CacheSettings.SECTION, CacheProperties.class, CacheProperties::toSettings);
	}

	@Override
	public Collection<Counter> counters() {
		return List.of(NOT_STORED);
	}

	@Override
	public List<StateSlot<?, ?>> states() {
		return List.of(HITS);
	}

	@Override
	public List<Suggestion> suggestions(Plan plan, StatisticsSnapshot figures) {
		CacheSettings settings = plan.settings(CacheSettings.class);
		return (settings != null) ? new CacheSuggestions(settings, figures.figures(HITS)).all() : List.of();
	}

	@Override
	public void check(Plan plan) {
		CacheSettings settings = plan.settings(CacheSettings.class);
		if (settings != null) {
			Collection<String> names = this.backends.get();
			if (!names.contains(settings.backend())) {
				String requirement = this.requirements.get(settings.backend());
				throw new InvalidPlanException("cache.backend", settings.backend(), SettingText.oneOf(names) + ". "
						+ ((requirement != null) ? requirement + ". " : "")
						+ "A backend of your own is an ExactCacheStore or SemanticCacheStore bean, selected by its backend()");
			}
		}
	}

}

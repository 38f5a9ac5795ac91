package io.tokensaving.feature;

import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

import io.tokensaving.plan.InvalidPlanException;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import org.jspecify.annotations.Nullable;

/**
 * All features of an application, ordered by their names. Immutable.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public final class Features {

	private final List<Feature> features;

	private final Map<String, SettingsSection<?>> sections;

	private final Map<String, Function<PlanKey, Object>> planViews;

	private final Map<String, Function<String, Object>> views;

	/**
	 * Create the registry.
	 * @param features the features, in any order
	 * @throws IllegalStateException if two of them have the same name, section or view
	 */
	public Features(Collection<? extends Feature> features) {
		Map<String, Feature> byName = new TreeMap<>();
		Map<String, Feature> bySection = new TreeMap<>();
		Map<String, Feature> byView = new TreeMap<>();
		Map<String, SettingsSection<?>> all = new TreeMap<>();
		Map<String, Feature> byPlanView = new TreeMap<>();
		Map<String, Function<PlanKey, Object>> allPlanViews = new TreeMap<>();
		Map<String, Function<String, Object>> allViews = new TreeMap<>();
		for (Feature feature : features) {
			refuseSecond("feature", feature.name(), byName.put(feature.name(), feature), feature);
			SettingsSection<?> section = feature.section();
			if (section != null) {
				refuseSecond("section", section.name(), bySection.put(section.name(), feature), feature);
				all.put(section.name(), section);
			}
			feature.planViews().forEach((name, view) -> {
				refuseSecond("view", name, byPlanView.put(name, feature), feature);
				allPlanViews.put(name, view);
			});
			feature.views().forEach((path, view) -> {
				refuseSecond("view", path, byView.put(path, feature), feature);
				allViews.put(path, view);
			});
		}
		this.features = List.copyOf(byName.values());
		this.views = Collections.unmodifiableMap(allViews);
		this.sections = Collections.unmodifiableMap(all);
		this.planViews = Collections.unmodifiableMap(allPlanViews);
	}

	private static void refuseSecond(String kind, String name, @Nullable Feature first, Feature second) {
		if (first != null) {
			throw new IllegalStateException("There are two %ss '%s', of %s and of %s: the name must be unique"
				.formatted(kind, name, first.getClass().getName(), second.getClass().getName()));
		}
	}

	/**
	 * Return the features.
	 * @return an unmodifiable list, ordered by name
	 */
	public List<Feature> all() {
		return this.features;
	}

	/**
	 * Return the sections of plans.
	 * @return an unmodifiable map by the names of the sections, ordered
	 */
	public Map<String, SettingsSection<?>> sections() {
		return this.sections;
	}

	/**
	 * Return what the features show of a plan.
	 * @return an unmodifiable map by the names below {@code plans/{id}}, ordered
	 */
	public Map<String, Function<PlanKey, Object>> planViews() {
		return this.planViews;
	}

	/**
	 * Return what the features show at the endpoint besides the figures of plans.
	 * @return an unmodifiable map by path, ordered
	 */
	public Map<String, Function<String, Object>> views() {
		return this.views;
	}

	/**
	 * Check a plan against the application, with {@link Feature#check} of every feature.
	 * @param plan the plan
	 * @throws InvalidPlanException if a setting is not accepted
	 */
	public void check(Plan plan) {
		this.features.forEach((feature) -> feature.check(plan));
	}

	/**
	 * Return what decides which model answers the requests of a plan, with
	 * {@link Feature#answerInputs} of every feature.
	 * @param key the plan and its workspace
	 * @param plan the plan
	 * @return a short text, or {@code null} if the model answers that the request was
	 * made for
	 */
	public @Nullable String answerInputs(PlanKey key, Plan plan) {
		String all = null;
		for (Feature feature : this.features) {
			String own = feature.answerInputs(key, plan);
			if (own != null) {
				String named = feature.name() + "=" + own;
				all = (all != null) ? all + " " + named : named;
			}
		}
		return all;
	}

	/**
	 * Load what a plan needs.
	 * @param plan the plan, which has been checked
	 * @throws InvalidPlanException if it cannot be loaded
	 */
	public void load(Plan plan) {
		this.features.forEach((feature) -> feature.load(plan));
	}

}

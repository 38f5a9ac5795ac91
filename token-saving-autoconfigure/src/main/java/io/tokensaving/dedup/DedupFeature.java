package io.tokensaving.dedup;

import java.util.List;
import java.util.function.Predicate;

import io.tokensaving.Component;
import io.tokensaving.Outcome;
import io.tokensaving.SavingTechnique;
import io.tokensaving.feature.Feature;
import io.tokensaving.feature.SettingsSection;
import io.tokensaving.plan.InvalidPlanException;
import io.tokensaving.plan.Plan;

/**
 * The sharing of answers by equal requests in flight, as a feature. Thread-safe.
 */
public final class DedupFeature implements Feature {

	/**
	 * Answered by an equal request that was already on its way to the model.
	 */
	public static final Outcome HIT = Outcome.hit("dedup_hit",
			"Answered by an equal request that was already on its way to the model");

	/**
	 * An equal request in flight answered.
	 */
	public static final SavingTechnique TECHNIQUE = SavingTechnique.of("dedup", "An equal request in flight answered");

	/**
	 * Sharing the answer of a request in flight.
	 */
	public static final Component COMPONENT = Component.of("dedup", "Sharing the answer of a request in flight");

	private final Predicate<Plan> shared;

	/**
	 * Create the feature.
	 * @param shared whether a plan stores its answers where all instances find them
	 */
	public DedupFeature(Predicate<Plan> shared) {
		this.shared = shared;
	}

	@Override
	public String name() {
		return "dedup";
	}

	@Override
	public SettingsSection<DedupProperties> section() {
		return new SettingsSection<>(DedupSettings.SECTION, DedupProperties.class, DedupProperties::toSettings);
	}

	@Override
	public void check(Plan plan) {
		DedupSettings settings = plan.settings(DedupSettings.class);
		if (settings != null && settings.scope() == DedupSettings.Scope.CLUSTER && !this.shared.test(plan)) {
			throw new InvalidPlanException("dedup.scope", "cluster",
					"'instance', or 'cluster' if the plan has a cache that all instances share, such as the backend "
							+ "'redis'");
		}
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
	public List<Component> components() {
		return List.of(COMPONENT);
	}

}

package io.tokensaving.shadow;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;

import io.tokensaving.Component;
import io.tokensaving.feature.Feature;
import io.tokensaving.feature.Features;
import io.tokensaving.feature.SettingsSection;
import io.tokensaving.feature.Suggestion;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.plan.PlanRepository;
import io.tokensaving.sampling.ErrorRateMonitor.Verification;
import io.tokensaving.statistics.ScopedStatistics;
import io.tokensaving.statistics.StateSlot;
import io.tokensaving.statistics.StatisticsAggregator;
import io.tokensaving.statistics.StatisticsSnapshot;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * The mode of a plan, as a feature: active, in shadow or off. Thread-safe.
 */
public final class ShadowFeature implements Feature {

	/**
	 * Computing what a plan would do.
	 */
	public static final Component COMPONENT = Component.of("shadow", "Computing what a plan in shadow would do");

	static final ShadowSlot OBSERVED = new ShadowSlot();

	private static final Log logger = LogFactory.getLog(ShadowFeature.class);

	private final Supplier<StatisticsAggregator> aggregator;

	private final Supplier<PlanRepository> plans;

	private final Supplier<Features> features;

	/**
	 * Create the feature.
	 * @param aggregator supplies the sums over all instances, for the forecast
	 * @param plans supplies the plans
	 * @param features supplies all features, which suggest settings
	 */
	public ShadowFeature(Supplier<StatisticsAggregator> aggregator, Supplier<PlanRepository> plans,
			Supplier<Features> features) {
		this.aggregator = aggregator;
		this.plans = plans;
		this.features = features;
	}

	@Override
	public String name() {
		return "shadow";
	}

	@Override
	public SettingsSection<PlanMode> section() {
		return new SettingsSection<>(ModeSettings.SECTION, PlanMode.class,
				(mode) -> (mode != PlanMode.ACTIVE) ? new ModeSettings(mode) : null);
	}

	@Override
	public List<Component> components() {
		return List.of(COMPONENT);
	}

	@Override
	public Map<String, Function<PlanKey, Object>> planViews() {
		return Map.of("forecast", this::forecast);
	}

	private Map<String, Object> forecast(PlanKey plan) {
		ScopedStatistics<StatisticsSnapshot> statistics = this.aggregator.get().plan(plan);
		StatisticsSnapshot figures = statistics.figures();
		Map<String, Object> forecast = new LinkedHashMap<>();
		forecast.put("scope", statistics.scope().value());
		Forecast observed = figures.figures(OBSERVED);
		forecast.putAll(observed.describe());
		forecast.put("overhead_usd", figures.overheadUsd());
		Map<String, Object> risks = new LinkedHashMap<>();
		figures.states().forEach((slot) -> {
			if (slot != OBSERVED && slot.isShown()) {
				risks.put(slot.name(), describe(slot, figures, observed));
			}
		});
		forecast.put("risks", risks);
		Plan settings = this.plans.get().find(plan.workspace(), plan.plan());
		if (settings != null) {
			List<Suggestion> suggestions = new ArrayList<>();
			for (Feature feature : this.features.get().all()) {
				try {
					feature.forecast(settings, figures).forEach(forecast::putIfAbsent);
					suggestions.addAll(feature.suggestions(settings, figures));
				}
				catch (RuntimeException ex) {
					logger.debug("The feature '" + feature.name() + "' cannot be forecast", ex);
				}
			}
			new SuggestedSettings(suggestions).describe(forecast);
		}
		return forecast;
	}

	private static <F> Map<String, Object> describe(StateSlot<?, F> slot, StatisticsSnapshot figures,
			Forecast observed) {
		F state = figures.figures(slot);
		Map<String, Object> described = new LinkedHashMap<>(slot.describe(state));
		Forecast.Interval wrong = (state instanceof Verification seen) ? observed.wrongShare(seen) : null;
		if (wrong != null) {
			described.put("wrong_share", wrong.describe());
		}
		return described;
	}

}

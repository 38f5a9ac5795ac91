package io.tokensaving.route;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Supplier;

import io.tokensaving.Component;
import io.tokensaving.Counter;
import io.tokensaving.SavingTechnique;
import io.tokensaving.feature.Feature;
import io.tokensaving.feature.SettingsSection;
import io.tokensaving.plan.InvalidPlanException;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.plan.SettingText;
import io.tokensaving.provider.Dialects;
import io.tokensaving.route.log.RouteLog;
import io.tokensaving.sampling.QualitySlot;
import io.tokensaving.statistics.StateSlot;
import io.tokensaving.tier.Tier;
import io.tokensaving.tier.Tiers;
import org.jspecify.annotations.Nullable;

/**
 * The choice of the model that answers, as a feature. Thread-safe.
 */
public final class RouteFeature implements Feature {

	/**
	 * A cheaper tier answered, net of what was asked in vain and of judging.
	 */
	public static final SavingTechnique TECHNIQUE = SavingTechnique.of("routing",
			"A cheaper model answered than the one that the request was made for");

	/**
	 * Choosing the tier of a request, checking its answer and judging it.
	 */
	public static final Component COMPONENT = Component.of("route", "Choosing the model that answers");

	/**
	 * Requests by the tier that was chosen, whether it answered or was only logged.
	 */
	static final Counter DECISIONS = Counter.by("tier", "route_decisions", "Requests by the tier that was chosen");

	/**
	 * Requests by the reason of the choice.
	 */
	static final Counter REASONS = Counter.by("reason", "route_reasons",
			"Requests by the reason for which their tier was chosen");

	/**
	 * Requests that none of the tiers could serve.
	 */
	static final Counter NO_TIER = Counter.of("route_no_tier",
			"Requests that no tier of the plan can serve, and that went to the model that they were made for",
			"requests");

	/**
	 * Requests whose classifier failed or took too long.
	 */
	static final Counter CLASSIFIER_FAILURES = Counter.of("route_classifier_failures",
			"Requests that were left to the default tier because the classifier failed or took too long", "requests");

	/**
	 * Answers that were not accepted, so that a dearer tier was asked, by the check.
	 */
	static final Counter ESCALATIONS = Counter.by("check", "route_escalations",
			"Answers that a check did not accept, so that a dearer tier was asked");

	/**
	 * Requests whose tier failed, by that tier: another one answered.
	 */
	static final Counter FALLBACKS = Counter.by("tier", "route_fallbacks",
			"Requests whose tier failed, so that another model was asked");

	/**
	 * Options that a request sets and the model of its tier does not have, by name.
	 */
	static final Counter DROPPED_OPTIONS = Counter.by("option", "route_dropped_options",
			"Options that requests set and the model of their tier does not have");

	/**
	 * How the answers that callers got were judged.
	 */
	static final QualitySlot QUALITY = new QualitySlot("route_quality", "route_quality_", "route", "routing", true);

	/**
	 * How the answers of cheaper tiers were judged that nobody got, from which the
	 * classifier learns.
	 */
	static final QualitySlot EXPLORED = new QualitySlot("route_explored", "route_explored_", "route.explored",
			"tiers that were tried", false);

	/**
	 * Judged answers by the verdict.
	 */
	static final Counter VERDICTS = Counter.by("verdict", "route_verdicts", "Judged answers by what the judge said");

	private final Supplier<Tiers> tiers;

	private final Supplier<? extends Collection<String>> classifiers;

	private final Supplier<? extends Collection<String>> checks;

	private final Supplier<? extends Collection<String>> judges;

	private final Supplier<RouteAdvisor> advisor;

	private final RouteDigest digests;

	/**
	 * Create the feature. Nothing is called before a plan is checked.
	 * @param tiers supplies the tiers of the application, always the same
	 * @param classifiers supplies the names of all classifiers
	 * @param checks supplies the names of all checks of cascades
	 * @param judges supplies the names of all judges
	 * @param advisor supplies the advisor
	 */
	public RouteFeature(Supplier<Tiers> tiers, Supplier<? extends Collection<String>> classifiers,
			Supplier<? extends Collection<String>> checks, Supplier<? extends Collection<String>> judges,
			Supplier<RouteAdvisor> advisor) {
		this(tiers, classifiers, checks, judges, advisor, Dialects.builtIn());
	}

	/**
	 * Create the feature. Nothing is called before a plan is checked.
	 * @param tiers supplies the tiers of the application, always the same
	 * @param classifiers supplies the names of all classifiers
	 * @param checks supplies the names of all checks of cascades
	 * @param judges supplies the names of all judges
	 * @param advisor supplies the advisor
	 * @param dialects know which options of tiers cannot change an answer
	 */
	public RouteFeature(Supplier<Tiers> tiers, Supplier<? extends Collection<String>> classifiers,
			Supplier<? extends Collection<String>> checks, Supplier<? extends Collection<String>> judges,
			Supplier<RouteAdvisor> advisor, Dialects dialects) {
		this.digests = new RouteDigest(dialects);
		this.tiers = tiers;
		this.classifiers = classifiers;
		this.checks = checks;
		this.judges = judges;
		this.advisor = advisor;
	}

	RouteDigest digests() {
		return this.digests;
	}

	@Override
	public String name() {
		return "route";
	}

	@Override
	public SettingsSection<RouteProperties> section() {
		return new SettingsSection<>(RouteSettings.SECTION, RouteProperties.class, RouteProperties::toSettings);
	}

	@Override
	public void check(Plan plan) {
		RouteSettings settings = plan.settings(RouteSettings.class);
		if (settings == null) {
			return;
		}
		Collection<String> names = new TreeSet<>(this.tiers.get().names());
		names.add(Tier.OWN);
		for (int i = 0; i < settings.tiers().size(); i++) {
			checkTier("tiers[" + i + "]", settings.tiers().get(i), names);
		}
		if (settings.judge().tier() != null) {
			checkTier("judge.tier", settings.judge().tier(), names);
		}
		check("classifier", settings.classifier(), this.classifiers.get(),
				". A classifier of your own is a RouteClassifier bean, selected by the name of the bean");
		for (int i = 0; i < settings.cascade().checks().size(); i++) {
			check("cascade.checks[" + i + "]", settings.cascade().checks().get(i), this.checks.get(), "");
		}
		check("judge.name", settings.judge().name(), this.judges.get(),
				". A judge of your own is a GradedJudge bean, selected by the name of the bean");
	}

	private static void checkTier(String field, String tier, Collection<String> names) {
		check(field, tier, names, ". Other tiers are defined by 'token-saving.tiers.<name>'");
	}

	private static void check(String field, String name, Collection<String> names, String remedy) {
		if (!names.contains(name)) {
			throw new InvalidPlanException(RouteSettings.SECTION + "." + field, name,
					SettingText.oneOf(names) + remedy);
		}
	}

	// Nothing but an active plan sends a request to another model
	@Override
	public @Nullable String answerInputs(PlanKey key, Plan plan) {
		RouteSettings settings = plan.settings(RouteSettings.class);
		return (settings != null && settings.mode() == RouteMode.ACTIVE)
				? this.digests.of(settings, this.tiers.get()) + this.advisor.get().answerInputs(key, settings) : null;
	}

	@Override
	public Map<String, Function<PlanKey, Object>> planViews() {
		return Map.of("routing", (key) -> this.advisor.get().describe(key));
	}

	@Override
	public List<SavingTechnique> techniques() {
		return List.of(TECHNIQUE);
	}

	@Override
	public List<Counter> counters() {
		return List.of(DECISIONS, REASONS, NO_TIER, CLASSIFIER_FAILURES, ESCALATIONS, FALLBACKS, DROPPED_OPTIONS,
				VERDICTS);
	}

	@Override
	public List<StateSlot<?, ?>> states() {
		return List.of(QUALITY, EXPLORED);
	}

	@Override
	public List<Component> components() {
		return List.of(COMPONENT, RouteLog.COMPONENT);
	}

}

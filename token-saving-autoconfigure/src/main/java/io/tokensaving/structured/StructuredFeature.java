package io.tokensaving.structured;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Supplier;

import io.tokensaving.Component;
import io.tokensaving.Counter;
import io.tokensaving.SavingTechnique;
import io.tokensaving.feature.Feature;
import io.tokensaving.feature.SettingsSection;
import io.tokensaving.ledger.Labels;
import io.tokensaving.plan.InvalidPlanException;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.plan.SettingText;
import io.tokensaving.statistics.StateSlot;
import io.tokensaving.statistics.StatisticsAggregator;
import io.tokensaving.statistics.StatisticsSnapshot;
import io.tokensaving.structured.StructuredTally.Figures;
import io.tokensaving.tier.Tiers;
import org.jspecify.annotations.Nullable;

/**
 * Structured output, as a feature. Thread-safe.
 */
public final class StructuredFeature implements Feature {

	/**
	 * Answers were repaired, or patched, that validation would have bought anew.
	 */
	public static final SavingTechnique TECHNIQUE = SavingTechnique.of("structured",
			"Answers were repaired that validation would have asked for again");

	/**
	 * Repairing answers, and having schemas enforced.
	 */
	public static final Component COMPONENT = Component.of("structured",
			"Repairing structured output, and having providers enforce schemas");

	/**
	 * The label of calls that were made because the answer before was not valid; its
	 * value is the reason.
	 */
	static final String RETRY = "retry";

	static final Counter REPAIRS = Counter.by("step", "structured_repairs",
			"Answers that were repaired, by what was put right; each counts once for each of its steps");

	static final Counter UNREPAIRED = Counter.by("reason", "structured_unrepaired",
			"Answers that were not valid and could not be repaired");

	static final Counter RETRIES = Counter.by("reason", "structured_retries",
			"Requests to the model because validation did not accept the answer before");

	static final Counter WITHHELD = Counter.by("reason", "structured_native_withheld",
			"Requests whose schema the provider was not asked to enforce");

	static final Counter REJECTIONS = Counter.of("structured_native_rejections",
			"Requests that the provider rejected with their schema, and answered without", "requests");

	static final Counter PATCHES = Counter.by("result", "structured_patches",
			"Answers that a cheaper tier was asked to correct");

	static final StateSlot<StructuredTally, Figures> TALLY = new StructuredTallySlot();

	private final Supplier<Tiers> tiers;

	private final Supplier<StatisticsAggregator> aggregator;

	/**
	 * Create the feature.
	 * @param tiers supplies the tiers of the application, always the same
	 * @param aggregator supplies the sums over all instances, for the view of retries
	 */
	public StructuredFeature(Supplier<Tiers> tiers, Supplier<StatisticsAggregator> aggregator) {
		this.tiers = tiers;
		this.aggregator = aggregator;
	}

	@Override
	public String name() {
		return "structured";
	}

	@Override
	public SettingsSection<StructuredProperties> section() {
		return new SettingsSection<>(StructuredSettings.SECTION, StructuredProperties.class,
				StructuredProperties::toSettings);
	}

	@Override
	public void check(Plan plan) {
		StructuredSettings settings = plan.settings(StructuredSettings.class);
		String tier = (settings != null) ? settings.retryTier() : null;
		if (tier != null && this.tiers.get().find(tier) == null) {
			throw new InvalidPlanException("structured.retry-tier", tier, SettingText.oneOf(this.tiers.get().names())
					+ ". Other tiers are defined by 'token-saving.tiers.<name>'");
		}
	}

	/**
	 * Return what decides how answers are made, so that none is found that was made in
	 * another way.
	 */
	@Override
	public @Nullable String answerInputs(PlanKey key, Plan plan) {
		StructuredSettings settings = plan.settings(StructuredSettings.class);
		if (settings == null) {
			return null;
		}
		String made = SettingText.of(settings.nativeMode()) + "/" + settings.repair();
		String tier = (settings.retry() == RetryMode.PATCH) ? settings.retryTier() : null;
		return (tier != null) ? made + "/" + tier : made;
	}

	@Override
	public List<SavingTechnique> techniques() {
		return List.of(TECHNIQUE);
	}

	@Override
	public List<Counter> counters() {
		return List.of(REPAIRS, UNREPAIRED, RETRIES, WITHHELD, REJECTIONS, PATCHES);
	}

	@Override
	public List<Component> components() {
		return List.of(COMPONENT);
	}

	@Override
	public List<StateSlot<?, ?>> states() {
		return List.of(TALLY);
	}

	@Override
	public Map<String, Function<PlanKey, Object>> planViews() {
		return Map.of("retries", this::retries);
	}

	private Object retries(PlanKey plan) {
		Map<Retried, StatisticsSnapshot> retried = new TreeMap<>();
		this.aggregator.get().labelled(plan).figures().forEach((labels, figures) -> {
			String reason = labels.value(RETRY);
			if (reason != null) {
				retried.merge(new Retried(text(labels.value(Labels.FEATURE)), text(labels.value(Labels.MODEL)), reason),
						figures, StatisticsSnapshot::plus);
			}
		});
		List<Map<String, Object>> rows = new ArrayList<>();
		retried.forEach((key, figures) -> {
			Map<String, Object> row = new LinkedHashMap<>();
			row.put("feature", key.feature());
			row.put("model", key.model());
			row.put("reason", key.reason());
			row.put("retries", figures.totalRequests());
			row.put("tokens", figures.tokensBought());
			BigDecimal usd = figures.spentUsd();
			row.put("usd", usd);
			rows.add(row);
		});
		return Map.of("retries", rows);
	}

	private static String text(@Nullable String value) {
		return (value != null) ? value : Labels.OTHER;
	}

	/**
	 * What retries are shown by.
	 *
	 * @param feature the feature of the application
	 * @param model the model that was paid
	 * @param reason why it was asked again
	 */
	private record Retried(String feature, String model, String reason) implements Comparable<Retried> {

		@Override
		public int compareTo(Retried other) {
			int order = this.feature.compareTo(other.feature);
			order = (order != 0) ? order : this.model.compareTo(other.model);
			return (order != 0) ? order : this.reason.compareTo(other.reason);
		}

	}

}

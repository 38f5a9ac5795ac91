package io.tokensaving.sampling;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;

import io.tokensaving.SnakeCase;
import io.tokensaving.sampling.ErrorRateMonitor.Verification;
import io.tokensaving.statistics.StateSlot;
import io.tokensaving.statistics.StatisticsCounters;

/**
 * The slot of {@link QualityMonitors} in the statistics of a plan. Immutable.
 */
public final class QualitySlot implements StateSlot<QualityMonitors, QualityFigures> {

	private final String name;

	private final String sumPrefix;

	private final boolean shown;

	private final List<StateMeter<QualityMonitors>> meters;

	/**
	 * Create a slot.
	 * @param name the field of the endpoint, in snake case
	 * @param sumPrefix the prefix of the names of the sums: snake case with an underscore
	 * at the end
	 * @param meterPrefix the prefix of the names of the meters after
	 * {@code tokensaving.}, such as {@code route}
	 * @param watched the subject that is watched, for the descriptions of the meters,
	 * such as "routing"
	 * @param shown whether the endpoint shows the figures with those of the plan
	 */
	public QualitySlot(String name, String sumPrefix, String meterPrefix, String watched, boolean shown) {
		this.name = SnakeCase.check("state", name);
		this.sumPrefix = sumPrefix;
		this.shown = shown;
		this.meters = List.of(
				new StateMeter<>(meterPrefix + ".judged", "Answers of %s that were judged".formatted(watched), false,
						(monitors) -> monitors.sinceStart().judged()),
				new StateMeter<>(meterPrefix + ".worse",
						"Judged answers of %s that were worse or of no use".formatted(watched), false,
						(monitors) -> monitors.sinceStart().bad()),
				new StateMeter<>(meterPrefix + ".not.judged",
						"Answers of %s that were to be judged and were not".formatted(watched), false,
						(monitors) -> monitors.snapshot().lost()),
				new StateMeter<>(meterPrefix + ".worse.rate.upper",
						"Upper end of the 95 %% interval of the share of worse answers of %s".formatted(watched), true,
						(monitors) -> monitors.snapshot().total().observed().upper()),
				new StateMeter<>(meterPrefix + ".worse.rate.lower",
						"Lower end of the 95 %% interval of the share of worse answers of %s".formatted(watched), true,
						(monitors) -> monitors.snapshot().total().observed().lower()),
				new StateMeter<>(meterPrefix + ".suspended",
						"Whether %s has suspended a tier because of its answers".formatted(watched), true,
						(monitors) -> monitors.isSuspended() ? 1 : 0));
	}

	@Override
	public String name() {
		return this.name;
	}

	@Override
	public Class<QualityMonitors> type() {
		return QualityMonitors.class;
	}

	@Override
	public QualityMonitors create() {
		return new QualityMonitors();
	}

	@Override
	public void tellSums(QualityMonitors state, BiConsumer<String, Long> sums) {
		state.tellSums((sum, value) -> sums.accept(this.sumPrefix + sum, value));
	}

	@Override
	public QualityFigures figures(StatisticsCounters sums, boolean suspended) {
		return QualitySums.figures(sums, this.sumPrefix, suspended);
	}

	@Override
	public boolean isShown() {
		return this.shown;
	}

	@Override
	public Map<String, Object> describe(QualityFigures figures) {
		Map<String, Object> described = new LinkedHashMap<>(describe(figures.total()));
		Map<String, Object> tiers = new LinkedHashMap<>();
		figures.byTier().forEach((tier, counts) -> tiers.put(tier, describe(counts)));
		described.put("tiers", tiers);
		Map<String, Object> notJudged = new LinkedHashMap<>();
		figures.notJudged().forEach((reason, number) -> notJudged.put(reason.value(), number));
		described.put("not_judged", notJudged);
		described.put("judge", describe(figures.positionBias()));
		described.put("suspended", figures.suspended());
		return described;
	}

	/**
	 * Describe how answers were judged.
	 * @param counts the counts
	 * @return numbers by name in snake case
	 */
	public static Map<String, Object> describe(QualityCounts counts) {
		Verification observed = counts.observed();
		Map<String, Object> described = new LinkedHashMap<>();
		described.put("judged", counts.judged());
		described.put("better", counts.better());
		described.put("same", counts.same());
		described.put("worse", counts.worse());
		described.put("unusable", counts.unusable());
		described.put("worse_rate", rounded(observed.errorRate()));
		described.put("interval_95", List.of(rounded(observed.lower()), rounded(observed.upper())));
		described.put("estimated_worse_rate", rounded(counts.estimate()));
		described.put("estimated_interval_95",
				List.of(rounded(counts.estimateLower()), rounded(counts.estimateUpper())));
		return described;
	}

	/**
	 * Describe the position bias of a judge.
	 * @param bias the bias
	 * @return numbers by name in snake case
	 */
	public static Map<String, Object> describe(PositionBias bias) {
		Map<String, Object> described = new LinkedHashMap<>();
		described.put("compared_in_both_orders", bias.pairs());
		described.put("inconsistent", bias.inconsistent());
		described.put("position_bias", rounded(bias.bias()));
		described.put("position_bias_margin_95", rounded(bias.margin()));
		described.put("worse_rate_without_bias", rounded(bias.badRate()));
		return described;
	}

	private static double rounded(double share) {
		return Math.round(share * 10_000) / 10_000.0;
	}

	@Override
	public List<StateMeter<QualityMonitors>> meters() {
		return this.meters;
	}

}

package io.tokensaving.advice;

import java.math.BigDecimal;
import java.time.Duration;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import com.github.benmanes.caffeine.cache.Ticker;
import io.tokensaving.Component;
import io.tokensaving.feature.Advice;
import io.tokensaving.feature.Advice.Severity;
import io.tokensaving.feature.Feature;
import io.tokensaving.feature.Features;
import io.tokensaving.feature.PlanUsage;
import io.tokensaving.ledger.Labels;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.plan.PlanRepository;
import io.tokensaving.statistics.OverallStatistics;
import io.tokensaving.statistics.SavingsStatistics;
import io.tokensaving.statistics.ScopedStatistics;
import io.tokensaving.statistics.StatisticsAggregator;
import io.tokensaving.statistics.StatisticsScope;
import io.tokensaving.statistics.StatisticsSnapshot;

/**
 * Collects what all features and the ledger advise for the plans of a workspace, the
 * worst first: by severity, and among those of one severity by cost. The severity of what
 * has a known cost is its share of what the workspace spends. What a feature throws is
 * counted, and the others are asked all the same. Thread-safe; reading may block.
 */
public final class AdviceCollector {

	/**
	 * The number of days, up to the present one, whose figures are looked at.
	 */
	public static final int DAYS = 7;

	/**
	 * The number of plans of a workspace that are looked at, the dearest.
	 */
	public static final int MAX_PLANS = 200;

	/**
	 * The number of entries of a list.
	 */
	public static final int MAX_ADVICE = 500;

	// Reading takes as long for some as for one
	static final int PLANS_AT_ONCE = 20;

	private static final Duration MAX_TIME = Duration.ofSeconds(10);

	private static final BigDecimal SERIOUS_SHARE = new BigDecimal("0.1");

	private static final BigDecimal WARNING_SHARE = new BigDecimal("0.01");

	private static final Comparator<PlanAdvice> WORST_FIRST = Comparator.comparing(PlanAdvice::severity)
		.thenComparing((each) -> each.advice().costUsdPerDay(),
				Comparator.nullsLast(Comparator.<BigDecimal>reverseOrder()))
		.thenComparing(PlanAdvice::plan)
		.thenComparing((each) -> each.advice().code())
		.thenComparing((each) -> String.valueOf(each.advice().feature()))
		.thenComparing((each) -> String.valueOf(each.advice().model()));

	private final PlanRepository plans;

	private final Features features;

	private final SavingsStatistics statistics;

	private final StatisticsAggregator aggregator;

	private final PriceTable prices;

	private final Ticker ticker;

	/**
	 * Create a collector.
	 * @param plans the plans
	 * @param features the features, which advise
	 * @param statistics counts what fails
	 * @param aggregator the figures of all instances
	 * @param prices the prices of models
	 * @param ticker the clock that limits how long reading may take
	 */
	public AdviceCollector(PlanRepository plans, Features features, SavingsStatistics statistics,
			StatisticsAggregator aggregator, PriceTable prices, Ticker ticker) {
		this.plans = plans;
		this.features = features;
		this.statistics = statistics;
		this.aggregator = aggregator;
		this.prices = prices;
		this.ticker = ticker;
	}

	/**
	 * Collect what is advised for the plans of a workspace.
	 * @param workspace the workspace
	 * @return the list
	 */
	public Collected collect(String workspace) {
		long start = this.ticker.read();
		ScopedStatistics<OverallStatistics> all = this.aggregator.all();
		StatisticsScope scope = all.scope();
		List<Plan> used = used(workspace, all.figures());
		List<PlanUsage> usages = new ArrayList<>();
		int looked = 0;
		while (looked < used.size() && usages.size() < MAX_PLANS && this.ticker.read() - start <= MAX_TIME.toNanos()) {
			List<Plan> some = used.subList(looked,
					Math.min(used.size(), looked + Math.min(PLANS_AT_ONCE, MAX_PLANS - usages.size())));
			looked += some.size();
			Map<PlanKey, Plan> keys = new LinkedHashMap<>();
			some.forEach((plan) -> keys.put(new PlanKey(workspace, plan.id()), plan));
			ScopedStatistics<Map<PlanKey, Map<LocalDate, Map<Labels, StatisticsSnapshot>>>> read = this.aggregator
				.labelledDays(keys.keySet(), DAYS);
			scope = (read.scope() == StatisticsScope.SHARED) ? scope : read.scope();
			keys.forEach((key, plan) -> {
				Map<LocalDate, Map<Labels, StatisticsSnapshot>> days = read.figures().getOrDefault(key, Map.of());
				if (days.values().stream().anyMatch((day) -> !day.isEmpty())) {
					usages.add(new PlanUsage(key, plan, all.figures().plan(key), days, this.prices));
				}
			});
		}
		return new Collected(scope, advice(usages), used.size() - looked);
	}

	private List<Plan> used(String workspace, OverallStatistics figures) {
		Map<PlanKey, StatisticsSnapshot> byPlan = figures.plans();
		Comparator<Plan> bySpent = Comparator
			.comparing((plan) -> figures.plan(new PlanKey(workspace, plan.id())).spentUsd());
		return this.plans.findAll(workspace)
			.stream()
			.filter((plan) -> byPlan.containsKey(new PlanKey(workspace, plan.id())))
			.sorted(bySpent.reversed())
			.toList();
	}

	private List<PlanAdvice> advice(List<PlanUsage> usages) {
		BigDecimal spent = BigDecimal.ZERO;
		for (PlanUsage usage : usages) {
			spent = spent.add(spentPerDay(usage));
		}
		List<PlanAdvice> advice = new ArrayList<>();
		for (PlanUsage usage : usages) {
			for (Feature feature : this.features.all()) {
				add(advice, usage, feature.name(), feature::advice, spent);
			}
			add(advice, usage, PlanAdvice.LEDGER, LedgerAdvice::of, spent);
		}
		advice.sort(WORST_FIRST);
		return List.copyOf((advice.size() > MAX_ADVICE) ? advice.subList(0, MAX_ADVICE) : advice);
	}

	private static BigDecimal spentPerDay(PlanUsage usage) {
		return LedgerAdvice.perDay(usage, usage.recent().spentUsd().add(usage.recent().overheadUsd()));
	}

	private void add(List<PlanAdvice> advice, PlanUsage usage, String by, Source source, BigDecimal spent) {
		try {
			for (Advice each : source.advice(usage)) {
				advice.add(new PlanAdvice(usage.key().plan(), by, severity(each, spent), each));
			}
		}
		catch (Throwable ex) { // a feature may throw anything
			this.statistics.recordError(Component.ADVICE, usage.key(), ex);
		}
	}

	private static Severity severity(Advice advice, BigDecimal spentPerDay) {
		BigDecimal cost = advice.costUsdPerDay();
		if (cost == null || spentPerDay.signum() <= 0) {
			return advice.severity();
		}
		if (cost.compareTo(spentPerDay.multiply(SERIOUS_SHARE)) >= 0) {
			return Severity.SERIOUS;
		}
		return (cost.compareTo(spentPerDay.multiply(WARNING_SHARE)) >= 0) ? Severity.WARNING : Severity.INFO;
	}

	@FunctionalInterface
	private interface Source {

		List<Advice> advice(PlanUsage usage);

	}

	/**
	 * What is advised for the plans of a workspace. Immutable.
	 *
	 * @param scope whose calls were looked at
	 * @param advice the advice, the worst first, at most {@value #MAX_ADVICE}
	 * @param plansLeftOut the number of plans that were not looked at, because there are
	 * more than {@value #MAX_PLANS} or reading took too long
	 */
	public record Collected(StatisticsScope scope, List<PlanAdvice> advice, int plansLeftOut) {

	}

}

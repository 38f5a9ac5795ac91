package io.tokensaving.savings;

import java.time.Clock;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;

/**
 * Keeps statistics in the memory of this process, until it ends. Thread-safe.
 */
public final class InMemoryStatisticsRepository implements StatisticsRepository {

	private static final int MAX_INSTANCES = 1000;

	private final Clock clock;

	// All guarded by this

	private final Map<String, PlanSums> plans = new HashMap<>();

	private final Map<String, Long> lastBatches = new LinkedHashMap<>();

	/**
	 * Create an empty repository.
	 * @param clock tells the present day
	 */
	public InMemoryStatisticsRepository(Clock clock) {
		this.clock = clock;
	}

	@Override
	public synchronized void add(StatisticsBatch batch) {
		Long last = this.lastBatches.get(batch.instance());
		if (last != null && last >= batch.number()) {
			return;
		}
		this.lastBatches.put(batch.instance(), batch.number());
		if (this.lastBatches.size() > MAX_INSTANCES) {
			this.lastBatches.remove(this.lastBatches.keySet().iterator().next());
		}
		batch.increments().forEach((plan, increments) -> {
			PlanSums sums = this.plans.computeIfAbsent(plan, (added) -> new PlanSums());
			sums.total = sums.total.plus(increments);
			sums.days.merge(batch.day(), new StatisticsCounters(increments.values(), Set.of()),
					StatisticsCounters::plus);
			sums.days.headMap(oldestDay(), false).clear();
		});
	}

	@Override
	public synchronized Map<String, StatisticsCounters> totals(Collection<String> plans) {
		Map<String, StatisticsCounters> totals = new HashMap<>();
		for (String plan : plans) {
			PlanSums sums = this.plans.get(plan);
			if (sums != null) {
				totals.put(plan, sums.total);
			}
		}
		return totals;
	}

	@Override
	public synchronized NavigableMap<LocalDate, StatisticsCounters> days(String plan) {
		PlanSums sums = this.plans.get(plan);
		return (sums != null) ? new TreeMap<>(sums.days.tailMap(oldestDay(), true)) : new TreeMap<>();
	}

	private LocalDate oldestDay() {
		return LocalDate.ofInstant(this.clock.instant(), ZoneOffset.UTC).minusDays(DAYS - 1);
	}

	@Override
	public synchronized Set<String> plans() {
		return Set.copyOf(this.plans.keySet());
	}

	@Override
	public boolean isShared() {
		return false;
	}

	private static final class PlanSums {

		private StatisticsCounters total = StatisticsCounters.EMPTY;

		private final NavigableMap<LocalDate, StatisticsCounters> days = new TreeMap<>();

	}

}

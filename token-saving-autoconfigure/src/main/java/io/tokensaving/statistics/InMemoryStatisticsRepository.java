package io.tokensaving.statistics;

import java.time.Clock;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;

import io.tokensaving.ledger.Labels;
import io.tokensaving.plan.PlanKey;

/**
 * Keeps statistics in the memory of this process, until it ends. Thread-safe.
 */
public final class InMemoryStatisticsRepository implements StatisticsRepository {

	private static final int MAX_INSTANCES = 1000;

	/**
	 * The number of counters by day and labels that are kept, of all plans together:
	 * those of the latest days.
	 */
	static final int MAX_LABELLED_COUNTERS = 1_000_000;

	private final Clock clock;

	// All guarded by this

	private final Map<PlanKey, PlanSums> plans = new HashMap<>();

	private final HourlySums hours = new HourlySums(HourlySums.MAX_COUNTERS);

	private final Map<String, Long> lastBatches = new LinkedHashMap<>();

	private final AtomicInteger labelSets = new AtomicInteger(SavingsStatistics.MAX_LABEL_SETS);

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
			PlanSums sums = this.plans.computeIfAbsent(plan, (added) -> new PlanSums(this.labelSets));
			sums.total = sums.total.plus(increments.withLabelled(Map.of()));
			sums.days.merge(batch.day(), new StatisticsCounters(increments.values(), Set.of()),
					StatisticsCounters::plus);
			sums.days.headMap(oldestDay(), false).clear();
			addLabelled(sums, batch.day(), increments.labelled());
			if (batch.hour() != null && !batch.hour().isBefore(firstHour(HOURS))) {
				this.hours.add(batch.hour(), plan, increments, sums.labelled::admit);
			}
		});
		this.hours.removeBefore(firstHour(HOURS));
		if (batch.increments().values().stream().anyMatch((increments) -> !increments.labelled().isEmpty())) {
			removeOldestLabelledDays();
		}
	}

	private void addLabelled(PlanSums sums, LocalDate day, Map<Labels, StatisticsCounters> increments) {
		sums.labelled.add(day, increments);
		sums.labelled.removeBefore(oldestDay());
	}

	// The more sets of labels there are, the fewer days are kept by labels
	private void removeOldestLabelledDays() {
		NavigableMap<LocalDate, Integer> sizes = new TreeMap<>();
		this.plans.values().forEach((sums) -> sums.labelled.addSizes(sizes));
		int kept = 0;
		for (Map.Entry<LocalDate, Integer> day : sizes.descendingMap().entrySet()) {
			kept += day.getValue();
			if (kept > MAX_LABELLED_COUNTERS) {
				this.plans.values().forEach((sums) -> sums.labelled.removeBefore(day.getKey().plusDays(1)));
				return;
			}
		}
	}

	@Override
	public synchronized Map<PlanKey, StatisticsCounters> totals(Collection<PlanKey> plans) {
		Map<PlanKey, StatisticsCounters> totals = new HashMap<>();
		for (PlanKey plan : plans) {
			PlanSums sums = this.plans.get(plan);
			if (sums != null) {
				totals.put(plan, sums.total);
			}
		}
		return totals;
	}

	@Override
	public synchronized NavigableMap<LocalDate, StatisticsCounters> days(PlanKey plan) {
		PlanSums sums = this.plans.get(plan);
		return (sums != null) ? new TreeMap<>(sums.days.tailMap(oldestDay(), true)) : new TreeMap<>();
	}

	@Override
	public synchronized Map<Labels, StatisticsCounters> labelled(PlanKey plan) {
		PlanSums sums = this.plans.get(plan);
		return (sums != null) ? sums.labelled.total() : Map.of();
	}

	@Override
	public synchronized NavigableMap<LocalDate, Map<Labels, StatisticsCounters>> labelledDays(PlanKey plan, int days) {
		PlanSums sums = this.plans.get(plan);
		return (sums != null) ? sums.labelled.days(firstDay(days)) : new TreeMap<>();
	}

	@Override
	public synchronized NavigableMap<Instant, StatisticsCounters> hours(PlanKey plan, int hours) {
		return this.hours.of(plan, firstHour(hours));
	}

	private Instant firstHour(int hours) {
		return this.clock.instant().truncatedTo(ChronoUnit.HOURS).minus(hours - 1L, ChronoUnit.HOURS);
	}

	private LocalDate oldestDay() {
		return firstDay(DAYS);
	}

	private LocalDate firstDay(int days) {
		return LocalDate.ofInstant(this.clock.instant(), ZoneOffset.UTC).minusDays(days - 1L);
	}

	@Override
	public synchronized Set<PlanKey> plans() {
		return Set.copyOf(this.plans.keySet());
	}

	@Override
	public synchronized void fold(PlanKey plan, PlanKey into) {
		PlanSums folded = this.plans.remove(plan);
		this.hours.remove(plan);
		if (folded != null) {
			PlanSums sums = this.plans.computeIfAbsent(into, (added) -> new PlanSums(this.labelSets));
			sums.total = sums.total.plus(folded.total);
			folded.labelled.release();
			folded.days.forEach((day, counters) -> sums.days.merge(day, counters, StatisticsCounters::plus));
		}
	}

	@Override
	public boolean isShared() {
		return false;
	}

	private static final class PlanSums {

		private StatisticsCounters total = StatisticsCounters.EMPTY;

		private final NavigableMap<LocalDate, StatisticsCounters> days = new TreeMap<>();

		private final LabelledSums labelled;

		PlanSums(AtomicInteger labelSets) {
			this.labelled = new LabelledSums(labelSets);
		}

	}

}

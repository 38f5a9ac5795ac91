package io.tokensaving.statistics;

import java.time.Clock;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Queue;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;

import io.tokensaving.Component;
import io.tokensaving.plan.PlanKey;
import org.jspecify.annotations.Nullable;

/**
 * Collects what this instance has counted since the last time, as numbered batches for a
 * repository. One batch at a time is <em>offered</em>: the repository may have added it
 * or not, so it stays as it is until the repository has confirmed it. What is collected
 * meanwhile waits, by hour and later by day, for the next batches. Thread-safe.
 */
final class StatisticsCollector {

	private static final int MAX_FOLDS = 10_000;

	// What has waited for longer is put to its day and not to its hour
	private static final int WAITING_HOURS = 48;

	// What has waited for longer loses its labels, to save memory
	private static final int LABELLED_DAYS = 7;

	private final SavingsStatistics statistics;

	private final StatisticsRepository own;

	private final boolean shared;

	private final Clock clock;

	private final String instance = UUID.randomUUID().toString();

	private final Queue<PlanKey> forgotten = new ConcurrentLinkedQueue<>();

	// All guarded by this. First, the part of the counters that was collected so far

	private final Map<PlanStatistics, StatisticsCounters> collected = new HashMap<>();

	private StatisticsCounters collectedWithoutPlan = StatisticsCounters.EMPTY;

	private @Nullable StatisticsBatch offered;

	private final NavigableMap<LocalDate, Map<PlanKey, StatisticsCounters>> waiting = new TreeMap<>();

	// By hour as long as it is worthwhile, then by day
	private final NavigableMap<Instant, Map<PlanKey, StatisticsCounters>> waitingHours = new TreeMap<>();

	private final Set<PlanKey> folds = new LinkedHashSet<>();

	private long lastNumber;

	private long lastOwnNumber;

	private boolean ended;

	/**
	 * Create a collector.
	 * @param statistics what this instance counts
	 * @param own where the sums of this instance are kept
	 * @param shared whether {@code own} is kept besides a repository that instances share
	 * @param clock tells the day to which a batch belongs
	 */
	StatisticsCollector(SavingsStatistics statistics, StatisticsRepository own, boolean shared, Clock clock) {
		this.statistics = statistics;
		this.own = own;
		this.shared = shared;
		this.clock = clock;
	}

	String instance() {
		return this.instance;
	}

	/**
	 * Stop counting a plan apart that was deleted, unless it is one of the configuration.
	 * @param key the plan and its workspace
	 */
	void forget(PlanKey key) {
		if (this.statistics.forget(key)) {
			this.forgotten.add(key);
		}
	}

	/**
	 * Return the plans whose sums are to be folded once the offered batch is added, and
	 * before the next one.
	 * @return the plans
	 */
	synchronized List<PlanKey> folds() {
		return List.copyOf(this.folds);
	}

	synchronized void folded(PlanKey plan) {
		this.folds.remove(plan);
	}

	/**
	 * Return the batch that may have been added.
	 * @return the batch, or {@code null} if there is none
	 */
	synchronized @Nullable StatisticsBatch offered() {
		return this.offered;
	}

	/**
	 * Remember that the offered batch was added.
	 */
	synchronized void added() {
		this.offered = null;
	}

	/**
	 * Offer what waits of the oldest day or hour. The batch before was added.
	 * @return whether there is one
	 */
	synchronized boolean offerNext() {
		if (this.ended || (this.waiting.isEmpty() && this.waitingHours.isEmpty())) {
			return false;
		}
		if (this.waiting.isEmpty()) {
			Map.Entry<Instant, Map<PlanKey, StatisticsCounters>> oldest = this.waitingHours.pollFirstEntry();
			this.offered = batch(++this.lastNumber, oldest.getKey(), oldest.getValue());
			return true;
		}
		Map.Entry<LocalDate, Map<PlanKey, StatisticsCounters>> oldest = this.waiting.pollFirstEntry();
		this.offered = new StatisticsBatch(this.instance, ++this.lastNumber, oldest.getKey(), oldest.getValue());
		return true;
	}

	/**
	 * Collect a last time, and offer no further batch.
	 * @return the batches that may not have been added; none if this was called before
	 */
	synchronized List<StatisticsBatch> end() {
		if (this.ended) {
			return List.of();
		}
		this.ended = true;
		collect();
		List<StatisticsBatch> left = new ArrayList<>();
		if (this.offered != null) {
			left.add(this.offered);
		}
		this.waiting.forEach(
				(day, increments) -> left.add(new StatisticsBatch(this.instance, ++this.lastNumber, day, increments)));
		this.waitingHours.forEach((hour, increments) -> left.add(batch(++this.lastNumber, hour, increments)));
		return left;
	}

	private StatisticsBatch batch(long number, Instant hour, Map<PlanKey, StatisticsCounters> increments) {
		return new StatisticsBatch(this.instance, number, LocalDate.ofInstant(hour, ZoneOffset.UTC), hour, increments);
	}

	/**
	 * Collect what was counted since the last time. Done even while the repository fails,
	 * so that it is put to its day.
	 */
	synchronized void collect() {
		// Read before the counters: a plan that is forgotten after they were read is
		// folded
		// the next time
		List<PlanKey> gone = new ArrayList<>();
		for (PlanKey key = this.forgotten.poll(); key != null; key = this.forgotten.poll()) {
			gone.add(key);
		}
		Map<PlanStatistics, StatisticsCounters> counted = this.statistics.countersAndTakeLabelled();
		for (PlanStatistics plan : List.copyOf(this.collected.keySet())) {
			if (!counted.containsKey(plan)) {
				fold(plan);
			}
		}
		gone.forEach(this::foldForgotten);
		Map<PlanKey, StatisticsCounters> increments = new HashMap<>();
		counted.forEach((plan, counters) -> {
			StatisticsCounters increment = counters.since(this.collected.getOrDefault(plan, StatisticsCounters.EMPTY))
				.withLabelled(counters.labelled());
			if (!increment.isEmpty()) {
				increments.put(plan.key(), increment);
				this.collected.put(plan, counters.withLabelled(Map.of()));
			}
		});
		StatisticsCounters withoutPlan = withoutPlan();
		StatisticsCounters increment = withoutPlan.since(this.collectedWithoutPlan);
		if (!increment.isEmpty()) {
			increments.put(StatisticsCounters.NO_PLAN, increment);
			this.collectedWithoutPlan = withoutPlan;
		}
		if (increments.isEmpty()) {
			return;
		}
		Instant hour = this.clock.instant().truncatedTo(ChronoUnit.HOURS);
		LocalDate today = LocalDate.ofInstant(hour, ZoneOffset.UTC);
		if (this.shared) {
			this.own.add(batch(++this.lastOwnNumber, hour, increments));
		}
		wait(this.waitingHours, hour, increments);
		NavigableMap<Instant, Map<PlanKey, StatisticsCounters>> old = this.waitingHours
			.headMap(hour.minus(WAITING_HOURS, ChronoUnit.HOURS), false);
		old.forEach((before, counters) -> wait(this.waiting, LocalDate.ofInstant(before, ZoneOffset.UTC), counters));
		old.clear();
		dropLabelsBefore(today.minusDays(LABELLED_DAYS));
		if (this.waiting.size() > StatisticsRepository.DAYS) {
			Map.Entry<LocalDate, Map<PlanKey, StatisticsCounters>> oldest = this.waiting.pollFirstEntry();
			wait(this.waiting, this.waiting.firstKey(), oldest.getValue());
		}
	}

	private void dropLabelsBefore(LocalDate first) {
		this.waiting.headMap(first, false)
			.values()
			.forEach((increments) -> increments.replaceAll((plan, sums) -> sums.withLabelled(Map.of())));
	}

	// The counters of a folded plan have moved to another one. What was collected of them
	// moves too, or it would be collected from there a second time
	private void fold(PlanStatistics plan) {
		StatisticsCounters before = this.collected.remove(plan);
		PlanStatistics target = plan.foldedInto();
		if (before != null && target != null) {
			this.collected.merge(target, before, StatisticsCounters::plus);
			this.own.fold(plan.key(), target.key());
		}
	}

	private void foldForgotten(PlanKey plan) {
		PlanKey others = others(plan);
		this.waiting.values().forEach((increments) -> foldForgotten(plan, others, increments));
		this.waitingHours.values().forEach((increments) -> foldForgotten(plan, others, increments));
		if (this.shared && this.folds.size() < MAX_FOLDS) {
			this.folds.add(plan);
		}
	}

	private static void foldForgotten(PlanKey plan, PlanKey others, Map<PlanKey, StatisticsCounters> increments) {
		StatisticsCounters increment = increments.remove(plan);
		if (increment != null) {
			increments.merge(others, increment.withLabelled(Map.of()), StatisticsCounters::plus);
		}
	}

	/**
	 * Return what takes over the sums of plans that are gone.
	 * @param plan one of the plans
	 * @return the key of all such plans of the workspace
	 */
	static PlanKey others(PlanKey plan) {
		return new PlanKey(plan.workspace(), SavingsStatistics.OTHER_PLANS);
	}

	private static <T> void wait(Map<T, Map<PlanKey, StatisticsCounters>> waiting, T time,
			Map<PlanKey, StatisticsCounters> increments) {
		Map<PlanKey, StatisticsCounters> sums = waiting.computeIfAbsent(time, (added) -> new HashMap<>());
		increments.forEach((plan, increment) -> sums.merge(plan, increment, StatisticsCounters::plus));
	}

	/**
	 * Return what this instance has counted since it started.
	 * @return the sums by plan
	 */
	Map<PlanKey, StatisticsCounters> counters() {
		Map<PlanKey, StatisticsCounters> counters = new HashMap<>();
		this.statistics.counters().forEach((plan, counted) -> counters.put(plan.key(), counted));
		counters.put(StatisticsCounters.NO_PLAN, withoutPlan());
		return counters;
	}

	private StatisticsCounters withoutPlan() {
		Map<String, Long> others = new HashMap<>();
		others.put(StatisticsCounters.UNKNOWN_PLANS, this.statistics.unknownPlans());
		others.put(StatisticsCounters.UNKNOWN_OUTCOMES, this.statistics.tasks().unknownOutcomes());
		for (Component component : this.statistics.names().components()) {
			others.put(StatisticsCounters.COMPONENT_ERRORS + component.value(), this.statistics.errors(component));
		}
		return new StatisticsCounters(others, Set.of());
	}

}

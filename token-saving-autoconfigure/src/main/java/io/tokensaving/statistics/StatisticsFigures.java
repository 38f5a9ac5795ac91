package io.tokensaving.statistics;

import java.time.Clock;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;

import io.tokensaving.Component;
import io.tokensaving.ledger.Labels;
import io.tokensaving.plan.PlanKey;

/**
 * Turns sums into figures: with the names of what features count, and with what features
 * of this instance have suspended. Thread-safe.
 */
final class StatisticsFigures {

	private final SavingsStatistics statistics;

	private final Clock clock;

	StatisticsFigures(SavingsStatistics statistics, Clock clock) {
		this.statistics = statistics;
		this.clock = clock;
	}

	StatisticsSnapshot plan(PlanKey key, StatisticsRepository repository) {
		return snapshot(repository.totals(Set.of(key)).getOrDefault(key, StatisticsCounters.EMPTY), suspended(key));
	}

	/**
	 * Return the figures of a plan that this instance has counted since it started.
	 * @param key the plan and its workspace
	 * @return the figures
	 */
	StatisticsSnapshot ownPlan(PlanKey key) {
		PlanStatistics plan = this.statistics.find(key);
		return (plan != null) ? plan.snapshot() : of(StatisticsCounters.EMPTY);
	}

	Map<LocalDate, StatisticsSnapshot> days(PlanKey key, StatisticsRepository repository) {
		Set<String> models = repository.totals(Set.of(key))
			.getOrDefault(key, StatisticsCounters.EMPTY)
			.unpricedModels();
		Set<String> suspended = suspended(key);
		Map<LocalDate, StatisticsSnapshot> days = new LinkedHashMap<>();
		repository.days(key)
			.descendingMap()
			.forEach((day, sums) -> days.put(day,
					snapshot(new StatisticsCounters(sums.values(), models).withoutResets(), suspended)));
		return Collections.unmodifiableMap(days);
	}

	Map<Labels, StatisticsSnapshot> labelled(PlanKey key, StatisticsRepository repository) {
		// Before the sums of the plan, so that the parts are never more than the whole
		Map<Labels, StatisticsCounters> labelled = repository.labelled(key);
		return labelled(labelled, repository.totals(Set.of(key)).getOrDefault(key, StatisticsCounters.EMPTY));
	}

	Map<LocalDate, Map<Labels, StatisticsSnapshot>> labelledDays(PlanKey key, int days,
			StatisticsRepository repository) {
		Map<LocalDate, Map<Labels, StatisticsCounters>> labelled = repository.labelledDays(key, days);
		LocalDate first = LocalDate.ofInstant(this.clock.instant(), ZoneOffset.UTC).minusDays(days - 1L);
		Map<LocalDate, Map<Labels, StatisticsSnapshot>> figures = new LinkedHashMap<>();
		repository.days(key)
			.tailMap(first, true)
			.descendingMap()
			.forEach((day, sums) -> figures.put(day,
					labelled(labelled.getOrDefault(day, Map.of()), sums.withoutResets())));
		return Collections.unmodifiableMap(figures);
	}

	Map<Instant, Map<Labels, StatisticsSnapshot>> hours(PlanKey key, int hours, StatisticsRepository repository) {
		Map<Instant, Map<Labels, StatisticsSnapshot>> figures = new LinkedHashMap<>();
		repository.hours(key, hours)
			.descendingMap()
			.forEach((hour, sums) -> figures.put(hour, labelled(sums.labelled(), sums.withLabelled(Map.of()))));
		return Collections.unmodifiableMap(figures);
	}

	private Map<Labels, StatisticsSnapshot> labelled(Map<Labels, StatisticsCounters> labelled,
			StatisticsCounters whole) {
		Map<Labels, StatisticsSnapshot> figures = new HashMap<>();
		Map<String, Long> rest = new HashMap<>(whole.values());
		for (Map.Entry<Labels, StatisticsCounters> part : labelled.entrySet()) {
			figures.put(part.getKey(), of(part.getValue()));
			part.getValue().values().forEach((name, value) -> rest.merge(name, -value, Long::sum));
		}
		// Distributions are kept of the parts only
		rest.entrySet().removeIf((sum) -> sum.getValue() == 0 || Measure.isBucket(sum.getKey()));
		if (!rest.isEmpty()) {
			figures.put(Labels.NONE, of(new StatisticsCounters(rest, Set.of())));
		}
		return Collections.unmodifiableMap(figures);
	}

	OverallStatistics all(StatisticsRepository repository) {
		Set<PlanKey> plans = new HashSet<>(repository.plans());
		plans.add(StatisticsCounters.NO_PLAN);
		return all(repository.totals(plans));
	}

	OverallStatistics all(Map<PlanKey, StatisticsCounters> counters) {
		Map<PlanKey, StatisticsSnapshot> plans = new HashMap<>();
		Map<String, StatisticsCounters> workspaces = new TreeMap<>();
		StatisticsCounters sums = StatisticsCounters.EMPTY;
		Map<PlanKey, Set<String>> suspended = suspended();
		for (Map.Entry<PlanKey, StatisticsCounters> plan : counters.entrySet()) {
			if (!plan.getKey().equals(StatisticsCounters.NO_PLAN)) {
				plans.put(plan.getKey(), snapshot(plan.getValue(), suspended.getOrDefault(plan.getKey(), Set.of())));
				workspaces.merge(plan.getKey().workspace(), plan.getValue(), StatisticsCounters::plus);
				sums = sums.plus(plan.getValue());
			}
		}
		Map<String, StatisticsSnapshot> ofWorkspaces = new TreeMap<>();
		workspaces.forEach((workspace, sum) -> ofWorkspaces.put(workspace,
				snapshot(sum, suspended(suspended, (plan) -> plan.workspace().equals(workspace)))));
		StatisticsCounters others = counters.getOrDefault(StatisticsCounters.NO_PLAN, StatisticsCounters.EMPTY);
		Map<Component, Long> errors = new LinkedHashMap<>();
		for (Component component : this.statistics.names().components()) {
			errors.put(component, others.value(StatisticsCounters.COMPONENT_ERRORS + component.value()));
		}
		return new OverallStatistics(Collections.unmodifiableMap(plans), Collections.unmodifiableMap(ofWorkspaces),
				snapshot(sums, suspended(suspended, (plan) -> true)), of(StatisticsCounters.EMPTY),
				others.value(StatisticsCounters.UNKNOWN_PLANS), others.value(StatisticsCounters.UNKNOWN_OUTCOMES),
				Collections.unmodifiableMap(errors));
	}

	/**
	 * Return the figures that sums come to, of features none of which has suspended
	 * itself.
	 * @param sums the sums
	 * @return the figures
	 */
	StatisticsSnapshot of(StatisticsCounters sums) {
		return snapshot(sums, Set.of());
	}

	private StatisticsSnapshot snapshot(StatisticsCounters sums, Set<String> suspended) {
		return new StatisticsSnapshot(sums, suspended, this.statistics.names());
	}

	private Set<String> suspended(PlanKey key) {
		PlanStatistics plan = this.statistics.find(key);
		return (plan != null) ? plan.suspended() : Set.of();
	}

	// What features of this instance have suspended, by plan
	private Map<PlanKey, Set<String>> suspended() {
		return this.statistics.plans()
			.stream()
			.filter(PlanStatistics::isSuspended)
			.collect(Collectors.toMap(PlanStatistics::key, PlanStatistics::suspended));
	}

	private static Set<String> suspended(Map<PlanKey, Set<String>> suspended, Predicate<PlanKey> plans) {
		Set<String> names = new HashSet<>();
		suspended.forEach((plan, states) -> names.addAll(plans.test(plan) ? states : Set.of()));
		return names;
	}

}

package io.tokensaving.statistics;

import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.tokensaving.ledger.Labels;
import io.tokensaving.plan.PlanKey;

/**
 * What was counted, as plain counters by name, so that a {@link StatisticsRepository}
 * need not know what they mean. Either sums, or what was added to sums. Immutable.
 *
 * @param values the counters that are not zero, by name; some may be negative, such as
 * the cost saved
 * @param unpricedModels models that have no price
 * @param labelled the part of what was counted that has labels, by labels; counters only
 */
public record StatisticsCounters(Map<String, Long> values, Set<String> unpricedModels,
		Map<Labels, StatisticsCounters> labelled) {

	/**
	 * The number of models without a price that are kept.
	 */
	public static final int MAX_UNPRICED_MODELS = 100;

	/**
	 * The length of the name of a model without a price above which it is not kept.
	 */
	public static final int MAX_MODEL_LENGTH = 200;

	/**
	 * Nothing was counted.
	 */
	public static final StatisticsCounters EMPTY = new StatisticsCounters(Map.of(), Set.of());

	/**
	 * Stands for what is counted without a plan. No plan can have this id.
	 */
	static final PlanKey NO_PLAN = new PlanKey("*", "*");

	static final String UNKNOWN_PLANS = "unknown_plans";

	static final String UNKNOWN_OUTCOMES = "unknown_outcomes";

	static final String COMPONENT_ERRORS = "errors.";

	/**
	 * Leave out zeros.
	 */
	public StatisticsCounters {
		Map<String, Long> counted = new HashMap<>(values);
		counted.values().removeIf((value) -> value == 0);
		values = Map.copyOf(counted);
		unpricedModels = Set.copyOf(unpricedModels);
		labelled = Map.copyOf(labelled);
	}

	/**
	 * Create counters of which nothing has labels.
	 * @param values the counters, by name
	 * @param unpricedModels models that have no price
	 */
	public StatisticsCounters(Map<String, Long> values, Set<String> unpricedModels) {
		this(values, unpricedModels, Map.of());
	}

	/**
	 * Return a counter.
	 * @param name the name
	 * @return the value, 0 if it was never counted
	 */
	public long value(String name) {
		return this.values.getOrDefault(name, 0L);
	}

	/**
	 * Whether nothing was counted.
	 * @return whether there are neither counters nor models
	 */
	public boolean isEmpty() {
		return this.values.isEmpty() && this.unpricedModels.isEmpty() && this.labelled.isEmpty();
	}

	/**
	 * Add counters.
	 * @param other the counters to add
	 * @return the sums, with the models of both up to {@value #MAX_UNPRICED_MODELS}
	 */
	public StatisticsCounters plus(StatisticsCounters other) {
		return sum(List.of(this, other));
	}

	/**
	 * Add counters up, many at once.
	 * @param parts the counters
	 * @return the sums, with the models of all up to {@value #MAX_UNPRICED_MODELS}
	 */
	static StatisticsCounters sum(List<StatisticsCounters> parts) {
		Map<String, Long> sums = new HashMap<>();
		Set<String> models = new HashSet<>();
		Map<Labels, StatisticsCounters> byLabels = new HashMap<>();
		for (StatisticsCounters part : parts) {
			part.values.forEach((name, value) -> sums.merge(name, value, Long::sum));
			for (String model : part.unpricedModels) {
				if (models.size() < MAX_UNPRICED_MODELS) {
					models.add(model);
				}
			}
			part.labelled.forEach((labels, counters) -> byLabels.merge(labels, counters, StatisticsCounters::plus));
		}
		return new StatisticsCounters(sums, models, byLabels);
	}

	/**
	 * Return these counters with another part that has labels.
	 * @param labelled the part by labels
	 * @return the counters
	 */
	public StatisticsCounters withLabelled(Map<Labels, StatisticsCounters> labelled) {
		return (labelled.isEmpty() && this.labelled.isEmpty()) ? this
				: new StatisticsCounters(this.values, this.unpricedModels, labelled);
	}

	/**
	 * Return what is kept by hour: what calls cost, and how they were answered. Not kept
	 * are distributions and what features count besides.
	 * @return these counters without the others and without models
	 */
	public StatisticsCounters hourly() {
		Map<Labels, StatisticsCounters> byLabels = new HashMap<>();
		this.labelled.forEach((labels, counters) -> byLabels.put(labels, counters.hourly()));
		byLabels.values().removeIf(StatisticsCounters::isEmpty);
		Map<String, Long> kept = new HashMap<>(this.values);
		kept.keySet().removeIf((name) -> !SavingsCounters.isHourly(name));
		return new StatisticsCounters(kept, Set.of(), byLabels);
	}

	/**
	 * Return what was counted since, as if nothing had labels.
	 * @param before the sums of an earlier moment
	 * @return what has to be added to them to come to these
	 */
	StatisticsCounters since(StatisticsCounters before) {
		Map<String, Long> increments = new HashMap<>(this.values);
		before.values.forEach((name, value) -> increments.merge(name, -value, Long::sum));
		Set<String> models = new HashSet<>(this.unpricedModels);
		models.removeAll(before.unpricedModels);
		return new StatisticsCounters(increments, models);
	}

	/**
	 * Return the figures that the sums come to.
	 * @param contributors declare what is shown even if it is zero
	 * @return the figures, of features none of which has suspended itself
	 */
	public StatisticsSnapshot snapshot(Collection<? extends StatisticsContributor> contributors) {
		return new StatisticsSnapshot(this, Set.of(), new StatisticsNames(contributors));
	}

	/**
	 * Return the sums without those that take back what other sums had counted before a
	 * reset.
	 * @return the sums of a day, which a reset does not count anew
	 */
	StatisticsCounters withoutResets() {
		Map<String, Long> kept = new HashMap<>(this.values);
		kept.keySet().removeIf((name) -> name.endsWith(StateSlot.BEFORE_RESUME));
		return new StatisticsCounters(kept, this.unpricedModels);
	}

}

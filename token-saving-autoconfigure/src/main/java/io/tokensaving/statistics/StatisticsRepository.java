package io.tokensaving.statistics;

import java.time.Instant;
import java.time.LocalDate;
import java.util.Collection;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;

import io.tokensaving.ledger.Labels;
import io.tokensaving.plan.PlanKey;

/**
 * Keeps what the instances of an application counted: sums by workspace and plan, since
 * the first request and by day. Implementations are thread-safe, and may block and throw:
 * they are called behind the requests, and what could not be added is offered again.
 */
public interface StatisticsRepository {

	/**
	 * How many days are kept, with the present one.
	 */
	int DAYS = 90;

	/**
	 * How many hours are kept, with the present one: those of 14 days.
	 */
	int HOURS = 14 * 24;

	/**
	 * The number of values of a label that are counted apart for a plan. The other values
	 * are counted as {@link Labels#OTHER}.
	 */
	int MAX_LABEL_VALUES = 100;

	/**
	 * The number of sets of labels that are counted apart for a plan. Of further sets,
	 * all values are {@link Labels#OTHER}.
	 */
	int MAX_LABEL_SETS = 500;

	/**
	 * Add a batch. A batch is offered again if this throws, even if it was added all the
	 * same; the part of a plan is added at once, and not again if a batch of the instance
	 * with its number or a higher one was added before. What has labels is in the sums of
	 * the plan already, and is added to those of its labels as well.
	 * @param batch the batch
	 * @throws RuntimeException if it was not added, or it is not known whether it was
	 */
	void add(StatisticsBatch batch);

	/**
	 * Return the sums of plans since the first request.
	 * @param plans the plans and their workspaces
	 * @return the sums by plan, without labels; a plan that was never counted is empty or
	 * left out
	 */
	Map<PlanKey, StatisticsCounters> totals(Collection<PlanKey> plans);

	/**
	 * Return the sums of a plan by day.
	 * @param plan the plan and its workspace
	 * @return the sums by day in UTC, without models; only days on which something was
	 * counted, and none that is {@value #DAYS} days ago or longer
	 */
	NavigableMap<LocalDate, StatisticsCounters> days(PlanKey plan);

	/**
	 * Return the sums of a plan by labels, since the first request. The default keeps
	 * none.
	 * @param plan the plan and its workspace
	 * @return the sums of what was counted with labels, without models, and with
	 * {@link Labels#OTHER} for what is beyond {@value #MAX_LABEL_VALUES} values of a
	 * label or {@value #MAX_LABEL_SETS} sets
	 */
	default Map<Labels, StatisticsCounters> labelled(PlanKey plan) {
		return Map.of();
	}

	/**
	 * Return the sums of a plan by labels and by day. The default keeps none.
	 * @param plan the plan and its workspace
	 * @param days the number of days up to the present one, 1 to {@value #DAYS}
	 * @return the sums by day in UTC and by labels; only days on which something was
	 * counted with labels
	 */
	default NavigableMap<LocalDate, Map<Labels, StatisticsCounters>> labelledDays(PlanKey plan, int days) {
		return new TreeMap<>();
	}

	/**
	 * Return the sums of a plan by hour. The default keeps none.
	 * @param plan the plan and its workspace
	 * @param hours the number of hours up to the present one, 1 to {@value #HOURS}
	 * @return the {@linkplain StatisticsCounters#hourly() hourly} sums by the start of
	 * the hour, with their labels; only hours in which something was counted
	 */
	default NavigableMap<Instant, StatisticsCounters> hours(PlanKey plan, int hours) {
		return new TreeMap<>();
	}

	/**
	 * Return the plans that were counted and not folded.
	 * @return the plans of all workspaces of the application
	 */
	Set<PlanKey> plans();

	/**
	 * Add the sums of a plan that was deleted to those of others, once and without their
	 * labels, and keep nothing of the plan itself. Does nothing if there is nothing of
	 * the plan. The default does nothing: the sums stay with the id of the plan.
	 * @param plan the plan and its workspace
	 * @param into what takes the sums over
	 * @throws RuntimeException if it was not done, or not completely; it is then asked
	 * for again
	 */
	default void fold(PlanKey plan, PlanKey into) {
	}

	/**
	 * Whether other instances of the application add to the same sums.
	 * @return {@code true} if they may
	 */
	default boolean isShared() {
		return true;
	}

}

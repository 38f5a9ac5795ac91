package io.tokensaving.savings;

import java.time.LocalDate;
import java.util.Collection;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;

/**
 * Keeps what the instances of an application counted: sums by plan, since the first
 * request and by day. Implementations are thread-safe, and may block and throw: they are
 * called behind the requests, and what could not be added is offered again.
 */
public interface StatisticsRepository {

	/**
	 * How many days are kept, with the present one.
	 */
	int DAYS = 90;

	/**
	 * Add a batch. A batch is offered again if this throws, even if it was added all the
	 * same; the part of a plan is added at once, and not again if a batch of the instance
	 * with its number or a higher one was added before.
	 * @param batch the batch
	 * @throws RuntimeException if it was not added, or it is not known whether it was
	 */
	void add(StatisticsBatch batch);

	/**
	 * Return the sums of plans since the first request.
	 * @param plans the ids of the plans
	 * @return the sums by plan; a plan that was never counted is empty or left out
	 */
	Map<String, StatisticsCounters> totals(Collection<String> plans);

	/**
	 * Return the sums of a plan by day.
	 * @param plan the id of the plan
	 * @return the sums by day in UTC, without models; only days on which something was
	 * counted, and none that is {@value #DAYS} days ago or longer
	 */
	NavigableMap<LocalDate, StatisticsCounters> days(String plan);

	/**
	 * Return the plans that were ever counted.
	 * @return their ids
	 */
	Set<String> plans();

	/**
	 * Whether other instances of the application add to the same sums.
	 * @return {@code true} if they may
	 */
	default boolean isShared() {
		return true;
	}

}

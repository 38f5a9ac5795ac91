package io.tokensaving.feature;

import java.util.Map;
import java.util.Optional;

/**
 * Counts stored answers in all places where the features of an application keep them.
 * Implementations must be thread-safe.
 */
@FunctionalInterface
public interface EntryCounter {

	/**
	 * Count answers, waiting for places outside this process for a limited time and
	 * looking at a limited number of their answers.
	 * @param selection selects the answers, as an eviction would
	 * @return the counts by the name of the place, ordered; empty for a place that cannot
	 * count, or cannot be reached
	 */
	Map<String, Optional<EntryCounts>> count(Eviction selection);

}

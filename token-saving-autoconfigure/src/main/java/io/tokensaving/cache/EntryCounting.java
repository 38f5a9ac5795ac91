package io.tokensaving.cache;

import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

import io.tokensaving.feature.EntryCounts;
import org.jspecify.annotations.Nullable;

/**
 * Counts answers by their labels. What is shown of scopes and tags are hashes, because
 * they may name a user. Not thread-safe.
 */
public final class EntryCounting {

	/**
	 * The number of plans, of scopes and of tags that are shown: those of the most
	 * answers.
	 */
	static final int MAX_SHOWN = 100;

	private final Map<String, Long> plans = new HashMap<>();

	private final Map<String, Long> scopes = new HashMap<>();

	private final Map<String, Long> tags = new HashMap<>();

	private long entries;

	/**
	 * Count an answer.
	 * @param plan the id of its plan
	 * @param scope its scope, or {@code null} if it has none
	 * @param tags its tags
	 */
	public void add(String plan, @Nullable String scope, Collection<String> tags) {
		this.entries++;
		this.plans.merge(plan, 1L, Long::sum);
		if (scope != null) {
			this.scopes.merge(scope, 1L, Long::sum);
		}
		tags.forEach((tag) -> this.tags.merge(tag, 1L, Long::sum));
	}

	/**
	 * Return the counts of answers that were all added, with all their labels.
	 * @return the counts
	 */
	public EntryCounts all() {
		return new EntryCounts(this.entries, true, largest(this.plans, UnaryOperator.identity()),
				largest(this.scopes, EntryLabels::hash), largest(this.tags, EntryLabels::hash));
	}

	/**
	 * Return the counts of answers that were added with the hashes of their scopes and
	 * without tags.
	 * @param complete whether all answers were added
	 * @return the counts
	 */
	public EntryCounts withoutTags(boolean complete) {
		return new EntryCounts(this.entries, complete, largest(this.plans, UnaryOperator.identity()),
				largest(this.scopes, UnaryOperator.identity()), null);
	}

	private static EntryCounts.ByLabel largest(Map<String, Long> counts, UnaryOperator<String> shown) {
		Comparator<Map.Entry<String, Long>> order = Map.Entry.<String, Long>comparingByValue()
			.reversed()
			.thenComparing(Map.Entry.comparingByKey());
		List<Map.Entry<String, Long>> sorted = counts.entrySet().stream().sorted(order).limit(MAX_SHOWN).toList();
		Map<String, Long> largest = new LinkedHashMap<>();
		sorted.forEach((count) -> largest.put(shown.apply(count.getKey()), count.getValue()));
		return new EntryCounts.ByLabel(counts.size(), largest);
	}

}

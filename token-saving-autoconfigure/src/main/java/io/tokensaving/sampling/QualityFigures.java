package io.tokensaving.sampling;

import java.util.Collections;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * How the answers of a plan were judged. Immutable.
 *
 * @param counts the counts by tier and feature, those of a tier together, in the order of
 * their names, without those of which nothing was judged
 * @param positionBias what is known of the position bias of the judge
 * @param notJudged how many answers that were to be judged were not, by reason; all
 * reasons are there
 * @param suspended whether a tier is suspended
 */
public record QualityFigures(SortedMap<QualityKey, QualityCounts> counts, PositionBias positionBias,
		Map<NotJudged, Long> notJudged, boolean suspended) {

	private static final Comparator<QualityKey> ORDER = Comparator.comparing(QualityKey::tier)
		.thenComparing(QualityKey::feature);

	/**
	 * Copy what changes.
	 */
	public QualityFigures {
		Map<NotJudged, Long> all = new EnumMap<>(NotJudged.class);
		for (NotJudged reason : NotJudged.values()) {
			all.put(reason, notJudged.getOrDefault(reason, 0L));
		}
		counts = sorted(counts);
		notJudged = Collections.unmodifiableMap(all);
	}

	/**
	 * Create figures.
	 * @param counts the counts by tier and feature
	 * @param positionBias what is known of the position bias of the judge
	 * @param notJudged how many answers that were to be judged were not, by reason
	 * @param suspended whether a tier is suspended
	 */
	QualityFigures(Map<QualityKey, QualityCounts> counts, PositionBias positionBias, Map<NotJudged, Long> notJudged,
			boolean suspended) {
		this(sorted(counts), positionBias, notJudged, suspended);
	}

	private static SortedMap<QualityKey, QualityCounts> sorted(Map<QualityKey, QualityCounts> counts) {
		SortedMap<QualityKey, QualityCounts> sorted = new TreeMap<>(ORDER);
		sorted.putAll(counts);
		sorted.values().removeIf((judged) -> judged.judged() == 0);
		return Collections.unmodifiableSortedMap(sorted);
	}

	/**
	 * Return the counts by tier.
	 * @return the sums over the features, in the order of the names of the tiers
	 */
	public Map<String, QualityCounts> byTier() {
		Map<String, QualityCounts> tiers = new LinkedHashMap<>();
		this.counts.forEach((key, judged) -> tiers.merge(key.tier(), judged, QualityCounts::plus));
		return tiers;
	}

	/**
	 * Return the counts of the whole plan.
	 * @return the sums
	 */
	public QualityCounts total() {
		return this.counts.values().stream().reduce(QualityCounts.NONE, QualityCounts::plus);
	}

	/**
	 * Return how many answers that were to be judged were not.
	 * @return the number
	 */
	public long lost() {
		return this.notJudged.values().stream().mapToLong(Long::longValue).sum();
	}

}

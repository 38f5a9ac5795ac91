package io.tokensaving.sampling;

import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BiConsumer;

import io.tokensaving.LabelText;
import io.tokensaving.statistics.StateSlot;
import io.tokensaving.statistics.StatisticsCounters;

/**
 * The names of the sums that verdicts are kept as: {@code <tier>,<feature>,<measure>}. No
 * name of a tier or feature has a comma.
 */
final class QualitySums {

	private static final String SEPARATOR = ",";

	private static final String[] MEASURES = { "better", "same", "worse", "unusable", "weight", "bad_weight",
			"squared_weight" };

	private static final String[] BIAS_MEASURES = { "pairs", "inconsistent", "preferred_first", "preferred_second",
			"bad_shown_first", "bad_shown_second" };

	private static final String BIAS = "position" + SEPARATOR;

	private static final String NOT_JUDGED = "not_judged" + SEPARATOR;

	private QualitySums() {
	}

	static void tell(QualityKey key, QualityCounts counts, QualityCounts beforeResume, BiConsumer<String, Long> sums) {
		String prefix = key.tier() + SEPARATOR + key.feature() + SEPARATOR;
		long[] all = values(counts.plus(beforeResume));
		long[] before = values(beforeResume);
		for (int i = 0; i < MEASURES.length; i++) {
			sums.accept(prefix + MEASURES[i], all[i]);
			sums.accept(prefix + MEASURES[i] + StateSlot.BEFORE_RESUME, before[i]);
		}
	}

	private static long[] values(QualityCounts counts) {
		return new long[] { counts.better(), counts.same(), counts.worse(), counts.unusable(), counts.weight(),
				counts.badWeight(), counts.squaredWeight() };
	}

	static void tell(PositionBias bias, BiConsumer<String, Long> sums) {
		long[] values = { bias.pairs(), bias.inconsistent(), bias.preferredFirst(), bias.preferredSecond(),
				bias.badShownFirst(), bias.badShownSecond() };
		for (int i = 0; i < values.length; i++) {
			sums.accept(BIAS + BIAS_MEASURES[i], values[i]);
		}
	}

	static void tell(NotJudged reason, long number, BiConsumer<String, Long> sums) {
		sums.accept(NOT_JUDGED + reason.value(), number);
	}

	static QualityFigures figures(StatisticsCounters sums, String sumPrefix, boolean suspended) {
		Map<QualityKey, long[]> values = new HashMap<>();
		sums.values().forEach((name, value) -> {
			if (name.startsWith(sumPrefix)) {
				add(name.substring(sumPrefix.length()), value, values);
			}
		});
		Map<QualityKey, QualityCounts> counts = new HashMap<>();
		values.forEach((key, read) -> counts.put(key, counts(read)));
		Map<NotJudged, Long> notJudged = new EnumMap<>(NotJudged.class);
		for (NotJudged reason : NotJudged.values()) {
			notJudged.put(reason, sums.value(sumPrefix + NOT_JUDGED + reason.value()));
		}
		return new QualityFigures(counts, bias(sums, sumPrefix + BIAS), notJudged, suspended);
	}

	private static void add(String name, long value, Map<QualityKey, long[]> values) {
		String[] parts = name.split(SEPARATOR, -1);
		if (parts.length != 3 || !LabelText.isAccepted(parts[0]) || !LabelText.isAccepted(parts[1])) {
			return;
		}
		for (int i = 0; i < MEASURES.length; i++) {
			boolean before = parts[2].equals(MEASURES[i] + StateSlot.BEFORE_RESUME);
			if (before || parts[2].equals(MEASURES[i])) {
				values.computeIfAbsent(new QualityKey(parts[0], parts[1]),
						(added) -> new long[MEASURES.length])[i] += before ? -value : value;
			}
		}
	}

	// A repository that lost data may hold less than what is subtracted
	private static QualityCounts counts(long[] read) {
		for (int i = 0; i < read.length; i++) {
			read[i] = Math.max(0, read[i]);
		}
		return new QualityCounts(read[0], read[1], read[2], read[3], read[4], Math.min(read[4], read[5]), read[6]);
	}

	private static PositionBias bias(StatisticsCounters sums, String prefix) {
		long[] read = new long[BIAS_MEASURES.length];
		for (int i = 0; i < read.length; i++) {
			read[i] = Math.max(0, sums.value(prefix + BIAS_MEASURES[i]));
		}
		return new PositionBias(read[0], read[1], read[2], read[3], read[4], read[5]);
	}

}

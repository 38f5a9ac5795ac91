package io.tokensaving.cache;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;

import io.tokensaving.statistics.StatisticsCounters;
import io.tokensaving.statistics.SummedState;

/**
 * What plans that only observe would have been answered from: answers by the similarity
 * of their questions and by their age, how many of them were compared with what the model
 * answered, and how many of these were wrong. Thread-safe.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public final class HitTally extends SummedState<HitTally> {

	/**
	 * The number of steps between the similarities 0 and 1.
	 */
	static final int SIMILARITIES = 100;

	/**
	 * The ages that are told apart: each stands for answers that are younger.
	 */
	static final List<Duration> AGES = List.of(Duration.ofMinutes(1), Duration.ofMinutes(2), Duration.ofMinutes(5),
			Duration.ofMinutes(10), Duration.ofMinutes(20), Duration.ofMinutes(30), Duration.ofHours(1),
			Duration.ofHours(2), Duration.ofHours(4), Duration.ofHours(8), Duration.ofHours(12), Duration.ofDays(1),
			Duration.ofDays(2), Duration.ofDays(4), Duration.ofDays(7), Duration.ofDays(14), Duration.ofDays(30),
			Duration.ofDays(90));

	private static final String SIMILAR = "cache_observed_similar_";

	private static final String AGED = "cache_observed_aged_";

	private static final double ROUNDING = 1e-9;

	void similar(double similarity, long picoUsd) {
		count(SIMILAR, step(similarity), picoUsd);
	}

	void aged(Duration age, long picoUsd) {
		count(AGED, step(age), picoUsd);
	}

	void judged(double similarity, boolean right) {
		judge(SIMILAR, step(similarity), right);
	}

	void judged(Duration age, boolean right) {
		judge(AGED, step(age), right);
	}

	private void count(String kind, int step, long picoUsd) {
		add(kind + Sum.HITS.key + step, 1);
		add(kind + Sum.SAVED.key + step, picoUsd);
	}

	private void judge(String kind, int step, boolean right) {
		add(kind + Sum.JUDGED.key + step, 1);
		add(kind + Sum.WRONG.key + step, right ? 0 : 1);
	}

	private static int step(double similarity) {
		return (int) Math.max(0, Math.min(SIMILARITIES, Math.floor(SIMILARITIES * similarity + ROUNDING)));
	}

	private static int step(Duration age) {
		int step = 0;
		while (step < AGES.size() && age.compareTo(AGES.get(step)) >= 0) {
			step++;
		}
		return step;
	}

	static Figures figures(StatisticsCounters sums) {
		return new Figures(points(sums, SIMILAR, SIMILARITIES + 1), points(sums, AGED, AGES.size() + 1));
	}

	private static List<Point> points(StatisticsCounters sums, String kind, int steps) {
		Point[] points = new Point[steps];
		for (int step = 0; step < steps; step++) {
			long judged = Math.max(0, sums.value(kind + Sum.JUDGED.key + step));
			// A repository that lost data may hold fewer verified answers than wrong ones
			long wrong = Math.max(0, Math.min(judged, sums.value(kind + Sum.WRONG.key + step)));
			points[step] = new Point(sums.value(kind + Sum.HITS.key + step), judged, wrong,
					sums.value(kind + Sum.SAVED.key + step));
		}
		return Arrays.asList(points);
	}

	private enum Sum {

		HITS("hits_"), SAVED("saved_pico_usd_"), JUDGED("judged_"), WRONG("wrong_");

		private final String key;

		Sum(String key) {
			this.key = key;
		}

	}

	/**
	 * The figures of one plan or several. Immutable.
	 *
	 * @param similarities the answers by hundredths of the similarity, from 0 to 1;
	 * answers that are not similar enough for the plan are among them
	 * @param ages the answers that would have been served by their age, by the ages of
	 * {@link HitTally#AGES} and one step for those that are older
	 */
	public record Figures(List<Point> similarities, List<Point> ages) {

		/**
		 * Copy the figures.
		 */
		public Figures {
			similarities = List.copyOf(similarities);
			ages = List.copyOf(ages);
		}

	}

	/**
	 * Answers. Immutable.
	 *
	 * @param hits how many there were
	 * @param judged how many of them were compared with what the model answered
	 * @param wrong how many of these were wrong
	 * @param picoUsd what they had cost, in pico-dollars
	 */
	public record Point(long hits, long judged, long wrong, long picoUsd) {

		static final Point NONE = new Point(0, 0, 0, 0);

		Point plus(Point other) {
			return new Point(this.hits + other.hits, this.judged + other.judged, this.wrong + other.wrong,
					this.picoUsd + other.picoUsd);
		}

		double wrongShare() {
			return (this.judged > 0) ? (double) this.wrong / this.judged : 0;
		}

	}

}

package io.tokensaving.benchmarks;

import java.util.Arrays;
import java.util.Comparator;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Mean quality over the share of strong calls: the requests with the highest scores go to
 * the strong model, requests of one score in random order, of which the expected value
 * counts. Rows have weights, so that rows can be drawn anew without sorting again.
 */
final class RoutingCurve {

	private final double[] scores;

	private final double[] weak;

	private final double[] gains;

	// Row numbers, the highest score first
	private final int[] order;

	/**
	 * Make a curve.
	 * @param scores the score of each row
	 * @param weak the quality of the weak model's answer to each row
	 * @param strong the quality of the strong model's answer to each row
	 */
	RoutingCurve(double[] scores, double[] weak, double[] strong) {
		this.scores = scores;
		this.weak = weak;
		this.gains = IntStream.range(0, weak.length).mapToDouble((i) -> strong[i] - weak[i]).toArray();
		this.order = IntStream.range(0, scores.length)
			.boxed()
			.sorted(Comparator.comparingDouble((Integer i) -> -scores[i]))
			.mapToInt(Integer::intValue)
			.toArray();
	}

	/**
	 * The area that the average performance gap recovered (I. Ong et al.,
	 * <i>RouteLLM</i>, 2024) is made of.
	 * @param weights how often each row counts
	 * @return the area, between the models
	 */
	Area area(double[] weights) {
		Sums all = sums(weights);
		double area = 0;
		double gain = 0;
		for (int from = 0; from < this.order.length;) {
			int to = tie(from);
			double groupWeight = 0;
			double groupGain = 0;
			for (int i = from; i < to; i++) {
				int row = this.order[i];
				groupWeight += weights[row];
				groupGain += weights[row] * this.gains[row];
			}
			area += groupWeight * (gain + groupGain / 2);
			gain += groupGain;
			from = to;
		}
		return new Area(area / (all.weight() * all.weight()), all.gain());
	}

	/**
	 * The call-performance threshold.
	 * @param part a part of the gap between the models, above 0 and at most 1
	 * @return the smallest share of strong calls that closes it
	 */
	double cpt(double part) {
		double[] weights = ones();
		Sums all = sums(weights);
		return Math.min(1, crossings(all.weak() + part * all.gain(), weights)[0]);
	}

	/**
	 * Choose a threshold: in the middle between the largest share of strong calls below
	 * which every smaller one misses the quality, and the smallest share above which
	 * every larger one has it.
	 * @param quality the wished quality as a share of the strong model's
	 * @return the threshold
	 */
	Threshold threshold(double quality) {
		double[] weights = ones();
		Sums all = sums(weights);
		double[] crossings = crossings(quality * (all.weak() + all.gain()), weights);
		double middle = Math.min(1, (crossings[0] + crossings[1]) / 2);
		for (int from = 0; from < this.order.length;) {
			int to = tie(from);
			if (middle * this.order.length <= to) {
				return new Threshold(this.scores[this.order[from]], (middle * this.order.length - from) / (to - from));
			}
			from = to;
		}
		return new Threshold(Double.NEGATIVE_INFINITY, 0);
	}

	/**
	 * The share of strong calls that is just enough, as known only afterwards.
	 * @param quality the wished quality as a share of the strong model's
	 * @return the share at the threshold that these rows themselves would choose
	 */
	double justEnough(double quality) {
		return routed(threshold(quality), ones()).share();
	}

	// The first share at which the quality is reached, and the last at which it is not
	private double[] crossings(double quality, double[] weights) {
		Sums all = sums(weights);
		double first = Double.NaN;
		double last = 0;
		double share = 0;
		double reached = all.weak();
		first = (reached >= quality) ? 0 : first;
		for (int from = 0; from < this.order.length;) {
			int to = tie(from);
			double nextShare = share;
			double next = reached;
			for (int i = from; i < to; i++) {
				int row = this.order[i];
				nextShare += weights[row] / all.weight();
				next += weights[row] * this.gains[row] / all.weight();
			}
			if (reached < quality != next < quality) {
				double crossing = share + (nextShare - share) * (quality - reached) / (next - reached);
				first = Double.isNaN(first) ? crossing : first;
				last = crossing;
			}
			share = nextShare;
			reached = next;
			from = to;
		}
		// Rounding may leave the strong model's own quality just below the wished one
		return (reached < quality) ? new double[] { Double.isNaN(first) ? 1 : first, 1 } : new double[] { first, last };
	}

	/**
	 * What a threshold does.
	 * @param threshold the threshold
	 * @param weights how often each row counts
	 * @return what it does to these rows
	 */
	Routed routed(Threshold threshold, double[] weights) {
		Sums all = sums(weights);
		double share = 0;
		double gain = 0;
		for (int row = 0; row < this.scores.length; row++) {
			double part = threshold.part(this.scores[row]) * weights[row];
			share += part;
			gain += part * this.gains[row];
		}
		return new Routed(share / all.weight(), all.weak() + gain / all.weight(), all.weak() + all.gain());
	}

	/**
	 * What as many strong calls do that are given to rows by chance.
	 * @param threshold what tells how many
	 * @param random the chance
	 * @return what they do
	 */
	Routed shuffled(Threshold threshold, SplittableRandom random) {
		Sums all = sums(ones());
		int calls = (int) Math.round(routed(threshold, ones()).share() * this.scores.length);
		int[] rows = IntStream.range(0, this.scores.length).toArray();
		double gain = 0;
		for (int i = 0; i < calls; i++) {
			int other = i + random.nextInt(rows.length - i);
			gain += this.gains[rows[other]];
			rows[other] = rows[i];
		}
		return new Routed((double) calls / rows.length, all.weak() + gain / rows.length, all.weak() + all.gain());
	}

	private Sums sums(double[] weights) {
		double weight = 0;
		double weakSum = 0;
		double gain = 0;
		for (int row = 0; row < this.scores.length; row++) {
			weight += weights[row];
			weakSum += weights[row] * this.weak[row];
			gain += weights[row] * this.gains[row];
		}
		return new Sums(weight, weakSum / weight, gain / weight);
	}

	private int tie(int from) {
		int to = from + 1;
		while (to < this.order.length && this.scores[this.order[to]] == this.scores[this.order[from]]) {
			to++;
		}
		return to;
	}

	/**
	 * Weights that count each row once.
	 * @return a new array
	 */
	double[] ones() {
		double[] ones = new double[this.scores.length];
		Arrays.fill(ones, 1);
		return ones;
	}

	/**
	 * Sends requests with a higher score to the strong model.
	 *
	 * @param score the score
	 * @param ties the share of the requests of just this score that go there too
	 */
	record Threshold(double score, double ties) {

		double part(double of) {
			return (of > this.score) ? 1 : (of == this.score) ? this.ties : 0;
		}

	}

	/**
	 * What was routed.
	 *
	 * @param share the share of strong calls
	 * @param quality the mean quality
	 * @param strong the mean quality of the strong model alone
	 */
	record Routed(double share, double quality, double strong) {

		double relative() {
			return this.quality / this.strong;
		}

	}

	/**
	 * The area under quality over the share of strong calls.
	 *
	 * @param recovered the area above the quality of the weak model
	 * @param gap by how much the strong model is better than the weak one
	 */
	record Area(double recovered, double gap) {

		double apgr() {
			return this.recovered / this.gap;
		}

	}

	private record Sums(double weight, double weak, double gain) {

	}

}

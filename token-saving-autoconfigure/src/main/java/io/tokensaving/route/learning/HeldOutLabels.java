package io.tokensaving.route.learning;

import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The newest labels with the scores that were given before the labels were known, for
 * display. Not thread-safe.
 */
final class HeldOutLabels {

	static final int MAX = 1000;

	private final double[] scores = new double[MAX];

	private final double[] weights = new double[MAX];

	private final double[] losses = new double[MAX];

	private long count;

	void add(double score, double loss, double weight) {
		int index = (int) (this.count % MAX);
		this.scores[index] = score;
		this.losses[index] = loss;
		this.weights[index] = weight;
		this.count++;
	}

	long count() {
		return this.count;
	}

	/**
	 * Return how well the scores order the requests: the average performance gap
	 * recovered (I. Ong et al., <i>RouteLLM</i>, 2024). It is the share of the net loss
	 * of the cheaper model that is avoided, on average over all shares of requests that
	 * the default model answers, the hardest first.
	 * @return 0.5 for an order by chance, 1 or more for one that also finds answers that
	 * are better; NaN if the cheaper model loses nothing on the whole
	 */
	double performanceGapRecovered() {
		int held = (int) Math.min(this.count, MAX);
		List<Integer> order = IntStream.range(0, held)
			.boxed()
			.sorted(Comparator.comparingDouble((Integer index) -> this.scores[index]).reversed())
			.toList();
		double total = 0;
		double all = 0;
		for (int index : order) {
			total += this.weights[index];
			all += lost(index);
		}
		double avoided = 0;
		double area = 0;
		int from = 0;
		while (from < held) {
			// Equal scores are in no order
			double before = avoided;
			double width = 0;
			int to = from;
			while (to < held && this.scores[order.get(to)] == this.scores[order.get(from)]) {
				int index = order.get(to);
				width += this.weights[index];
				avoided += lost(index);
				to++;
			}
			area += width / total * (before + avoided) / 2;
			from = to;
		}
		return (all > 0) ? area / all : Double.NaN;
	}

	private double lost(int index) {
		return this.weights[index] * this.losses[index];
	}

}

package io.tokensaving.route.learning;

import java.util.Arrays;

/**
 * Relates the weight of an observation to the largest one of those before it. It tells
 * the more, the rarer it is that the heaviest kind of observation does not occur among
 * them. Not thread-safe.
 */
final class WeightScale {

	private final double[] weights;

	private int next;

	/**
	 * Create a scale.
	 * @param window how many observations it remembers, above zero
	 */
	WeightScale(int window) {
		this.weights = new double[window];
	}

	/**
	 * Relate a weight to those before, and remember it.
	 * @param weight how many requests an observation stands for, above zero
	 * @return 1 for the largest weight of those before and for the first one, above 1 if
	 * it is larger
	 */
	double relate(double weight) {
		double largest = Arrays.stream(this.weights).max().orElseThrow();
		this.weights[this.next] = weight;
		this.next = (this.next + 1) % this.weights.length;
		return (largest > 0) ? weight / largest : 1;
	}

}

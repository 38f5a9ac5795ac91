package io.tokensaving.compression;

import java.util.Arrays;
import java.util.function.UnaryOperator;

/**
 * The random walk with restart that the graph methods share: PageRank on a graph of
 * sentences.
 */
final class RandomWalk {

	/**
	 * The damping factor of a walk without focus, as in both papers.
	 */
	static final double DAMPING = 0.85;

	/**
	 * The damping factor of a walk that is to stay close to a question.
	 */
	static final double FOCUSED_DAMPING = 0.15;

	/**
	 * The sum of changes below which the iteration ends.
	 */
	static final double TOLERANCE = 1e-6;

	private static final int MAX_ITERATIONS = 100;

	/**
	 * The number of terms at which relevance counts half: "Yes, exactly" amid what is
	 * relevant says little. (LSA weighs sentences by length anyway.)
	 */
	private static final double HALF_INFORMATIVE_LENGTH = 2;

	private RandomWalk() {
	}

	/**
	 * Find where a walk ends up. It starts anew with the relevance of the sentences to
	 * the question, less for very short ones, or anywhere if there is none or nothing is
	 * relevant to it.
	 * @param adjacency multiplies the symmetric matrix of weights with a vector
	 * @param degrees the sum of the weights of each sentence
	 * @param request the request
	 * @return the probability of each sentence; their sum is 1
	 */
	static double[] rank(UnaryOperator<double[]> adjacency, double[] degrees, RankingRequest request) {
		int n = degrees.length;
		double[] relevance = Relevance.of(request);
		double damping = (relevance.length > 0) ? FOCUSED_DAMPING : DAMPING;
		double[] restart = new double[n];
		for (int i = 0; i < relevance.length; i++) {
			int length = request.matrix().length(i);
			relevance[i] *= length / (length + HALF_INFORMATIVE_LENGTH);
		}
		double total = Arrays.stream(relevance).sum();
		for (int i = 0; i < n; i++) {
			restart[i] = (relevance.length > 0) ? relevance[i] / total : 1.0 / n;
		}
		double[] p = restart.clone();
		double[] x = new double[n];
		double change = Double.MAX_VALUE;
		for (int iteration = 0; iteration < MAX_ITERATIONS && change >= TOLERANCE; iteration++) {
			request.checkTime();
			double stuck = 0;
			for (int i = 0; i < n; i++) {
				x[i] = (degrees[i] > 0) ? p[i] / degrees[i] : 0;
				stuck += (degrees[i] > 0) ? 0 : p[i];
			}
			double[] next = adjacency.apply(x);
			change = 0;
			for (int i = 0; i < n; i++) {
				next[i] = (1 - damping + damping * stuck) * restart[i] + damping * next[i];
				change += Math.abs(next[i] - p[i]);
			}
			p = next;
		}
		return p;
	}

}

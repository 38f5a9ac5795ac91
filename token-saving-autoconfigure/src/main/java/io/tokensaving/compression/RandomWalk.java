package io.tokensaving.compression;

import java.util.Arrays;
import java.util.function.UnaryOperator;

/**
 * The random walk with restart of the graph engines: PageRank on a graph of sentences.
 */
final class RandomWalk {

	/**
	 * The damping factor of a walk without focus, as in the papers of both engines.
	 */
	static final double DAMPING = 0.85;

	/**
	 * The damping factor of a walk that should stay close to a question.
	 */
	static final double FOCUSED_DAMPING = 0.15;

	/**
	 * The sum of changes below which the iteration ends.
	 */
	static final double TOLERANCE = 1e-6;

	private static final int MAX_ITERATIONS = 100;

	/**
	 * The number of terms at which relevance counts half, because a short sentence such
	 * as "Yes, exactly" says little even in a relevant passage. (LSA weights sentences by
	 * length anyway.)
	 */
	private static final double HALF_INFORMATIVE_LENGTH = 2;

	private RandomWalk() {
	}

	/**
	 * Compute the stationary distribution of a walk. The restart probability of a
	 * sentence is its relevance to the question, reduced for very short sentences; it is
	 * uniform if there is no question or nothing is relevant to it. With a question, only
	 * running text is walked: what recurs in code, such as a licence, or in records is
	 * not what they are about.
	 * @param adjacency multiplies the symmetric matrix of weights with a vector
	 * @param degrees the sum of the weights of each sentence
	 * @param request the request
	 * @return the probability of each sentence, or the restart probability of one that is
	 * no running text
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
		for (int i = 0; i < relevance.length; i++) {
			p[i] = request.sentences().get(i).place().isRunningText() ? p[i] : restart[i];
		}
		return p;
	}

}

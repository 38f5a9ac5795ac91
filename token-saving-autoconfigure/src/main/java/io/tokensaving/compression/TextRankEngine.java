package io.tokensaving.compression;

import java.util.Arrays;

import org.jspecify.annotations.Nullable;

/**
 * TextRank: Mihalcea and Tarau, <i>TextRank: Bringing Order into Texts</i>, EMNLP 2004.
 * Sentences recommend each other like pages in PageRank. The similarity of two sentences
 * is the number of common terms, with multiplicity, divided by the sum of the logarithms
 * of their lengths: <pre>
 * w(a, b) = sum over terms t of n(t, a) n(t, b) / (ln |a| + ln |b|)
 * p(a)    = (1 - d) r(a) + d sum over b of w(a, b) p(b) / sum over c of w(b, c)
 * </pre> with damping d. Without a question the restart distribution r is uniform and d
 * is {@value RandomWalk#DAMPING}; with one, r is the relevance of the sentences to it and
 * d is {@value RandomWalk#FOCUSED_DAMPING}, so that the walk stays close to what is
 * relevant. Iterates until the sum of the changes of p is less than
 * {@value RandomWalk#TOLERANCE}.
 * <p>
 * Pairs of sentences are never compared: sentences of the same length have the same
 * denominator, so a step goes through the terms once for each different length and is
 * linear in the length of the text. Thread-safe.
 */
public final class TextRankEngine implements CompressionEngine {

	private static final int MAX_SUMS = 1 << 20;

	// The number of classes that are added up side by side
	private static final int BLOCK = 4;

	private static final double REFERENCE_TOLERANCE = 1e-4;

	private static final double REFERENCE_ZERO = 1e-7;

	private final boolean reference;

	/**
	 * Create the engine.
	 */
	public TextRankEngine() {
		this(false);
	}

	private TextRankEngine(boolean reference) {
		this.reference = reference;
	}

	/**
	 * Create an engine that gives the scores of the Python library sumy, for comparison:
	 * every sentence recommends itself too, there is no focus, and the iteration stops
	 * earlier.
	 * @return the engine
	 */
	public static TextRankEngine reference() {
		return new TextRankEngine(true);
	}

	@Override
	public double[] rank(RankingRequest request) {
		Graph graph = new Graph(request.matrix(), this.reference);
		return this.reference ? referenceRank(graph, request)
				: RandomWalk.rank(graph::multiply, graph.degrees(), request);
	}

	// As sumy does: does not normalise p, and stops by its Euclidean distance
	private static double[] referenceRank(Graph graph, RankingRequest request) {
		double[] degrees = graph.degrees();
		int n = degrees.length;
		double[] p = new double[n];
		Arrays.fill(p, 1.0 / n);
		double distance = 1;
		while (distance > REFERENCE_TOLERANCE) {
			request.checkTime();
			double sum = 0;
			double[] x = new double[n];
			for (int i = 0; i < n; i++) {
				sum += p[i];
				x[i] = p[i] / (degrees[i] + REFERENCE_ZERO);
			}
			double[] next = graph.multiply(x);
			distance = 0;
			for (int i = 0; i < n; i++) {
				next[i] = (1 - RandomWalk.DAMPING) / n * sum + RandomWalk.DAMPING * next[i];
				distance += (next[i] - p[i]) * (next[i] - p[i]);
			}
			distance = Math.sqrt(distance);
			p = next;
		}
		return p;
	}

	/**
	 * The graph of sentences, as a matrix that is never built.
	 */
	private static final class Graph {

		private final TermMatrix matrix;

		// Sentences of the same length form a class
		private final int[] classes;

		private final double[][] weights;

		private final double @Nullable [] self;

		// The number of classes that are summed at a time, a multiple of the block
		private final int width;

		private final double[] sums;

		Graph(TermMatrix matrix, boolean withSelf) {
			this.matrix = matrix;
			int n = matrix.sentenceCount();
			int[] lengths = new int[n];
			for (int i = 0; i < n; i++) {
				lengths[i] = matrix.length(i);
			}
			int[] different = Arrays.stream(lengths).sorted().distinct().toArray();
			this.classes = new int[n];
			for (int i = 0; i < n; i++) {
				this.classes[i] = Arrays.binarySearch(different, lengths[i]);
			}
			int columns = (different.length + BLOCK - 1) / BLOCK * BLOCK;
			this.weights = new double[different.length][columns];
			for (int a = 0; a < different.length; a++) {
				for (int b = 0; b < different.length; b++) {
					double norm = Math.log(different[a]) + Math.log(different[b]);
					this.weights[a][b] = (norm > REFERENCE_ZERO) ? 1 / norm : 1;
				}
			}
			int terms = Math.max(1, matrix.termCount());
			this.width = Math.max(BLOCK, Math.min(columns, MAX_SUMS / terms / BLOCK * BLOCK));
			this.sums = new double[terms * this.width];
			this.self = withSelf ? null : new double[n];
			if (this.self != null) {
				for (int i = 0; i < n; i++) {
					double squares = 0;
					for (int entry = matrix.row(i); entry < matrix.row(i + 1); entry++) {
						squares += matrix.count(entry) * matrix.count(entry);
					}
					this.self[i] = squares * this.weights[this.classes[i]][this.classes[i]];
				}
			}
		}

		double[] degrees() {
			double[] ones = new double[this.classes.length];
			Arrays.fill(ones, 1);
			return multiply(ones);
		}

		double[] multiply(double[] x) {
			double[] y = new double[x.length];
			int columns = (this.weights.length > 0) ? this.weights[0].length : 0;
			for (int from = 0; from < columns; from += this.width) {
				addSums(x, from);
				addProducts(y, from, Math.min(this.width, columns - from));
			}
			for (int i = 0; i < x.length && this.self != null; i++) {
				y[i] = without(y[i], this.self[i] * x[i]);
			}
			return y;
		}

		// Adds up the values of the sentences that have a term, for each term and class
		private void addSums(double[] x, int from) {
			Arrays.fill(this.sums, 0);
			for (int i = 0; i < x.length; i++) {
				int column = this.classes[i] - from;
				for (int entry = this.matrix.row(i); column >= 0 && column < this.width
						&& entry < this.matrix.row(i + 1); entry++) {
					this.sums[this.matrix.term(entry) * this.width + column] += this.matrix.count(entry) * x[i];
				}
			}
		}

		// Adds the sums of the terms of each sentence, a block of classes at a time, so
		// that they need not be kept in memory on the way
		private void addProducts(double[] y, int from, int width) {
			for (int i = 0; i < y.length; i++) {
				int start = this.matrix.row(i);
				int end = this.matrix.row(i + 1);
				double[] weights = this.weights[this.classes[i]];
				double product = y[i];
				for (int column = 0; column < width; column += BLOCK) {
					double sum0 = 0;
					double sum1 = 0;
					double sum2 = 0;
					double sum3 = 0;
					for (int entry = start; entry < end; entry++) {
						int at = this.matrix.term(entry) * this.width + column;
						double count = this.matrix.count(entry);
						sum0 += count * this.sums[at];
						sum1 += count * this.sums[at + 1];
						sum2 += count * this.sums[at + 2];
						sum3 += count * this.sums[at + 3];
					}
					product += weights[from + column] * sum0;
					product += weights[from + column + 1] * sum1;
					product += weights[from + column + 2] * sum2;
					product += weights[from + column + 3] * sum3;
				}
				y[i] = product;
			}
		}

		// Rounding may leave a tiny value instead of 0 for a sentence without neighbours
		private static double without(double sum, double self) {
			return (sum - self > 1e-12 * sum) ? sum - self : 0;
		}

	}

}

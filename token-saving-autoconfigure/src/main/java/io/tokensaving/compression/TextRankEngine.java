package io.tokensaving.compression;

import java.util.Arrays;

import org.jspecify.annotations.Nullable;

/**
 * TextRank: Mihalcea and Tarau, <i>TextRank: Bringing Order into Texts</i>, EMNLP 2004.
 * Sentences recommend each other as pages do in PageRank. The similarity of two sentences
 * is the number of terms they have in common, with multiplicity, over the sum of the
 * logarithms of their lengths: <pre>
 * w(a, b) = sum over terms t of n(t, a) n(t, b) / (ln |a| + ln |b|)
 * p(a)    = (1 - d) r(a) + d sum over b of w(a, b) p(b) / sum over c of w(b, c)
 * </pre> with damping d. Without a question the restart distribution r is uniform and d
 * is {@value RandomWalk#DAMPING}; with one, r is the relevance of the sentences to it and
 * d is {@value RandomWalk#FOCUSED_DAMPING}, because the walk is not to get far from what
 * is relevant. Iterates until p changes by less than {@value RandomWalk#TOLERANCE} in
 * sum.
 * <p>
 * No pair of sentences is ever looked at: sentences of one length share the denominator,
 * so a step goes through the terms, once for each different length, and is linear in the
 * length of the text. Thread-safe.
 */
public final class TextRankEngine implements CompressionEngine {

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

	// Leaves out the normalisation of p and stops by its Euclidean distance
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
	 * The graph of sentences, never written down as such.
	 */
	private static final class Graph {

		private final TermMatrix matrix;

		// Sentences of the same length form a class
		private final int[] classes;

		private final double[][] weights;

		private final double @Nullable [] self;

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
			this.weights = new double[different.length][different.length];
			for (int a = 0; a < different.length; a++) {
				for (int b = 0; b < different.length; b++) {
					double norm = Math.log(different[a]) + Math.log(different[b]);
					this.weights[a][b] = (norm > REFERENCE_ZERO) ? 1 / norm : 1;
				}
			}
			this.sums = new double[matrix.termCount() * different.length];
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
			int width = this.weights.length;
			Arrays.fill(this.sums, 0);
			for (int i = 0; i < x.length; i++) {
				for (int entry = this.matrix.row(i); entry < this.matrix.row(i + 1); entry++) {
					this.sums[this.matrix.term(entry) * width + this.classes[i]] += this.matrix.count(entry) * x[i];
				}
			}
			double[] common = new double[width];
			double[] y = new double[x.length];
			for (int i = 0; i < x.length; i++) {
				Arrays.fill(common, 0);
				for (int entry = this.matrix.row(i); entry < this.matrix.row(i + 1); entry++) {
					int from = this.matrix.term(entry) * width;
					double count = this.matrix.count(entry);
					for (int c = 0; c < width; c++) {
						common[c] += count * this.sums[from + c];
					}
				}
				double sum = 0;
				double[] weights = this.weights[this.classes[i]];
				for (int c = 0; c < width; c++) {
					sum += weights[c] * common[c];
				}
				// Rounding may leave a sentence without neighbours just beside 0
				y[i] = (this.self != null) ? withoutSelf(sum, this.self[i] * x[i]) : sum;
			}
			return y;
		}

		private static double withoutSelf(double sum, double self) {
			return (sum - self > 1e-12 * sum) ? sum - self : 0;
		}

	}

}

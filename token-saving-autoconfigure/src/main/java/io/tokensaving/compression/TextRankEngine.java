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

		// The sums of a term, of one class each: of those that it occurs in, or of all if
		// it occurs in most
		private final int[] starts;

		private final int[] classOfSum;

		private final int[] sumOfEntry;

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
			this.starts = new int[matrix.termCount() + 1];
			this.sumOfEntry = new int[matrix.row(n)];
			this.classOfSum = findSums();
			this.sums = new double[this.classOfSum.length];
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

		private int[] findSums() {
			int all = this.weights.length;
			int[] sumOfPosting = new int[this.sumOfEntry.length];
			int[] classOfSum = new int[2 * this.sumOfEntry.length];
			int[] known = new int[all];
			int size = 0;
			for (int term = 0; term < this.matrix.termCount(); term++) {
				int start = size;
				this.starts[term] = start;
				for (int posting = this.matrix.posting(term); posting < this.matrix.posting(term + 1); posting++) {
					int ofSentence = this.classes[this.matrix.sentence(posting)];
					if (size == start || known[ofSentence] < start || known[ofSentence] >= size
							|| classOfSum[known[ofSentence]] != ofSentence) {
						known[ofSentence] = size;
						classOfSum[size++] = ofSentence;
					}
					sumOfPosting[posting] = known[ofSentence];
				}
				if (2 * (size - start) >= all) {
					for (int posting = this.matrix.posting(term); posting < this.matrix.posting(term + 1); posting++) {
						sumOfPosting[posting] = start + this.classes[this.matrix.sentence(posting)];
					}
					for (int c = 0; c < all; c++) {
						classOfSum[start + c] = c;
					}
					size = start + all;
				}
			}
			this.starts[this.matrix.termCount()] = size;
			int[] next = new int[this.matrix.termCount()];
			for (int entry = 0; entry < this.sumOfEntry.length; entry++) {
				int term = this.matrix.term(entry);
				this.sumOfEntry[entry] = sumOfPosting[this.matrix.posting(term) + next[term]++];
			}
			return Arrays.copyOf(classOfSum, size);
		}

		double[] degrees() {
			double[] ones = new double[this.classes.length];
			Arrays.fill(ones, 1);
			return multiply(ones);
		}

		// For each term and class the sum over its sentences, then for each sentence and
		// class the sum over its terms
		double[] multiply(double[] x) {
			Arrays.fill(this.sums, 0);
			for (int i = 0; i < x.length; i++) {
				for (int entry = this.matrix.row(i); entry < this.matrix.row(i + 1); entry++) {
					this.sums[this.sumOfEntry[entry]] += this.matrix.count(entry) * x[i];
				}
			}
			double[] y = new double[x.length];
			int all = this.weights.length;
			double[] common = new double[all];
			for (int i = 0; i < x.length; i++) {
				Arrays.fill(common, 0);
				for (int entry = this.matrix.row(i); entry < this.matrix.row(i + 1); entry++) {
					int term = this.matrix.term(entry);
					addSums(this.matrix.count(entry), this.starts[term], this.starts[term + 1], common);
				}
				double sum = 0;
				double[] weights = this.weights[this.classes[i]];
				for (int c = 0; c < all; c++) {
					sum += weights[c] * common[c];
				}
				y[i] = (this.self != null) ? without(sum, this.self[i] * x[i]) : sum;
			}
			return y;
		}

		private void addSums(double count, int start, int end, double[] common) {
			if (end - start == common.length) {
				for (int c = 0; c < common.length; c++) {
					common[c] += count * this.sums[start + c];
				}
				return;
			}
			for (int at = start; at < end; at++) {
				common[this.classOfSum[at]] += count * this.sums[at];
			}
		}

		// Rounding may leave a tiny value instead of 0 for a sentence without neighbours
		private static double without(double sum, double self) {
			return (sum - self > 1e-12 * sum) ? sum - self : 0;
		}

	}

}

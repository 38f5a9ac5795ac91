package io.tokensaving.compression;

import java.util.Arrays;

import org.jspecify.annotations.Nullable;

import org.springframework.util.Assert;

/**
 * LexRank: Erkan and Radev, <i>LexRank: Graph-based Lexical Centrality as Salience in
 * Text Summarization</i>, JAIR 22, 2004. Sentences are neighbours if their idf-modified
 * cosine is above {@value #THRESHOLD}: <pre>
 * cos(a, b) = sum over terms t of tf(t, a) tf(t, b) idf(t)^2 / (|a| |b|),  |a|^2 = sum of (tf(t, a) idf(t))^2
 * p(a)      = (1 - d) r(a) + d sum over neighbours b of p(b) / degree(b)
 * </pre> with damping d and idf = ln(n / number of sentences with t). Without a question
 * the restart distribution r is uniform and d is {@value RandomWalk#DAMPING}; with one, r
 * is the relevance of the sentences to it and d is {@value RandomWalk#FOCUSED_DAMPING}
 * (as in Otterbacher, Erkan and Radev, <i>Using Random Walks for Question-focused
 * Sentence Retrieval</i>, HLT/EMNLP 2005). Iterates until p changes by less than
 * {@value RandomWalk#TOLERANCE} in sum.
 * <p>
 * Neighbours are found through an inverted index of those terms of a sentence that can
 * raise a cosine above the threshold: the most frequent terms cannot, and would make the
 * work quadratic. If there are still more than {@value #MAX_PAIRS} pairs to compare, as
 * in a log with similar lines, the engine uses the paper's continuous LexRank: the
 * cosines themselves are the weights, without a threshold, and the work is linear.
 * Thread-safe.
 */
public final class LexRankEngine implements CompressionEngine {

	/**
	 * The cosine above which sentences are neighbours.
	 */
	public static final double THRESHOLD = 0.1;

	private static final double REFERENCE_TOLERANCE = 0.1;

	private static final int ROWS_PER_CHECK = 64;

	// More than rounding can change a cosine by
	private static final double DOUBT = 1e-9;

	private static final int MAX_PAIRS = 16_000_000;

	private static final int MAX_REFERENCE_PAIRS = 1 << 26;

	private final boolean reference;

	/**
	 * Create the engine.
	 */
	public LexRankEngine() {
		this(false);
	}

	private LexRankEngine(boolean reference) {
		this.reference = reference;
	}

	/**
	 * Create an engine that gives the scores of the Python library sumy, for comparison:
	 * term frequencies are relative to the largest of the sentence, idf = ln(n / (1 +
	 * number of sentences with t)), every sentence is its own neighbour, there is neither
	 * damping nor focus, and the iteration stops after a few steps.
	 * @return the engine
	 */
	public static LexRankEngine reference() {
		return new LexRankEngine(true);
	}

	@Override
	public double[] rank(RankingRequest request) {
		double[] weights = weights(request.matrix(), this.reference);
		int maxPairs = this.reference ? MAX_REFERENCE_PAIRS : MAX_PAIRS;
		Neighbours neighbours = Neighbours.find(request, weights, this.reference, maxPairs);
		if (this.reference) {
			Assert.state(neighbours != null, "There are too many similar sentences for the reference mode");
			return referenceRank(neighbours, request);
		}
		if (neighbours != null) {
			return RandomWalk.rank(neighbours::multiply, neighbours.degrees(), request);
		}
		Similarities similarities = new Similarities(request.matrix(), weights);
		return RandomWalk.rank(similarities::multiply, similarities.degrees(), request);
	}

	// Returns the tf-idf weight of each entry; the vector of each sentence has length 1
	private static double[] weights(TermMatrix matrix, boolean reference) {
		int n = matrix.sentenceCount();
		double[] weights = new double[matrix.row(n)];
		double[] inverseFrequencies = new double[matrix.termCount()];
		for (int term = 0; term < inverseFrequencies.length; term++) {
			int frequency = matrix.documentFrequency(term) + (reference ? 1 : 0);
			inverseFrequencies[term] = Math.log((double) n / frequency);
		}
		for (int i = 0; i < n; i++) {
			double largest = 1;
			double squares = 0;
			for (int entry = matrix.row(i); entry < matrix.row(i + 1) && reference; entry++) {
				largest = Math.max(largest, matrix.count(entry));
			}
			for (int entry = matrix.row(i); entry < matrix.row(i + 1); entry++) {
				weights[entry] = matrix.count(entry) / largest * inverseFrequencies[matrix.term(entry)];
				squares += weights[entry] * weights[entry];
			}
			if (squares > 0) {
				double norm = Math.sqrt(squares);
				for (int entry = matrix.row(i); entry < matrix.row(i + 1); entry++) {
					weights[entry] /= norm;
				}
			}
		}
		return weights;
	}

	private static double[] referenceRank(Neighbours graph, RankingRequest request) {
		double[] degrees = graph.degrees();
		int n = degrees.length;
		double[] p = new double[n];
		Arrays.fill(p, 1.0 / n);
		double distance = 1;
		while (distance > REFERENCE_TOLERANCE) {
			request.checkTime();
			double[] x = new double[n];
			for (int i = 0; i < n; i++) {
				x[i] = p[i] / Math.max(1, degrees[i]);
			}
			double[] next = graph.multiply(x);
			double norm = Math.sqrt(Arrays.stream(next).map((value) -> value * value).sum());
			distance = 0;
			for (int i = 0; i < n; i++) {
				// The result is NaN if there are no terms, which ends the loop
				next[i] /= norm;
				distance += (next[i] - p[i]) * (next[i] - p[i]);
			}
			distance = Math.sqrt(distance);
			p = next;
		}
		return p;
	}

	/**
	 * The neighbours of each sentence.
	 */
	private static final class Neighbours {

		private final TermMatrix matrix;

		private final double[] weights;

		private final double[] postingWeights;

		// By sentence: the sum over the terms looked at so far of its products with the
		// present one
		private final double[] sums;

		private final int[] starts;

		private int[] neighbours;

		private int size;

		private Neighbours(TermMatrix matrix, double[] weights) {
			this.matrix = matrix;
			this.weights = weights;
			this.postingWeights = postingWeights(matrix, weights);
			this.sums = new double[matrix.sentenceCount()];
			this.starts = new int[matrix.sentenceCount() + 1];
			this.neighbours = new int[16 * matrix.sentenceCount()];
		}

		private static double[] postingWeights(TermMatrix matrix, double[] weights) {
			double[] postingWeights = new double[weights.length];
			int[] taken = new int[matrix.termCount()];
			for (int entry = 0; entry < weights.length; entry++) {
				int term = matrix.term(entry);
				postingWeights[matrix.posting(term) + taken[term]++] = weights[entry];
			}
			return postingWeights;
		}

		static @Nullable Neighbours find(RankingRequest request, double[] weights, boolean withSelf, int maxPairs) {
			Neighbours found = new Neighbours(request.matrix(), weights);
			int n = request.matrix().sentenceCount();
			double[] own = new double[request.matrix().termCount()];
			int[] seen = new int[n];
			Arrays.fill(seen, -1);
			int[] candidates = new int[n];
			long pairs = 0;
			for (int i = 0; i < n; i++) {
				if (i % ROWS_PER_CHECK == 0) {
					request.checkTime();
				}
				long[] terms = found.byFrequency(i);
				int skipped = found.skipped(terms);
				int count = found.candidates(i, terms, skipped, seen, candidates);
				pairs += count;
				if (pairs > maxPairs) {
					return null;
				}
				double rest = withSelf ? Double.POSITIVE_INFINITY
						: found.addRest(i, terms, skipped, seen, candidates, count);
				found.addNeighbours(i, candidates, count, rest, own, withSelf);
			}
			return found;
		}

		// What the sums leave open is computed
		private void addNeighbours(int sentence, int[] candidates, int count, double rest, double[] own,
				boolean withSelf) {
			int from = this.matrix.row(sentence);
			int to = this.matrix.row(sentence + 1);
			for (int entry = from; entry < to; entry++) {
				own[this.matrix.term(entry)] = this.weights[entry];
			}
			for (int c = 0; c < count; c++) {
				int other = candidates[c];
				if (!withSelf && other == sentence) {
					continue;
				}
				double sum = this.sums[other];
				boolean known = rest < 1 && (sum > THRESHOLD + DOUBT || sum + rest < THRESHOLD - DOUBT);
				if (known ? sum > THRESHOLD : cosine(own, other) > THRESHOLD) {
					add(other);
				}
			}
			for (int entry = from; entry < to; entry++) {
				own[this.matrix.term(entry)] = 0;
			}
			this.starts[sentence + 1] = this.size;
		}

		// The entries of a sentence as the low half of a number, those of the most
		// frequent terms first
		private long[] byFrequency(int sentence) {
			int from = this.matrix.row(sentence);
			int to = this.matrix.row(sentence + 1);
			long[] byFrequency = new long[to - from];
			for (int entry = from; entry < to; entry++) {
				byFrequency[entry - from] = ((long) -this.matrix.documentFrequency(this.matrix.term(entry)) << 32)
						| entry;
			}
			Arrays.sort(byFrequency);
			return byFrequency;
		}

		// By Cauchy-Schwarz, terms add at most the norm of their weights to a cosine, so
		// those that cannot raise it above the threshold need not be looked for
		private int skipped(long[] byFrequency) {
			double left = 0;
			int skipped = 0;
			for (long key : byFrequency) {
				int entry = (int) key;
				left += this.weights[entry] * this.weights[entry];
				if (left > THRESHOLD * THRESHOLD) {
					break;
				}
				skipped++;
			}
			return skipped;
		}

		// Finds sentences that share a term other than those that are skipped
		private int candidates(int sentence, long[] byFrequency, int skipped, int[] seen, int[] candidates) {
			int found = 0;
			for (int k = skipped; k < byFrequency.length; k++) {
				int entry = (int) byFrequency[k];
				int term = this.matrix.term(entry);
				double weight = this.weights[entry];
				for (int posting = this.matrix.posting(term); posting < this.matrix.posting(term + 1); posting++) {
					int other = this.matrix.sentence(posting);
					if (seen[other] != sentence) {
						seen[other] = sentence;
						candidates[found++] = other;
						this.sums[other] = 0;
					}
					this.sums[other] += weight * this.postingWeights[posting];
				}
			}
			return found;
		}

		// Adds the terms that were skipped if that is less work than to compute the
		// cosines that the others leave open; returns what may still be missing in a sum
		private double addRest(int sentence, long[] byFrequency, int skipped, int[] seen, int[] candidates, int count) {
			double squares = 0;
			long postings = 0;
			for (int k = 0; k < skipped; k++) {
				int entry = (int) byFrequency[k];
				squares += this.weights[entry] * this.weights[entry];
				postings += this.matrix.documentFrequency(this.matrix.term(entry));
			}
			double rest = Math.sqrt(squares);
			long open = 0;
			for (int c = 0; c < count; c++) {
				double sum = this.sums[candidates[c]];
				open += (sum <= THRESHOLD + DOUBT && sum + rest >= THRESHOLD - DOUBT) ? 1 : 0;
			}
			if (postings > open * byFrequency.length) {
				return rest;
			}
			for (int k = 0; k < skipped; k++) {
				int entry = (int) byFrequency[k];
				int term = this.matrix.term(entry);
				double weight = this.weights[entry];
				for (int posting = this.matrix.posting(term); posting < this.matrix.posting(term + 1); posting++) {
					int other = this.matrix.sentence(posting);
					if (seen[other] == sentence) {
						this.sums[other] += weight * this.postingWeights[posting];
					}
				}
			}
			return 0;
		}

		private double cosine(double[] own, int other) {
			double sum = 0;
			for (int entry = this.matrix.row(other); entry < this.matrix.row(other + 1); entry++) {
				sum += own[this.matrix.term(entry)] * this.weights[entry];
			}
			return sum;
		}

		private void add(int neighbour) {
			if (this.size == this.neighbours.length) {
				this.neighbours = Arrays.copyOf(this.neighbours, 2 * this.size + 16);
			}
			this.neighbours[this.size++] = neighbour;
		}

		double[] degrees() {
			double[] degrees = new double[this.starts.length - 1];
			for (int i = 0; i < degrees.length; i++) {
				degrees[i] = this.starts[i + 1] - this.starts[i];
			}
			return degrees;
		}

		double[] multiply(double[] x) {
			double[] y = new double[x.length];
			for (int i = 0; i < x.length; i++) {
				double sum = 0;
				for (int at = this.starts[i]; at < this.starts[i + 1]; at++) {
					sum += x[this.neighbours[at]];
				}
				y[i] = sum;
			}
			return y;
		}

	}

	/**
	 * The similarities of all sentences instead of a threshold, as a matrix that is never
	 * built: with the weights as rows of N it is N N' without the diagonal.
	 */
	private record Similarities(TermMatrix matrix, double[] weights) {

		double[] degrees() {
			double[] ones = new double[this.matrix.sentenceCount()];
			Arrays.fill(ones, 1);
			return multiply(ones);
		}

		double[] multiply(double[] x) {
			double[] sums = new double[this.matrix.termCount()];
			for (int i = 0; i < x.length; i++) {
				for (int entry = this.matrix.row(i); entry < this.matrix.row(i + 1); entry++) {
					sums[this.matrix.term(entry)] += this.weights[entry] * x[i];
				}
			}
			double[] y = new double[x.length];
			for (int i = 0; i < x.length; i++) {
				double sum = 0;
				double self = 0;
				for (int entry = this.matrix.row(i); entry < this.matrix.row(i + 1); entry++) {
					sum += this.weights[entry] * sums[this.matrix.term(entry)];
					self += this.weights[entry] * this.weights[entry];
				}
				// Rounding may leave a tiny value instead of 0 for a sentence without
				// neighbours
				y[i] = (sum - self * x[i] > 1e-12 * sum) ? sum - self * x[i] : 0;
			}
			return y;
		}

	}

}

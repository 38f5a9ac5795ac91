package io.tokensaving.compression;

import java.util.Arrays;
import java.util.function.UnaryOperator;

/**
 * Latent semantic analysis: Steinberger and Jezek, <i>Using Latent Semantic Analysis in
 * Text Summarization and Summary Evaluation</i>, ISIM 2004. A sentence scores by its
 * length in the space of the most important topics: with the singular value decomposition
 * A = U S V' of the matrix of terms by sentences, <pre>
 * s(i) = sqrt(sum over k of sigma(k)^2 v(i, k)^2),  for all k with sigma(k) &gt;= sigma(1) / 2
 * </pre> A holds term frequencies times the inverse sentence frequency ln(1 + n / number
 * of sentences with t). With a question, the score is multiplied by the sentence's
 * relevance, increased by the cosine of sentence and question in that space, which also
 * recognises related sentences without common words.
 * <p>
 * The decomposition is truncated to the dimensions that a search space of
 * {@value TruncatedSvd#BASIS} vectors yields, and its time is linear in the length of the
 * text. Thread-safe.
 */
public final class LsaEngine implements CompressionEngine {

	/**
	 * The share of the largest singular value down to which dimensions count.
	 */
	public static final double SMALLEST_SINGULAR_VALUE = 0.5;

	private static final double SMOOTHING = 0.4;

	// The importance of what is no running text: that of a sentence of middle importance
	private static final double OTHER_IMPORTANCE = 0.5;

	private static final double LATENT_WEIGHT = 0.1;

	private final Mode mode;

	/**
	 * Create the engine.
	 */
	public LsaEngine() {
		this(Mode.DEFAULT);
	}

	private LsaEngine(Mode mode) {
		this.mode = mode;
	}

	/**
	 * Create an engine that gives the scores of the Python library sumy, for comparison:
	 * the matrix holds 0.4 + 0.6 tf / (largest tf of the sentence), also for terms that
	 * do not occur in the sentence; all dimensions count, and there is no focus.
	 * @return the engine
	 */
	public static LsaEngine reference() {
		return new LsaEngine(Mode.REFERENCE);
	}

	/**
	 * Create an engine with sumy's matrix, but with the dimensions of the paper.
	 * @return the engine
	 */
	static LsaEngine truncatedReference() {
		return new LsaEngine(Mode.TRUNCATED_REFERENCE);
	}

	@Override
	public double[] rank(RankingRequest request) {
		TermMatrix matrix = request.matrix();
		return switch (this.mode) {
			case REFERENCE -> columnNorms(matrix);
			case TRUNCATED_REFERENCE -> lengths(decompose(new SmoothedMatrix(matrix)::gram, request), matrix);
			case DEFAULT -> rank(new WeightedMatrix(matrix), request);
		};
	}

	private static double[] rank(WeightedMatrix weighted, RankingRequest request) {
		TermMatrix matrix = request.matrix();
		TruncatedSvd svd = decompose(weighted::gram, request);
		double[] scores = lengths(svd, matrix);
		double[] question = weighted.transposedMultiply(weighted.vector(request.question()));
		double[] latent = latentCosines(svd, scores, question);
		for (int i = 0; i < latent.length; i++) {
			latent[i] *= LATENT_WEIGHT;
		}
		double[] relevance = Relevance.of(request, latent);
		double largest = Arrays.stream(scores).max().orElse(0);
		for (int i = 0; i < relevance.length && largest > 0; i++) {
			boolean running = request.sentences().get(i).place().isRunningText();
			scores[i] = relevance[i] * (1 + (running ? Math.sqrt(scores[i] / largest) : OTHER_IMPORTANCE));
		}
		return scores;
	}

	private static TruncatedSvd decompose(UnaryOperator<double[]> gram, RankingRequest request) {
		return TruncatedSvd.of(gram, request.sentences().size(), SMALLEST_SINGULAR_VALUE, request);
	}

	private static double[] lengths(TruncatedSvd svd, TermMatrix matrix) {
		double[] lengths = new double[matrix.sentenceCount()];
		for (int k = 0; k < svd.dimensions(); k++) {
			double variance = svd.singularValue(k) * svd.singularValue(k);
			double[] vector = svd.vector(k);
			for (int i = 0; i < lengths.length; i++) {
				lengths[i] += variance * vector[i] * vector[i];
			}
		}
		for (int i = 0; i < lengths.length; i++) {
			lengths[i] = Math.sqrt(lengths[i]);
		}
		return lengths;
	}

	// With q projected as U'q = S^-1 V' A'q, its product with sentence i is (V V' A'q)(i)
	private static double[] latentCosines(TruncatedSvd svd, double[] lengths, double[] question) {
		double[] cosines = new double[lengths.length];
		double norm = 0;
		for (int k = 0; k < svd.dimensions(); k++) {
			double[] vector = svd.vector(k);
			double projected = 0;
			for (int i = 0; i < cosines.length; i++) {
				projected += vector[i] * question[i];
			}
			for (int i = 0; i < cosines.length; i++) {
				cosines[i] += vector[i] * projected;
			}
			norm += projected * projected / (svd.singularValue(k) * svd.singularValue(k));
		}
		norm = Math.sqrt(norm);
		for (int i = 0; i < cosines.length; i++) {
			boolean inSpace = norm > 0 && lengths[i] > 1e-9;
			cosines[i] = inSpace ? Math.max(0, cosines[i] / (norm * lengths[i])) : 0;
		}
		return cosines;
	}

	// Returns the scores if all dimensions count
	private static double[] columnNorms(TermMatrix matrix) {
		double[] norms = new double[matrix.sentenceCount()];
		for (int i = 0; i < norms.length; i++) {
			double largest = SmoothedMatrix.largest(matrix, i);
			int different = matrix.row(i + 1) - matrix.row(i);
			double squares = (different > 0) ? (matrix.termCount() - different) * SMOOTHING * SMOOTHING : 0;
			for (int entry = matrix.row(i); entry < matrix.row(i + 1); entry++) {
				double weight = SMOOTHING + (1 - SMOOTHING) * matrix.count(entry) / largest;
				squares += weight * weight;
			}
			norms[i] = Math.sqrt(squares);
		}
		return norms;
	}

	private enum Mode {

		DEFAULT, REFERENCE, TRUNCATED_REFERENCE

	}

	/**
	 * Term frequencies times inverse sentence frequencies.
	 */
	private static final class WeightedMatrix {

		private final TermMatrix matrix;

		private final double[] inverseFrequencies;

		WeightedMatrix(TermMatrix matrix) {
			this.matrix = matrix;
			this.inverseFrequencies = new double[matrix.termCount()];
			for (int term = 0; term < this.inverseFrequencies.length; term++) {
				this.inverseFrequencies[term] = Math
					.log(1 + (double) matrix.sentenceCount() / matrix.documentFrequency(term));
			}
		}

		double[] vector(Iterable<String> terms) {
			double[] vector = new double[this.inverseFrequencies.length];
			for (String term : terms) {
				int number = this.matrix.number(term);
				if (number >= 0) {
					vector[number] += this.inverseFrequencies[number];
				}
			}
			return vector;
		}

		double[] gram(double[] x) {
			double[] y = new double[this.inverseFrequencies.length];
			for (int i = 0; i < x.length; i++) {
				for (int entry = this.matrix.row(i); entry < this.matrix.row(i + 1); entry++) {
					y[this.matrix.term(entry)] += this.matrix.count(entry) * x[i];
				}
			}
			for (int term = 0; term < y.length; term++) {
				y[term] *= this.inverseFrequencies[term];
			}
			return transposedMultiply(y);
		}

		double[] transposedMultiply(double[] y) {
			double[] x = new double[this.matrix.sentenceCount()];
			for (int i = 0; i < x.length; i++) {
				double sum = 0;
				for (int entry = this.matrix.row(i); entry < this.matrix.row(i + 1); entry++) {
					int term = this.matrix.term(entry);
					sum += this.matrix.count(entry) * this.inverseFrequencies[term] * y[term];
				}
				x[i] = sum;
			}
			return x;
		}

	}

	/**
	 * Sumy's matrix, in which no entry is 0, as the sum of a sparse matrix and a
	 * constant.
	 */
	private record SmoothedMatrix(TermMatrix matrix) {

		static double largest(TermMatrix matrix, int sentence) {
			double largest = 0;
			for (int entry = matrix.row(sentence); entry < matrix.row(sentence + 1); entry++) {
				largest = Math.max(largest, matrix.count(entry));
			}
			return largest;
		}

		double[] gram(double[] x) {
			double[] y = new double[this.matrix.termCount()];
			double sum = 0;
			for (int i = 0; i < x.length; i++) {
				double largest = largest(this.matrix, i);
				sum += (largest > 0) ? x[i] : 0;
				for (int entry = this.matrix.row(i); entry < this.matrix.row(i + 1); entry++) {
					y[this.matrix.term(entry)] += (1 - SMOOTHING) * this.matrix.count(entry) / largest * x[i];
				}
			}
			double total = 0;
			for (int term = 0; term < y.length; term++) {
				y[term] += SMOOTHING * sum;
				total += y[term];
			}
			double[] result = new double[x.length];
			for (int i = 0; i < x.length; i++) {
				double largest = largest(this.matrix, i);
				double product = (largest > 0) ? SMOOTHING * total : 0;
				for (int entry = this.matrix.row(i); entry < this.matrix.row(i + 1); entry++) {
					product += (1 - SMOOTHING) * this.matrix.count(entry) / largest * y[this.matrix.term(entry)];
				}
				result[i] = product;
			}
			return result;
		}

	}

}

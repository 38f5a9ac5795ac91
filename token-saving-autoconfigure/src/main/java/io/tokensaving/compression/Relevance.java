package io.tokensaving.compression;

import java.util.LinkedHashSet;

/**
 * How relevant sentences are to a question: BM25 (Robertson and Zaragoza, <i>The
 * Probabilistic Relevance Framework: BM25 and Beyond</i>, 2009), spread over the text
 * around, because what answers a question comes in passages, most sentences of which do
 * not repeat its words. With k1 = {@value #K1}, b = {@value #B} and n(t) sentences of n
 * that have term t: <pre>
 * bm25(i)      = sum over terms t of q of ln(1 + (n - n(t) + 0.5) / (n(t) + 0.5)) tf (k1 + 1) / (tf + k1 (1 - b + b |i| / avg))
 * spread(i)    = sum over j of bm25(j) exp(- terms between i and j / {@value #REACH})
 * relevance(i) = (1 - own) spread(i) / max spread + own bm25(i) / max bm25,  own = {@value #OWN}
 * </pre>
 */
final class Relevance {

	private static final double K1 = 1.2;

	private static final double B = 0.75;

	/**
	 * The distance in terms over which relevance falls to 1/e: a paragraph or two.
	 */
	private static final double REACH = 200;

	/**
	 * The weight of what a sentence has itself.
	 */
	private static final double OWN = 0.2;

	private Relevance() {
	}

	/**
	 * Find the relevance of sentences.
	 * @param request the sentences and the question
	 * @return the relevance of each, 0 to 1; empty if there is no question, or one that
	 * shares no term with any sentence
	 */
	static double[] of(RankingRequest request) {
		return of(request, new double[request.sentences().size()]);
	}

	/**
	 * Find the relevance of sentences.
	 * @param request the sentences and the question
	 * @param more what to add to each sentence's score, where 1 is as much as the best
	 * score
	 * @return the relevance of each, 0 to 1; empty if there is no question, or one that
	 * shares no term with any sentence
	 */
	static double[] of(RankingRequest request, double[] more) {
		double[] scores = bm25(request);
		double largest = largest(scores);
		if (largest == 0) {
			return new double[0];
		}
		for (int i = 0; i < scores.length; i++) {
			scores[i] = scores[i] / largest + more[i];
		}
		double[] relevance = spread(request.matrix(), scores);
		double largestSpread = largest(relevance);
		double largestScore = largest(scores);
		for (int i = 0; i < scores.length; i++) {
			relevance[i] = (1 - OWN) * relevance[i] / largestSpread + OWN * scores[i] / largestScore;
		}
		return relevance;
	}

	private static double[] bm25(RankingRequest request) {
		TermMatrix matrix = request.matrix();
		int n = matrix.sentenceCount();
		double[] scores = new double[n];
		long terms = 0;
		for (int i = 0; i < n; i++) {
			terms += matrix.length(i);
		}
		for (String term : new LinkedHashSet<>(request.question())) {
			Integer number = matrix.number(term);
			if (number != null) {
				int frequency = matrix.documentFrequency(number);
				double weight = Math.log(1 + (n - frequency + 0.5) / (frequency + 0.5));
				for (int posting = matrix.posting(number); posting < matrix.posting(number + 1); posting++) {
					int i = matrix.sentence(posting);
					double tf = matrix.postingCount(posting);
					double length = (double) matrix.length(i) * n / terms;
					scores[i] += weight * tf * (K1 + 1) / (tf + K1 * (1 - B + B * length));
				}
			}
		}
		return scores;
	}

	// An exponential decay in both directions, each in one pass
	private static double[] spread(TermMatrix matrix, double[] scores) {
		int n = scores.length;
		double[] decays = new double[n];
		for (int i = 0; i < n; i++) {
			decays[i] = Math.exp(-(matrix.length(i) + 1) / REACH);
		}
		double[] spread = scores.clone();
		double before = 0;
		double after = 0;
		for (int i = 0; i < n; i++) {
			before *= decays[i];
			spread[i] += before;
			before += scores[i];
		}
		for (int i = n - 1; i >= 0; i--) {
			after *= decays[i];
			spread[i] += after;
			after += scores[i];
		}
		return spread;
	}

	private static double largest(double[] values) {
		double largest = 0;
		for (double value : values) {
			largest = Math.max(largest, value);
		}
		return largest;
	}

}

package io.tokensaving.compression;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The relevance of sentences to a question: BM25 with fields (Robertson and Zaragoza,
 * <i>The Probabilistic Relevance Framework: BM25 and Beyond</i>, 2009), the fields being
 * the text of a sentence and, with a weight of {@value #LABEL}, the labels above it. With
 * k1 = {@value #K1}, b = {@value #B}, k3 = {@value #K3}, n(t) of n sentences that have
 * term t and qtf occurrences of it in the question: <pre>
 * tf      = occurrences of t in i / (1 - b + b |i| / avg) + {@value #LABEL} occurrences in its labels
 * idf(t)  = ln(1 + (n - n(t) + 0.5) / (n(t) + 0.5))
 * bm25(i) = sum over terms t of q of idf(t) qtf (k3 + 1) / (qtf + k3) tf (k1 + 1) / (tf + k1)
 *           + {@value #PHRASE} sum over pairs of terms (t, u) that follow each other in q and in i of min(idf(t), idf(u))
 * </pre> An answer is usually a passage most of whose sentences do not repeat the words
 * of the question, so the score is spread over the surrounding text: over all of a
 * conversation in running text, and within its passage in other texts. Records and the
 * like stand alone. What is nested adds {@value #INHERITED} times the relevance of what
 * it is nested in: <pre>
 * spread(i)    = sum over j of bm25(j) exp(- terms between i and j / {@value #REACH})
 * relevance(i) = (1 - own) spread(i) / max spread + own bm25(i) / max bm25,  own = {@value #OWN}
 * </pre>
 */
final class Relevance {

	private static final double K1 = 1.2;

	private static final double B = 0.75;

	private static final double K3 = 8;

	private static final double LABEL = 0.7;

	private static final double PHRASE = 0.5;

	private static final double INHERITED = 0.7;

	/**
	 * The distance in terms over which relevance falls to 1/e: a paragraph or two.
	 */
	private static final double REACH = 200;

	/**
	 * The weight of the sentence's own score, the rest being that of the text around.
	 */
	private static final double OWN = 0.2;

	/**
	 * The same for what is not running text.
	 */
	private static final double OWN_IN_PASSAGE = 0.6;

	private final RankingRequest request;

	private final TermMatrix matrix;

	private final int n;

	private Relevance(RankingRequest request) {
		this.request = request;
		this.matrix = request.matrix();
		this.n = this.matrix.sentenceCount();
	}

	/**
	 * Compute the relevance of sentences.
	 * @param request the sentences and the question
	 * @return the relevance of each, 0 or more; empty if there is no question, or one
	 * that shares no term with any sentence
	 */
	static double[] of(RankingRequest request) {
		return of(request, new double[request.sentences().size()]);
	}

	/**
	 * Compute the relevance of sentences.
	 * @param request the sentences and the question
	 * @param more an addition to each sentence's score, where 1 is as much as the best
	 * score
	 * @return the relevance of each, 0 or more; empty if there is no question, or one
	 * that shares no term with any sentence
	 */
	static double[] of(RankingRequest request, double[] more) {
		return new Relevance(request).compute(more);
	}

	private double[] compute(double[] more) {
		double[] scores = bm25();
		double largest = largest(scores);
		if (largest == 0) {
			return new double[0];
		}
		for (int i = 0; i < this.n; i++) {
			scores[i] = scores[i] / largest + more[i];
		}
		double largestScore = largest(scores);
		double[] spread = spread(scores);
		double largestSpread = 0;
		for (int i = 0; i < this.n; i++) {
			largestSpread = (place(i).passage() == 0) ? Math.max(largestSpread, spread[i]) : largestSpread;
		}
		spreadInPassages(scores, spread);
		double[] relevance = new double[this.n];
		for (int i = 0; i < this.n; i++) {
			Sentence.Place place = place(i);
			boolean running = place.passage() == 0;
			double own = running ? OWN : OWN_IN_PASSAGE;
			double around = spread[i] / (running ? largestSpread : largestScore);
			relevance[i] = ((spread[i] > 0) ? (1 - own) * around : 0) + own * scores[i] / largestScore;
			if (place.parent() >= 0 && !running) {
				relevance[i] += INHERITED * relevance[place.parent()];
			}
		}
		return relevance;
	}

	/**
	 * Return the factor of a term that a question repeats.
	 * @param times how often the question has it
	 * @return the factor, 1 for once
	 */
	static double weightInQuestion(int times) {
		return times * (K3 + 1) / (times + K3);
	}

	private Sentence.Place place(int sentence) {
		return this.request.sentences().get(sentence).place();
	}

	private double[] bm25() {
		double[] scores = new double[this.n];
		long terms = 0;
		for (int i = 0; i < this.n; i++) {
			terms += this.matrix.length(i);
		}
		double average = Math.max(1, (double) terms / Math.max(1, this.n));
		Set<String> question = new LinkedHashSet<>(this.request.question());
		Map<String, Double> idf = new HashMap<>();
		Map<List<String>, List<Integer>> labels = sentencesByLabels(question);
		double[] tf = new double[this.n];
		int[] touched = new int[this.n];
		for (String term : question) {
			int number = this.matrix.number(term);
			int count = 0;
			int frequency = 1;
			if (number >= 0) {
				frequency = this.matrix.documentFrequency(number);
				for (int posting = this.matrix.posting(number); posting < this.matrix.posting(number + 1); posting++) {
					int i = this.matrix.sentence(posting);
					double length = this.matrix.length(i) / average;
					tf[i] = this.matrix.postingCount(posting) / (1 - B + B * length);
					touched[count++] = i;
				}
			}
			for (Map.Entry<List<String>, List<Integer>> entry : labels.entrySet()) {
				if (entry.getKey().contains(term)) {
					for (int i : entry.getValue()) {
						if (tf[i] == 0) {
							touched[count++] = i;
						}
						tf[i] += LABEL;
					}
				}
			}
			double weight = Math.log(1 + (this.n - frequency + 0.5) / (frequency + 0.5));
			idf.put(term, weight);
			weight *= weightInQuestion(Collections.frequency(this.request.question(), term));
			for (int k = 0; k < count; k++) {
				int i = touched[k];
				scores[i] += weight * tf[i] * (K1 + 1) / (tf[i] + K1);
				tf[i] = 0;
			}
		}
		addPhrases(scores, idf);
		return scores;
	}

	// The sentences below each list of labels that contains a term of the question
	private Map<List<String>, List<Integer>> sentencesByLabels(Set<String> question) {
		Map<List<String>, List<Integer>> found = new IdentityHashMap<>();
		for (int i = 0; i < this.n; i++) {
			List<String> labels = place(i).labels();
			if (!labels.isEmpty()) {
				found.computeIfAbsent(labels, (key) -> new ArrayList<>()).add(i);
			}
		}
		found.keySet().removeIf((labels) -> labels.stream().noneMatch(question::contains));
		return found;
	}

	private void addPhrases(double[] scores, Map<String, Double> idf) {
		Map<String, Set<String>> followers = new HashMap<>();
		List<String> question = this.request.question();
		for (int i = 1; i < question.size(); i++) {
			if (!question.get(i - 1).equals(question.get(i))) {
				followers.computeIfAbsent(question.get(i - 1), (key) -> new HashSet<>()).add(question.get(i));
			}
		}
		for (int i = 0; i < this.n && !followers.isEmpty(); i++) {
			if (scores[i] == 0) {
				continue;
			}
			List<String> terms = this.request.sentences().get(i).terms();
			Set<String> seen = new HashSet<>();
			for (int k = 1; k < terms.size(); k++) {
				Set<String> next = followers.get(terms.get(k - 1));
				if (next != null && next.contains(terms.get(k)) && seen.add(terms.get(k - 1) + ' ' + terms.get(k))) {
					scores[i] += PHRASE
							* Math.min(idf.getOrDefault(terms.get(k - 1), 0.0), idf.getOrDefault(terms.get(k), 0.0));
				}
			}
		}
	}

	// Applies an exponential decay in both directions, one pass each
	private double[] spread(double[] scores) {
		double[] decays = decays();
		double[] spread = new double[this.n];
		double before = 0;
		double after = 0;
		for (int i = 0; i < this.n; i++) {
			before *= decays[i];
			if (place(i).passage() == 0) {
				spread[i] = scores[i] + before;
				before += scores[i];
			}
		}
		for (int i = this.n - 1; i >= 0; i--) {
			after *= decays[i];
			if (place(i).passage() == 0) {
				spread[i] += after;
				after += scores[i];
			}
		}
		return spread;
	}

	private double[] decays() {
		double[] decays = new double[this.n];
		for (int i = 0; i < this.n; i++) {
			decays[i] = Math.exp(-(this.matrix.length(i) + 1) / REACH);
		}
		return decays;
	}

	// In a passage that is no running text, the best score near by counts, not the sum,
	// so that a long passage is worth no more than a short one
	private void spreadInPassages(double[] scores, double[] spread) {
		Map<Integer, List<Integer>> passages = new HashMap<>();
		for (int i = 0; i < this.n; i++) {
			int passage = place(i).passage();
			if (passage > 0) {
				passages.computeIfAbsent(passage, (key) -> new ArrayList<>()).add(i);
			}
			spread[i] = (passage == 0) ? spread[i] : scores[i];
		}
		double[] decays = decays();
		for (List<Integer> passage : passages.values()) {
			double best = 0;
			for (int i : passage) {
				best = Math.max(best * decays[i], scores[i]);
				spread[i] = Math.max(spread[i], best);
			}
			best = 0;
			for (int k = passage.size() - 1; k >= 0; k--) {
				int i = passage.get(k);
				best = Math.max(best * decays[i], scores[i]);
				spread[i] = Math.max(spread[i], best);
			}
		}
	}

	private static double largest(double[] values) {
		double largest = 0;
		for (double value : values) {
			largest = Math.max(largest, value);
		}
		return largest;
	}

}

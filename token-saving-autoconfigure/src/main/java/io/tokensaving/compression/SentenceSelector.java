package io.tokensaving.compression;

import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.PriorityQueue;

import org.springframework.util.Assert;

/**
 * Selects the sentences to keep within a number of tokens, best first, by maximal
 * marginal relevance (Carbonell and Goldstein, <i>The Use of MMR, Diversity-Based
 * Reranking for Reordering Documents and Producing Summaries</i>, SIGIR 1998), in a
 * multiplicative form that does not depend on the scale of the scores: <pre>
 * value(i) = score(i) (1 - penalty max over kept j of cos(i, j))
 * </pre> with the cosine of tf-idf vectors. A sentence that does not fit is passed over.
 * Whatever is kept only lowers the value of others, so a value is worked out again only
 * once it comes up. For one thread.
 */
final class SentenceSelector {

	private static final int TAKEN_PER_CHECK = 64;

	private static final double TWIN = 1 - 1e-9;

	private final RankingRequest request;

	private final TermMatrix matrix;

	private final double[] scores;

	private final double penalty;

	private final int overhead;

	// The tf-idf weight of each entry and of each posting, sentences brought to length 1
	private final double[] weights;

	private final double[] postingWeights;

	/**
	 * Create a selector.
	 * @param request the sentences
	 * @param scores the score of each; negative ones and those that are not a number
	 * count as 0
	 * @param penalty the weight of redundancy, from 0 for none to 1
	 * @param overhead the tokens that a message costs beside its sentences
	 */
	SentenceSelector(RankingRequest request, double[] scores, double penalty, int overhead) {
		Assert.isTrue(scores.length == request.sentences().size(),
				() -> "A score is needed for each of %d sentences, but there are %d"
					.formatted(request.sentences().size(), scores.length));
		this.request = request;
		this.matrix = request.matrix();
		this.scores = new double[scores.length];
		for (int i = 0; i < scores.length; i++) {
			this.scores[i] = (scores[i] > 0) ? scores[i] : 0;
		}
		this.penalty = penalty;
		this.overhead = overhead;
		this.weights = new double[this.matrix.row(scores.length)];
		this.postingWeights = new double[this.weights.length];
		if (penalty > 0) {
			weigh();
		}
	}

	private void weigh() {
		int n = this.matrix.sentenceCount();
		int[] taken = new int[this.matrix.termCount()];
		for (int i = 0; i < n; i++) {
			double squares = 0;
			for (int entry = this.matrix.row(i); entry < this.matrix.row(i + 1); entry++) {
				int frequency = this.matrix.documentFrequency(this.matrix.term(entry));
				double weight = this.matrix.count(entry) * Math.log(1 + (double) n / frequency);
				this.weights[entry] = weight;
				squares += weight * weight;
			}
			double norm = Math.sqrt(squares);
			for (int entry = this.matrix.row(i); entry < this.matrix.row(i + 1); entry++) {
				int term = this.matrix.term(entry);
				this.weights[entry] /= norm;
				this.postingWeights[this.matrix.posting(term) + taken[term]++] = this.weights[entry];
			}
		}
	}

	/**
	 * Select sentences.
	 * @param maxTokens the tokens that they may have together, with the overhead of their
	 * messages
	 * @return the indices of the kept sentences, best first
	 */
	int[] select(int maxTokens) {
		List<Sentence> sentences = this.request.sentences();
		double[] similarities = new double[this.scores.length];
		double[] products = new double[this.scores.length];
		BitSet messages = new BitSet();
		PriorityQueue<Candidate> queue = new PriorityQueue<>(Math.max(1, this.scores.length));
		for (int i = 0; i < this.scores.length; i++) {
			queue.add(new Candidate(i, this.scores[i]));
		}
		int[] kept = new int[this.scores.length];
		int count = 0;
		long left = maxTokens;
		while (left > 0 && !queue.isEmpty()) {
			Candidate best = queue.remove();
			int index = best.index();
			double value = this.scores[index] * (1 - this.penalty * Math.min(1, similarities[index]));
			if (value < best.value()) {
				queue.add(new Candidate(index, value));
				continue;
			}
			Sentence sentence = sentences.get(index);
			int cost = sentence.tokens() + (messages.get(sentence.message()) ? 0 : this.overhead);
			if (cost <= left) {
				left -= cost;
				kept[count++] = index;
				messages.set(sentence.message());
				// What is similar to it is so to its twin too
				if (this.penalty > 0 && similarities[index] < TWIN) {
					update(index, similarities, products);
				}
				if (count % TAKEN_PER_CHECK == 0) {
					this.request.checkTime();
				}
			}
		}
		return Arrays.copyOf(kept, count);
	}

	// Sentences that share a term with the kept one may be more similar to it than to
	// those before
	private void update(int kept, double[] similarities, double[] products) {
		for (int entry = this.matrix.row(kept); entry < this.matrix.row(kept + 1); entry++) {
			int term = this.matrix.term(entry);
			for (int posting = this.matrix.posting(term); posting < this.matrix.posting(term + 1); posting++) {
				products[this.matrix.sentence(posting)] += this.weights[entry] * this.postingWeights[posting];
			}
		}
		for (int entry = this.matrix.row(kept); entry < this.matrix.row(kept + 1); entry++) {
			int term = this.matrix.term(entry);
			for (int posting = this.matrix.posting(term); posting < this.matrix.posting(term + 1); posting++) {
				int i = this.matrix.sentence(posting);
				similarities[i] = Math.max(similarities[i], products[i]);
				products[i] = 0;
			}
		}
	}

	private record Candidate(int index, double value) implements Comparable<Candidate> {

		@Override
		public int compareTo(Candidate other) {
			int byValue = Double.compare(other.value, this.value);
			return (byValue != 0) ? byValue : Integer.compare(this.index, other.index);
		}

	}

}
